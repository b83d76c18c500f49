package lawtest

import (
	"slices"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// ceiling is rule 13: whatever lies in the far future, mark and window stay at or below the
// ceiling, everything is delivered, sweeps end, and an idle one writes nothing and changes
// nothing. Ordinary rows that come later are delivered, and once.
func ceiling(t *T, strategy, pager string) {
	order := Ascending
	if strategies.TraitsOf(strategy).ByValue && rapid.Bool().Draw(t.T, "unsorted") {
		order = Descending
	}
	c := draw(t, strategy, pager, order)
	f, source := c.Spec.Format, c.Source
	if !f.Temporal() {
		return
	}
	top := max(source.Top, 1)
	source.Ceil = top + rapid.Int64Range(0, 20).Draw(t.T, "ceiling")
	for range rapid.IntRange(1, 5).Draw(t.T, "far") {
		source.Insert(source.Ceil+rapid.Int64Range(1, 3).Draw(t.T, "beyond"), rapid.IntRange(0, 50).Draw(t.T, "rank"))
	}
	source.Top = top // of the source's clock
	r := NewReader(c.Strategy, source)
	highest := source.Value(source.Ceil)
	live := rapid.Bool().Draw(t.T, "live")
	r.Before = func(cur strategies.Cursor) {
		for _, text := range []string{cur.Mark, cur.Window} {
			if v, err := f.ParseString(text); text != "" && (err != nil || f.Compare(v, highest) > 0) {
				t.Fatalf("beyond the ceiling %s: %s", highest.Raw, Show(cur))
			}
		}
		if live && source.Top < source.Ceil && rapid.IntRange(0, 3).Draw(t.T, "now") == 0 {
			source.Insert(rapid.Int64Range(source.Top, source.Ceil).Draw(t.T, "value"), rapid.IntRange(0, 50).Draw(t.T, "rank"))
		}
	}
	sweep := func() Outcome {
		out, err := r.Sweep(t, 2000)
		switch {
		case err != nil:
			t.Skip("named: " + err.Error())
		case len(out.Said) > 0 && c.traits.Counts:
			t.Skip("given up with a warning")
		case source.Blind:
			t.Skip("nothing tells that an answer was cut")
		}
		return out
	}
	for range rapid.IntRange(1, 3).Draw(t.T, "sweeps") {
		sweep()
	}
	live = false
	sweep()
	if lost := r.Missing(c.reachable()); len(lost) > 0 {
		t.Fatalf("never delivered (P2): %v\n%s", lost, r.Trail())
	}
	sweep()
	before := r.Cursor()
	for range 2 {
		if out := sweep(); out.Emitted != 0 {
			t.Fatalf("an idle sweep writes %d rows\n%s", out.Emitted, r.Trail())
		}
	}
	if after := r.Cursor(); before.Mark != after.Mark || before.Reached != after.Reached {
		t.Fatalf("idle, the cursor changes from %s to %s", Show(before), Show(after))
	}
	c.restsAt(t, r, slices.DeleteFunc(slices.Clone(source.Rows), func(row Row) bool { return row.N > source.Ceil }))
}
