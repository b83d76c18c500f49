package sim

import (
	"math/rand/v2"
	"slices"
)

// topicTraits puts what operators and broken machines do to the output topic into a third of
// the scripts.
func (s *Script) topicTraits(seed uint64) {
	g := gen{rand.New(rand.NewPCG(seed, 0x746f706963))}
	if !g.one(3) {
		return
	}
	for range 1 + g.n(2) {
		e := Event{Kind: pick(g, Remake, Trim, PutBack, Widen, Widen, Stray, Stray, Stray), A: g.u(1 << 16), B: g.u(1 << 16)}
		s.Events = slices.Insert(s.Events, g.n(len(s.Events)+1), e)
	}
}

// OfTopic reports whether the event is a change of the output topic that nobody of the
// stream's has made.
func (k Kind) OfTopic() bool { return k >= Remake && k <= Stray }
