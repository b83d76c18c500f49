package lawtest

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// mistake is a deliberate one in a strategy. The laws have to catch each: it is a test of the laws, not of the
// strategies.
type mistake struct {
	strategy, pager, name string
	// folds folds a page with the mistake, by way of the strategy as it is.
	folds func(c *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error)
	// spoils makes the mistake in the settings.
	spoils func(spec *strategies.Spec)
}

var mistakes = []mistake{
	{strategy: strategies.Changes, pager: strategies.Unpaged, name: "an answer without pages believed whole", folds: byPage(func(p *strategies.Page) { p.More = strategies.Evidence{} })},
	{strategy: strategies.Changes, pager: strategies.ByNumber, name: "a short page taken for the end", spoils: func(s *strategies.Spec) { s.Ends.ShortPage = true }},
	{strategy: strategies.Changes, pager: strategies.ByNumber, name: "one pass over shifting pages believed", folds: onePass},
	{strategy: strategies.Changes, pager: strategies.ByOffset, name: "rows skipped by the size that was asked for", folds: skipsBySize},
	{strategy: strategies.Changes, pager: strategies.ByToken, name: "a null token asked from the first page", folds: nullIgnored},
	{strategy: strategies.Feed, pager: strategies.ByURL, name: "the URL of an empty page followed", spoils: func(s *strategies.Spec) { s.Ends.EmptyPage = false }},
	{strategy: strategies.Changes, pager: strategies.ByLink, name: "an absent link taken for an error", folds: absentIsError},
	{strategy: strategies.Changes, pager: strategies.ByRow, name: "a count of what lies behind a row taken for that of all", folds: restBelieved},
	{strategy: strategies.Snapshot, pager: strategies.ByToken, name: "a token that never leads on", folds: stands},
	{strategy: strategies.Window, pager: strategies.ByOffset, name: "what was handed over changed", folds: changesItsRows},
	{strategy: strategies.Keyset, name: "the mark of the last row", folds: markOfLastRow},
	{strategy: strategies.Keyset, name: "a window that is above what is read", folds: windowAbove},
	{strategy: strategies.Offset, name: "an empty page taken for the end", folds: emptyIsEnd},
	{strategy: strategies.Timestamp, name: "evidence of more ignored", folds: byPage(func(p *strategies.Page) { p.More = strategies.Evidence{} })},
	{strategy: strategies.StepSize, name: "the mark at the end of a range, not at its last id", folds: markOfRange},
	{strategy: strategies.Replay, name: "no buffer", spoils: func(s *strategies.Spec) { s.Buffer = 0 }},
}

// mostChecks is how many checks a mistake may take to be caught.
const mostChecks = 1000

func TestMistakesAreCaught(t *testing.T) {
	covered := map[string]bool{}
	for _, m := range mistakes {
		covered[m.strategy], covered[m.pager] = true, true
		t.Run(m.strategy+"/"+m.name, func(t *testing.T) {
			t.Parallel()
			for n := range mostChecks {
				if how := m.check(n); how != "" {
					how, _, _ = strings.Cut(how, "\n")
					t.Logf("caught by check %d: %.120s", n+1, how)
					return
				}
			}
			t.Errorf("not caught within %d checks", mostChecks)
		})
	}
	for _, pager := range strategies.Pagers() {
		if !covered[pager] {
			t.Errorf("no mistake is made in pages by %s", pager)
		}
	}
	for _, name := range strategies.Names() {
		if !covered[name] {
			t.Errorf("no mistake is made in %s", name)
		}
	}
}

// check makes one check of a law, in turn, with the mistake; how it was caught, or nothing.
func (m *mistake) check(n int) (how string) {
	traits := strategies.TraitsOf(m.strategy)
	var about []law
	for _, l := range laws {
		if l.of(traits) {
			about = append(about, l)
		}
	}
	rapid.Custom(func(r *rapid.T) bool {
		defer func() {
			switch err := recover().(type) {
			case nil:
			case caught:
				how = string(err)
			default:
				panic(err)
			}
		}()
		about[n%len(about)].holds(&T{T: r, mistake: m.make}, m.strategy, m.pager)
		return true
	}).Example(n)
	return how
}

func (m *mistake) make(s strategies.Strategy, c *Case) strategies.Strategy {
	if m.spoils != nil {
		spec := c.Spec
		m.spoils(&spec)
		spoilt, err := strategies.New(spec)
		if err != nil {
			panic(err)
		}
		return spoilt
	}
	return &mistaken{s, m, c}
}

// mistaken is a strategy with a mistake in it.
type mistaken struct {
	strategies.Strategy
	m *mistake
	c *Case
}

func (m *mistaken) Unwrap() strategies.Strategy { return m.Strategy }

func (m *mistaken) Fold(c strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	return m.m.folds(m.c, m.Strategy, c, p)
}

func (m *mistaken) Within(c strategies.Cursor, all []strategies.Parent) (strategies.Strategy, strategies.Cursor, error) {
	s, c, err := strategies.Within(m.Strategy, c, all)
	return &mistaken{s, m.m, m.c}, c, err
}

func (m *mistaken) ParentGone(c strategies.Cursor) (strategies.Verdict, bool, error) {
	return strategies.Gone(m.Strategy, c)
}

func (m *mistaken) Refused(c strategies.Cursor, status int) (strategies.Verdict, bool, error) {
	return strategies.Refused(m.Strategy, c, status)
}

// byPage is a mistake about what a page says.
func byPage(spoil func(p *strategies.Page)) func(*Case, strategies.Strategy, strategies.Cursor, strategies.Page) (strategies.Verdict, error) {
	return func(_ *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
		spoil(&p)
		return s.Fold(cur, p)
	}
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

func onePass(_ *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	return s.Fold(walking(cur, func(at *strategies.Slice) { at.Pages = 0 }), p)
}

func skipsBySize(c *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	v, err := s.Fold(cur, p)
	v.Next = walking(v.Next, func(at *strategies.Slice) {
		if was, ok := at.Position.(*strategies.OffsetPosition); ok {
			is := *was
			is.Skip = is.Read * int64(c.Spec.PageSize)
			at.Position = &is
		}
	})
	return v, err
}

func nullIgnored(_ *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	if p.Token.Null {
		return strategies.Verdict{Next: walking(cur, func(at *strategies.Slice) { at.Position = nil })}, nil
	}
	return s.Fold(cur, p)
}

func absentIsError(_ *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	if p.Link == "" {
		return strategies.Verdict{}, errors.New("the answer has no header Link")
	}
	return s.Fold(cur, p)
}

func restBelieved(c *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	v, err := s.Fold(cur, p)
	if next := &v.Next; err == nil && next.Sweep != nil && p.Total >= 0 {
		if at, ok := next.Sweep.Slice().Position.(*strategies.RowPosition); ok && at.Rows >= p.Total {
			next.Mark, next.Sweep = c.greater(next.Mark, next.Sweep.High), nil
		}
	}
	return v, err
}

func stands(_ *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	if p.Token.Present && !p.Token.Null {
		return strategies.Verdict{Next: cur}, nil
	}
	return s.Fold(cur, p)
}

func changesItsRows(_ *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	if len(p.Rows) > 1 {
		p.Rows[0], p.Rows[1] = p.Rows[1], p.Rows[0]
	}
	return s.Fold(cur, p)
}

func markOfLastRow(_ *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	v, err := s.Fold(cur, p)
	if n := len(p.Rows); err == nil && n > 0 && v.Next.Sweep == nil {
		v.Next.Mark = string(p.Rows[n-1].Value.Raw)
	}
	return v, err
}

func windowAbove(c *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	v, err := s.Fold(cur, p)
	if err == nil && v.Next.Sweep != nil {
		v.Next.Window = c.greater(v.Next.Window, v.Next.Sweep.High)
	}
	return v, err
}

func emptyIsEnd(c *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	if len(p.Rows) == 0 {
		cur.Mark, cur.Sweep = c.greater(cur.Mark, cur.Sweep.High), nil
		return strategies.Verdict{Next: cur}, nil
	}
	return s.Fold(cur, p)
}

func markOfRange(c *Case, s strategies.Strategy, cur strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	v, err := s.Fold(cur, p)
	if err != nil || v.Next.Sweep != nil || c.greater(cur.Sweep.From, v.Next.Mark) == cur.Sweep.From { // it found nothing
		return v, err
	}
	if mark, err := c.Spec.Format.ParseString(v.Next.Mark); err == nil && mark.N < c.Spec.MaxID-c.Spec.StepSize {
		v.Next.Mark = string(c.Source.Value(mark.N + c.Spec.StepSize - 1).Raw)
	}
	return v, err
}

// greater is the greater of two marks.
func (c *Case) greater(a, b string) string {
	v, err1 := c.Spec.Format.ParseString(a)
	w, err2 := c.Spec.Format.ParseString(b)
	if err1 != nil || err2 == nil && c.Spec.Format.Compare(w, v) > 0 {
		return b
	}
	return a
}
