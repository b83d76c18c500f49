package stream

import (
	"testing"

	"tidemark/connector/internal/kit/sim"
)

// toldOf lets an operator pause, resume or hurry the worker now and then, in a third of the histories. One that is
// paused with nothing under way waits for nobody else.
func (x *world) toldOf(w *simWorker, choice int) bool {
	idle := len(w.asks) == 0 && w.result == nil && !w.wants() && !w.alarm && w.m.Wake().IsZero()
	switch {
	case w.m.paused && idle:
		x.tell(w, Event{Kind: Resume})
	case x.script.Seed%3 != 1 || x.at >= len(x.script.Events) || choice%16 != 0:
		return false
	default:
		kind := []Kind{Pause, Resume, Poll}[choice/16%3]
		x.trace(func() string { return "an operator wants " + []string{"a pause", "it to go on", "a poll"}[kind-Pause] })
		x.tell(w, Event{Kind: kind})
	}
	x.stats.told++
	return true
}

// Histories in which an operator pauses, resumes and hurries workers keep every promise, and there are such.
func TestSimTold(t *testing.T) {
	told := int64(0)
	x := newWorld()
	for seed := range uint64(300) {
		broken := x.run(sim.Generate(seed*3+1), none)
		if broken != nil {
			t.Fatalf("seed %d: %v", seed*3+1, broken)
		}
		told = x.stats.told
	}
	if told < 100 {
		t.Errorf("an operator did something %d times in 300 histories", told)
	}
}
