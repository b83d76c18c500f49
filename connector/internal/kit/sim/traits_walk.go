package sim

import (
	"math/rand/v2"
	"slices"

	"tidemark/strategies"
	"tidemark/strategies/lawtest"
)

// WalkTraits are what an API is like that is read by a configured pager, and what its stream
// is configured with for that.
type WalkTraits struct {
	Pager     string
	FirstPage int64
	LastRow   string
	Begins    int64 // window: the first mark, in units
	Step      int64 // window: length of a span of time, in units
	Lag       int64 // window, in units
	MaxAge    int64 // window, in units
	Pinned    bool  // feed: the first row of all stands before the newest
	Skew      int64 // window: so much later than the API's stamps is the stream's clock
}

// shifts reports whether a row that comes or goes moves others from one page to another.
func (t *Traits) shifts() bool { return lawtest.Shifts(t.Pager) }

// tokened reports whether each page leads to the next one.
func (t *Traits) tokened() bool { return lawtest.Tokened(t.Pager) }

// counted reports whether a page without rows is told from the end by the count beside it.
func (t *Traits) counted() bool {
	return t.shifts() && t.Total == TotalHonest && t.Says == SaysNothing
}

// walks makes a third of the scripts ones whose stream goes by a configured pager. It draws
// from numbers of its own, so that the others stay what they are.
func (s *Script) walks() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x77616c6b73))}
	if !g.one(3) {
		return
	}
	was, t := s.Traits, &s.Traits
	recipe, _ := strategies.Of(pick(g, strategies.Those(func(r strategies.Recipe) bool { return r.Walks })...))
	*t = Traits{Strategy: recipe.Name, Format: pick(g, strategies.RFC3339, strategies.EpochSeconds, strategies.EpochMillis, strategies.Integer),
		Strict: g.one(3), Partitions: was.Partitions, Workers: was.Workers, Compact: was.Compact, RoundTrip: was.RoundTrip}
	t.Pager = pick(g, recipe.Pagers...)
	t.FirstPage, t.LastRow = int64(g.n(2)), strategies.LastKey
	t.Order = pick(g, Ascending, Descending, Shuffled, ByKey)
	if t.Pager != strategies.Unpaged {
		t.Cap = 1 + g.n(6)
		t.PageSize = g.n(2) * (t.Cap + g.n(4))
	}
	if t.Pager == strategies.ByRow {
		if t.Order = ByKey; g.one(3) {
			t.Order, t.LastRow, t.Distinct = Ascending, strategies.LastCursor, true
		}
	}
	s.walkEnds(g)
	switch {
	case recipe.Falls:
		t.Order, t.Strict, t.Pinned = Descending, false, g.one(2) && t.End != EndAgain
	case recipe.All:
		t.Strict = false
	case recipe.Spans:
		if !t.Format.Temporal() {
			t.Format = strategies.RFC3339
		}
		t.spans(g)
	default:
		t.Leak = int64(g.n(3) * g.n(2))
	}
	if t.Format.Temporal() && !recipe.All && g.one(2) {
		t.Back = int64(1 + g.n(12))
	}
	if t.MaxAge > 0 {
		t.MaxAge += t.Back
	}
}

// walkEnds draws how the end is told, and what pages say besides.
func (s *Script) walkEnds(g gen) {
	t := &s.Traits
	t.Says = pick(g, SaysNothing, SaysNothing, SaysMore)
	t.Repeat = g.one(2) || t.Pager == strategies.ByRow // a row says nothing of what was asked for
	switch {
	case t.Pager == strategies.Unpaged:
		if g.one(6) { // and yet there are some
			t.Cap, t.Says = 1+g.n(6), SaysMore
		}
	case t.tokened():
		t.End = pick(g, EndNull, EndAbsent, EndEmpty, EndSelf, EndRefused)
		t.EndSaid = t.End >= EndSelf || t.End == EndAbsent && !g.one(4)
		if t.Pager != strategies.ByURL && t.Pager != strategies.ByLink {
			t.Bound = pick(g, BoundKept, BoundNeeded, BoundRefused)
			t.Repeat = t.Bound == BoundNeeded || t.Bound == BoundKept && t.Repeat
		}
	default:
		t.End = pick(g, EndNull, EndNull, EndRefused)
		switch {
		case g.one(4) && t.PageSize > 0:
			t.End, t.PageSize = EndShort, t.Cap
		case g.one(4) && t.Pager == strategies.ByNumber:
			t.End = EndAgain
		}
		t.EndSaid = t.End != EndNull
		if g.one(2) {
			t.Total = TotalHonest
		}
	}
}

// spans draws what is asked for in spans of time: short ones, or long ones of a source that is
// quiet for days now and then.
func (t *Traits) spans(g gen) {
	t.Begins, t.Step, t.Lag, t.Skew = -1-int64(g.n(30)), int64(8+g.n(40)), int64(g.n(3)), int64(g.n(41)-20)
	if g.one(3) {
		t.Step, t.Lag, t.Skew = int64(3600*(4+g.n(10))), int64(g.n(2)*g.n(7200)), int64(g.n(2)*g.n(90_000))-20
	}
	if g.one(4) {
		t.MaxAge = int64(1 + g.n(60))
	}
}

// stillness is how long the source is quiet at a time: longer than any clock is wrong.
const stillness = 100_000

// stills puts quiet times into scripts whose stream reads long spans, and more rows that come and go
// into those whose pages shift.
func (s *Script) stills() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x7374696c6c))}
	if s.Step > 3600 {
		s.Events = g.strewn(s.Events, g.n(4), Still)
	}
	if s.Pinned { // few rows to begin with, and more behind the first sweep
		s.Initial = s.Initial[:min(len(s.Initial), 1+g.n(3))]
		for range g.n(16) {
			at := len(s.Events) - g.n(len(s.Events)/2+1)
			s.Events = slices.Insert(s.Events, at, Event{Kind: Insert, A: g.u(3)})
		}
	}
	if s.shifts() { // what moves rows from page to page
		s.Events = g.strewn(s.Events, g.n(8), Delete, Update)
	}
}

// still lets the API's clock go on without a row.
func (a *API) still() {
	a.top += stillness
	a.base += stillness
	a.commit(a.top)
	a.replicaAt = 0 // none lags for days
}

// Rest lets the API's clock pass all its rows: nothing will change any more.
func (a *API) Rest() {
	a.Calm()
	a.rest = true
}

// Clock is the stream's time, in units, where that is told from the API's rows.
func (a *API) Clock() int64 {
	if a.rest {
		return a.top + max(a.Skew, 0) + a.Lag + 60
	}
	return a.top + a.Skew
}
