package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newVerifyCmd() *cobra.Command {
	var (
		o      operator
		output string
	)
	cmd := &cobra.Command{
		Use:   "verify STREAM -c FILE",
		Short: "Hold a stream's topic against its API, and say what differs",
		Long: `Read a stream's topic and its API in full, and report keys that are missing in the topic,
stale (the topic has another row) or extra (the API has none), with examples. What seems
wrong is looked for once more, in the topic and at the API, so that what changes meanwhile
is not taken for wrong; rows behind the mark are left to the next sweep. The exit code is 1
if anything is wrong, or if it cannot be told. A key takes 32 bytes of memory at the most;
more keys than window_rows are taken in several passes. Nothing is changed or fenced.

tidemark repair writes what was found.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			json, err := asJSON(output)
			if err != nil {
				return err
			}
			return o.with(cmd, func(cfg *config.Config, opts connector.Options) error {
				connector.TuneGC(cfg)
				found, err := connector.Verify(cmd.Context(), cfg, args[0], newTeller(errOut()).tell, opts)
				if err != nil {
					return err
				}
				return sayFound(cmd.OutOrStdout(), &found, json)
			})
		},
	}
	o.addFlags(cmd)
	addOutputFlag(cmd, &output)
	return cmd
}

// teller writes how far a verification has come, now and then.
type teller struct {
	out   io.Writer
	at    time.Time // of the last line
	phase connector.Progress
	began time.Time // of the phase
}

// tellEvery is the time between two lines.
const tellEvery = 5 * time.Second

func newTeller(out io.Writer) *teller { return &teller{out: out, at: time.Now()} }

func (t *teller) tell(p connector.Progress) {
	now := time.Now()
	if p.Phase != t.phase.Phase || p.Shard != t.phase.Shard {
		t.phase, t.began = p, now
	}
	if now.Sub(t.at) < tellEvery {
		return
	}
	t.at = now
	fmt.Fprintln(t.out, progressLine(p, now.Sub(t.began)))
}

// progressLine says how far a phase has come that has taken so long.
func progressLine(p connector.Progress, took time.Duration) string {
	line := p.Phase
	if p.Shards > 1 {
		line += fmt.Sprintf(", part %d of %d", p.Shard, p.Shards)
	}
	line += fmt.Sprintf(": %d", p.Done)
	if p.Total > 0 {
		line += fmt.Sprintf(" of about %d", max(p.Total, p.Done))
	}
	if p.Total > p.Done && p.Done > 0 {
		left := time.Duration(float64(took) / float64(p.Done) * float64(p.Total-p.Done))
		line += fmt.Sprintf(" (%d%%), %v left", 100*p.Done/p.Total, left.Round(time.Second))
	}
	return line
}

// foundJSON is what was found, in JSON.
type foundJSON struct {
	connector.Verification
	Seconds float64 `json:"seconds"`
	OK      bool    `json:"ok"`
}

// sayFound writes what was found; the error is that of a topic that is not as it should be.
func sayFound(out io.Writer, v *connector.Verification, json bool) error {
	wrong := said(v.Err())
	if json {
		return errors.Join(writeJSON(out, foundJSON{*v, v.Took.Seconds(), wrong == nil}), wrong)
	}
	fmt.Fprintf(out, "stream %s, topic %s: %d keys in the topic, %d rows of the API, %v, %s of memory for the keys\n", v.Stream, v.Topic, v.Keys, v.Rows,
		v.Took.Round(time.Millisecond), mebibytes(v.Memory))
	fmt.Fprintf(out, "  missing %d, stale %d, extra %d\n", v.Missing, v.Stale, v.Extra)
	for _, e := range v.Examples {
		fmt.Fprintf(out, "    %s: key %s, cursor value %s\n", e.Kind, e.Key, orDash(e.Value))
	}
	for _, note := range []struct {
		n    int64
		what string
	}{
		{v.Ahead, "rows behind the mark, which the next sweep writes"},
		{v.Unsettled, "keys that changed while they were looked at"},
		{v.Unwritable, "rows that cannot be written as what they are (dead letters)"},
		{v.Filtered, "rows that the configuration does not want (where)"},
	} {
		if note.n > 0 {
			fmt.Fprintf(out, "  not compared: %d %s\n", note.n, note.what)
		}
	}
	if v.ExtraUnknown != "" {
		fmt.Fprintf(out, "  extra keys: %s\n", v.ExtraUnknown)
	}
	if v.Written+v.Deleted > 0 {
		fmt.Fprintf(out, "  repaired: %d rows and %d tombstones written\n", v.Written, v.Deleted)
	}
	return wrong
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
