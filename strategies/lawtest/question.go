package lawtest

import (
	"slices"
	"strconv"

	"tidemark/strategies"
)

// Question is a question by role as an API reads it.
type Question struct {
	Since         strategies.Value
	From          bool // there is a Since
	Until         strategies.Value
	To            bool // there is an Until
	Token         int  // below 0: there is none
	Limit, Offset int
	Page          int64
	Row           string // the page begins behind it
	Start, End    int64
	Ranged        bool // there are Start and End
	Slice         int  // whose rows are asked for, by its place in Traits.Slices; below 0: none that there is
}

// Read reads a question; false: it means nothing to the API.
func (a *API) Read(params []strategies.Param) (Question, bool) {
	q := Question{Token: -1, Slice: -1}
	var err error
	for i, p := range params {
		if slices.ContainsFunc(params[:i], func(o strategies.Param) bool { return o.Role == p.Role }) {
			return q, false // which of the two is meant?
		}
		switch p.Role {
		case strategies.RoleSince:
			q.Since, err = a.Format.ParseString(p.Value)
			q.From = true
		case strategies.RoleUntil:
			q.Until, err = a.Format.ParseString(p.Value)
			q.To = true
		case strategies.RoleSlice, strategies.RoleEach:
			q.Slice = slices.Index(a.Slices, p.Value)
		case strategies.RolePage:
			q.Page, err = strconv.ParseInt(p.Value, 10, 64)
		case strategies.RoleToken, strategies.RoleLink:
			if a.Pager == strategies.ByRow {
				q.Row = p.Value
				continue
			}
			q.Token, err = strconv.Atoi(p.Value)
			if err == nil && (q.Token < 0 || q.Token >= len(a.tokens)) {
				return q, false
			}
		case strategies.RoleLimit:
			q.Limit, err = strconv.Atoi(p.Value)
		case strategies.RoleOffset:
			q.Offset, err = strconv.Atoi(p.Value)
		case strategies.RoleStartID:
			q.Start, err = strconv.ParseInt(p.Value, 10, 64)
			q.Ranged = true
		case strategies.RoleEndID:
			q.End, err = strconv.ParseInt(p.Value, 10, 64)
			q.Ranged = true
		}
		if err != nil {
			return q, false
		}
	}
	if q.Token >= 0 {
		t := &a.tokens[q.Token]
		switch {
		case a.Bound == BoundNeeded && !q.From && t.from, a.Bound == BoundRefused && q.From:
			return q, false
		case a.Bound != BoundNeeded:
			q.Since, q.From, q.Until, q.To = t.since, t.from, t.until, t.to
		}
	}
	return q, true
}

// First reports whether the question asks for the first page of a list.
func (a *API) First(q *Question) bool {
	return q.Token < 0 && q.Offset == 0 && q.Row == "" && (a.Pager != strategies.ByNumber || q.Page == a.FirstPage)
}

// size is how many rows a page has at the most; 0: all.
func (a *API) size(q *Question) int {
	if q.Limit > 0 && (a.Cap == 0 || q.Limit < a.Cap) {
		return q.Limit
	}
	return a.Cap
}

// led is how many of the rows lie before the page that the question asks for.
func (a *API) led(rows []Row, q *Question) (n int) {
	if a.Skips {
		return 0
	}
	switch size := a.size(q); {
	case q.Token >= 0:
		for n < len(rows) && !a.behind(&rows[n], &a.tokens[q.Token]) {
			n++
		}
		return a.again(n, size, len(rows))
	case a.Pager == strategies.ByNumber:
		return a.again(int(q.Page-a.FirstPage)*size, size, len(rows))
	case q.Row != "":
		for n < len(rows) && !a.beyond(&rows[n], q.Row) {
			n++
		}
	default:
		n = q.Offset
	}
	return min(max(n, 0), len(rows))
}

// again is where a page of so many rows begins, which may be the last one once more.
func (a *API) again(n, size, rows int) int {
	if a.End == EndAgain && n >= rows && size > 0 {
		n = max(rows-1, 0) / size * size
	}
	return min(max(n, 0), rows)
}
