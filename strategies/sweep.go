package strategies

import "time"

// sweep reads rows changed since the mark from pages in no known order. Behind the reader rows
// with values up to the greatest there is may appear unseen. What was there before the sweep began
// is another matter: a row that changed since then has a value at or above it, so everything below
// it stood still and was read. So the mark moves to what the first page showed, and to what the
// sweep before had reached (P2): it stays about one sweep behind.
type sweep struct{ walk }

func newSweep(spec Spec) (Strategy, error) {
	k, err := newCore(spec, spec.Lookback)
	if err != nil {
		return nil, err
	}
	if err := k.needs(RoleSince); err != nil {
		return nil, err
	}
	w, err := newWalk(spec, k)
	return &sweep{w}, err
}

func (s *sweep) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep != nil {
		return c, nil
	}
	c, err := s.open(c)
	if err != nil {
		return c, err
	}
	c.Sweep.High = c.Reached
	return c, s.low(c)
}

// low lets the sweep begin where the mark's row comes even if the filter is strict: it may come on any of
// the pages, or on none, so that nothing tells.
func (w *walk) low(c Cursor) error {
	s := c.Sweep
	if w.spec.Format == Opaque || c.Mark == "" || s.From != c.Mark {
		return nil
	}
	v, err := w.value(c.Mark)
	if err != nil {
		return err
	}
	from, err := w.careful(&c, v, 0)
	if err == nil && from != s.From {
		s.settle()
		s.From, s.Slice().After = from, from
	}
	return err
}

func (s *sweep) Query(c Cursor) Query {
	since := c.Sweep.Slice().After
	if s.anew(c) {
		since = s.spec.FirstMark
	}
	return s.question(c, Param{RoleSince, since})
}

func (s *sweep) within(p *parents) Strategy {
	list := *s
	list.of = p
	return &list
}

func (s *sweep) Fold(c Cursor, p Page) (Verdict, error) {
	c = c.clone()
	if err := s.note(&c, p); err != nil {
		return Verdict{}, err
	}
	seen, err := s.sight(&c, p.Rows)
	if err != nil {
		return Verdict{}, err
	}
	t, err := s.turn(&c, &p, true)
	if err != nil {
		return Verdict{}, err
	}
	if c.Sweep != nil && (seen.shown || t.done) {
		if v, asks, err := s.doubt(&c, sight{shown: seen.shown}); err != nil || asks {
			if v.Next.Sweep != nil {
				v.Next.Sweep.Slice().restart()
			}
			return v, err
		}
	}
	if t.done {
		err = s.leave(s, &c, !t.lost)
	}
	return t.verdict(c), err
}

// note raises the greatest value read: what the first page shows counts for the mark at this
// sweep's end, what comes behind it at the next one's.
func (w *walk) note(c *Cursor, p Page) (err error) {
	high := w.extent(p.Rows, p.Ceiling).high
	if c.Sweep.Slice().start() {
		return w.saw(c, high, "")
	}
	c.Sweep.Ahead, err = w.greater(c.Sweep.Ahead, high)
	return err
}

// end closes the sweep. What it read behind its first page is kept for the next one.
func (w *walk) end(c *Cursor) error {
	ahead, err := w.value(c.Sweep.Ahead)
	if err != nil {
		return err
	}
	w.known(c)
	if err := w.core.end(c); err != nil {
		return err
	}
	mark, err := w.value(c.Mark)
	c.Reached = ""
	if ahead.Set && (!mark.Set || w.spec.Format.Compare(ahead, mark) > 0) {
		c.Reached = string(ahead.Raw)
	}
	return err
}

func (s *sweep) Guess(c Cursor, rows int, total int64) (Cursor, bool) { return s.ahead(c, rows, total) }

func (s *sweep) Rewind(c Cursor) Cursor { return s.rewind(c) }
