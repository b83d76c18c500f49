package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidemark/connector"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// A run's heartbeat says that it lives and how its streams do; what stops, fails or was never there is
// told apart, and none of it is called healthy.
func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	file := filepath.Join(t.TempDir(), "beat.json")
	healthy := func(code int, says ...string) {
		t.Helper()
		p := start(t, "health", "--heartbeat", file).exits(code)
		has(t, "health", p.out.String()+p.err.String(), says...)
	}
	healthy(1, "there is no heartbeat at "+file)
	p := start(t, args("run", "-c", w.seed(strategies.Keyset), "--heartbeat", file, w.servers())...)
	eventually(t, "a heartbeat", func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
	var h heartbeat
	// A stream idles before its first sweep, too.
	eventually(t, "the stream to idle behind a sweep", func() bool {
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &h)
		}
		if err != nil {
			t.Fatal(err) // it is never half written
		}
		return h.Streams[0].State == connector.Idle && h.Streams[0].Sweeps > 0
	})
	if s := h.Streams[0]; s.Name != "user" || s.Topic != "user" || s.Strategy != strategies.Keyset || s.Mark == "" || s.Written != 20 || h.PID != p.cmd.Process.Pid {
		t.Errorf("the heartbeat is %+v", h)
	}
	healthy(0, "1 idle", "ready")
	p.interrupted()
	healthy(1, "has ended")
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// One stream that has failed is the process's ill health, while the others go on.
func TestHealthOfAFailedStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	w.once(w.seed(strategies.Keyset))
	// The stored cursor is not for step_size: that stream cannot run.
	config := write(t, "two.yaml", `streams:
  - {name: user, strategy: step_size, url: "`+w.api+demoPaths[strategies.StepSize]+`"}
  - {name: other, strategy: keyset, url: "`+w.api+demoPaths[strategies.Keyset]+`"}
`)
	file := filepath.Join(t.TempDir(), "beat.json")
	// The environment says where, as in an image.
	p := startWith(t, []string{heartbeatEnv + "=" + file}, args("run", "-c", config, w.servers())...)
	p.logs("the stream has stopped; the others go on")
	var said string
	eventually(t, "the failure in the heartbeat", func() bool {
		q := startWith(t, []string{heartbeatEnv + "=" + file}, "health")
		code := q.wait()
		said = q.err.String()
		return code == 1 && strings.Contains(said, "1 of 2 streams")
	})
	has(t, "health", said, "stream user: ", "step_size")
	q := startWith(t, []string{heartbeatEnv + "=" + file}, "health", "--live").exits(0) // a restart would not mend it
	has(t, "health --live", q.out.String(), "2 streams", "1 failed")
	p.signal(os.Interrupt)
	p.exits(2) // the failure's code
}

// The embedded broker's data directory holds the heartbeat where nothing else is said.
func TestHealthInTheDataDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	dir := t.TempDir()
	p := start(t, args("run", "-c", w.seed(strategies.Keyset), free(dir))...)
	eventually(t, "a heartbeat", func() bool { return start(t, "health", "--data-dir", dir).wait() == 0 })
	p.interrupted()
	start(t, "health", "--data-dir", dir).exits(1)
}

// What the file says is judged by its age and its streams.
func TestHealthJudges(t *testing.T) {
	t.Parallel()
	now := time.Now()
	fresh := heartbeat{Version: heartbeatVersion, PID: 7, Written: now.Add(-5 * time.Second), Streams: []pulse{{Name: "a", State: connector.Retrying}, {Name: "b", State: connector.Idle}}}
	old, later := fresh, fresh
	old.Written, later.Version = now.Add(-2*time.Minute), 2
	for name, c := range map[string]struct {
		h    heartbeat
		says string
		ok   bool
	}{
		"fresh":           {fresh, "alive 5s ago, 2 streams, 1 idle, 1 retrying", true},
		"old":             {old, "2m0s old, more than --max-age 1m0s", false},
		"another version": {later, "version 2", false},
	} {
		file := filepath.Join(t.TempDir(), "beat.json")
		if err := writeHeartbeat(file, c.h); err != nil {
			t.Fatal(err)
		}
		_, says, err := health(file, now, time.Minute, false)
		if err != nil {
			says = err.Error()
		}
		if (err == nil) != c.ok || !strings.Contains(says, c.says) {
			t.Errorf("%s: got %q (%v), want %q", name, says, err, c.says)
		}
	}
	if _, _, err := health(write(t, "beat.json", "{"), now, time.Minute, true); err == nil || !strings.Contains(err.Error(), "no heartbeat") {
		t.Errorf("half a file: %v", err)
	}
}

// A place that cannot be written to stops nothing, and is said once.
func TestHeartbeatThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	p := w.once(w.seed(strategies.Keyset), "--heartbeat", filepath.Join(t.TempDir(), "nowhere", "beat.json"))
	if n := strings.Count(p.err.String(), "the heartbeat cannot be written"); n != 1 {
		t.Errorf("said %d times:\n%s", n, p.err.String())
	}
}
