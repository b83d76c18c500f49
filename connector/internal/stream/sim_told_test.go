package stream

import (
	"fmt"
	"testing"

	"tidemark/connector/internal/kit/sim"
)

// toldOf lets an operator pause, resume or hurry the worker now and then, in a third of the histories; in a third of these he lets it
// read again, in a ninth he imports and removes cursors. One that is
// paused with nothing under way waits for nobody else.
func (x *world) toldOf(w *simWorker, choice int) bool {
	idle := len(w.asks) == 0 && w.result == nil && !w.wants() && !w.alarm && w.m.Wake().IsZero()
	switch {
	case w.m.paused && idle:
		x.tell(w, Event{Kind: Resume})
	case x.script.Seed%3 != 1 || x.at >= len(x.script.Events) || choice%16 != 0:
		return false
	case x.script.Seed%9 == 4 && choice/48%2 == 0:
		want := x.rewinding(choice / 96)
		x.trace(func() string { return fmt.Sprintf("an operator wants the stream to read again: %+v", *want) })
		x.alter(w, want)
		x.stats.rewound++
	case x.script.Seed%27 == 16 && choice/48%2 == 0:
		want := x.changing(choice / 96)
		if want == nil {
			return false
		}
		x.trace(func() string { return fmt.Sprintf("an operator wants another cursor: %+v", *want) })
		x.alter(w, want)
	default:
		kind := []Kind{Pause, Resume, Poll}[choice/16%3]
		x.trace(func() string { return "an operator wants " + []string{"a pause", "it to go on", "a poll"}[kind-Pause] })
		x.tell(w, Event{Kind: kind})
	}
	x.stats.told++
	return true
}

// alter tells a worker what an operator wants of the cursor.
func (x *world) alter(w *simWorker, want *Change) {
	w.swept = 0 // the life ends, and what was due in it comes behind the next sweep
	x.tell(w, Event{Kind: Alter, Change: want})
}

// rewinding is a change of the cursor: to a mark that was stored before, or all the way; and so that what the topic has is
// written once more, or not.
func (x *world) rewinding(choice int) *Change {
	x.records, x.cursors = x.log.Read(x.records[:0], x.cursors[:0])
	want := &Change{Again: choice%2 == 0}
	if n := len(x.cursors); n > 0 && choice%5 > 0 {
		want.To = x.cursors[choice/10%n].Cursor.Mark
	}
	return want
}

// Histories in which an operator pauses, resumes and hurries workers keep every promise, and there are such.
func TestSimTold(t *testing.T) {
	told, rewound := int64(0), int64(0)
	x := newWorld()
	for seed := range uint64(300) {
		broken := x.run(sim.Generate(seed*3+1), none)
		if broken != nil {
			t.Fatalf("seed %d: %v", seed*3+1, broken)
		}
		told, rewound = x.stats.told, x.stats.rewound
	}
	if told < 100 {
		t.Errorf("an operator did something %d times in 300 histories", told)
	}
	if rewound < 50 || x.stats.again < 10 {
		t.Errorf("a stream was to read again %d times in 300 histories, and wrote %d rows once more", rewound, x.stats.again)
	}
}
