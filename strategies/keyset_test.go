package strategies

import (
	"fmt"
	"strings"
	"testing"
)

var noToken = Token{Present: true, Null: true}

func token(text string) Token { return Token{Present: true, Text: text} }

func TestKeysetReadsThePlayground(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := begin(t, s, Cursor{})
	wantQuery(t, s, c, "since=0001-01-01T00:00:00Z")
	c = fold(t, s, c, Page{Rows: seconds(t, 1, 2, 3), Token: token("a")}).Next
	wantQuery(t, s, c, "since="+at(3))     // not the token, which would skip ties
	if c.Mark != "" || c.Window != at(2) { // one step lower, in case the filter is strict
		t.Fatalf("in the sweep: %s", show(c))
	}
	c = fold(t, s, c, Page{Rows: seconds(t, 3, 3, 5), Token: token("b")}).Next
	v := fold(t, s, c, Page{Rows: seconds(t, 5, 6), Token: noToken})
	wantEnd(t, v, at(6))
	c = begin(t, s, v.Next)
	wantQuery(t, s, c, "since="+at(6))
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 6), Token: noToken}), at(6))
}

func TestKeysetEnd(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := begin(t, s, Cursor{Mark: at(9)})
	wantEnd(t, fold(t, s, c, Page{Token: noToken}), at(9))                      // nothing new: the mark stays
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 3), Token: noToken}), at(9)) // P6
	wantEnd(t, fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "a@"), Token: noToken}), at(9))
	if v := fold(t, s, c, Page{Rows: seconds(t, 12, 11, 10), Token: noToken}); v.Next.Mark != at(12) {
		t.Errorf("the mark is not the greatest value: %s", show(v.Next))
	}
}

func TestKeysetTieAsWideAsAPage(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := begin(t, s, Cursor{})
	c = fold(t, s, c, Page{Rows: seconds(t, 4, 4, 4), Token: token("a")}).Next // perhaps more follow
	wide := Page{Rows: seconds(t, 4, 4, 4), Token: token("a")}
	c = fold(t, s, c, wide).Next // the API may not sort: what does its token lead to?
	wantQuery(t, s, c, "token=a")
	c = fold(t, s, c, Page{Rows: seconds(t, 5), Token: noToken}).Next
	refused(t, s, c, wide, "3 rows", at(4))
	refused(t, s, begin(t, s, Cursor{Mark: at(4)}), wide, "3 rows", at(4))
	strict := playgroundSpec(Keyset)
	strict.Strict = true
	s = mustNew(t, strict)
	c = begin(t, s, Cursor{})
	c = fold(t, s, c, Page{Rows: seconds(t, 4, 4, 4), Token: token("a")}).Next
	wantQuery(t, s, c, "since="+at(3)) // one granule less (rule 14)
	c = fold(t, s, fold(t, s, c, wide).Next, Page{Token: noToken}).Next
	refused(t, s, c, wide)
}

func TestKeysetFollowsTheTokenOfUnsortedPages(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := begin(t, s, Cursor{})
	v := fold(t, s, c, Page{Rows: seconds(t, 9, 8, 7), Token: token("a")})
	if v.Restarted || v.Warning != "" {
		t.Fatalf("the first page is a beginning by token: %+v", v)
	}
	wantQuery(t, s, v.Next, "token=a")
	if v.Next.Window != "0001-01-01T00:00:00Z" || v.Next.Mark != "" {
		t.Fatalf("without an order neither mark nor window may move: %s", show(v.Next))
	}
	// What came by token does not lift the mark: rows changed behind the reader may be lower.
	c = fold(t, s, v.Next, Page{Rows: seconds(t, 6, 12), Token: token("b")}).Next
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 1), Token: noToken}), at(9))

	plain := playgroundSpec(Keyset)
	plain.Params.Token = ""
	s = mustNew(t, plain)
	refused(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 9, 8), Token: token("a")}, "does not sort", "params.token")
}

// A page that moved the sweep, and then one that shows there is no order (rule 12).
func TestKeysetRestartsWhenALaterPageIsUnsorted(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := begin(t, s, Cursor{Mark: at(1), ReadBack: &ReadBack{TopicID: "t", Offsets: []int64{7}}})
	c = fold(t, s, c, Page{Rows: seconds(t, 1, 5), Token: token("a")}).Next
	c.ReadBack = &ReadBack{TopicID: "t", Offsets: []int64{9}}
	v := fold(t, s, c, Page{Rows: seconds(t, 5, 9, 7), Token: token("b")})
	if !v.Restarted || !strings.Contains(v.Warning, "row 3") {
		t.Fatalf("%+v", v)
	}
	wantQuery(t, s, v.Next, "since="+at(1))
	if v.Next.Window != at(1) || v.Next.ReadBack.Offsets[0] != 7 || !position[ValuePosition](v.Next.Sweep).ByToken {
		t.Fatalf("the window is not rebuilt from the base: %s", show(v.Next))
	}
	c = fold(t, s, v.Next, Page{Rows: seconds(t, 1, 5), Token: token("a")}).Next
	wantQuery(t, s, c, "token=a")
	if !c.Unsorted {
		t.Fatal("forgotten")
	}
	c = s.Rewind(c) // the token has expired
	wantQuery(t, s, c, "since="+at(1))
}

func TestKeysetNoticesCircles(t *testing.T) {
	for tail := range 5 {
		for length := 1; length <= 10; length++ {
			t.Run(fmt.Sprintf("tail %d length %d", tail, length), func(t *testing.T) {
				s := mustNew(t, playgroundSpec(Keyset))
				c := begin(t, s, Cursor{})
				for n := range 100 {
					name := n
					if n >= tail {
						name = tail + (n-tail)%length
					}
					v, err := s.Fold(c, Page{Rows: seconds(t, 9, 8), Token: token(fmt.Sprint("t", name))})
					if err != nil {
						if n < length || !strings.Contains(err.Error(), "repeats the token") {
							t.Fatalf("page %d: %v", n, err)
						}
						return
					}
					c = v.Next
				}
				t.Fatal("not noticed in 100 pages")
			})
		}
	}
}

func TestKeysetLookback(t *testing.T) {
	spec := playgroundSpec(Keyset)
	spec.Lookback = 10e9
	s := mustNew(t, spec)
	c := begin(t, s, Cursor{Mark: at(30)})
	wantQuery(t, s, c, "since="+at(20))
	c = fold(t, s, c, Page{Rows: seconds(t, 21, 35), Token: token("a")}).Next
	wantQuery(t, s, c, "since="+at(35))
	if c.Window != at(25) {
		t.Fatalf("the next sweep looks back to %s: %s", at(25), show(c))
	}
}

// The mark of an unsorted API follows one sweep behind: every row that changed in sweep
// N-1 has a value at or above what it had reached, and is read again by sweep N (P2).
func TestKeysetMarkByToken(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := begin(t, s, Cursor{})
	c = fold(t, s, c, Page{Rows: seconds(t, 9, 8), Token: token("a")}).Next
	v := fold(t, s, c, Page{Rows: seconds(t, 12, 1), Token: noToken})
	wantEnd(t, v, at(9))
	if v.Next.Reached != at(12) || !v.Next.Unsorted {
		t.Fatal(show(v.Next))
	}
	c = begin(t, s, v.Next)
	wantQuery(t, s, c, "since="+at(9))
	// By token at once, though the page is sorted.
	c = fold(t, s, c, Page{Rows: seconds(t, 9, 12), Token: token("b")}).Next
	wantQuery(t, s, c, "token=b")
	v = fold(t, s, c, Page{Rows: seconds(t, 15), Token: noToken})
	wantEnd(t, v, at(12))
	if v.Next.Reached != at(15) {
		t.Fatal(show(v.Next))
	}
	v = fold(t, s, begin(t, s, v.Next), Page{Rows: seconds(t, 15, 12), Token: noToken})
	wantEnd(t, v, at(15))
	if v.Next.Reached != "" {
		t.Fatal(show(v.Next))
	}
}

// Descending pages of one value each look sorted. The token promised more behind the
// value, and a request from it finds none.
func TestKeysetNoticesDescendingPagesOfOneValue(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	open := fold(t, s, begin(t, s, Cursor{Mark: at(1)}), Page{Rows: seconds(t, 9, 9), Token: token("a")}).Next
	wantQuery(t, s, open, "since="+at(9))
	for name, page := range map[string]Page{
		"the same rows":    {Rows: seconds(t, 9, 9), Token: noToken},
		"and more of them": {Rows: seconds(t, 9, 9), Token: token("b")},
	} {
		t.Run(name, func(t *testing.T) {
			probe := fold(t, s, open, page).Next
			wantQuery(t, s, probe, "token=a")
			v := fold(t, s, probe, Page{Rows: seconds(t, 8, 7), Token: token("c")})
			if !v.Restarted || !v.Next.Unsorted || !strings.Contains(v.Warning, "row 1") || v.Next.Window != at(1) {
				t.Fatalf("%+v", v)
			}
			wantQuery(t, s, v.Next, "since="+at(1))
			c := fold(t, s, v.Next, Page{Rows: seconds(t, 9, 9), Token: token("d")}).Next
			wantQuery(t, s, c, "token=d")

			// A sorted API: a change between the two requests. Never by token, which would
			// skip rows that share its value.
			for _, last := range []Page{{Token: noToken}, {Rows: seconds(t, 9), Token: noToken},
				{Rows: seconds(t, 10, 11), Token: token("c")}, {Rows: seconds(t, 9, 10), Token: token("c")},
				{Token: token("a")}} { // which leads to itself
				v = fold(t, s, probe, last)
				if !v.Restarted || v.Warning != "" || v.Next.Unsorted {
					t.Fatalf("%+v", v)
				}
				wantQuery(t, s, v.Next, "since="+at(9))
				if page.Token.Null {
					wantEnd(t, fold(t, s, v.Next, page), at(9)) // asked once
				} else {
					refused(t, s, v.Next, page)
				}
				c = fold(t, s, v.Next, Page{Rows: seconds(t, 9, 10), Token: token("e")}).Next
				wantQuery(t, s, c, "since="+at(10))
			}
			// An empty page with a token of its own says that there is more, as the page before does.
			if v = fold(t, s, probe, Page{Token: token("c")}); page.Token.Null {
				wantQuery(t, s, v.Next, "since="+at(9))
			} else {
				wantQuery(t, s, v.Next, "token=c")
			}
			// Not a word yet on what lies behind: the token's own one is asked (seed 995755),
			// though round in no circle.
			for _, rows := range [][]Row{seconds(t, 9), seconds(t, 9, 9)} {
				c = fold(t, s, probe, Page{Rows: rows, Token: token("c")}).Next
				wantQuery(t, s, c, "token=c")
				v = fold(t, s, c, Page{Rows: seconds(t, 8), Token: noToken})
				if !v.Next.Unsorted || !strings.Contains(v.Warning, "row 1") {
					t.Fatalf("%+v", v)
				}
				refused(t, s, c, Page{Rows: rows, Token: token("c")})
				c = fold(t, s, c, Page{Rows: rows, Token: token("d")}).Next
				wantQuery(t, s, c, "token=d")
				c = fold(t, s, c, Page{Rows: rows, Token: noToken}).Next
				wantQuery(t, s, c, "since="+at(9))
				if position[ValuePosition](c.Sweep).Seen != "" {
					t.Errorf("the next circle is held against %q", position[ValuePosition](c.Sweep).Seen)
				}
			}
			// The token has expired: a fresh one is asked for, and where the API refuses each of
			// them the sweep is given up, never ended by value: rows would stay behind (seed 481028).
			c = probe
			for n := range 1 + maxRestarts {
				if err := c.Exhausted(); err != nil {
					t.Fatalf("given up after %d refusals", n)
				}
				c = s.Rewind(c)
				wantQuery(t, s, c, "since="+at(1))
				c = fold(t, s, c, Page{Rows: seconds(t, 9, 9), Token: token("a")}).Next
				c = fold(t, s, c, page).Next
				wantQuery(t, s, c, "token=a")
			}
			if s.Rewind(c).Exhausted() == nil {
				t.Error("never given up")
			}
		})
	}
	plain := playgroundSpec(Keyset)
	plain.Params.Token = ""
	s = mustNew(t, plain)
	open = fold(t, s, begin(t, s, Cursor{Mark: at(1)}), Page{Rows: seconds(t, 9, 9), Token: token("a")}).Next
	wantEnd(t, fold(t, s, open, Page{Rows: seconds(t, 9, 9), Token: noToken}), at(9)) // no way to ask
}

// The last page is by value, and only now it shows that the ones before skipped rows.
func TestKeysetUnsortedLastPage(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := fold(t, s, begin(t, s, Cursor{Mark: at(1)}), Page{Rows: seconds(t, 5), Token: token("a")}).Next
	v := fold(t, s, c, Page{Rows: seconds(t, 5, 9, 7), Token: noToken})
	if !v.Restarted || v.Warning == "" {
		t.Fatalf("%+v", v)
	}
	wantQuery(t, s, v.Next, "since="+at(1))
	// However often the sweep went back by value: it has not been read by token yet (seed 1600423882).
	c.Sweep.Restarts = maxRestarts
	v = fold(t, s, c, Page{Rows: seconds(t, 5, 9, 7), Token: token("b")})
	if !v.Restarted || !position[ValuePosition](v.Next.Sweep).ByToken || v.Next.Exhausted() != nil {
		t.Fatalf("%+v", v)
	}
}

// Rows without a cursor value say nothing about the order: past them by token, then by
// value again, for the token skips ties.
func TestKeysetPagesWithoutValues(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	blank := Page{Rows: rowsOf(t, RFC3339, "a@", "b@"), Token: token("a")}
	c := fold(t, s, begin(t, s, Cursor{}), blank).Next
	wantQuery(t, s, c, "token=a")
	if c.Unsorted || position[ValuePosition](c.Sweep).ByToken {
		t.Fatal(show(c))
	}
	refused(t, s, c, blank, "repeats the token")
	c = fold(t, s, c, Page{Rows: seconds(t, 2, 3), Token: token("b")}).Next
	wantQuery(t, s, c, "since="+at(3))
	c = fold(t, s, c, Page{Rows: seconds(t, 3, 4), Token: token("c")}).Next
	c = fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "a@"), Token: token("d")}).Next
	wantQuery(t, s, c, "since="+at(3)) // the row at 4 did not come again
	c = fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "a@"), Token: token("d")}).Next
	wantQuery(t, s, c, "token=d")
	if v := fold(t, s, c, Page{Rows: seconds(t, 2), Token: token("e")}); !v.Restarted || !v.Next.Unsorted {
		t.Fatalf("a row older than what was asked with: %+v", v)
	}
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 6), Token: noToken}), at(4))

	plain := playgroundSpec(Keyset)
	plain.Params.Token = ""
	s = mustNew(t, plain)
	refused(t, s, begin(t, s, Cursor{}), blank, "none of the page's 2 rows", "params.token")
}

// sorted: false in the configuration says at once what else a page would have to show.
func TestKeysetToldThatTheAPIDoesNotSort(t *testing.T) {
	spec := playgroundSpec(Keyset)
	spec.Unsorted = true
	s := mustNew(t, spec)
	c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2), Token: token("a")}).Next
	wantQuery(t, s, c, "token=a")
	// A sweep that was under way by value begins anew, window and all.
	c = begin(t, s, Cursor{Window: at(5), Sweep: &Sweep{From: at(1), High: at(5), Pages: 3, Slices: Slices{{After: at(5)}}}})
	wantQuery(t, s, c, "since="+at(1))
	if !position[ValuePosition](c.Sweep).ByToken || c.Window != at(1) {
		t.Fatal(show(c))
	}
	spec.Params.Token = ""
	s = mustNew(t, spec)
	refused(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2), Token: token("a")}, "params.token")
	wantEnd(t, fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2), Token: noToken}), at(2))
}

// A strict filter is asked with less than the last value, so ties lie beyond what was asked with:
// they tell as little (seed 1486125).
func TestKeysetProbesStrictTies(t *testing.T) {
	spec := playgroundSpec(Keyset)
	spec.Format, spec.Strict, spec.FirstMark = Integer, true, "0"
	s := mustNew(t, spec)
	open := fold(t, s, begin(t, s, Cursor{Mark: "1"}), Page{Rows: rowsOf(t, Integer, "d@5", "c@5"), Token: token("a")}).Next
	wantQuery(t, s, open, "since=4")
	probe := fold(t, s, open, Page{Rows: rowsOf(t, Integer, "d@5", "c@5"), Token: noToken}).Next
	wantQuery(t, s, probe, "token=a")
	wantQuery(t, s, fold(t, s, probe, Page{Rows: rowsOf(t, Integer, "b@5"), Token: token("b")}).Next, "token=b")
	wantQuery(t, s, fold(t, s, probe, Page{Rows: rowsOf(t, Integer, "b@6"), Token: token("b")}).Next, "since=4")
}

// A token that no request can carry is an error where nothing else leads on, and no matter
// where it only says that there is more.
func TestKeysetLongToken(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	long := token(strings.Repeat("t", 1_200_000))
	c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2), Token: long}).Next
	if position[ValuePosition](c.Sweep).Behind != "" || position[ValuePosition](c.Sweep).Token != "" || c.Sweep.Slice().After != at(2) {
		t.Fatalf("%.300s", show(c))
	}
	spec := playgroundSpec(Keyset)
	spec.Unsorted = true
	s = mustNew(t, spec)
	refused(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2), Token: long}, "the token has 1200000 bytes, more than a request can carry")
}
