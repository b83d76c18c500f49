package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
)

func newHealthCmd() *cobra.Command {
	var (
		s      servers
		file   string
		maxAge time.Duration
		live   bool
	)
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Tell whether a run on this machine is alive and none of its streams has failed",
		Long: `Read the heartbeat that tidemark run writes, and exit with 0 if it is fresh, no stream has
failed, and the run calls itself ready, else with 1 and the reason. Where the run answers at
--http-addr it is asked there (/readyz). It is not ready before each of its streams is open, and
where one cannot go on for longer than http.ready_after or lags for longer than its max_lag; a run
that answers nowhere is only alive. APIs and brokers are not asked.

With --live only the heartbeat's age counts. That is what to restart a process by: a restart mends
neither an API that is away nor a stream that has failed, and stops the others.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, says, err := health(heartbeatPath(file, s.dataDir), time.Now(), maxAge, live)
			if err == nil && h.HTTP != "" && !live {
				err = ready(cmd.Context(), h.HTTP)
				says += ", ready"
			}
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), says)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "heartbeat", "", "the file that tidemark run --heartbeat writes (default $"+heartbeatEnv+", or "+heartbeatFile+" in the data directory)")
	f.DurationVar(&maxAge, "max-age", time.Minute, "a heartbeat older than this is that of a process that hangs or is gone")
	f.BoolVar(&live, "live", false, "tell only whether the process lives")
	s.addDirFlag(cmd)
	return cmd
}

// health judges the heartbeat in a file, and says in a line what it shows. live passes over streams that have failed.
func health(path string, now time.Time, maxAge time.Duration, live bool) (h heartbeat, says string, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, "", fmt.Errorf("there is no heartbeat at %s: tidemark run writes it there with --heartbeat or %s", path, heartbeatEnv)
	}
	if err != nil {
		return h, "", fmt.Errorf("reading the heartbeat: %w", err)
	}
	if err := json.Unmarshal(text, &h); err != nil || h.Version != heartbeatVersion {
		return h, "", fmt.Errorf("%s is no heartbeat that this tidemark can read (version %d)", path, h.Version)
	}
	age := now.Sub(h.Written).Round(time.Second)
	count := make(map[connector.State]int)
	var failed []string
	for _, s := range h.Streams {
		count[s.State]++
		if s.State == connector.Failed {
			failed = append(failed, s.Error) // it names the stream
		}
	}
	switch {
	case len(failed) > 0 && !live:
		return h, "", fmt.Errorf("%d of %d streams have failed: %s", len(failed), len(h.Streams), strings.Join(failed, "; "))
	case h.Stopped:
		return h, "", fmt.Errorf("the run of process %d has ended, %v ago", h.PID, age)
	case age > maxAge:
		return h, "", fmt.Errorf("the heartbeat of process %d is %v old, more than --max-age %v: the process hangs or is gone", h.PID, age, maxAge)
	}
	says = fmt.Sprintf("alive %v ago, %d streams", max(age, 0), len(h.Streams))
	for _, state := range []connector.State{connector.Starting, connector.Reading, connector.Idle, connector.Retrying, connector.Paused, connector.Done, connector.Failed} {
		if n := count[state]; n > 0 {
			says += fmt.Sprintf(", %d %s", n, state)
		}
	}
	return h, says, nil
}

// readyWithin is how long a run may take to say whether it is ready.
const readyWithin = 3 * time.Second

// ready asks a run whether it is ready. Its own certificate proves nothing here: what is asked for is no secret,
// and nothing is shown to it.
func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz?verbose", http.NoBody)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} //nolint:gosec // see above
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("the run writes its heartbeat, and does not say whether it is ready: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || resp.StatusCode == http.StatusOK {
		return err
	}
	var why []string
	for line := range strings.Lines(string(text)) {
		if reason, not := strings.CutPrefix(strings.TrimSpace(line), "[-] "); not {
			why = append(why, reason)
		}
	}
	if len(why) == 0 {
		why = []string{strings.TrimSpace(string(text))}
	}
	return fmt.Errorf("the run is not ready: %s", strings.Join(why, "; "))
}
