package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tidemark/connector"
)

// A heartbeat is a small file that a run writes again and again, for whoever watches the process: a
// container's health check has no port to ask and no shell. It is written beside its place and
// moved there, so that a reader never sees half of it.

// heartbeatEnv names the heartbeat's file where no flag does; an image sets it for both commands.
const heartbeatEnv = "TIDEMARK_HEARTBEAT"

// heartbeatFile is its name in the data directory of an embedded broker, where nothing else names it.
const heartbeatFile = "heartbeat.json"

// beatEvery is how long a heartbeat is left as it is while nothing changes; lookEvery is how soon a
// change of a stream's state is in it.
const (
	beatEvery = 10 * time.Second
	lookEvery = time.Second
)

const heartbeatVersion = 1

// heartbeat is what the file holds.
type heartbeat struct {
	Version int       `json:"version"`
	PID     int       `json:"pid"`
	Written time.Time `json:"written"`
	Stopped bool      `json:"stopped,omitempty"` // the run has ended
	HTTP    string    `json:"http,omitempty"`    // where the run says whether it is ready
	Streams []pulse   `json:"streams"`
}

// pulse is one stream.
type pulse struct {
	Name     string          `json:"name"`
	Strategy string          `json:"strategy"`
	Topic    string          `json:"topic"`
	State    connector.State `json:"state"`
	Mark     string          `json:"mark,omitempty"`
	Sweeps   int64           `json:"sweeps"`  // since the process started, as is written
	Written  int64           `json:"written"` // records
	Error    string          `json:"error,omitempty"`
}

func pulsesOf(all []connector.Status) []pulse {
	pulses := make([]pulse, len(all))
	for i, s := range all {
		pulses[i] = pulse{Name: s.Stream, Strategy: s.Strategy, Topic: s.Topic, State: s.State, Mark: s.Mark, Sweeps: s.Sweeps, Written: s.Written}
		if s.Err != nil {
			pulses[i].Error = s.Err.Error()
		}
	}
	return pulses
}

// heartbeatPath is where the heartbeat lies: where the flag says, or else the environment, or else in
// the data directory, if there is one; "": nowhere.
func heartbeatPath(flag, dataDir string) string {
	switch {
	case flag != "":
		return flag
	case os.Getenv(heartbeatEnv) != "":
		return os.Getenv(heartbeatEnv)
	case dataDir != "":
		return filepath.Join(dataDir, heartbeatFile)
	}
	return ""
}

// beat writes the heartbeat, with the URL that the run answers at, until the returned function is called, which leaves word that the run has
// ended. A place that cannot be written to is said once; the streams go on, and the file grows old.
func beat(path, http string, status func() []connector.Status, log *slog.Logger) (stop func()) {
	if path == "" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		failed := false
		write := func(stopped bool) {
			err := writeHeartbeat(path, heartbeat{heartbeatVersion, os.Getpid(), time.Now().UTC(), stopped, http, pulsesOf(status())})
			if err != nil && !failed {
				log.Warn("the heartbeat cannot be written, so tidemark health will call this process dead", "file", path, "error", err)
			}
			failed = err != nil
		}
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		var last time.Time
		var states []connector.State
		for {
			now := statesOf(status())
			if fmt.Sprint(now) != fmt.Sprint(states) || time.Since(last) >= beatEvery {
				write(false)
				states, last = now, time.Now()
			}
			select {
			case <-ctx.Done():
				write(true)
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		cancel()
		select {
		case <-done:
		case <-time.After(lookEvery): // a file system that hangs must not keep the process
		}
	}
}

func statesOf(all []connector.Status) []connector.State {
	states := make([]connector.State, len(all))
	for i := range all {
		states[i] = all[i].State
	}
	return states
}

func writeHeartbeat(path string, h heartbeat) error {
	text, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone, unless something failed
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Chmod(0o644) // for whoever watches, not only for this user
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
