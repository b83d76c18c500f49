package strategies

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unpaged is a timestamp stream whose configuration says nothing of pages.
func unpaged(t *testing.T, change func(*Spec)) Strategy {
	t.Helper()
	spec := playgroundSpec(Timestamp)
	spec.PageSize = 0
	if change != nil {
		change(&spec)
	}
	return mustNew(t, spec)
}

func says(change func(*Evidence)) (e Evidence) {
	change(&e)
	return e
}

// An answer that does not rise is believed only where something proves it whole.
func TestTimestampFallingAnswer(t *testing.T) {
	hasMore := says(func(e *Evidence) { e.Goes("has_more: true", true) })
	next := says(func(e *Evidence) { e.Goes("next", false) })
	end := says(func(e *Evidence) { e.Ends("next is empty") })
	counts := func(n int64, kind CountKind) Evidence {
		return says(func(e *Evidence) { e.Counts("total", n, kind) })
	}
	both := end
	both.Counts("total", 9, CountRows)
	none := func(s *Spec) { s.Unpaged = true }
	paged := func(s *Spec) { s.PageSize = 50 }
	for name, tc := range map[string]struct {
		change func(*Spec)
		more   Evidence
		words  []string // of the error; none: it is believed
	}{
		"nothing said":             {nil, Evidence{}, []string{"row 2 is older", "page_size: none"}},
		"has_more":                 {nil, hasMore, []string{"has_more: true", "page_size: none"}},
		"next":                     {nil, next, []string{"next page (next)"}},
		"total greater":            {nil, counts(9, CountRows), []string{"total: 9"}},
		"two pages":                {nil, counts(2, CountPages), []string{"total: 2"}},
		"count of the answer":      {nil, counts(3, CountLoose), []string{"nothing in it says"}},
		"count greater":            {nil, counts(9, CountLoose), []string{"total: 9"}},
		"no next, total greater":   {nil, both, []string{"total: 9"}},
		"no next":                  {nil, end, nil},
		"total":                    {nil, counts(3, CountRows), nil},
		"one page":                 {nil, counts(1, CountPages), nil},
		"told that it has no page": {none, Evidence{}, nil},
		"told so, next":            {none, next, nil},
		"told so, total":           {none, counts(9, CountRows), nil},
		"told so, has_more":        {none, hasMore, []string{"has_more: true", "remove page_size: none"}},
		"told the page size":       {paged, Evidence{}, nil},
		"told so, yet next":        {paged, next, []string{"next page (next)"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := unpaged(t, tc.change)
			c := begin(t, s, Cursor{})
			p := Page{Rows: seconds(t, 9, 5, 2), More: tc.more}
			if tc.words != nil {
				refused(t, s, c, p, tc.words...)
				return
			}
			v := fold(t, s, c, p)
			wantQuery(t, s, v.Next, "since="+at(9))
			if warned := strings.Contains(v.Warning, "total: 9"); warned != (name == "told so, total") {
				t.Errorf("it warns %q", v.Warning)
			}
			wantEnd(t, fold(t, s, v.Next, Page{Rows: seconds(t, 9), More: says(func(e *Evidence) { e.Ends("end") })}), at(9))
		})
	}
}

// An answer in no order is asked for again from its second smallest value.
func TestTimestampProof(t *testing.T) {
	s := unpaged(t, nil)
	rows := rowsOf(t, RFC3339, "a@"+at(3), "b@"+at(9), "c@"+at(2), "d@"+at(5), "e@"+at(7))
	of := func(keys string) Page {
		return Page{Rows: slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return !strings.Contains(keys, string(r.Key)) })}
	}
	first := fold(t, s, begin(t, s, Cursor{}), of("abcde")).Next
	if first.Mark != "" || first.Window != "0001-01-01T00:00:00Z" || !first.Unsorted || first.Longest != 5 {
		t.Fatalf("an answer that is not proven moves the cursor: %s", show(first))
	}
	wantQuery(t, s, first, "since="+at(3))
	proven := fold(t, s, first, of("abde")).Next
	wantQuery(t, s, proven, "since="+at(9))
	wantEnd(t, fold(t, s, proven, of("b")), at(9))

	// What has moved meanwhile is shown where it is now.
	moved := of("abe")
	moved.Rows = append(moved.Rows, rowsOf(t, RFC3339, "d@"+at(12))...)
	wantQuery(t, s, fold(t, s, first, moved).Next, "since="+at(9))

	// A row that the first answer left out, or one that is new: both are asked for again.
	c := first
	for n := range maxRestarts {
		hidden := of("abd")
		hidden.Rows = append(hidden.Rows, rowsOf(t, RFC3339, "x@"+at(6))...)
		c = fold(t, s, c, hidden).Next
		wantQuery(t, s, c, "since=0001-01-01T00:00:00Z")
		c = fold(t, s, c, of("abcde")).Next
		if c.Sweep.Restarts != n+1 {
			t.Fatalf("restarts: %s", show(c))
		}
	}
	refused(t, s, c, of("abd"), "not proven whole", "page_size: none")

	// As many rows as the first time may be cut as well.
	same := of("abde")
	same.Rows = append(same.Rows, rowsOf(t, RFC3339, "f@"+at(11))...)
	wantQuery(t, s, fold(t, s, first, same).Next, "since=0001-01-01T00:00:00Z")

	// A count that is that of the second answer was that of the first one, too.
	counted := of("abcde")
	counted.More.Counts("total", 9, CountLoose)
	c = fold(t, s, begin(t, s, Cursor{Mark: at(0)}), counted).Next
	half := of("abde")
	half.More.Counts("total", 4, CountRows)
	wantQuery(t, s, fold(t, s, c, half).Next, "since="+at(0))

	// From now on shorter answers need no proof, in whatever order they are.
	c = begin(t, s, Cursor{Mark: at(9), Unsorted: true, Longest: 5})
	wantQuery(t, s, fold(t, s, c, Page{Rows: seconds(t, 12, 11, 9)}).Next, "since="+at(12))
}

// sorted: false means that an answer that rises proves nothing by it.
func TestTimestampUnsortedRisingAnswer(t *testing.T) {
	s := unpaged(t, func(spec *Spec) { spec.Unsorted = true })
	c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 2, 3, 5)}).Next
	wantQuery(t, s, c, "since="+at(3))
	refused(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 2, 3, 5), More: says(func(e *Evidence) { e.Goes("next", false) })}, "sorted: false", "next")
	wantQuery(t, s, fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 2)}).Next, "since="+at(2)) // one value has no order
}

// A long answer comes in pieces (rule 8): whether it is proven is decided at its end, and by
// rows of which none is in memory any more.
func TestTimestampProofInPieces(t *testing.T) {
	s := unpaged(t, nil)
	pieces := func(c Cursor, parts ...[]int) Verdict {
		var v Verdict
		for i, ns := range parts {
			var rows []Row
			for _, n := range ns {
				rows = append(rows, rowsOf(t, RFC3339, fmt.Sprintf("k%d@%s", n, at(n)))...)
			}
			v = fold(t, s, c, Page{Rows: rows, Cut: i < len(parts)-1, Continued: i > 0})
			c = deepCopy(v.Next)
		}
		return v
	}
	whole := [][]int{{4, 8}, {3, 6, 5}, {2, 9, 1}, {7}}
	c := pieces(begin(t, s, Cursor{}), whole...).Next // its order shows when the first rows are gone
	wantQuery(t, s, c, "since=0001-01-01T00:00:00Z")
	c = pieces(c, whole...).Next
	wantQuery(t, s, c, "since="+at(2))
	wantQuery(t, s, pieces(c, []int{4, 8}, []int{3, 6, 5, 2}, []int{9, 7}).Next, "since="+at(9))
	again := pieces(c, []int{4, 8}, []int{3, 6, 5, 2}, []int{9}).Next // 7 is missing
	if wantQuery(t, s, again, "since=0001-01-01T00:00:00Z"); again.Sweep.Restarts != 1 {
		t.Errorf("restarts: %s", show(again))
	}
	refused(t, s, fold(t, s, c.with(nil), Page{Rows: seconds(t, 9, 8, 7), Cut: true}).Next, Page{Rows: seconds(t, 6, 5), Continued: true}, "page_size: none")
}

// with returns the cursor before another proof.
func (c Cursor) with(p *Proof) Cursor {
	c = c.clone()
	position[AnswerPosition](c.Sweep).Proof, c.Longest = p, 0
	return c
}

// An answer that says that there is more, and shows nothing newer than what it was asked
// with, is no end.
func TestTimestampEndAgainstEvidence(t *testing.T) {
	s := unpaged(t, nil)
	more := func(name string, flag bool) Evidence { return says(func(e *Evidence) { e.Goes(name, flag) }) }
	total := func(n int64) Evidence { return says(func(e *Evidence) { e.Counts("total", n, CountRows) }) }
	begun := func(e Evidence) Cursor {
		return fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2, 3), More: e}).Next
	}
	tied := Page{Rows: seconds(t, 3, 3, 3)}
	with := func(p Page, e Evidence) Page { p.More = e; return p }
	refused(t, s, begun(more("has_more: true", true)), with(tied, more("has_more: true", true)), "has_more: true", "share that value")
	refused(t, s, begun(more("next", false)), with(tied, more("next", false)), "(next)", "share that value")
	refused(t, s, begun(total(9)), with(tied, total(7)), "total: 7", "share that value")

	// An address that comes with every page, and a count of all that the API has.
	wantEnd(t, fold(t, s, begun(more("next", false)), Page{Rows: seconds(t, 3), More: more("next", false)}), at(3))
	wantEnd(t, fold(t, s, begun(total(9)), with(tied, total(9))), at(3))
	// Where the configuration says how long a page is, a shorter one is whole.
	paged := unpaged(t, func(spec *Spec) { spec.PageSize = 50 })
	wantEnd(t, fold(t, paged, begun(more("next", false)), with(tied, more("next", false))), at(3))
}

// What an answer has promised has to come, or the API does not sort ascending. It may have
// been deleted meanwhile, so it is asked once more.
func TestTimestampPromise(t *testing.T) {
	s := unpaged(t, nil)
	more := says(func(e *Evidence) { e.Goes("has_more: true", true) })
	end := says(func(e *Evidence) { e.Ends("has_more: false") })
	one := Page{Rows: seconds(t, 9), More: more} // newest first, one row a page
	c := fold(t, s, begin(t, s, Cursor{}), one).Next
	last := Page{Rows: seconds(t, 9), More: end}
	v := fold(t, s, c, last)
	if !v.Restarted {
		t.Fatalf("a promise that was broken is believed: %s", show(v.Next))
	}
	wantQuery(t, s, v.Next, "since=0001-01-01T00:00:00Z")
	refused(t, s, fold(t, s, v.Next, one).Next, last, "has_more: true", "does not sort ascending", "not proven whole")
	wantEnd(t, fold(t, s, fold(t, s, v.Next, Page{Rows: seconds(t, 9), More: end}).Next, last), at(9)) // it was deleted
	tie := Page{Rows: seconds(t, 9, 9), More: end}
	wantEnd(t, fold(t, s, c, tie), at(9)) // it is the second row
}

func TestKeysetTokenAgainstHasMore(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	p := Page{Rows: seconds(t, 1), Token: Token{Present: true, Null: true}, More: says(func(e *Evidence) { e.Goes("has_more: true", true) })}
	if v := fold(t, s, begin(t, s, Cursor{}), p); !strings.Contains(v.Warning, "has_more: true") {
		t.Errorf("warns %q", v.Warning)
	}
}

// Of rows without a value none says where to go on, so an answer that leads to a next page
// is no end, not even the first one (P8).
func TestTimestampNextWithoutAValue(t *testing.T) {
	s := unpaged(t, nil)
	page := Page{Rows: rowsOf(t, RFC3339, "a", "b"), Total: -1, More: says(func(e *Evidence) { e.Goes("next", false) })}
	refused(t, s, begin(t, s, Cursor{}), page, "more (next)", "none of its 2 rows is newer")
	page.More = says(func(e *Evidence) { e.Ends("next is empty") })
	if v := fold(t, s, begin(t, s, Cursor{}), page); v.Next.Sweep != nil {
		t.Errorf("an answer that is whole goes on: %s", show(v.Next))
	}
}

// A filter that is > leaves out the rows at the very value that the proof is asked with, and the ones
// that stood there may have moved: as long as the filter is not known, such an answer proves nothing.
func TestProofWithoutARowAtItsValue(t *testing.T) {
	rows := func(specs ...string) []Row {
		for i := range specs {
			key, n, _ := strings.Cut(specs[i], "@")
			second, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			specs[i] = key + "@" + at(second)
		}
		return rowsOf(t, RFC3339, specs...)
	}
	spec := playgroundSpec(Timestamp)
	spec.PageSize = 0
	s := mustNew(t, spec)
	c := fold(t, s, expecting(t, s, Cursor{}), Page{Rows: rows("a@10", "b@9", "c@12"), Total: -1}).Next
	wantQuery(t, s, c, "since="+at(10))
	if v := fold(t, s, c, Page{Rows: rows("a@12", "c@12"), Total: -1}); v.Next.Sweep == nil || v.Next.Sweep.Restarts != 1 {
		t.Errorf("taken for a proof: %s", show(v.Next))
	}
	if v := fold(t, s, c, Page{Rows: rows("a@10", "c@12"), Total: -1}); v.Next.Sweep.Restarts != 0 || v.Next.Sweep.Slice().After != at(12) {
		t.Errorf("no proof: %s", show(v.Next))
	}
}
