package sim

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"tidemark/strategies"
)

// Answer is what the API says to one request. It is good until the next one.
type Answer struct {
	Page   int32 // in History.Pages
	Rows   []Version
	Token  strategies.Token
	Link   string // where the header Link leads
	Total  int64  // -1: not said
	More   strategies.Evidence
	Status int // 0: 200
	Text   string
	Fails  bool // no answer, however often it is asked
	Broken bool // 200, but no page
}

// Serve answers a request.
func (a *API) Serve(params []strategies.Param) *Answer {
	a.bustle()
	a.clock++
	a.H.Requests++
	if len(a.slow) > 0 {
		a.commit(0)
	}
	a.answer = Answer{Total: -1}
	q, ok := a.parse(params)
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
	case q.token >= 0 && a.troubled(Refuse):
		a.answer.Status, a.answer.Text = 400+10*int(a.arg[Refuse]%2), "token expired"
		return &a.answer
	case a.unknown(&q):
		if a.answer.Status, a.answer.Text = 404, "no such parent"; a.End == EndRefused { // which is said by 404
			a.answer.Status = 410
		}
		return &a.answer
	case a.refuses(&q):
		return &a.answer
	}
	page := Page{At: a.clock, Seen: a.clock, Least: math.MinInt64}
	rows := a.rows
	if a.replicaAt > 0 && a.troubled(Lag) {
		rows, page.Seen = a.replica, a.replicaAt
	}
	if a.troubled(Broken) {
		a.answer.Broken, page.Broken = true, true
		a.page = a.page[:0]
	} else {
		a.cut(a.filter(rows, &q), &q, &page, len(rows))
	}
	for i := range a.page {
		if a.page[i].Set && a.page[i].N < farAway {
			a.high = max(a.high, a.page[i].N)
		}
	}
	a.answer.Page, a.answer.Rows = int32(len(a.H.Pages)), a.page
	page.From = int32(len(a.H.Rows))
	a.H.Rows = append(a.H.Rows, a.page...)
	page.To = int32(len(a.H.Rows))
	a.H.Pages = append(a.H.Pages, page)
	return &a.answer
}

type question struct {
	since         int64 // a value's N
	from          bool
	until         int64
	to            bool
	token         int
	limit, offset int
	page          int64
	row           string // the page begins behind it
	start, end    int64
	parent        string // whose rows are asked for
}

func (a *API) parse(params []strategies.Param) (question, bool) {
	q := question{token: -1}
	var err error
	for _, p := range params {
		switch p.Role {
		case strategies.RoleSince:
			var v strategies.Value
			v, err = a.Format.ParseString(p.Value)
			q.since, q.from = v.N, true
		case strategies.RoleUntil:
			var v strategies.Value
			v, err = a.Format.ParseString(p.Value)
			q.until, q.to = v.N, true
		case strategies.RoleSlice:
			q.parent = p.Value
		case strategies.RolePage:
			q.page, err = strconv.ParseInt(p.Value, 10, 64)
		case strategies.RoleToken, strategies.RoleLink:
			if a.Pager == pagerRow {
				q.row = p.Value
				continue
			}
			q.token, err = strconv.Atoi(p.Value)
			if err == nil && (q.token < 0 || q.token >= len(a.tokens)) {
				return q, false
			}
		case strategies.RoleLimit:
			q.limit, err = strconv.Atoi(p.Value)
		case strategies.RoleOffset:
			q.offset, err = strconv.Atoi(p.Value)
		case strategies.RoleStartID:
			q.start, err = strconv.ParseInt(p.Value, 10, 64)
		case strategies.RoleEndID:
			q.end, err = strconv.ParseInt(p.Value, 10, 64)
		}
		if err != nil {
			return q, false
		}
	}
	if q.token >= 0 {
		t := a.tokens[q.token]
		switch {
		case a.Bound == BoundNeeded && !q.from && t.from, a.Bound == BoundRefused && q.from:
			return q, false
		case a.Bound != BoundNeeded:
			q.since, q.from, q.until, q.to = t.since, t.from, t.until, t.to
		}
	}
	return q, true
}

// n is where a row stands in the order of values.
func (v *Version) n() int64 {
	if v.Set {
		return v.N
	}
	return math.MinInt64
}

// filter returns the rows that the question is about, in the API's order.
func (a *API) filter(rows []Version, q *question) []Version {
	out := a.order[:0]
	lowest := a.Value(0).N
	since := int64(math.MinInt64)
	if q.from && q.since >= lowest {
		since = q.since
		if a.Leak > 0 {
			since -= a.Value(a.Leak).N - lowest
		}
	}
	nulls := !q.from || q.since < lowest
	strict := a.Strict
	for i := range rows {
		v := &rows[i]
		if !a.ofParent(v, q) {
			continue
		}
		if a.Strategy == strategies.StepSize {
			if v.N >= q.start && v.N <= q.end {
				out = append(out, *v)
			}
			continue
		}
		if !v.Set {
			if nulls {
				out = append(out, *v)
			}
			continue
		}
		n := a.Value(v.N).N
		if q.to && (n > q.until || n == q.until && strict) {
			continue
		}
		if n > since || n == since && !strict {
			out = append(out, *v)
		}
	}
	switch a.Order {
	case Descending:
		slices.SortFunc(out, func(x, y Version) int {
			if c := cmp.Compare(a.place(&y), a.place(&x)); c != 0 {
				return c
			}
			return cmp.Compare(x.Rank, y.Rank)
		})
	case Shuffled:
		slices.SortFunc(out, func(x, y Version) int { return cmp.Compare(x.Rank, y.Rank) })
	case ByKey:
		slices.SortFunc(out, func(x, y Version) int { return cmp.Compare(x.Key, y.Key) })
	}
	a.order = out
	return out
}

// behind reports whether a row stands behind a token's place.
func (a *API) behind(v *Version, t place) bool {
	switch {
	case a.ByValue:
		return v.n() > t.n
	case a.Order == Shuffled:
		return v.Rank > t.rank
	case a.Order == ByKey:
		return v.Key > t.key
	case a.place(v) == t.n:
		return v.Rank > t.rank
	}
	return (a.place(v) > t.n) != (a.Order == Descending)
}

// cut makes a page of the rows.
func (a *API) cut(rows []Version, q *question, page *Page, all int) {
	if a.Strategy == strategies.Offset {
		switch a.Total {
		case TotalHonest:
			a.answer.Total = int64(len(rows))
		case TotalHigh:
			a.answer.Total = int64(len(rows)) + 1
		case TotalLow:
			a.answer.Total = max(int64(len(rows))-1, 0)
		}
		if a.Ties == TiesTurn && a.Order == Ascending {
			turn(rows, q)
		}
		rows = rows[min(q.offset, len(rows)):]
	}
	if a.Pager != "" && a.Total == TotalHonest {
		a.answer.Total = int64(len(rows))
	}
	if q.token >= 0 || a.Pager != "" {
		rows = rows[a.led(rows, q):]
		if a.Pager == pagerRow && a.Total == TotalHonest { // it counts what lies behind the row
			a.answer.Total = int64(len(rows))
		}
	}
	// A list by number that repeats a row, and counts, counts one that no page shows.
	lies := a.shifts() && a.Total == TotalHonest
	doubled := len(rows) > 0 && !lies && a.troubled(Double)
	if doubled {
		rows = a.double(rows)
	}
	keep := len(rows)
	if a.Cap > 0 {
		keep = min(keep, a.Cap)
	}
	if q.limit > 0 {
		keep = min(keep, q.limit)
	}
	steady := a.Order == Ascending || a.Strategy == strategies.Keyset
	if a.Pager != "" { // rows that are held back come with the next page
		steady = a.Pager != pagerNone && a.Pager != pagerNumber && a.End != EndShort
	}
	if keep > 1 && steady && a.troubled(Short) {
		keep -= 1 + int(a.arg[Short])%(keep-1)
		page.Short, page.Split = true, a.ByValue && rows[0].n() == rows[keep].n()
	}
	if keep > 0 && a.troubled(Blank) {
		keep = 0
	}
	more := keep < len(rows)
	a.page = append(a.page[:0], rows[:keep]...)
	if doubled {
		a.age(page)
	}
	page.Short = page.Short || doubled && a.shifts() // a row has no room on it
	page.Chance = a.Pager == "" && more && a.Order != Ascending && q.token < 0 && ascending(a.page)
	if a.Strategy == strategies.Timestamp || a.Strategy == strategies.Replay {
		page.Cut = more && a.Order == Shuffled
		a.say(keep, len(rows), all)
	}
	if a.Pager != "" {
		a.say(keep, len(rows), all)
		if a.tokened() {
			a.lead(rows, keep, q)
		}
		return
	}
	if a.Strategy != strategies.Keyset {
		return
	}
	a.answer.Token = a.close(rows, keep, q)
}

func ascending(rows []Version) bool {
	last := int64(math.MinInt64)
	for i := range rows {
		if rows[i].Set && rows[i].N < last {
			return false
		}
		last = max(last, rows[i].n())
	}
	return true
}

// double puts a row in twice: as it is, or before it what it was, where that does not
// break the order. A replica's row may be older than what was: that one comes alone.
func (a *API) double(rows []Version) []Version {
	i := int(a.arg[Double]) % len(rows)
	twin := rows[i]
	if old, ok := a.prev[twin.Key]; ok && a.arg[Double]&256 != 0 && old.Set && twin.Set && a.Order == Ascending &&
		old.n() >= rows[0].n() && old.n() <= twin.n() && a.Strategy != strategies.StepSize {
		at, _ := slices.BinarySearchFunc(rows, old, compare)
		// Rows of one value may stand in any order: of two versions with one value the last
		// in the answer counts, which has to be the present one.
		return slices.Insert(rows, min(at, i), old)
	}
	return slices.Insert(rows, i, twin)
}
