package strategies

import (
	"fmt"
	"time"
)

// window reads spans of time, one behind the other, each with a lower and an upper bound, from the
// mark to now. It is for APIs that limit the span of a request, or give more rows than anybody wants
// to page through. A span begins a granule before the one before it ends, so that nothing falls
// between the two, whichever of the bounds the API includes.
//
// A span that was read whole moves the mark to the greatest value in it. One without rows moves it to
// its end, for else a quiet API would be asked for the same empty spans again and again; but only where
// that lies so far back that no clock and no time zone of the API can put a row there later. The last
// span ends Lag behind now, where rows may not be written yet.
type window struct{ walk }

func newWindow(spec Spec) (Strategy, error) {
	k, err := newCore(spec, spec.Lookback)
	if err != nil {
		return nil, err
	}
	switch {
	case !spec.Format.Temporal():
		return nil, fmt.Errorf("window reads spans of time, and a cursor of format %s is no time", spec.Format)
	case spec.FirstMark == "":
		return nil, fmt.Errorf("window needs a time to begin at (initial_mark)")
	case spec.Step < time.Second:
		return nil, fmt.Errorf("step %v: must be at least 1s", spec.Step)
	case spec.Lag < 0 || spec.MaxAge < 0:
		return nil, fmt.Errorf("lag and max_age must not be negative")
	case spec.MaxAge > 0 && spec.MaxAge <= spec.Lookback:
		return nil, fmt.Errorf("max_age %v must be longer than lookback %v", spec.MaxAge, spec.Lookback)
	}
	if err := k.needs(RoleSince, RoleUntil); err != nil {
		return nil, err
	}
	w, err := newWalk(spec, k)
	return &window{w}, err
}

func (s *window) Begin(c Cursor, now time.Time) (Cursor, error) {
	if c.Sweep != nil {
		return c, nil
	}
	mark, err := s.value(c.Mark)
	if err != nil {
		return c, err
	}
	until := now.Add(-s.spec.Lag).UnixMicro()
	old := s.spec.MaxAge > 0 && mark.Set && mark.N < until-s.spec.MaxAge.Microseconds()
	kept := c.Mark
	if old {
		c.Mark = "" // for the opening only: it is read from the first mark, as a stream that has none
	}
	if c, err = s.open(c); err != nil {
		return c, err
	}
	c.Mark = kept
	c.Sweep.settle()
	if err := s.low(c); err != nil {
		return c, err
	}
	from, err := s.value(c.Sweep.From)
	if err != nil {
		return c, err
	}
	c.Sweep.Until = s.text(from, max(until, from.N))
	c.Sweep.Slice().To = s.text(from, min(from.N+s.spec.Step.Microseconds(), max(until, from.N)))
	return c, nil
}

// text writes a time in the layout of v.
func (s *window) text(v Value, micros int64) string {
	d := v.N - micros
	if d == 0 {
		return string(v.Raw)
	}
	return s.spec.Format.Back(v, d)
}

func (s *window) Query(c Cursor) Query {
	until := c.Sweep.Slice().To
	if to, err := s.value(until); err == nil { // a value that cannot be read fails Fold
		until = s.text(to, s.bound(c, to))
	}
	return s.question(c, Param{RoleSince, c.Sweep.Slice().After}, Param{RoleUntil, until})
}

// bound is up to where a span is read that ends at to: the last one of a scan that has to be sure goes on
// beyond now. A row that changes meanwhile would be in none of the spans, and be taken for deleted (P9).
func (s *window) bound(c Cursor, to Value) int64 {
	if sweep := c.Sweep; sweep.Sure && sweep.Slice().To == sweep.Until {
		return to.N + (s.spec.Lag + settled).Microseconds()
	}
	return to.N
}

func (s *window) Fold(c Cursor, p Page) (Verdict, error) {
	c = c.clone()
	to, err := s.value(c.Sweep.Slice().To)
	if err != nil {
		return Verdict{}, err
	}
	if err := s.outside(c, to, p.Rows); err != nil {
		return Verdict{}, err
	}
	if err := s.noted(&c, p, to); err != nil {
		return Verdict{}, err
	}
	t, err := s.turn(&c, &p, true)
	if err != nil {
		return Verdict{}, err
	}
	switch {
	case t.lost:
		err = s.leave(s, &c, false)
	case t.done:
		err = s.span(&c, to)
	}
	return t.verdict(c), err
}

// outside refuses a page with rows from behind the span: an API that does not honour the upper bound
// gives the newest rows in the first span, and the mark would rise over what lies between (rule 20).
func (s *window) outside(c Cursor, to Value, rows []Row) error {
	last := s.bound(c, to) + max(s.granule(to), rounded)
	for i := range rows {
		if v := &rows[i].Value; v.Set && v.N > last {
			return fmt.Errorf("row %d is at %q, behind the span from %q to %q that was asked for: the API does not honour %s; give the right parameter (params.until)",
				i+1, v.Raw, c.Sweep.Slice().After, s.text(to, s.bound(c, to)), s.spec.Params.Until)
		}
	}
	return nil
}

// rounded is how far beyond an upper bound an API may go that rounds it up: a second.
const rounded = 1_000_000

// noted raises the greatest value read, as note does: the spans in which rows may appear still are one
// list for that, of which only the very first page counts for the mark at this sweep's end.
func (s *window) noted(c *Cursor, p Page, to Value) error {
	past, err := s.past(*c, to)
	if err != nil {
		return err
	}
	sweep, into := c.Sweep, &c.Sweep.Ahead
	if past || !sweep.Recent {
		into = &c.Sweep.High
	}
	sweep.Recent = sweep.Recent || !past
	*into, err = s.greater(*into, s.extent(p.Rows, p.Ceiling).high)
	return err
}

// past reports whether a span that ends at to lies so far back that no row appears in it any more.
func (s *window) past(c Cursor, to Value) (bool, error) {
	until, err := s.value(c.Sweep.Until)
	return to.N <= until.N-settled.Microseconds(), err
}

// settled is how far behind now no row can appear for a clock that is wrong, or times that are
// written in another zone than they say.
const settled = 26 * time.Hour

// span ends a span of time, and begins the next one.
func (s *window) span(c *Cursor, to Value) error {
	sweep := c.Sweep
	until, err := s.value(sweep.Until)
	if err != nil {
		return err
	}
	if to.N >= until.N {
		return s.leave(s, c, true)
	}
	past, err := s.past(*c, to)
	if err != nil {
		return err
	}
	mark, err := s.value(c.Mark)
	if err != nil {
		return err
	}
	if past && s.of == nil && (!mark.Set || mark.N < to.N) {
		high, err := s.value(sweep.High)
		if err != nil {
			return err
		}
		if !high.Set || s.spec.Format.Compare(high, mark) <= 0 {
			high = to
		}
		c.Mark, mark = string(high.Raw), high
	}
	at := sweep.Slice()
	at.next(0)
	sweep.Restarts = 0
	next := to.N - s.granule(to)
	at.After = s.text(to, next)
	at.To = s.text(to, min(max(next+s.spec.Step.Microseconds(), to.N+s.granule(to)), until.N))
	if s.of != nil { // the slices behind this one begin further down
		return nil
	}
	return s.raised(c, mark)
}

func (s *window) within(p *parents) Strategy {
	list := *s
	list.of = p
	return &list
}

// enter begins the first span of a slice. Parents are read one behind the other, each in all its spans, so the mark
// moves at the sweep's end.
func (s *window) enter(c *Cursor) error {
	from, err := s.value(s.lowest(*c))
	if err != nil {
		return err
	}
	until, err := s.value(c.Sweep.Until)
	if err != nil {
		return err
	}
	c.Sweep.Slice().After = string(from.Raw)
	c.Sweep.Slice().To = s.text(from, min(from.N+s.spec.Step.Microseconds(), max(until.N, from.N)))
	return nil
}

// later is the later one of two stored values.
func (s *window) later(x, y string) (string, error) {
	v, err := s.greatest(x, y)
	return string(v.Raw), err
}

// end closes the sweep: only now has everything below what the sweep before reached been read.
func (s *window) end(c *Cursor) (err error) {
	if c.Sweep.High, err = s.later(c.Sweep.High, c.Reached); err != nil {
		return err
	}
	if s.of != nil {
		if err := s.quiet(c); err != nil {
			return err
		}
	}
	return s.walk.end(c)
}

// quiet moves the mark over all that lies so far back that no row appears there any more, as span does where there
// are no parents.
func (s *window) quiet(c *Cursor) error {
	from, err := s.value(c.Sweep.From)
	if err != nil {
		return err
	}
	until, err := s.value(c.Sweep.Until)
	if err != nil {
		return err
	}
	if past := until.N - settled.Microseconds(); past > from.N {
		c.Sweep.High, err = s.later(c.Sweep.High, s.text(from, past))
	}
	return err
}

// raised brings the window up behind the mark.
func (s *window) raised(c *Cursor, mark Value) error {
	if !mark.Set {
		return nil
	}
	text, err := s.reach(c, mark, s.lookback)
	if err != nil {
		return err
	}
	after, err := s.value(c.Sweep.Slice().After)
	if err != nil {
		return err
	}
	start, err := s.value(text)
	if err != nil {
		return err
	}
	now, err := s.value(c.Window)
	if err != nil {
		return err
	}
	if after.Set && s.spec.Format.Compare(after, start) < 0 {
		start = after
	}
	if !now.Set || s.spec.Format.Compare(start, now) > 0 {
		c.Window = string(start.Raw)
	}
	return nil
}

// Guess is the next span, which is asked for if this one is read in one answer.
func (s *window) Guess(c Cursor, rows int, total int64) (Cursor, bool) {
	if c.Sweep == nil {
		return c, false
	}
	if _, one := s.pager.(onePage); !one && s.of == nil || c.Sweep.Slice().Value+1 < len(s.spec.Values) {
		return s.ahead(c, rows, total)
	}
	c = c.clone()
	to, err := s.value(c.Sweep.Slice().To)
	if err != nil {
		return c, false
	}
	until, err := s.value(c.Sweep.Until)
	if err != nil || to.N >= until.N && s.of == nil {
		return c, false
	}
	if err := s.span(&c, to); err != nil || c.Sweep == nil {
		return c, false
	}
	return c, true
}

func (s *window) Rewind(c Cursor) Cursor {
	c = s.rewind(c)
	from, err1 := s.value(c.Sweep.From)
	until, err2 := s.value(c.Sweep.Until)
	if err1 == nil && err2 == nil {
		c.Sweep.Slice().To = s.text(from, min(from.N+s.spec.Step.Microseconds(), until.N))
	}
	return c
}
