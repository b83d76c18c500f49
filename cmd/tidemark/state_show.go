package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/strategies"
)

func newStateShowCmd() *cobra.Command {
	var (
		s            servers
		file, output string
		history      bool
	)
	cmd := &cobra.Command{
		Use:   "show -c FILE",
		Short: "Show each stream's mark, open sweep and age",
		Long: `Show the stored cursor of each stream of a configuration. With --history the cursors before
it are shown, too, as far as the compaction of the state topic has left them; with -o json
all that is in them. Without brokers, the data directory's broker is asked if one runs, and
its log is opened if not. Nothing is changed or fenced.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			json, err := asJSON(output)
			if err != nil {
				return err
			}
			cfg, err := config.Load(file, config.Overrides{Brokers: s.brokers, RegistryURL: s.registryURL})
			if err != nil {
				return err
			}
			read := connector.States
			if history {
				read = connector.History
			}
			states, err := read(cmd.Context(), cfg, connector.LocalOptions{Dir: s.dataDir})
			if err != nil {
				return err
			}
			var unreadable error
			for _, st := range states {
				unreadable = errors.Join(unreadable, st.Err)
			}
			show := showStates
			if json {
				show = showStatesJSON
			}
			return errors.Join(show(cmd.OutOrStdout(), states, time.Now()), unreadable)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	f.BoolVar(&history, "history", false, "earlier cursors, too")
	addOutputFlag(cmd, &output)
	s.addClientFlags(cmd)
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// showStates writes a table, of each stream its earlier cursors first.
func showStates(out io.Writer, states []connector.StreamState, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STREAM\tSTRATEGY\tMARK\tOPEN SWEEP\tAGE\tSEQ")
	for _, last := range states {
		for _, st := range append(last.Earlier, last) {
			age := now.Sub(st.At).Round(time.Second)
			switch {
			case !st.Found:
				fmt.Fprintf(w, "%s\t%s\t-\tnever run\t-\t-\n", st.Stream, st.Strategy)
			case st.Err != nil:
				fmt.Fprintf(w, "%s\t%s\t-\tunreadable\t%s\t-\n", st.Stream, st.Strategy, age)
			default:
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", st.Stream, st.Strategy, orDash(st.Mark), orDash(st.Sweep), age, st.Seq)
			}
		}
	}
	return w.Flush()
}

// shownState is a stream's state in JSON.
type shownState struct {
	Stream    string             `json:"stream"`
	Strategy  string             `json:"strategy"`
	Found     bool               `json:"found"` // false: the stream has not run yet
	Mark      string             `json:"mark,omitempty"`
	Sweep     string             `json:"sweep,omitempty"`
	Committed *time.Time         `json:"committed,omitempty"`
	Age       float64            `json:"age_seconds,omitempty"`
	Seq       int64              `json:"seq,omitempty"`
	Worker    string             `json:"worker,omitempty"`
	Error     string             `json:"error,omitempty"`
	Cursor    *strategies.Cursor `json:"cursor,omitempty"`
	History   []shownState       `json:"history,omitempty"`
}

func showStatesJSON(out io.Writer, states []connector.StreamState, now time.Time) error {
	all := make([]shownState, 0, len(states))
	for _, st := range states {
		all = append(all, shown(st, now))
	}
	return writeJSON(out, all)
}

func shown(st connector.StreamState, now time.Time) shownState {
	s := shownState{Stream: st.Stream, Strategy: st.Strategy, Found: st.Found, Mark: st.Mark, Sweep: st.Sweep, Seq: st.Seq, Worker: st.Worker}
	if st.Found {
		s.Committed, s.Age = &st.At, now.Sub(st.At).Seconds()
	}
	switch {
	case st.Err != nil:
		s.Error = st.Err.Error()
	case st.Found:
		s.Cursor = &st.Cursor
	}
	for _, earlier := range st.Earlier {
		s.History = append(s.History, shown(earlier, now))
	}
	return s
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
