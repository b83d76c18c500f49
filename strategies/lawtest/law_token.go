package lawtest

import (
	"reflect"
	"strings"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// markByToken is P2 and P7 of a strategy by value on an API that does not sort: the mark follows a sweep
// behind, passes nothing on the way, and comes to rest at the greatest value there is.
func markByToken(t *T, strategy, pager string) {
	c := draw(t, strategy, pager, Descending, Shuffled)
	r := NewReader(c.Strategy, c.Source)
	r.Store(strategies.Cursor{Version: strategies.CursorVersion, Strategy: strategy, Stream: "users", Unsorted: true})
	now := t.times(30, 2, "change")
	changes := func(strategies.Cursor) {
		for now() {
			c.Source.Change(t.T, 0)
		}
	}
	r.Before = changes
	sweep := func() {
		switch _, err := r.Sweep(t, 2000); {
		case err == nil:
		case c.opaqueStrict(err), strings.Contains(err.Error(), "(end: token)"),
			c.Source.End == EndAgain && strings.Contains(err.Error(), "never came to its end"): // its last page changes all the time
			t.Skip("named")
		default:
			t.Fatalf("%v\n%s", err, r.Trail())
		}
	}
	for range rapid.IntRange(0, 4).Draw(t.T, "sweeps") {
		sweep()
		changes(strategies.Cursor{})
	}
	r.Before = func(strategies.Cursor) {}
	sweep()
	if lost := r.Missing(c.reachable()); len(lost) > 0 {
		t.Fatalf("never delivered (P2): %v\n%s", lost, r.Trail())
	}
	sweep()
	c.restsAt(t, r, c.Source.Rows)
	sweep()
	before := r.Cursor() // its window has followed the mark
	sweep()
	if after := r.Cursor(); !reflect.DeepEqual(before, after) {
		t.Fatalf("idle, the cursor changes from %s to %s", Show(before), Show(after))
	}
}

// restsAt checks that the mark has come to the greatest value of the rows, which stand in their order, or to that of
// one that has gone.
func (c *Case) restsAt(t *T, r *Reader, rows []Row) {
	if len(rows) == 0 {
		return
	}
	greatest, mark := c.Source.Value(rows[len(rows)-1].N), r.Cursor().Mark
	at, err := c.Spec.Format.ParseString(mark)
	if mark == "" || err != nil || c.Spec.Format.Compare(at, greatest) < 0 {
		t.Fatalf("at rest the mark is %q, the greatest value that may move it %q\n%s", mark, greatest.Raw, r.Trail())
	}
}
