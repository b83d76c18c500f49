package connector

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/stream"
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
	c, err := New(h.cfg, Options{Logger: h.logger(), deps: deps{seats: seats}})
	if err != nil {
		t.Fatal(err)
	}
	var open openSinks
	for _, u := range c.crew.Members() {
		u.through(&counted{Sink: u.driver.Opener.Sink, all: &open})
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	written := func(n int64) {
		t.Helper()
		kit.Eventually(t, "the rows of all streams", func() bool {
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
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if open.most.Load() != seats || open.now.Load() != 0 {
		t.Errorf("%d streams were awake at once, and %d still are; there are %d seats", open.most.Load(), open.now.Load(), seats)
	}
	for i, s := range scripts {
		if n := h.holds(h.cfg.Streams[i].Topic, s); n != 7 {
			t.Errorf("stream %d: %d events, want 7", i, n)
		}
	}
	// The seats are free again: a scan, a failure or an end have left none taken.
	for range seats {
		if err := c.crew.Members()[0].driver.Worker.Seat(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := h.logs.count("take turns in writing"); n != 1 {
		t.Errorf("said %d times that there are too few files", n)
	}
	for i := range h.cfg.Streams[:seats] {
		h.cfg.Streams[i].IdleAfter = 0
	}
	if _, err := New(h.cfg, Options{deps: deps{seats: seats}}); class.Of(err) != class.Config {
		t.Errorf("streams that are never idle would keep the others waiting for ever: %v", err)
	}
}

// openSinks counts the sinks that are open: now, and at most at the same time.
type openSinks struct{ now, most atomic.Int64 }

// counted is a sink that is counted while it is open, or about to be.
type counted struct {
	stream.Sink
	all  *openSinks
	open atomic.Bool
}

func (c *counted) Open(ctx context.Context) (strategies.Cursor, error) {
	if !c.open.Swap(true) {
		n := c.all.now.Add(1)
		for most := c.all.most.Load(); n > most && !c.all.most.CompareAndSwap(most, n); most = c.all.most.Load() {
		}
	}
	return c.Sink.Open(ctx)
}

func (c *counted) Close() {
	c.Sink.Close()
	if c.open.Swap(false) {
		c.all.now.Add(-1)
	}
}
