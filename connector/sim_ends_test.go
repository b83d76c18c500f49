package connector

import (
	"tidemark/connector/config"
	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// endsOf is what the stream is configured to take for an end.
func endsOf(t *sim.Traits, v variant) []string {
	switch {
	case v == absentBelieved && t.Strategy == strategies.Keyset:
		return []string{config.EndToken}
	case !t.EndSaid:
		return nil
	}
	switch t.End {
	case sim.EndAbsent:
		return []string{config.EndToken}
	case sim.EndEmpty, sim.EndSelf:
		return []string{config.EndEmptyPage}
	case sim.EndRefused:
		return []string{"404"}
	}
	return nil
}

func (m *mistaken) Unwrap() strategies.Strategy { return m.Strategy }

// Refused is also the mistake of taking each refusal for the end.
func (m *mistaken) Refused(c strategies.Cursor, status int) (strategies.Verdict, bool, error) {
	v, ok, err := strategies.Refused(m.Strategy, c, status)
	if m.variant == depthIsEnd && ok && err == nil {
		return m.ended(c), true, nil
	}
	return v, ok, err
}

// ended ends the sweep with what was read.
func (m *mistaken) ended(c strategies.Cursor) strategies.Verdict {
	c.Mark, c.Sweep = m.higher(c.Mark, c.Sweep.High), nil
	return strategies.Verdict{Next: c}
}
