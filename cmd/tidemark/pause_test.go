package main

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// pausing is a world whose API is slow enough for a worker to be stopped within a sweep,
// and a configuration whose transactions time out after a second.
func pausing(t *testing.T) (*world, []string) {
	w := newWorld(t, playground.Options{Users: 4000, KeysetPage: 50, Delay: 4 * time.Millisecond})
	config := write(t, "pause.yaml", `
kafka: {transaction_timeout: 1s}
streams:
  - {name: user, strategy: keyset, url: "`+w.api+demoPaths[strategies.Keyset]+`"}
`)
	return w, args("run", "-c", config, "--once", w.servers())
}

// halfway waits until the worker has committed something.
func (w *world) halfway() {
	w.t.Helper()
	eventually(w.t, "the first rows", func() bool {
		return w.kafka.PartitionInfo("user", 0) != nil && len(read(w.t, w.brokers, "user")) > 0
	})
}

// A worker that sleeps past its transaction's timeout, at whatever point, and that nobody
// has replaced, goes on: nothing is lost and nothing repeated (rule 5).
func TestPausedPastItsTransactionTimeout(t *testing.T) {
	t.Parallel()
	w, run := pausing(t)
	p := start(t, run...)
	w.halfway()
	for range 3 {
		p.signal(syscall.SIGSTOP)
		time.Sleep(1300 * time.Millisecond) // the broker's timeout runs on its own clock
		p.signal(syscall.SIGCONT)
		time.Sleep(time.Duration(rand.Int64N(int64(40 * time.Millisecond))))
	}
	p.exits(0)
	w.eachOnce("user")
}

// A worker that sleeps while another one takes its stream over finds that out with its
// next transaction, writes nothing, and ends with exit code 5 (P5).
func TestPausedAndReplaced(t *testing.T) {
	t.Parallel()
	w, run := pausing(t)
	sleeper := start(t, run...)
	w.halfway()
	sleeper.signal(syscall.SIGSTOP)
	start(t, run...).exits(0)
	w.eachOnce("user")
	sleeper.signal(syscall.SIGCONT)
	sleeper.exits(5)
	has(t, "stderr", sleeper.err.String(), "another worker has taken over")
	w.eachOnce("user")
}
