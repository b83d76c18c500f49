package stream

import "tidemark/strategies"

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
