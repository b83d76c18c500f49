package sim

import (
	"math/rand/v2"
	"slices"
)

// outages puts into a quarter of the scripts what lasts longer than all retries of a request,
// and what fails before a stream was open for the first time. It is drawn from numbers of its
// own, so that the scripts without stay what they are.
func (s *Script) outages() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x6f7574616765))}
	if !g.one(4) {
		return
	}
	for range 1 + g.n(3) {
		e := Event{Kind: pick(g, Down, Down, Away), W: uint8(g.n(s.Workers)), A: g.u(1 << 16)}
		at := g.n(len(s.Events) + 1)
		if e.Kind == Away && g.one(2) {
			at = 0
		}
		s.Events = slices.Insert(s.Events, at, e)
	}
}

// Times is how many requests an outage swallows, or how many opens fail.
func (e Event) Times() int {
	if e.Kind == Down {
		return 4 + int(e.A)%9
	}
	return 1 + int(e.A)%4
}

// HasOutages reports whether any such thing is in the script.
func (s *Script) HasOutages() bool {
	return slices.ContainsFunc(s.Events, func(e Event) bool { return e.Kind == Down || e.Kind == Away })
}
