package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	)
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Tell whether a run on this machine is alive and none of its streams has failed",
		Long: `Read the heartbeat that tidemark run writes, and exit with 0 if it is fresh and no stream
has failed, else with 1 and the reason. It contacts nobody: an API or a broker that is away for
a while is no reason to restart a worker, which waits for them (its streams are then retrying).`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			says, err := health(heartbeatPath(file, s.dataDir), time.Now(), maxAge)
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), says)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "heartbeat", "", "the file that tidemark run --heartbeat writes (default $"+heartbeatEnv+", or "+heartbeatFile+" in the data directory)")
	f.DurationVar(&maxAge, "max-age", time.Minute, "a heartbeat older than this is that of a process that hangs or is gone")
	s.addDirFlag(cmd)
	return cmd
}

// health judges the heartbeat in a file, and says in a line what it shows.
func health(path string, now time.Time, maxAge time.Duration) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no heartbeat at %s: tidemark run writes it there with --heartbeat or %s", path, heartbeatEnv)
	}
	if err != nil {
		return "", fmt.Errorf("reading the heartbeat: %w", err)
	}
	var h heartbeat
	if err := json.Unmarshal(text, &h); err != nil || h.Version != heartbeatVersion {
		return "", fmt.Errorf("%s is no heartbeat that this tidemark can read (version %d)", path, h.Version)
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
	case len(failed) > 0:
		return "", fmt.Errorf("%d of %d streams have failed: %s", len(failed), len(h.Streams), strings.Join(failed, "; "))
	case h.Stopped:
		return "", fmt.Errorf("the run of process %d has ended, %v ago", h.PID, age)
	case age > maxAge:
		return "", fmt.Errorf("the heartbeat of process %d is %v old, more than --max-age %v: the process hangs or is gone", h.PID, age, maxAge)
	}
	says := fmt.Sprintf("alive %v ago, %d streams", max(age, 0), len(h.Streams))
	for _, state := range []connector.State{connector.Starting, connector.Reading, connector.Idle, connector.Retrying, connector.Done} {
		if n := count[state]; n > 0 {
			says += fmt.Sprintf(", %d %s", n, state)
		}
	}
	return says, nil
}
