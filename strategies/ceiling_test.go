package strategies

import (
	"strings"
	"testing"
)

const farFuture = "2999-01-01T00:00:00Z"

// Rule 13, page by page: a row dated 2999 comes with every sweep, and neither the mark nor
// the window's start goes with it.
func TestCeiling(t *testing.T) {
	ceiling := mustParse(t, RFC3339, at(86400))
	far := rowsOf(t, RFC3339, "far@"+farFuture)
	page := func(total int64, tk Token, rows ...Row) Page {
		return Page{Rows: rows, Token: tk, Total: total, Ceiling: ceiling}
	}
	near := seconds(t, 1, 2)
	for name, pages := range map[string][]Page{
		Keyset:    {page(0, token("a"), near[0]), page(0, token("b"), near[0], near[1]), page(0, noToken, near[1], far[0])},
		Timestamp: {page(0, Token{}, near[0], near[1], far[0]), page(0, Token{}, far...)},
		Replay:    {page(0, Token{}, near[0], near[1], far[0]), page(0, Token{}, far...)},
		Offset:    {page(3, Token{}, near[0], near[1], far[0]), page(3, Token{}, far...)},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustNew(t, playgroundSpec(name))
			c := begin(t, s, Cursor{})
			var v Verdict
			for _, p := range pages {
				if v = fold(t, s, c, p); v.Restarted {
					t.Fatalf("rows are not delivered: %+v", v)
				}
				if c = v.Next; c.Window > at(2) {
					t.Fatalf("the window begins at %s", c.Window)
				}
			}
			wantEnd(t, v, at(2))
			// Ordinary rows that come later are found.
			if q := asked(s.Query(begin(t, s, c))); name != Replay && !strings.Contains(q, "since="+at(2)) {
				t.Errorf("the next sweep asks %s", q)
			}
		})
	}
	t.Run("by token", func(t *testing.T) {
		s := mustNew(t, playgroundSpec(Keyset))
		c := fold(t, s, begin(t, s, Cursor{}), page(0, token("a"), far[0], near[1])).Next
		v := fold(t, s, c, page(0, noToken, near[0], rowsOf(t, RFC3339, "x@"+at(3))[0], far[0]))
		wantEnd(t, v, at(2))
		if v.Next.Reached != at(3) {
			t.Fatal(show(v.Next))
		}
	})
	t.Run("the only row", func(t *testing.T) {
		s := mustNew(t, playgroundSpec(Timestamp))
		c := fold(t, s, begin(t, s, Cursor{Mark: at(2)}), page(0, Token{}, far...)).Next
		wantEnd(t, fold(t, s, c, page(0, Token{}, far...)), at(2))
	})
}

// A sweep that went on from a row beyond the ceiling asks for nothing before that row any
// more. What it reads then must not raise the mark over rows that came in before it, though
// the ceiling has risen since (P2).
func TestCeilingPassed(t *testing.T) {
	page := func(ceiling int, tk Token, rows ...string) Page {
		return Page{Rows: rowsOf(t, RFC3339, rows...), Token: tk, Total: 9, Ceiling: mustParse(t, RFC3339, at(ceiling))}
	}
	for name, spec := range map[string]Spec{Keyset: playgroundSpec(Keyset), Timestamp: playgroundSpec(Timestamp), Offset: offsetSpec(3)} {
		s := mustNew(t, spec)
		c := begin(t, s, Cursor{Mark: at(0)})
		c = fold(t, s, c, page(10, token("a"), "a@"+at(1), "b@"+at(2), "far@"+at(12))).Next
		if name == Offset { // the seam
			c = fold(t, s, c, page(20, noToken, "b@"+at(2), "far@"+at(12), "later@"+at(13))).Next
		}
		v := fold(t, s, c, page(20, noToken, "far@"+at(12), "later@"+at(13)))
		for n := 0; v.Next.Sweep != nil; n++ {
			if n > 9 {
				t.Fatalf("%s: no end: %s", name, show(v.Next))
			}
			last := page(20, noToken, "later@"+at(13))
			last.Total = 1
			v = fold(t, s, v.Next, last)
		}
		if v.Next.Mark != at(2) || v.Next.Window > at(2) {
			t.Errorf("%s: after rows up to %s without a gap: %s", name, at(2), show(v.Next))
		}
	}
}
