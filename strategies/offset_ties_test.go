package strategies

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rows110 are rows of one second with the ids given.
func rows110(t *testing.T, second int, ids ...int) (rows []Row) {
	t.Helper()
	for _, id := range ids {
		rows = append(rows, rowsOf(t, RFC3339, fmt.Sprintf("%d@%s", id, at(second)))...)
	}
	return rows
}

// What a database answered that sorts for one page: page 1 ends with ids 109, 110; the page
// from 110 on begins with 110, and goes on 109, 112. Row 111 is in neither, and the last
// row of the page before comes first. The whole group has to be seen in one answer.
func TestOffsetRecordedTies(t *testing.T) {
	s := mustNew(t, offsetSpec(5))
	first := append(rows110(t, 1, 106), append(rows110(t, 2, 107, 108), rows110(t, 3, 109, 110)...)...)
	c := readAll(t, s, begin(t, s, Cursor{}), step{yearOne + "&limit=5&offset=0", first, 12}).Next
	// Not offset=4, where the row read last stands: group 3 may be in another order there.
	c = readAll(t, s, c, step{yearOne + "&limit=5&offset=2", append(rows110(t, 2, 107), rows110(t, 3, 110, 109, 112, 111)...), 12}).Next
	wantQuery(t, s, c, firstPage+at(3)+"&limit=5&offset=0") // which was not whole in that answer either
}

// A group that fills a page is asked for with a greater limit until it fits, and the limit
// stays for the sweep.
func TestOffsetWideGroup(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	base := firstPage + at(2) + "&limit="
	group := seconds(t, 2, 2, 2, 2, 2)
	c := readAll(t, s, begin(t, s, Cursor{Mark: at(2)}),
		step{base + "3&offset=0", group[:3], 7},
		step{base + "6&offset=0", append(group[:5:5], seconds(t, 3)...), 7}).Next
	if c.Mark != at(2) || c.Sweep.High != at(3) {
		t.Fatal(show(c))
	}
	c = readAll(t, s, c, step{base + "6&offset=3", append(group[3:5:5], seconds(t, 3, 4)...), 7}, step{base + "6&offset=6", seconds(t, 4), 7}).Next
	wantQuery(t, s, begin(t, s, c), firstPage+at(4)+"&limit=3&offset=0")
}

// Where the API gives no more rows in one answer the error names the cause: not a list
// that moved.
func TestOffsetGroupTooWide(t *testing.T) {
	group := seconds(t, 2, 2, 2)
	words := []string{"3 rows or more share", at(2), "no more than 3 in one answer", `order_by: "updatedAt,id"`, "page size", "another strategy"}
	base := firstPage + at(2) + "&limit="
	open := func(s Strategy) Cursor {
		return readAll(t, s, begin(t, s, Cursor{Mark: at(2)}), step{base + "3&offset=0", group, 7}).Next
	}
	t.Run("it cuts", func(t *testing.T) {
		s := mustNew(t, offsetSpec(3))
		c := open(s)
		for range busyEnds + 2 {
			c = readAll(t, s, c, step{base + "6&offset=0", group, 7}, step{base + "3&offset=3", seconds(t, 4), 7}).Next
		}
		refused(t, s, c, Page{Rows: group, Total: 7}, words...)
	})
	for name, message := range map[string]string{"it says so": "limit must be at most 3", "it refuses": "bad request"} {
		t.Run(name, func(t *testing.T) {
			s := mustNew(t, offsetSpec(3))
			c, ok := LearnLimit(s, open(s), message)
			if !ok {
				t.Fatal("nothing learnt")
			}
			wantQuery(t, s, c, base+"3&offset=0")
			refused(t, s, c, Page{Rows: group, Total: 7}, words...)
		})
	}
	if _, ok := LearnLimit(mustNew(t, offsetSpec(3)), begin(t, mustNew(t, offsetSpec(3)), Cursor{}), "bad request"); ok {
		t.Error("a limit is learnt of a request for page_size rows")
	}
}

func sortedTies(t *testing.T, limit int) Strategy {
	spec := offsetSpec(limit)
	spec.OrderBy = "updatedAt,id"
	return mustNew(t, spec)
}

// With a second field in order_by ties have an order, and a group wider than a page is
// counted. Counted while it was the newest it is counted again when something beyond it is
// known, for only then no more rows come to it.
func TestOffsetCountsSortedTies(t *testing.T) {
	s := sortedTies(t, 3)
	base := "order_by=updatedAt,id&order_type=asc&since=" + at(2) + "&limit=3&offset="
	group := seconds(t, 2, 2, 2, 2)
	beyond := slices.Concat(group[2:], seconds(t, 5))
	c := readAll(t, s, begin(t, s, Cursor{Mark: at(2)}), step{base + "0", group[:3], 4}, step{base + "2", beyond, 5}).Next
	if c.Sweep.High != at(2) {
		t.Fatalf("what lies beyond the group counts already: %s", show(c))
	}
	c = readAll(t, s, c, step{base + "0", group[:3], 5}, step{base + "2", beyond, 5}, step{base + "4", beyond[2:], 5}).Next
	if c.Mark != at(5) {
		t.Fatal(show(c))
	}
	// An idle poll of such a group ends as any other.
	wide := seconds(t, 7, 7, 7, 7)
	base = strings.ReplaceAll(base, at(2), at(7))
	wantEnd(t, readAll(t, s, begin(t, s, Cursor{Mark: at(7)}), step{base + "0", wide[:3], 4}, step{base + "2", wide[2:], 4}, step{base + "3", wide[3:], 4}), at(7))
}

// Ties whose order changes although order_by names two fields show at the seam, again and
// again.
func TestOffsetTiesSaidToBeSorted(t *testing.T) {
	s := sortedTies(t, 3)
	group := seconds(t, 2, 2, 2, 2)
	c := begin(t, s, Cursor{Mark: at(2)})
	other := Page{Rows: []Row{group[0], group[3]}, Total: 5}
	for range 3 {
		c = fold(t, s, c, Page{Rows: group[:3], Total: 5}).Next
		v := fold(t, s, c, other)
		if !v.Restarted || v.Warning != "" {
			t.Fatalf("%+v", v)
		}
		c = v.Next
	}
	c = fold(t, s, c, Page{Rows: group[:3], Total: 5}).Next
	refused(t, s, c, other, at(2), "order_by=updatedAt,id", "unique")
}

// A group that has to be counted once more is counted from the base, whose rows come again: the
// window, raised behind them meanwhile, must hold them (rule 9).
func TestOffsetCountsAgainWithItsWindow(t *testing.T) {
	spec := offsetSpec(3)
	spec.OrderBy = "updatedAt,id"
	s := mustNew(t, spec)
	c := Cursor{Window: at(3), Filter: FilterInclusive, Sweep: &Sweep{From: at(0), High: at(3), Slices: Slices{{After: at(0), Pager: byCount,
		Position: &CountPosition{Offset: 4, Seen: 5, Group: 3, FirstValue: at(3), LastValue: at(3), LastKey: "k5", Overlap: 2, Largest: 3}}}}}
	v := fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "k5@"+at(3), "k6@"+at(4)), Total: -1})
	if !v.Restarted || position[CountPosition](v.Next.Sweep).Offset != 0 || v.Next.Window != at(0) {
		t.Errorf("restarted %v, %s", v.Restarted, show(v.Next))
	}
}

// Pages that do not reach an opaque value tell nothing of a filter that may leave it out: that
// is said, and the sweep goes on from there, once (P7).
func TestOffsetOpaqueFilterThatCannotBeTold(t *testing.T) {
	spec := offsetSpec(2)
	spec.Format, spec.FirstMark = Opaque, ""
	s := mustNew(t, spec)
	c := Cursor{Sweep: &Sweep{High: "r5", Observed: Observed{Expect: "r5"}, Slices: Slices{{After: "r5", Pager: byCount,
		Position: &CountPosition{Overlap: 2, Largest: 2}}}}}
	v := fold(t, s, c, Page{Total: -1})
	if v.Next.Sweep.Slice().After != "" || !v.Restarted {
		t.Fatalf("the place is not asked for from further back: %s", show(v.Next))
	}
	v = fold(t, s, v.Next, Page{Rows: rowsOf(t, Opaque, "a@r1", "b@r2"), Total: -1})
	if v.Next.Sweep.Slice().After != "r5" || !strings.Contains(v.Warning, "params.since") {
		t.Fatalf("%q, %s", v.Warning, show(v.Next))
	}
	if v = fold(t, s, v.Next, Page{Total: -1}); v.Next.Sweep != nil || v.Warning != "" {
		t.Errorf("%q, %s", v.Warning, show(v.Next))
	}
}

// Of a long id, and of a row without one, the seam keeps a hash; the long text that earlier
// versions kept is known too.
func TestOffsetSeamOfLongIDs(t *testing.T) {
	s := sortedTies(t, 3)
	for name, spoil := range map[string]func(r *Row){
		"long": func(r *Row) { r.Key = append(r.Key, strings.Repeat("x", 1_200_000)...) },
		"none": func(r *Row) { r.JSON, r.Key = append([]byte(`{"id":null}`), r.Key...), nil },
	} {
		t.Run(name, func(t *testing.T) {
			group := seconds(t, 2, 2, 2, 2, 2, 2)
			for i := range group {
				spoil(&group[i])
			}
			c := fold(t, s, begin(t, s, Cursor{Mark: at(2)}), Page{Rows: group[:3], Total: 6}).Next
			if n := len(position[CountPosition](c.Sweep).LastKey); n == 0 || n > longestID {
				t.Fatalf("the seam has %d bytes", n)
			}
			if v := fold(t, s, c, Page{Rows: group[2:5], Total: 6}); v.Restarted || position[CountPosition](v.Next.Sweep).LastKey == position[CountPosition](c.Sweep).LastKey {
				t.Errorf("its row is not known again: %s", show(v.Next))
			}
			if v := fold(t, s, c, Page{Rows: group[3:], Total: 6}); !v.Restarted {
				t.Errorf("another row is taken for it: %s", show(v.Next))
			}
			if name == "long" {
				c = c.clone()
				position[CountPosition](c.Sweep).LastKey = string(group[2].Key)
				if v := fold(t, s, c, Page{Rows: group[2:5], Total: 6}); v.Restarted || len(position[CountPosition](v.Next.Sweep).LastKey) > longestID {
					t.Errorf("a stored cursor's long id is not known again: %.200s", show(v.Next))
				}
			}
		})
	}
}
