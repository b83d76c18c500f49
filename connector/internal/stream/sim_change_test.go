package stream

import (
	"context"
	"slices"
	"testing"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// changing is what an operator wants in histories in which he moves cursors about: that the stream goes on from one that was
// exported before, whatever has happened since, or that it is removed; nil: nothing.
func (x *world) changing(choice int) *Change {
	if choice%2 == 0 && x.removable() {
		return &Change{Delete: true, Secret: choice%4 == 0}
	}
	x.records, x.cursors = x.log.Read(x.records[:0], x.cursors[:0])
	if removed := x.api.H.Removed; len(removed) > 0 && x.log.Losses() > 0 { // which of them knew the topic as it is, a removed cursor said
		x.cursors = slices.DeleteFunc(x.cursors, func(c sim.Stored) bool { return c.Txn <= removed[len(removed)-1] })
	}
	if len(x.cursors) == 0 {
		return nil
	}
	c := x.cursors[choice/2%len(x.cursors)].Cursor
	for i := len(x.cursors) - 1; i >= 0 && c.Mark == ""; i-- { // a mark says more
		c = x.cursors[i].Cursor
	}
	if c.Version == 0 {
		return nil
	}
	c.Sweep = nil // as an export leaves it out
	return &Change{Import: &Imported{Cursor: roundTrip(c), Copied: x.variant == importedBlindly}}
}

// removable reports whether nothing hangs on the cursor that the topic cannot tell: what ids of schemas mean, what rows have taught one
// that no registry has, who has written beside the stream, and where keys lie in a topic that got more partitions.
func (x *world) removable() bool {
	c := x.log.Cursor()
	widens := func(e sim.Event) bool { return e.Kind == sim.Widen }
	return c.Version > 0 && !x.script.Registry && !x.script.Kept && !x.script.Rival && !slices.ContainsFunc(x.script.Events, widens)
}

// unlearns takes note of a change of the cursor with which what was learnt of the API's order is gone.
func (x *world) unlearns() {
	if !x.log.Cursor().Unsorted {
		x.api.H.Learnt = 0
	}
}

// Forget removes the cursor, as kafka.Sink does.
func (s *simSink) Forget(context.Context, bool) error {
	s.open = false
	s.hook()
	if err := s.w.nextOpen(); err != nil {
		return err
	}
	epoch := s.log.Epoch()
	if s.variant != removedUnfenced {
		if err := s.mine(s.log.Cursor()); err != nil {
			return err
		}
		s.hook()
		epoch = s.log.Fence(s.inTime)
		s.hook()
		if err := s.mine(s.log.Cursor()); err != nil {
			return err
		}
	}
	if s.log.Cursor().Version == 0 {
		return kafka.ErrNoState
	}
	n, ok := s.log.Begin(epoch)
	if !ok {
		return s.failed(kafka.NotWritten)
	}
	s.api.H.Removed = append(s.api.H.Removed, n)
	s.log.Store(n, strategies.Cursor{})
	s.hook()
	fault := s.w.fault
	s.w.fault = -1
	switch fault {
	case sim.CrashBefore, sim.CrashInside:
		panic(crashed{})
	case sim.NotWritten, sim.RecordFails, sim.LostDropped:
		s.log.End(n, false)
		return s.failed(kafka.NotWritten)
	}
	if !s.log.End(n, true) {
		return s.failed(kafka.Unknown)
	}
	s.stats.removed++
	s.trace(func() string { return "an operator's wish has removed the cursor" })
	switch fault {
	case sim.CrashCommitted:
		panic(crashed{})
	case sim.LostApplied, sim.LostLate, sim.TimedOut:
		return s.failed(kafka.Unknown)
	}
	return nil
}

func (s *simSink) Resume(c strategies.Cursor) { s.spread = kafka.Spread(c, s.found) }

// Histories in which an operator imports and removes cursors while workers run keep every promise, and there are such. With -seeds
// there are more of them.
func TestSimChanged(t *testing.T) {
	x := newWorld()
	for n := range uint64(max(300, *simSeeds)) {
		if broken := x.run(sim.Generate(n*27+16), none); broken != nil {
			t.Fatalf("seed %d: %v", n*27+16, broken)
		}
	}
	t.Logf("%d histories, %d imports, %d removals", x.stats.histories, x.stats.imported, x.stats.removed)
	if x.stats.imported < 100 || x.stats.removed < 30 {
		t.Errorf("in 300 histories a cursor was imported %d times, and removed %d times", x.stats.imported, x.stats.removed)
	}
}
