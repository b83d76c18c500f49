package sim

import (
	"math/rand/v2"
	"strconv"

	"tidemark/strategies"
)

// EndKind is how an API tells that there is no more.
type EndKind uint8

// The kinds.
const (
	EndNull    EndKind = iota // keyset: a null token; offset: an empty page
	EndAbsent                 // keyset: no token
	EndNever                  // keyset: no page has one, where the stream looks for it
	EndEmpty                  // keyset: a token with every page that has rows, null with an empty one
	EndSelf                   // keyset: the same, and the empty page's token leads to itself
	EndRefused                // keyset: a token with every page; 404 to what lies behind the last row
	EndShort                  // by pager: a page with fewer rows than were asked for
	EndAgain                  // by page number: the last page once more
)

// ends draws how the end is told, from a source of its own.
func (s *Script) ends() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x656e6473))}
	if g.one(2) {
		return
	}
	switch s.Strategy {
	case strategies.Keyset:
		s.End = pick(g, EndAbsent, EndNever, EndEmpty, EndSelf, EndRefused)
		switch s.End {
		case EndNever: // rows that fall, or rows out of a page that was held back, tell nothing without a token
			if s.Order != Ascending {
				s.End = EndAbsent
			}
		case EndRefused: // which only the configuration tells from a token that has expired
			s.EndSaid, s.ByValue = true, false
		}
		// A token that passes ties by, with a page of them, tells nothing of them.
		s.EndSaid = s.EndSaid || g.one(3) && (s.End == EndAbsent || s.End != EndNever && !s.ByValue)
	case strategies.Offset:
		if g.one(2) {
			s.End = EndRefused
		}
		if g.one(2) || s.End == EndNull {
			s.Deep = s.PageSize * (2 + g.n(3))
		}
	}
}

// refuses says whether the API refuses what a question asks for: an offset too far from the
// first row, or what lies behind the last one.
func (a *API) refuses(q *question) bool {
	if a.Deep > 0 && q.offset+q.limit > a.Deep {
		a.answer.Status, a.answer.Text = 400, "Result window is too large, from + size must be less than or equal to: ["+strconv.Itoa(a.Deep)+"]"
		return true
	}
	if a.End != EndRefused || q.first(a) {
		return false
	}
	rows := a.filter(a.rows, q)
	if a.led(rows, q) < len(rows) {
		return false
	}
	a.answer.Status, a.answer.Text = 404, "no such page"
	return true
}

// passed is how many of the rows lie before a token's place.
func (a *API) passed(rows []Version, token int) (n int) {
	for n < len(rows) && !a.behind(&rows[n], a.tokens[token]) {
		n++
	}
	return n
}

// close gives a page its token.
func (a *API) close(rows []Version, keep int, q *question) strategies.Token {
	more := keep < len(rows)
	switch {
	case a.End == EndNever, a.End == EndAbsent && !more:
		return strategies.Token{}
	case !more && a.End == EndSelf && keep == 0 && q.token >= 0:
		return strategies.Token{Present: true, Text: strconv.Itoa(q.token)}
	case !more && (a.End < EndEmpty || keep == 0):
		return strategies.Token{Present: true, Null: true}
	case more && q.token >= 0 && a.troubled(Loop):
		return strategies.Token{Present: true, Text: strconv.Itoa(q.token)}
	}
	end := &rows[keep-1]
	a.tokens = append(a.tokens, place{q.since, q.from, q.until, q.to, a.place(end), end.Rank, end.Key})
	return strategies.Token{Present: true, Text: strconv.Itoa(len(a.tokens) - 1)}
}
