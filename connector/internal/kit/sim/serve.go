package sim

import (
	"math"
	"slices"
	"strconv"

	"tidemark/strategies"
	"tidemark/strategies/lawtest"
)

// Answer is what the API says to one request. It is good until the next one.
type Answer struct {
	lawtest.Answer
	Page   int32 // in History.Pages
	Fails  bool  // no answer, however often it is asked
	Broken bool  // 200, but no page
}

// Serve answers a request.
func (a *API) Serve(params []strategies.Param) *Answer {
	a.bustle()
	a.clock++
	a.H.Requests++
	if len(a.slow) > 0 {
		a.commit(0)
	}
	a.answer = Answer{Answer: lawtest.Answer{Total: -1}}
	q, ok := a.model.Read(params)
	switch {
	case !ok:
		a.answer.Status, a.answer.Text = 400, "cannot read the query"
		return &a.answer
	case a.down > 0:
		a.down--
		a.answer.Fails = true
		return &a.answer
	case a.troubled(Fail):
		a.answer.Fails = true
		return &a.answer
	case q.Token >= 0 && a.troubled(Refuse):
		a.answer.Status, a.answer.Text = 400+10*int(a.arg[Refuse]%2), "token expired"
		return &a.answer
	case a.unknown(&q):
		if a.answer.Status, a.answer.Text = 404, "no such parent"; a.End == EndRefused { // which is said by 404
			a.answer.Status = 410
		}
		return &a.answer
	case a.model.Refuses(a.rows, &q, &a.answer.Answer):
		return &a.answer
	}
	page := Page{At: a.clock, Seen: a.clock, Least: math.MinInt64}
	rows := a.rows
	if a.replicaAt > 0 && a.troubled(Lag) {
		rows, page.Seen = a.replica, a.replicaAt
	}
	if a.troubled(Broken) {
		a.answer.Broken, page.Broken = true, true
	} else {
		a.model.Answer(rows, &q, troubles{a}, &a.answer.Answer)
		a.told(&page)
	}
	for i := range a.answer.Rows {
		if v := &a.answer.Rows[i]; v.Set && v.N < farAway {
			a.high = max(a.high, v.N)
		}
	}
	a.answer.Page = int32(len(a.H.Pages))
	page.From = int32(len(a.H.Rows))
	a.H.Rows = append(a.H.Rows, a.answer.Rows...)
	page.To = int32(len(a.H.Rows))
	a.H.Pages = append(a.H.Pages, page)
	return &a.answer
}

// told notes of a page what its answer is like.
func (a *API) told(page *Page) {
	if a.answer.Doubled {
		a.age(page)
	}
	page.Short = a.answer.Short || a.answer.Doubled && a.shifts() // a row has no room on it
	page.Split, page.Chance, page.Cut = a.answer.Split, a.answer.Chance, a.answer.Cut
}

// model is the traits as far as answers hang on them.
func (t *Traits) model() *lawtest.Traits {
	m := &lawtest.Traits{Strategy: t.Strategy, Pager: t.Pager, Format: t.Format, Value: t.Value, Order: t.Order, Strict: t.Strict, Leak: t.Leak,
		Cap: t.Cap, Deep: t.Deep, ByValue: t.ByValue, Bound: t.Bound, Ties: t.Ties, FirstPage: t.FirstPage, LastRow: t.LastRow, Pinned: t.Pinned,
		End: t.End, Total: t.Total, Says: t.Says}
	for n := range t.Parents {
		m.Slices = append(m.Slices, strconv.Itoa(n))
	}
	return m
}

// troubles are those that were armed.
type troubles struct{ *API }

// Double puts a row in twice: as it is, or before it what it was, where that does not
// break the order. A replica's row may be older than what was: that one comes alone.
func (t troubles) Double(rows []Version) ([]Version, bool) {
	a := t.API
	if !a.troubled(Double) {
		return rows, false
	}
	i := int(a.arg[Double]) % len(rows)
	twin := rows[i]
	if old, ok := a.prev[twin.Key]; ok && a.arg[Double]&256 != 0 && old.Set && twin.Set && a.Order == Ascending &&
		old.Place() >= rows[0].Place() && old.Place() <= twin.Place() && a.Strategy != strategies.StepSize &&
		(old.Place() < twin.Place() || a.LastRow != strategies.LastCursor) { // whose pages begin behind a value, so no two rows have one
		at, _ := slices.BinarySearchFunc(rows, old, lawtest.Compare)
		// Rows of one value may stand in any order: of two versions with one value the last
		// in the answer counts, which has to be the present one.
		return slices.Insert(rows, min(at, i), old), true
	}
	return slices.Insert(rows, i, twin), true
}

// Short holds rows of a page back.
func (t troubles) Short(rows int) int {
	if !t.troubled(Short) {
		return 0
	}
	return 1 + int(t.arg[Short])%(rows-1)
}

// Blank makes a page empty.
func (t troubles) Blank() bool { return t.troubled(Blank) }

// Loop makes a token one that leads to its own page.
func (t troubles) Loop() bool { return t.troubled(Loop) }
