package lawtest

import (
	"bytes"
	"slices"
	"strconv"

	"tidemark/strategies"
)

// Refuses says whether the API refuses what a question asks for: an offset too far from the
// first row, or what lies behind the last one.
func (a *API) Refuses(rows []Row, q *Question, answer *Answer) bool {
	if a.Deep > 0 && q.Offset+q.Limit > a.Deep {
		answer.Status, answer.Text = 400, "Result window is too large, from + size must be less than or equal to: ["+strconv.Itoa(a.Deep)+"]"
		return true
	}
	if a.End != EndRefused || a.First(q) {
		return false
	}
	rows = a.filter(rows, q)
	if a.led(rows, q) < len(rows) {
		return false
	}
	answer.Status, answer.Text = 404, "no such page"
	return true
}

// lead puts what leads to the next page where the pager looks for it.
func (a *API) lead(rows []Row, keep int, q *Question, trouble Trouble, answer *Answer) {
	token := a.close(rows, keep, q, trouble)
	if a.Pager != strategies.ByLink {
		answer.Token = token
	} else if token.Present && !token.Null {
		answer.Link = token.Text
	}
}

// close is the token of a page, which holds the first of the rows.
func (a *API) close(rows []Row, keep int, q *Question, trouble Trouble) strategies.Token {
	more, p := keep < len(rows), place{since: q.Since, from: q.From, until: q.Until, to: q.To}
	switch {
	case a.Loops && keep > 0:
		p.edge = beforeAll
		return a.token(p)
	case a.End == EndNever, !more && a.End == EndAbsent, !more && a.End == EndBare && keep == 0:
		return strategies.Token{}
	case !more && a.End == EndBlank:
		return strategies.Token{Present: true, Blank: true, Text: "0"}
	case !more && a.End == EndSelf && keep == 0 && q.Token >= 0:
		return strategies.Token{Present: true, Text: strconv.Itoa(q.Token)}
	case !more && a.End == EndFresh && keep == 0:
		p.edge = behindRows
	case !more && (a.End < EndEmpty || keep == 0):
		return strategies.Token{Present: true, Null: true}
	case more && q.Token >= 0 && trouble.Loop():
		return strategies.Token{Present: true, Text: strconv.Itoa(q.Token)}
	}
	if keep > 0 {
		end := &rows[keep-1]
		p.n, p.rank, p.key = a.stands(end), end.Rank, end.Key
	}
	return a.token(p)
}

// token is a new one for a place, or, of an API whose pages repeat, the one that has it.
func (a *API) token(p place) strategies.Token {
	n := -1
	if a.End == EndAgain || a.Loops {
		n = slices.IndexFunc(a.tokens, func(t place) bool {
			return t.edge == p.edge && t.n == p.n && t.rank == p.rank && t.key == p.key && t.from == p.from && t.to == p.to &&
				bytes.Equal(t.since.Raw, p.since.Raw) && bytes.Equal(t.until.Raw, p.until.Raw)
		})
	}
	if n < 0 {
		n, a.tokens = len(a.tokens), append(a.tokens, p)
	}
	return strategies.Token{Present: true, Text: strconv.Itoa(n)}
}
