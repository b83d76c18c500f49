package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"tidemark/strategies"
	"tidemark/strategies/lawtest"
)

// wholeness draws, for the strategies without pages, limits that nobody was told of, and
// what answers say of them.
func (s *Script) wholeness() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x77686f6c65))}
	t := &s.Traits
	if t.Strategy != strategies.Timestamp && t.Strategy != strategies.Replay || g.one(3) {
		return
	}
	silent := false
	if g.one(3) { // newest first, or in no order, and cut
		t.Order = pick(g, Descending, Shuffled)
		t.Cap, t.PageSize, t.Leak, t.Distinct = 2+g.n(9), 0, 0, false
		silent = g.one(2)
	}
	if t.PageSize > 0 {
		return
	}
	t.Says = SaysKind(g.n(int(lawtest.SaysKinds)))
	switch {
	case silent:
		t.Says = SaysNothing
	case t.Order == Ascending && t.Cap > 0 && g.one(3):
		t.Says = pick(g, SaysMore, SaysMore, SaysNext)
		if t.Distinct = false; g.one(2) { // more rows than it gives share a value, and it says so
			v := s.Initial[g.n(len(s.Initial))]
			for range t.Cap + g.n(2) {
				s.Initial = append(s.Initial, v)
			}
		}
	case t.Says == SaysAlways && t.Leak > 0: // rows from before what was asked for make it look like a page that never ends
		t.Says = SaysNothing
	}
	t.Unpaged = t.Cap == 0 && t.Order != Ascending && g.one(3)
}

// Doubtful reports whether an answer that does not rise may be refused: nothing proves it
// whole, and the configuration does not say that it is.
func (t *Traits) Doubtful() bool {
	return t.Order != Ascending && t.PageSize == 0 && !t.Unpaged && (t.Cap > 0 || !t.Says.Proves())
}

// Withdrawn counts the answers behind whose greatest value nothing of what was there is any more: what
// they promised nobody has seen. One that always promises more is held by its last rows, too.
func (h *History) Withdrawn() (n int) {
	for i := range h.Pages {
		p := &h.Pages[i]
		shown, top, left, gone := h.Rows[p.From:p.To], int64(math.MinInt64), 0, 0
		for j := range shown {
			top = max(top, shown[j].Place())
		}
		for j := range h.Versions {
			v := &h.Versions[j]
			if v.Arrived > p.Seen || v.Gone <= p.Seen || v.Place() < top ||
				h.Says != SaysAlways && slices.ContainsFunc(shown, func(w Version) bool { return w.Index == v.Index }) {
				continue
			}
			if left++; v.Gone < Forever {
				gone++
			}
		}
		if left > 0 && gone == left {
			n++
		}
	}
	return n
}

// saying is the same as JSON beside the rows.
func (a *API) saying(b []byte, e *strategies.Evidence) []byte {
	switch {
	case e.Kind != strategies.CountNone:
		return strconv.AppendInt(append(b, `, "total": `...), e.Total, 10)
	case a.Says == SaysMore:
		return strconv.AppendBool(append(b, `, "has_more": `...), e.Flag)
	case e.More != "":
		return append(b, `, "next": "http://localhost/?page=2"`...)
	case e.End != "":
		return append(b, `, "next": null`...)
	}
	return b
}

// second is the second smallest value among the rows.
func second(rows []Version) int64 {
	least, second := int64(math.MaxInt64), int64(math.MaxInt64)
	for i := range rows {
		switch n := rows[i].N; {
		case !rows[i].Set || n == least:
		case n < least:
			least, second = n, least
		default:
			second = min(second, n)
		}
	}
	return second
}

// blind reports whether a second request cannot tell a cut answer in no order from a whole
// one: of the rows that were left out all that are not older than the second smallest value
// on the page have gone since.
func (o *Oracle) blind(p *Page) bool {
	shown := o.h.Rows[p.From:p.To]
	from := second(shown)
	for i := range o.h.Versions {
		v := &o.h.Versions[i]
		if v.Set && v.N >= from && v.Arrived <= p.Seen && v.Gone == Forever &&
			!slices.ContainsFunc(shown, func(w Version) bool { return w.Index == v.Index }) {
			return false
		}
	}
	return true
}
