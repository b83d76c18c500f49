package sim

import (
	"math/rand/v2"

	"tidemark/strategies"
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
