package stream

import (
	"errors"

	"tidemark/strategies"
)

// walkMistaken makes the mistakes of pagers, and of the strategies that go by one.
type walkMistaken struct {
	strategies.Strategy
	variant variant
	x       *world
}

func (m *walkMistaken) Unwrap() strategies.Strategy { return m.Strategy }

func (m *walkMistaken) Refused(c strategies.Cursor, status int) (strategies.Verdict, bool, error) {
	return strategies.Refused(m.Strategy, m.before(c), status)
}

func (m *walkMistaken) Query(c strategies.Cursor) strategies.Query {
	if m.variant == scanUntilNow {
		c = m.before(c)
	}
	q := m.Strategy.Query(c)
	if m.variant == newByMark {
		return m.byMark(c, q)
	}
	return q
}

func (m *walkMistaken) Fold(c strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	t := &m.x.script.Traits
	switch m.variant {
	case noneBelieved:
		if t.Pager == "none" {
			p.More = strategies.Evidence{}
		}
	case nullIgnored:
		if p.Token.Null && t.Pager == "token" {
			return strategies.Verdict{Next: walking(c, func(w *strategies.Walk) { w.At = strategies.Position{} })}, nil
		}
	case absentIsError:
		if p.Link == "" && t.Pager == "link_header" {
			return strategies.Verdict{}, errors.New("the answer has no header Link")
		}
	}
	v, err := m.Strategy.Fold(m.before(c), p)
	if err != nil {
		return v, err
	}
	return m.newerThanMark(c, m.after(c, p, v)), nil
}

// before spoils the cursor that a page is folded into.
func (m *walkMistaken) before(c strategies.Cursor) strategies.Cursor {
	switch {
	case m.variant == onePassBelieved && m.x.script.Pager != "":
		return walking(c, func(w *strategies.Walk) { w.Pages = 0 })
	case m.variant == oneSurePass && m.x.script.Pager != "":
		return walking(c, func(w *strategies.Walk) {
			if w.Sure {
				w.Pages = 0
			}
		})
	case m.variant == scanUntilNow && m.x.script.Step > 0:
		return walking(c, func(w *strategies.Walk) { w.Sure = false })
	}
	return c
}

// after spoils the verdict on a page.
func (m *walkMistaken) after(c strategies.Cursor, p strategies.Page, v strategies.Verdict) strategies.Verdict {
	t, next := &m.x.script.Traits, &v.Next
	traits := strategies.TraitsOf(t.Strategy)
	switch open := next.Sweep != nil && next.Sweep.Walk != nil; m.variant {
	case skippedBySize:
		if open && t.Pager == "offset" && t.PageSize > 0 && next.Sweep.Walk.At.Offset != nil {
			*next = walking(*next, func(w *strategies.Walk) {
				at := *w.At.Offset
				at.Skip = at.Read * int64(t.PageSize)
				w.At.Offset = &at
			})
		}
	case restBelieved:
		if open && next.Sweep.Walk.At.Row != nil && p.Total >= 0 && next.Sweep.Walk.At.Row.Rows >= p.Total {
			next.Mark, next.Sweep = m.higher(next.Mark, next.Sweep.High), nil
		}
	case markOfLaterPages:
		if next.Sweep == nil && traits.Walks && !traits.All && !traits.Falls && !traits.Spans && v.Warning == "" {
			next.Mark = m.higher(m.higher(next.Mark, c.Sweep.Ahead), greatestOf(p.Rows))
		}
	case oneOldRowIsEnd:
		if open && traits.Falls && !v.Restarted && m.old(c, p.Rows) {
			next.Mark, next.Sweep = m.higher(next.Mark, next.Sweep.High), nil
		}
	case spansPassedOver:
		if open && traits.Spans && len(p.Rows) == 0 && next.Sweep.Walk.To != c.Sweep.Walk.To {
			next.Mark = m.higher(next.Mark, c.Sweep.Walk.To)
		}
	case olderDropped:
		if traits.All {
			if from, err := m.x.spec.Format.ParseString(c.Mark); err == nil {
				v.From = from
			}
			if next.Sweep == nil {
				next.Mark = m.higher(next.Mark, greatestOf(p.Rows))
			}
		}
	}
	return v
}

// old reports whether a row lies behind the sweep's lower end.
func (m *walkMistaken) old(c strategies.Cursor, rows []strategies.Row) bool {
	from, err := m.x.spec.Format.ParseString(c.Sweep.From)
	for i := range rows {
		if v := rows[i].Value; err == nil && v.Set && m.x.spec.Format.Compare(v, from) < 0 {
			return true
		}
	}
	return false
}

func (m *walkMistaken) higher(a, b string) string {
	return (&mistaken{m.Strategy, m.variant, m.x}).higher(a, b)
}

// greatestOf is the greatest value on a page.
func greatestOf(rows []strategies.Row) (text string) {
	var greatest strategies.Value
	for i := range rows {
		if v := rows[i].Value; v.Set && (!greatest.Set || v.N > greatest.N) {
			greatest, text = v, string(v.Raw)
		}
	}
	return text
}

// walking is the cursor with where its list stands changed.
func walking(c strategies.Cursor, change func(*strategies.Walk)) strategies.Cursor {
	if c.Sweep == nil || c.Sweep.Walk == nil {
		return c
	}
	sweep, walk := *c.Sweep, *c.Sweep.Walk
	change(&walk)
	sweep.Walk, c.Sweep = &walk, &sweep
	return c
}
