package connector

import (
	"slices"
	"testing"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// Where the process may have files for two streams only, six take turns: all of them read, and
// write every change, and no more than two are awake at any time (P7).
func TestBrokerSeats(t *testing.T) {
	t.Parallel()
	const streams, seats = 6, 2
	h := emptyHouse(t, "")
	var scripts []*script
	for range streams {
		s := &script{docs: people(1, 4)}
		stream := h.script(strategies.Keyset, s)
		stream.PollInterval, stream.IdleAfter = time.Millisecond, time.Millisecond
		scripts = append(scripts, s)
	}
	c, stop := h.start(Options{deps: deps{seats: seats}})
	f := c.runners[0].flock
	written := func(n int64) {
		t.Helper()
		kit.Eventually(t, "the rows of all streams", func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.awake > seats {
				t.Fatalf("%d streams are awake, and there is room for %d", f.awake, seats)
			}
			return !slices.ContainsFunc(c.Status(), func(s Status) bool { return s.Written != n })
		})
	}
	written(4)
	for n := range 3 {
		for _, s := range scripts {
			s.set(people(5+n, 1)...)
		}
		written(int64(5 + n))
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for i, s := range scripts {
		if n := h.holds(h.cfg.Streams[i].Topic, s); n != 7 {
			t.Errorf("stream %d: %d events, want 7", i, n)
		}
	}
	// The seats are free again: a scan, a failure or an end have left none taken.
	if !f.seats.TryAcquire(seats) {
		t.Error("a seat is taken although no stream runs")
	}
	if n := h.logs.count("take turns in writing"); n != 1 {
		t.Errorf("said %d times that there are too few files", n)
	}
	for i := range h.cfg.Streams[:seats] {
		h.cfg.Streams[i].IdleAfter = 0
	}
	if _, err := New(h.cfg, Options{deps: deps{seats: seats}}); class.Of(err) != class.Config {
		t.Errorf("streams that never doze would keep the others waiting for ever: %v", err)
	}
}

// A crowd that is awake sends those that have nothing to write to sleep sooner.
func TestPatience(t *testing.T) {
	f := newFlock(1<<20, 1000, 1000)
	for n := range crowd + 1 {
		if got := f.patience(time.Minute); got != time.Minute {
			t.Fatalf("with %d awake a stream waits %v", n, got)
		}
		f.rises()
	}
	if got := f.patience(time.Minute); got != crowdPatience {
		t.Errorf("with %d awake a stream waits %v", f.awake, got)
	}
	if got := f.patience(time.Millisecond); got != time.Millisecond {
		t.Errorf("a stream that would wait a millisecond waits %v", got)
	}
	f.dozes()
	if got := f.patience(time.Minute); got != time.Minute {
		t.Errorf("when the crowd has gone a stream waits %v", got)
	}
}
