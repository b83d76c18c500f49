package strategies

import (
	"strings"
	"testing"
	"time"
)

const (
	firstPage = "order_by=updatedAt&order_type=asc&since="
	yearOne   = firstPage + "0001-01-01T00:00:00Z"
)

func offsetSpec(limit int) Spec {
	spec := playgroundSpec(Offset)
	spec.PageSize = limit
	return spec
}

// steps folds pages, each of which must be asked for as it says.
type step struct {
	asks  string
	rows  []Row
	total int64
}

func readAll(t *testing.T, s Strategy, c Cursor, steps ...step) Verdict {
	t.Helper()
	var v Verdict
	for _, st := range steps {
		wantQuery(t, s, c, st.asks)
		v = fold(t, s, c, Page{Rows: st.rows, Total: st.total})
		if v.Warning != "" {
			t.Fatalf("%s: %s", st.asks, v.Warning)
		}
		c = v.Next
	}
	return v
}

func TestOffsetReadsThePlayground(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	rows := seconds(t, 1, 2, 3, 4, 4)
	c := readAll(t, s, begin(t, s, Cursor{}), step{yearOne + "&limit=3&offset=0", rows[:3], 5}).Next
	if c.Mark != "" || c.Window != at(1) { // the next page may begin with a row at 2, or a doubt ask from a step before
		t.Fatal(show(c))
	}
	// The base is frozen, and the row before the last group comes again.
	v := readAll(t, s, c,
		step{yearOne + "&limit=3&offset=1", rows[1:4], 5},
		step{yearOne + "&limit=3&offset=2", rows[2:], 5},
		step{yearOne + "&limit=3&offset=4", rows[4:], 5}) // the count says that this was the end
	wantEnd(t, v, at(4))
	c = begin(t, s, v.Next)
	wantEnd(t, fold(t, s, c, Page{Total: 0}), at(4))
	// An idle poll is two requests.
	wantEnd(t, readAll(t, s, c, step{firstPage + at(4) + "&limit=3&offset=0", rows[3:], 2}, step{firstPage + at(4) + "&limit=3&offset=1", rows[4:], 2}), at(4))
}

// Without a count, an empty page is the end only between two looks at the same rows.
func TestOffsetWithoutTotal(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	rows := seconds(t, 1, 2, 3)
	base := firstPage + at(3) + "&limit=3&offset="
	open := readAll(t, s, begin(t, s, Cursor{}),
		step{yearOne + "&limit=3&offset=0", rows, -1},
		step{yearOne + "&limit=3&offset=1", rows[1:], -1},
		step{base + "0", rows[2:], -1}).Next
	wantEnd(t, readAll(t, s, open, step{base + "1", nil, -1}, step{base + "0", rows[2:], -1}), at(3))
	// There is a row: it is read again together with the one before it.
	more := seconds(t, 7)
	v := readAll(t, s, open, step{base + "1", more, -1})
	if !v.Restarted || v.Next.Window != open.Window {
		t.Fatalf("a row behind an unseen seam is taken: %+v", v)
	}
	c := readAll(t, s, v.Next, step{base + "0", append(rows[2:3:3], more...), -1}).Next
	wantQuery(t, s, c, firstPage+at(7)+"&limit=3&offset=0")
	wantEnd(t, fold(t, s, begin(t, s, Cursor{}), Page{Total: -1}), "")
}

// The empty page alone proves nothing: a row read already may have left, so that the one
// behind it stands one place further down. These are the histories of two seeds of the
// simulation that ended too early once.
func TestOffsetEndsOnNoEmptyPageAlone(t *testing.T) {
	s := mustNew(t, offsetSpec(5))
	base := firstPage + at(7) + "&limit=5&offset="
	two := rowsOf(t, RFC3339, "a@"+at(7), "b@"+at(7))                                                               // of a, b and z, cut short
	c := readAll(t, s, begin(t, s, Cursor{Mark: at(7)}), step{base + "0", two, -1}, step{base + "2", nil, -1}).Next // a has left
	v := readAll(t, s, c, step{base + "0", rowsOf(t, RFC3339, "b@"+at(7), "z@"+at(9)), -1})
	wantQuery(t, s, v.Next, firstPage+at(9)+"&limit=5&offset=0")
	if v.Restarted {
		t.Fatalf("z is not delivered: %+v", v)
	}
	// With a count: four rows of five came, one of them left, the count is four now.
	four := rowsOf(t, RFC3339, "a@"+at(7), "b@"+at(7), "c@"+at(7), "d@"+at(7))
	c = readAll(t, s, begin(t, s, Cursor{Mark: at(7)}), step{base + "0", four, 5}, step{base + "4", nil, 4}).Next
	wantQuery(t, s, c, base+"0")
	// The count agreed, but the last row is another one by now.
	c = readAll(t, s, begin(t, s, Cursor{Mark: at(7)}), step{base + "0", four, 4}, step{base + "3", rowsOf(t, RFC3339, "z@"+at(9)), 4}).Next
	wantQuery(t, s, c, base+"0")
}

// Each question has the same answer whenever it is asked, as from a cache, and two of them
// count differently: the sweep ends all the same (P7).
func TestOffsetCountsThatContradict(t *testing.T) {
	s := mustNew(t, offsetSpec(5))
	rows := rowsOf(t, RFC3339, "a@"+at(7), "b@"+at(7))
	c := begin(t, s, Cursor{Mark: at(7)})
	for n := 0; c.Sweep != nil; n++ {
		if n > 20 {
			t.Fatalf("no end: %s", show(c))
		}
		page := map[string]Page{"0": {Rows: rows, Total: 2}, "1": {Rows: rows[1:], Total: 3}, "2": {Total: 3}}
		asks := asked(s.Query(c))
		c = fold(t, s, c, page[asks[len(asks)-1:]]).Next
	}
}

// A page with a row in it twice ends at no place that could be counted.
func TestOffsetCountsNoRowTwice(t *testing.T) {
	s := mustNew(t, offsetSpec(9))
	base := firstPage + at(7) + "&limit=9&offset="
	rows := rowsOf(t, RFC3339, "a@"+at(7), "a@"+at(7), "b@"+at(7)) // of a, b and c
	c := readAll(t, s, begin(t, s, Cursor{Mark: at(7)}), step{base + "0", rows, 3}, step{base + "3", nil, 3}).Next
	wantQuery(t, s, c, base+"0")
	c = readAll(t, s, c, step{base + "0", rowsOf(t, RFC3339, "a@"+at(7), "b@"+at(7), "c@"+at(7)), 3}).Next
	wantEnd(t, readAll(t, s, c, step{base + "2", rows[2:], 3}), at(7))
}

// Two answers in a row may hold one row twice in the place of another. An API that always
// does so has its sweeps ended with a warning.
func TestOffsetTakesNoRowTwiceForTheEnd(t *testing.T) {
	s := mustNew(t, offsetSpec(9))
	base := firstPage + at(7) + "&limit=9&offset="
	twice := rowsOf(t, RFC3339, "a@"+at(7), "b@"+at(7), "b@"+at(7)) // of a, b and c
	doubled := func(c Cursor) Cursor {
		t.Helper()
		return readAll(t, s, c, step{base + "0", twice, 3}, step{base + "3", nil, 3}).Next
	}
	c := doubled(begin(t, s, Cursor{Mark: at(7)}))
	c = readAll(t, s, c, step{base + "0", twice, 3}).Next
	wantQuery(t, s, c, base+"0") // not the end
	once := rowsOf(t, RFC3339, "a@"+at(7), "b@"+at(7), "c@"+at(7))
	wantEnd(t, readAll(t, s, c, step{base + "0", once, 3}, step{base + "2", once[2:], 3}), at(7))

	v := fold(t, s, doubled(c), Page{Rows: twice, Total: 3})
	wantEnd(t, v, at(7))
	if !strings.Contains(v.Warning, "a row twice") {
		t.Errorf("warning %q", v.Warning)
	}
}

func TestOffsetShortPagesAreNotTheEnd(t *testing.T) {
	s := mustNew(t, offsetSpec(50)) // the server gives three rows a page
	rows := seconds(t, 1, 2, 3, 4)
	v := readAll(t, s, begin(t, s, Cursor{}),
		step{yearOne + "&limit=50&offset=0", rows[:3], 4},
		step{yearOne + "&limit=50&offset=1", rows[1:], 4}, // the count says so
		step{yearOne + "&limit=50&offset=3", rows[3:], 4})
	wantEnd(t, v, at(4))
}

// Of pages of one row each shows its value only, so nothing lies behind it that could be
// reached (P2).
func TestOffsetRefusesPagesOfOneRow(t *testing.T) {
	if _, err := New(offsetSpec(1)); err == nil || !strings.Contains(err.Error(), "page_size 1") {
		t.Errorf("page_size 1: %v", err)
	}
	for _, total := range []int64{-1, 9} {
		s := mustNew(t, offsetSpec(50))
		rows := seconds(t, 1, 2)
		c := begin(t, s, Cursor{Mark: at(1)})
		for range busyEnds + 2 { // changes between two requests may look the same
			c = fold(t, s, c, Page{Rows: rows[:1], Total: total}).Next
			c = fold(t, s, c, Page{Rows: rows[1:], Total: total}).Next
		}
		refused(t, s, c, Page{Rows: rows[:1], Total: total}, "no more than 1 in one answer", "order_by")
	}
}

func TestOffsetSeam(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	open := readAll(t, s, begin(t, s, Cursor{Mark: at(0)}), step{firstPage + at(0) + "&limit=3&offset=0", seconds(t, 1, 2, 4), 9}).Next
	for name, rows := range map[string][]Row{
		"the row before is gone":         seconds(t, 4, 5),
		"no row before has a value":      rowsOf(t, RFC3339, "bad@", "y@"+at(4)),
		"nothing":                        nil,
		"a row came before":              seconds(t, 2, 3, 4),
		"another list":                   seconds(t, 1, 2, 4),
		"all has moved beyond the group": seconds(t, 7, 8, 9),
	} {
		v := fold(t, s, open, Page{Rows: rows, Total: 9})
		if !v.Restarted || v.Warning != "" {
			t.Fatalf("%s: %+v", name, v)
		}
		// From the last value read, ties and all, never stepping over.
		wantQuery(t, s, v.Next, firstPage+at(4)+"&limit=3&offset=0")
	}
	for name, rows := range map[string][]Row{
		"as it was":                  seconds(t, 2, 4, 5),
		"another row of that value":  rowsOf(t, RFC3339, "x@"+at(2), "y@"+at(4), "z@"+at(5)),
		"another row of the group":   rowsOf(t, RFC3339, "k1-2@"+at(2), "y@"+at(4), "z@"+at(5)),
		"the group is gone":          seconds(t, 2, 5, 6),
		"a smaller row has moved up": rowsOf(t, RFC3339, "x@"+at(3), "k2-4@"+at(4), "z@"+at(5)),
	} {
		if v := fold(t, s, open, Page{Rows: rows, Total: 9}); v.Restarted {
			t.Errorf("%s: the group is seen from its start: %+v", name, v)
		}
	}
	// The base itself shifts again and again: once more, then a warning and exit 0.
	c := begin(t, s, Cursor{Mark: at(2)})
	v := fold(t, s, c, Page{Total: 4})
	if !v.Restarted || v.Next.Sweep == nil {
		t.Fatalf("%+v", v)
	}
	v = fold(t, s, v.Next, Page{Total: 4})
	wantEnd(t, v, at(2))
	if !v.Restarted || v.Warning == "" {
		t.Fatalf("%+v", v)
	}
}

// A page that begins further back than it had to shows the last group still after rows
// before it have left.
func TestOffsetOverlapAsWideAsTheGroups(t *testing.T) {
	s := mustNew(t, offsetSpec(8))
	rows := seconds(t, 1, 2, 2, 2, 3, 4, 5, 6)
	c := readAll(t, s, begin(t, s, Cursor{}), step{yearOne + "&limit=8&offset=0", rows, 20}).Next
	wantQuery(t, s, c, yearOne+"&limit=8&offset=4") // groups of three, and a row before
	if v := fold(t, s, c, Page{Rows: seconds(t, 5, 6, 7, 8, 9, 10, 11, 12), Total: 18}); v.Restarted {
		t.Fatalf("%+v", v)
	}
	// It narrows slowly where groups do.
	position[CountPosition](c.Sweep).Overlap = 40
	position[CountPosition](c.Sweep).Offset, position[CountPosition](c.Sweep).Seen, position[CountPosition](c.Sweep).Group = 4, 8, 7
	for _, want := range []int64{20, 10, 5, 5} {
		c = fold(t, s, c, Page{Rows: seconds(t, 5, 6, 7, 8, 9, 10, 11, 12), Total: 900}).Next
		if position[CountPosition](c.Sweep).Overlap != want {
			t.Fatalf("overlap %d, want %d", position[CountPosition](c.Sweep).Overlap, want)
		}
		position[CountPosition](c.Sweep).Offset, position[CountPosition](c.Sweep).Seen, position[CountPosition](c.Sweep).Group, position[CountPosition](c.Sweep).FirstValue, position[CountPosition](c.Sweep).LastValue = 4, 8, 7, at(5), at(6)
	}
}

// Counting on from a base raises the window no further than what the next page may begin
// with; going back to that base finds it where the sweep looks back to (rule 9).
func TestOffsetWindow(t *testing.T) {
	spec := offsetSpec(3)
	spec.Lookback = 2 * time.Second
	s := mustNew(t, spec)
	c := begin(t, s, Cursor{Mark: at(9)})
	c = readAll(t, s, c, step{firstPage + at(7) + "&limit=3&offset=0", seconds(t, 10, 11, 12), 9}).Next
	wantQuery(t, s, c, firstPage+at(7)+"&limit=3&offset=1")
	if c.Window != at(9) {
		t.Fatalf("%s", show(c))
	}
	v := fold(t, s, c, Page{Rows: seconds(t, 12, 13), Total: 9})
	if !v.Restarted || v.Next.Window < c.Window || v.Next.Window > at(10) {
		t.Fatalf("%+v", show(v.Next))
	}
	wantQuery(t, s, v.Next, firstPage+at(12)+"&limit=3&offset=0")
}

// A bad row has no value and may stand anywhere.
func TestOffsetRowsWithoutAValue(t *testing.T) {
	s := mustNew(t, offsetSpec(4))
	base := firstPage + at(0) + "&limit=4&offset="
	open := readAll(t, s, begin(t, s, Cursor{Mark: at(0)}), step{base + "0", rowsOf(t, RFC3339, "a@"+at(1), "b@"+at(2), "c@"+at(3), "bad@"), 9}).Next
	// From the row before the last one with a value, for what stands behind it has no place of its own.
	on := readAll(t, s, open, step{base + "1", rowsOf(t, RFC3339, "b@"+at(2), "c@"+at(3), "bad@", "d@"+at(4)), 9})
	if on.Restarted {
		t.Fatalf("the seam fits: %s", show(on.Next))
	}
	wantQuery(t, s, on.Next, base+"2")
	if v := fold(t, s, open, Page{Rows: rowsOf(t, RFC3339, "bad@", "b@"+at(2), "c@"+at(3)), Total: 9}); !v.Restarted {
		t.Error("more rows stand before the group than there were")
	}
	// A page of nothing else is asked for with a greater limit.
	c := readAll(t, s, begin(t, s, Cursor{}), step{yearOne + "&limit=4&offset=0", rowsOf(t, RFC3339, "a@", "b@", "c@", "d@"), 9}).Next
	wantQuery(t, s, c, yearOne+"&limit=8&offset=0")
}

func TestOffsetTotalLies(t *testing.T) {
	for name, total := range map[string]int64{"greater": 7, "smaller": 2, "constant": 200, "zero": 0} {
		t.Run(name, func(t *testing.T) {
			rows := seconds(t, 1, 2, 3)
			spec := offsetSpec(3)
			s := mustNew(t, spec)
			api := func(q Query) Page { // the contract's, but for the total
				since, from := "", 0
				for _, p := range q.Params {
					switch p.Role {
					case RoleSince:
						since = p.Value
					case RoleOffset:
						for _, d := range p.Value {
							from = from*10 + int(d-'0')
						}
					}
				}
				var left []Row
				for _, r := range rows {
					if string(r.Value.Raw) >= since {
						left = append(left, r)
					}
				}
				left = left[min(from, len(left)):]
				return Page{Rows: left[:min(3, len(left))], Total: total}
			}
			c := begin(t, s, Cursor{})
			for n := range 30 {
				v := fold(t, s, c, api(s.Query(c)))
				if c = v.Next; c.Sweep != nil {
					continue
				}
				if v.Warning == "" || c.Mark != at(3) {
					t.Errorf("after %d pages: warning %q, mark %q", n+1, v.Warning, c.Mark)
				}
				return
			}
			t.Fatal("no end in 30 pages (P7)")
		})
	}
}

func TestOffsetUnsorted(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	c := begin(t, s, Cursor{Mark: at(0)})
	c = fold(t, s, c, Page{Rows: seconds(t, 1, 5, 9), Total: 6}).Next
	late := append(rowsOf(t, RFC3339, "k2-9@"+at(9)), seconds(t, 3, 4)...)
	v := fold(t, s, c, Page{Rows: late, Total: 6})
	if !v.Restarted {
		t.Fatalf("%+v", v)
	}
	wantQuery(t, s, v.Next, firstPage+at(0)+"&limit=3&offset=0") // from the frozen base (rule 12)
	if v.Next.Window != at(0) {
		t.Errorf("the window is not rebuilt: %s", show(v.Next))
	}
	c = fold(t, s, v.Next, Page{Rows: seconds(t, 1, 5, 9), Total: 6}).Next
	refused(t, s, c, Page{Rows: late, Total: 6}, "order_by=updatedAt", "timestamp")
}

// An order that turned out to be none proves nothing about the rows between: a sweep that
// is given up afterwards must not set the mark beyond what it read again.
func TestOffsetMarkAfterAnOrderThatBroke(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	c := begin(t, s, Cursor{Mark: at(0)})
	c = fold(t, s, c, Page{Rows: seconds(t, 1, 5, 9), Total: 6}).Next
	c = fold(t, s, c, Page{Rows: append(rowsOf(t, RFC3339, "k2-9@"+at(9)), seconds(t, 3, 4)...), Total: 6}).Next
	v := fold(t, s, c, Page{Total: 6})
	wantEnd(t, v, at(0))
	if v.Warning == "" {
		t.Error("given up without a word")
	}
}

func TestOffsetParameters(t *testing.T) {
	spec := offsetSpec(3)
	spec.FirstMark, spec.OrderBy = "", ""
	s := mustNew(t, spec)
	wantQuery(t, s, begin(t, s, Cursor{}), "limit=3&offset=0")
	spec.Lookback = 5e9
	s = mustNew(t, spec)
	wantQuery(t, s, begin(t, s, Cursor{Mark: at(9)}), "since="+at(4)+"&limit=3&offset=0")
}
