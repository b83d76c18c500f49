package sim

import (
	"math/rand/v2"
	"slices"
)

// rival puts another writer into some scripts: a program, or a worker with another state
// topic, that nobody can fence. It is drawn from numbers of its own, so that the scripts
// without one stay what they are.
func (s *Script) rival() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x726976616c))}
	if !g.one(8) || slices.ContainsFunc(s.Events, func(e Event) bool { return e.Kind > Intrude }) {
		return // what happens to the topic itself, and another writer, hide each other's traces
	}
	s.Rival, s.Shared = true, g.one(2)
	write := func(kind Kind) {
		at := g.n(len(s.Events) + 1)
		e := Event{Kind: kind, A: g.u(1 << 16), B: g.u(intrusions)}
		s.Events = slices.Insert(s.Events, at, e)
	}
	for range 1 + g.n(5) {
		write(Intrude)
	}
	if g.one(2) {
		for range 1 + g.n(4) {
			write(Scrawl)
		}
	}
}

// Alone takes the other writer out of the script.
func (s *Script) Alone() *Script {
	s.Rival, s.Shared = false, false
	kept := s.Events[:0]
	for _, e := range s.Events {
		if e.Kind != Intrude && e.Kind != Scrawl {
			kept = append(kept, e)
		}
	}
	s.Events = kept
	return s
}

// The ways in which another writer writes, Intrude's B.
const (
	Plain      = iota // outside of any transaction
	InTxn             // in one that commits at once
	Aborted           // in one that is aborted
	LeftOpen          // in one that commits when somebody waits for it
	intrusions        // their number
)
