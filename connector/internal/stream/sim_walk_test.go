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
			return strategies.Verdict{Next: walking(c, func(at *strategies.Slice) { at.Position = nil })}, nil
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
		return walking(c, func(at *strategies.Slice) { at.Pages = 0 })
	case m.variant == oneSurePass && m.x.script.Pager != "":
		if c.Sweep != nil && c.Sweep.Sure {
			return walking(c, func(at *strategies.Slice) { at.Pages = 0 })
		}
	case m.variant == scanUntilNow && m.x.script.Step > 0:
		sweep := *c.Sweep
		sweep.Sure, c.Sweep = false, &sweep
	}
	return c
}

// after spoils the verdict on a page.
func (m *walkMistaken) after(c strategies.Cursor, p strategies.Page, v strategies.Verdict) strategies.Verdict {
	t, next := &m.x.script.Traits, &v.Next
	traits := strategies.TraitsOf(t.Strategy)
	switch open := next.Sweep != nil; m.variant {
	case skippedBySize:
		if open && t.Pager == "offset" && t.PageSize > 0 && next.Sweep.Slice().Position != nil {
			*next = walking(*next, func(at *strategies.Slice) {
				is := strategies.At[strategies.OffsetPosition](next.Sweep)
				is.Skip = is.Read * int64(t.PageSize)
				at.Position = &is
			})
		}
	case restBelieved:
		if !open {
			break
		}
		if at, ok := next.Sweep.Slice().Position.(*strategies.RowPosition); ok && p.Total >= 0 && at.Rows >= p.Total {
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
		if open && traits.Spans && len(p.Rows) == 0 && next.Sweep.Slice().To != c.Sweep.Slice().To {
			next.Mark = m.higher(next.Mark, c.Sweep.Slice().To)
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
func walking(c strategies.Cursor, change func(*strategies.Slice)) strategies.Cursor {
	if c.Sweep == nil {
		return c
	}
	sweep := *c.Sweep
	change(sweep.Slice())
	c.Sweep = &sweep
	return c
}
