package kafka

import (
	"errors"
	"testing"
)

// A worker removes the cursor of the stream that it has, and what it has under way is not committed behind that; one that has
// lost the stream removes nothing and disturbs nobody (P5).
func TestBrokerForget(t *testing.T) {
	t.Parallel()
	o := options(t)
	stale, sink := newSink(t, o), newSink(t, o)
	mustCommit(t, stale, records("a", 2), open(t, stale))
	c := mustCommit(t, sink, records("b", 2), open(t, sink))
	if err := stale.Forget(t.Context(), false); !errors.Is(err, ErrFenced) {
		t.Fatalf("a worker that has lost the stream removes its cursor: %v", err)
	}
	c = mustCommit(t, sink, records("c", 2), c)
	for _, want := range []error{nil, ErrNoState} {
		if err := sink.Forget(t.Context(), true); !errors.Is(err, want) {
			t.Fatalf("removed with %v, want %v", err, want)
		}
	}
	if _, err := sink.Commit(t.Context(), records("d", 1), c); err == nil {
		t.Error("a sink commits behind the removal of its cursor")
	}
	if stored, err := o.Stored(t.Context()); err != nil || stored.Version != 0 {
		t.Errorf("stored is %+v, %v", stored, err)
	}
	again := newSink(t, o)
	if stored := open(t, again); stored.Version != 0 && stored.Seq != 1 {
		t.Errorf("begun anew with %+v", stored)
	}
	wantKeys(t, o, records("a", 2), records("b", 2), records("c", 2))
}
