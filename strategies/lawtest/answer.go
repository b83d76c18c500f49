package lawtest

import (
	"cmp"
	"math"
	"slices"

	"tidemark/strategies"
)

// Answer is what an API says to one question.
type Answer struct {
	Rows   []Row
	Hidden []Row // those that the question is about, and that lie behind the page
	Token  strategies.Token
	Link   string // where the header Link leads
	Total  int64  // -1: not said
	More   strategies.Evidence
	Status int // 0: 200
	Text   string

	Doubled bool // a row is in it twice
	Short   bool // rows were held back
	// Split says that all its rows have one value, and so have rows that were held back, which its
	// token passes by.
	Split bool
	// Chance says that the page is not all there is, before it or behind, and is in ascending order although the API does
	// not sort: nothing tells it from a page of one that does.
	Chance bool
	Cut    bool // an answer without pages: rows in no order, and not all of them
}

// Trouble is what befalls one answer beside what its API is like. Each method is asked where it can
// take effect only, and says whether it does.
type Trouble interface {
	// Double returns the rows of a page and those behind it with one of them twice.
	Double(rows []Row) ([]Row, bool)
	// Short is how many of a page's rows are held back; 0: none.
	Short(rows int) int
	// Blank leaves out all rows of a page.
	Blank() bool
	// Loop gives the token once more that was asked with.
	Loop() bool
}

// Calm is no trouble.
type Calm struct{}

// Double leaves the rows as they are.
func (Calm) Double(rows []Row) ([]Row, bool) { return rows, false }

// Short holds none back.
func (Calm) Short(int) int { return 0 }

// Blank leaves out none.
func (Calm) Blank() bool { return false }

// Loop gives the next token.
func (Calm) Loop() bool { return false }

// Serve answers a question about the rows, which stand in the order of Compare.
func (a *API) Serve(params []strategies.Param, rows []Row) *Answer {
	answer := &Answer{Total: -1}
	q, ok := a.Read(params)
	switch {
	case !ok:
		answer.Status, answer.Text = 400, "cannot read the query"
	case !a.Refuses(rows, &q, answer):
		a.Answer(rows, &q, Calm{}, answer)
	}
	return answer
}

// Answer puts the page that is asked for into the answer, whose Total is -1.
func (a *API) Answer(all []Row, q *Question, trouble Trouble, answer *Answer) {
	rows := a.filter(all, q)
	if a.kind.Counts {
		switch a.Total {
		case TotalHonest:
			answer.Total = int64(len(rows))
		case TotalHigh:
			answer.Total = int64(len(rows)) + 1
		case TotalLow:
			answer.Total = max(int64(len(rows))-1, 0)
		}
		if a.Ties == TiesTurn && a.Order == Ascending {
			turn(rows, q)
		}
		rows = rows[min(q.Offset, len(rows)):]
	}
	if a.Pager != "" && a.Total == TotalHonest {
		answer.Total = int64(len(rows))
	}
	if q.Token >= 0 || a.Pager != "" {
		rows = rows[a.led(rows, q):]
		if a.Pager == strategies.ByRow && a.Total == TotalHonest { // it counts what lies behind the row
			answer.Total = int64(len(rows))
		}
	}
	// A list by number that repeats a row, and counts, counts one that no page shows.
	lies := Shifts(a.Pager) && a.Total == TotalHonest
	if len(rows) > 0 && !lies {
		rows, answer.Doubled = trouble.Double(rows)
	}
	keep := len(rows)
	if size := a.size(q); size > 0 {
		keep = min(keep, size)
	}
	steady := a.Order == Ascending || a.kind.ByValue
	if a.Pager != "" { // rows that are held back come with the next page
		steady = a.Pager != strategies.Unpaged && a.Pager != strategies.ByNumber && a.End != EndShort
	}
	if keep > 1 && steady {
		if n := trouble.Short(keep); n > 0 {
			keep -= n
			answer.Short, answer.Split = true, a.ByValue && rows[0].Place() == rows[keep].Place()
		}
	}
	if keep > 0 && trouble.Blank() {
		keep = 0
	}
	a.page = append(a.page[:0], rows[:keep]...)
	answer.Rows, answer.Hidden = a.page, rows[keep:]
	more := keep < len(rows)
	answer.Chance = a.Pager == "" && (more || q.Offset > 0) && a.Order != Ascending && q.Token < 0 && rises(a.page)
	answer.Cut = a.kind.Whole && more && a.Order == Shuffled
	if a.kind.Whole || a.Pager != "" {
		a.say(&answer.More, keep, len(rows), len(all))
	}
	if Tokened(a.Pager) || a.kind.ByValue {
		a.lead(rows, keep, q, trouble, answer)
	}
}

// rises reports whether rows are in ascending order.
func rises(rows []Row) bool {
	last := int64(math.MinInt64)
	for i := range rows {
		if rows[i].Set && rows[i].N < last {
			return false
		}
		last = max(last, rows[i].Place())
	}
	return true
}

// turn puts rows of one value into the order that they have for one request: a sort that
// keeps only the rows up to offset + limit leaves ties as it comes upon them.
func turn(rows []Row, q *Question) {
	place := func(r *Row) uint64 {
		return (uint64(r.Rank)*0x9e3779b97f4a7c15 ^ uint64(q.Offset+q.Limit)*0xd6e8feb86659fd93) * 0xff51afd7ed558ccd
	}
	slices.SortFunc(rows, func(x, y Row) int {
		return cmp.Or(cmp.Compare(x.Place(), y.Place()), cmp.Compare(place(&x), place(&y)))
	})
}
