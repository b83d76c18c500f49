package sim

import (
	"math/rand/v2"
	"slices"

	"tidemark/strategies"
)

// offsetTraits draws what concerns offset alone, from a source of its own.
func (s *Script) offsetTraits() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x6f6666736574))}
	if s.Strategy != strategies.Offset {
		return
	}
	s.Ties = pick(g, TiesStand, TiesTurn, TiesTurn, TiesSorted)
	if g.one(4) && s.Order == Ascending {
		// Pages that hold far more than comes between two of them: else nothing tells the end.
		s.Busy, s.Cap, s.PageSize = 1+g.n(2), 0, 64+g.n(64)
	}
}

// bustle is what the writers of a source do that changes faster than it answers: between
// any two requests rows move to the end.
func (a *API) bustle() {
	for i := range a.Busy {
		e := Event{Kind: Update, A: uint16(a.clock * 7919), B: uint16(1 - i)}
		if a.clock%8 == 0 || len(a.rows) == 0 {
			e = Event{Kind: Insert, A: uint16(1 - i)}
		}
		a.Change(e)
	}
}

// age dates a page back that shows an old version of a row, and has no room left for the
// version that has replaced it: it is an answer from before that one came.
func (a *API) age(page *Page) {
	for i := range a.answer.Rows {
		old := &a.answer.Rows[i]
		gone := a.H.Versions[old.Index].Gone
		if gone > a.clock || slices.ContainsFunc(a.answer.Rows, func(v Version) bool { return v.Key == old.Key && v.Index != old.Index }) {
			continue
		}
		page.Seen = min(page.Seen, gone-1)
	}
}

// TiedUp reports whether some answer was as long as the API gives them, and all of it but
// at most its first row was one group of ties, or without values: nobody can tell by
// counting what lies behind it.
func (h *History) TiedUp() bool {
	for i := range h.Pages {
		rows := h.Rows[h.Pages[i].From:h.Pages[i].To]
		if len(rows) < h.Cap || len(rows) < 2 {
			continue
		}
		last, one := &rows[len(rows)-1], true
		for j := range rows[1:] {
			one = one && rows[j+1].Place() == last.Place()
		}
		if one {
			return true
		}
	}
	return false
}
