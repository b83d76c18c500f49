package strategies

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

const firstPage = "order_by=updatedAt&order_type=asc&updated_since="

func offsetSpec(limit int) Spec {
	spec := playgroundSpec(Offset)
	spec.PageSize = limit
	return spec
}

func TestOffsetReadsThePlayground(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	c := begin(t, s, Cursor{})
	wantQuery(t, s, c, firstPage+"0001-01-01T00:00:00Z&limit=3&offset=0")
	rows := seconds(t, 1, 2, 3, 4, 4)
	c = fold(t, s, c, Page{Rows: rows[:3], Total: 5}).Next
	wantQuery(t, s, c, firstPage+"0001-01-01T00:00:00Z&limit=3&offset=2") // the base is frozen, one row overlaps
	if c.Mark != "" || c.Window != at(2) {
		t.Fatal(show(c))
	}
	c = fold(t, s, c, Page{Rows: rows[2:], Total: 5}).Next
	// The count says that this was the end: its last group is read once more, from its start.
	wantQuery(t, s, c, firstPage+at(3)+"&limit=3&offset=0")
	c = fold(t, s, c, Page{Rows: rows[2:], Total: 3}).Next
	wantQuery(t, s, c, firstPage+at(4)+"&limit=3&offset=0")
	c = fold(t, s, c, Page{Rows: rows[3:], Total: 2}).Next
	wantQuery(t, s, c, firstPage+at(4)+"&limit=3&offset=1")
	v := fold(t, s, c, Page{Rows: rows[4:], Total: 2})
	wantEnd(t, v, at(4))
	if v.Warning != "" || v.Restarted {
		t.Fatalf("%+v", v)
	}
	c = begin(t, s, v.Next)
	wantQuery(t, s, c, firstPage+at(4)+"&limit=3&offset=0")
	wantEnd(t, fold(t, s, c, Page{Total: 0}), at(4))
	c = fold(t, s, c, Page{Rows: rows[3:], Total: 2}).Next // an idle poll is two requests
	wantEnd(t, fold(t, s, c, Page{Rows: rows[4:], Total: 2}), at(4))
}

func TestOffsetWithoutTotal(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	rows := seconds(t, 1, 2, 3)
	c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: rows, Total: -1}).Next
	c = fold(t, s, c, Page{Rows: rows[2:], Total: -1}).Next
	wantQuery(t, s, c, firstPage+"0001-01-01T00:00:00Z&limit=3&offset=3") // the place behind, by itself
	wantQuery(t, s, fold(t, s, c, Page{Total: -1}).Next, firstPage+at(3)+"&limit=3&offset=0")
	// There is a row: it is read again together with the one before it.
	more := seconds(t, 7)
	v := fold(t, s, c, Page{Rows: more, Total: -1})
	if !v.Restarted || v.Next.Window != c.Window {
		t.Fatalf("a row behind an unseen seam is taken: %+v", v)
	}
	wantQuery(t, s, v.Next, firstPage+"0001-01-01T00:00:00Z&limit=3&offset=2")
	c = fold(t, s, v.Next, Page{Rows: append(rows[2:3:3], more...), Total: -1}).Next
	wantQuery(t, s, c, firstPage+at(3)+"&limit=3&offset=0") // a short page: the end is near
	wantEnd(t, fold(t, s, begin(t, s, Cursor{}), Page{Total: -1}), "")
}

func TestOffsetShortPagesAreNotTheEnd(t *testing.T) {
	s := mustNew(t, offsetSpec(50)) // the server gives two rows a page
	rows := seconds(t, 1, 2, 3, 4)
	c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: rows[:2], Total: 4}).Next
	c = fold(t, s, c, Page{Rows: rows[1:3], Total: 4}).Next
	wantQuery(t, s, c, firstPage+"0001-01-01T00:00:00Z&limit=50&offset=2")
	c = fold(t, s, c, Page{Rows: rows[2:], Total: 4}).Next // the count says so
	wantQuery(t, s, c, firstPage+at(3)+"&limit=50&offset=0")
}

// Pages of one row cannot overlap: between the look at the seam and the look behind it a
// row could move and be lost (P2).
func TestOffsetRefusesPagesOfOneRow(t *testing.T) {
	if _, err := New(offsetSpec(1)); err == nil || !strings.Contains(err.Error(), "page_size 1") {
		t.Errorf("page_size 1: %v", err)
	}
	for _, total := range []int64{-1, 9} {
		s := mustNew(t, offsetSpec(50))
		rows := seconds(t, 1, 2)
		c := begin(t, s, Cursor{Mark: at(1)})
		for round := range 2 { // once may be two live changes between requests
			c = fold(t, s, c, Page{Rows: rows[:1], Total: total}).Next
			c = fold(t, s, c, Page{Rows: rows[:1], Total: total}).Next
			c = fold(t, s, c, Page{Rows: rows[1:], Total: total}).Next
			if round == 0 {
				c = fold(t, s, c, Page{Rows: rows[:1], Total: total}).Next
			}
		}
		refused(t, s, c, Page{Rows: rows[:1], Total: total}, "one row a page", "50")
	}
}

func TestOffsetSeam(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	open := fold(t, s, begin(t, s, Cursor{Mark: at(0)}), Page{Rows: seconds(t, 1, 2, 2), Total: 6}).Next
	for name, rows := range map[string][]Row{
		"another row":         rowsOf(t, RFC3339, "x@"+at(3), "y@"+at(4)),
		"another of the tie":  rowsOf(t, RFC3339, "x@"+at(2), "y@"+at(4)),
		"the row has changed": rowsOf(t, RFC3339, "k2-2@"+at(3), "y@"+at(4)),
		"nothing":             nil,
	} {
		v := fold(t, s, open, Page{Rows: rows, Total: 6})
		if !v.Restarted || v.Warning != "" {
			t.Fatalf("%s: %+v", name, v)
		}
		// From the last value read, ties and all, never stepping over.
		wantQuery(t, s, v.Next, firstPage+at(2)+"&limit=3&offset=0")
	}
	// The base itself shifts again and again: once more, then a warning and exit 0.
	c := fold(t, s, begin(t, s, Cursor{Mark: at(2)}), Page{Rows: seconds(t, 2, 2, 2), Total: 4}).Next
	v := fold(t, s, c, Page{Total: 4})
	if !v.Restarted || v.Next.Sweep == nil {
		t.Fatalf("%+v", v)
	}
	c = fold(t, s, v.Next, Page{Rows: seconds(t, 2, 2, 2), Total: 4}).Next
	v = fold(t, s, c, Page{Total: 4})
	wantEnd(t, v, at(2))
	if !v.Restarted || v.Warning == "" {
		t.Fatalf("%+v", v)
	}
}

// At the end of the list: row a, read already, gets the value of the last row and sorts
// before it; one leaves and one arrives, so the seam fits. Then a newer value lets the mark
// pass (P2).
func TestOffsetTieAtTheHead(t *testing.T) {
	for _, total := range []int64{-1, 2} {
		s := mustNew(t, offsetSpec(3))
		c := begin(t, s, Cursor{})
		c = fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "a@"+at(1), "b@"+at(2)), Total: total}).Next
		wantQuery(t, s, c, firstPage+at(2)+"&limit=3&offset=0")
		c = fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "a@"+at(2), "b@"+at(2), "c@"+at(3)), Total: -1}).Next
		wantQuery(t, s, c, firstPage+at(3)+"&limit=3&offset=0")
	}
	// The same where the list ended with a full page, and the reader has looked behind it.
	for name, total := range map[string]int64{"no count": -1, "a count": 4} {
		t.Run(name, func(t *testing.T) {
			s := mustNew(t, offsetSpec(3))
			open := fold(t, s, begin(t, s, Cursor{}), Page{Rows: rowsOf(t, RFC3339, "a@"+at(1), "x@"+at(1), "b@"+at(2)), Total: -1}).Next
			wantQuery(t, s, open, firstPage+"0001-01-01T00:00:00Z&limit=3&offset=2")
			v := fold(t, s, open, Page{Rows: rowsOf(t, RFC3339, "b@"+at(2), "c@"+at(3)), Total: total})
			if v.Restarted || v.Next.Window != at(1) {
				t.Fatalf("%+v", v)
			}
			wantQuery(t, s, v.Next, firstPage+at(2)+"&limit=3&offset=0")
		})
	}
}

// A group wider than a page has to be counted. It is read again when something beyond it
// is known, for only then no more rows come to it.
func TestOffsetWideGroup(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	c := begin(t, s, Cursor{Mark: at(2)})
	group := seconds(t, 2, 2, 2, 2)
	c = fold(t, s, c, Page{Rows: group[:3], Total: 3}).Next
	wantQuery(t, s, c, firstPage+at(2)+"&limit=3&offset=2")
	c = fold(t, s, c, Page{Rows: append(group[2:4:4], seconds(t, 5)...), Total: 5}).Next
	if c.Sweep.High != at(2) {
		t.Fatalf("what lies beyond the group does not count yet: %s", show(c))
	}
	for range 2 { // from its start, even where the seam breaks
		wantQuery(t, s, c, firstPage+at(2)+"&limit=3&offset=0")
		c = fold(t, s, c, Page{Rows: group[:3], Total: 5}).Next
		wantQuery(t, s, c, firstPage+at(2)+"&limit=3&offset=2")
		if c.Sweep.Restarts == 0 {
			c = fold(t, s, c, Page{Rows: seconds(t, 2, 2, 2), Total: 5}).Next
		}
	}
	c = fold(t, s, c, Page{Rows: append(group[2:4:4], seconds(t, 5)...), Total: 5}).Next
	wantQuery(t, s, c, firstPage+at(5)+"&limit=3&offset=0")
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
					switch p.Name {
					case "updated_since":
						since = p.Value
					case "offset":
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

// Counting on from a base raises the window behind the rows read; going back to that base
// asks for them again, so the window must hold them again (rule 9).
func TestOffsetGoesBackWithItsWindow(t *testing.T) {
	spec := offsetSpec(3)
	spec.FirstMark = ""
	s := mustNew(t, spec)
	for _, mark := range []string{"", at(0)} {
		was := &ReadBack{TopicID: "t", Offsets: []int64{7}, Window: mark}
		c := begin(t, s, Cursor{Mark: mark, ReadBack: was})
		var v Verdict
		for _, n := range []int{2, 2, 3, 2} { // one row, nothing behind it, there is, and again there is not
			c.ReadBack = &ReadBack{TopicID: "t", Offsets: []int64{9}, Window: c.Window}
			v = fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "k@"+at(n)), Total: 9})
			c = v.Next
		}
		since := ""
		if mark != "" {
			since = "updated_since=" + mark + "&"
		}
		wantQuery(t, s, c, "order_by=updatedAt&order_type=asc&"+since+"limit=3&offset=0")
		if !v.Restarted || c.Window != mark || c.ReadBack != was {
			t.Errorf("from mark %q: restarted %v, %s", mark, v.Restarted, show(c))
		}
	}
	// From a base that the sweep has moved to, no further than it looks back from there.
	spec.Lookback = time.Second
	s = mustNew(t, spec)
	c := Cursor{Mark: at(0), Window: at(8), Filter: FilterInclusive, Sweep: &Sweep{From: at(0), After: at(5), High: at(9), Offset: 1, More: true,
		LastKey: "k", LastValue: at(9), Near: true}}
	if v := fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "k@"+at(9)), Total: 9}); v.Next.Window != at(4) || v.Next.Sweep.After != at(5) {
		t.Errorf("%s", show(v.Next))
	}
}

// The newest group may be left behind only once something beyond it was seen before it was
// counted (P2). Looking back, the base lies before that group, and a page beyond the base
// may hold nothing beyond the group.
func TestOffsetCountsTheNewestGroupAgain(t *testing.T) {
	for _, strict := range []bool{false, true} {
		spec := offsetSpec(4)
		spec.Lookback, spec.Strict = time.Second, strict
		s := mustNew(t, spec)
		base, group := at(1), at(2)
		if strict {
			base, group = at(0), at(1)
		}
		c := begin(t, s, Cursor{Mark: at(2)})
		tie := rowsOf(t, RFC3339, "a@"+at(2), "b@"+at(2), "c@"+at(2), "d@"+at(2), "e@"+at(2))
		wantQuery(t, s, c, firstPage+base+"&limit=4&offset=0")
		c = fold(t, s, c, Page{Rows: tie[:4], Total: 5}).Next
		c = fold(t, s, c, Page{Rows: tie[3:], Total: 5}).Next
		for range 2 {
			wantQuery(t, s, c, firstPage+group+"&limit=4&offset=0")
			c = fold(t, s, c, Page{Rows: tie[:4], Total: 5}).Next
			// By now a row may have come to the group before d, and e moved on.
			c = fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "d@"+at(2), "e@"+at(4)), Total: 5}).Next
		}
		behind := at(4)
		if strict {
			behind = at(3)
		}
		wantQuery(t, s, c, firstPage+behind+"&limit=4&offset=0")
	}
}

// A bad row has no value and may be the last one of a page.
func TestOffsetSeamOfARowWithoutAValue(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	open := fold(t, s, begin(t, s, Cursor{Mark: at(0)}), Page{Rows: rowsOf(t, RFC3339, "a@"+at(1), "b@"+at(2), "bad@"), Total: 9}).Next
	wantQuery(t, s, open, firstPage+at(0)+"&limit=3&offset=2")
	on := fold(t, s, open, Page{Rows: rowsOf(t, RFC3339, "bad@", "c@"+at(3), "d@"+at(4)), Total: 9})
	if on.Restarted {
		t.Fatalf("the seam fits: %s", show(on.Next))
	}
	wantQuery(t, s, on.Next, firstPage+at(0)+"&limit=3&offset=4")
	for name, page := range map[string]Page{
		"another row":             {Rows: seconds(t, 3), Total: 9},
		"another one without one": {Rows: rowsOf(t, RFC3339, "other@"), Total: 9},
		"the row has one now":     {Rows: rowsOf(t, RFC3339, "bad@"+at(5)), Total: 9},
		"the end comes near":      {Rows: rowsOf(t, RFC3339, "bad@", "c@"+at(3)), Total: 4},
	} {
		v := fold(t, s, open, page)
		wantQuery(t, s, v.Next, firstPage+at(2)+"&limit=3&offset=0") // from the last value there was
		if v.Next.Window != at(1) || v.Restarted == (page.Total == 4) {
			t.Errorf("%s: restarted %v, %s", name, v.Restarted, show(v.Next))
		}
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
	wantQuery(t, s, begin(t, s, Cursor{Mark: at(9)}), "updated_since="+at(4)+"&limit=3&offset=0")
}

func TestLearnLimit(t *testing.T) {
	for message, want := range map[string]int{
		"Invalid value for 'limit'. It should be between 1 and 50.": 50,
		"limit must be at most 20":                                  20,
		"limit may be up to 30 rows":                                30,
		"maximum page size is 25":                                   25,
		"max limit: 40":                                             40,
		"Limit exceeds 75":                                          75,
		"per_page must be no more than 10":                          10,
		"limit must be less than or equal to 99":                    99,
		"limit should be <= 60":                                     60,
		"":                                                          0,
		"Invalid value for 'limit'":                                 0,
		"limit 100 is too large":                                    0,
		"should be between 1 and 100":                               0, // not exceeded, so that is not the trouble
		"should be between 1 and 5000":                              0,
		"must be at most 1":                                         0, // pages of one row cannot be read
		"must be at most 0":                                         0,
		"must be at most 99999999999999999999":                      0,
		"Unexpected query parameters: limit":                        0,
		"Invalid date format for 'updated_since'. Use 'YYYY-MM-DDTHH:MM:SSZ'": 0,
	} {
		s := mustNew(t, offsetSpec(100))
		c, ok := LearnLimit(s, Cursor{}, message)
		if ok != (want > 0) || c.PageLimit != want {
			t.Errorf("%q: %d, %v, want %d", message, c.PageLimit, ok, want)
		}
		if want == 0 {
			continue
		}
		if q := asked(s.Query(begin(t, s, c))); !strings.Contains(q, "limit="+strconv.Itoa(want)+"&") {
			t.Errorf("%q: asks %s", message, q)
		}
		if _, ok := LearnLimit(s, c, message); ok {
			t.Errorf("%q: learnt twice, so the request would be repeated for ever", message)
		}
	}
	if _, ok := LearnLimit(mustNew(t, playgroundSpec(Keyset)), Cursor{}, "at most 20"); ok {
		t.Error("keyset has no limit to learn")
	}
}
