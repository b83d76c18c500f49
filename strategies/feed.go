package strategies

import (
	"fmt"
	"time"
)

// feed reads a list that the API sorts newest first, from its first page down to the mark and
// further by the look-back. It is for APIs that cannot filter. A page ends the sweep when its last
// rows are older than that, at least two of them, or all of its rows are: one old row says nothing. Lists begin
// with rows that are pinned there: so the first page ends nothing where it holds no other rows, and its rows may
// rise once. Rows that are committed later than their stamp, and
// beyond the look-back, are not found but by a rescan.
type feed struct{ walk }

func newFeed(spec Spec) (Strategy, error) {
	k, err := newCore(spec, spec.Lookback)
	if err != nil {
		return nil, err
	}
	if spec.Format == Opaque {
		return nil, fmt.Errorf("feed reads down to the mark, and an opaque cursor has no order")
	}
	w, err := newWalk(spec, k)
	return &feed{w}, err
}

func (s *feed) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep != nil {
		return c, nil
	}
	c, err := s.open(c)
	if err == nil {
		c.Sweep.settle()        // nothing is asked from the mark
		c.Sweep.From = c.Window // and so far all rows come
		c.Sweep.Slice().After = c.Window
		c.Sweep.High = c.Reached // behind a page of pinned rows, or in another slice
	}
	return c, err
}

func (s *feed) Query(c Cursor) Query { return s.question(c) }

func (s *feed) Fold(c Cursor, p Page) (Verdict, error) {
	c = c.clone()
	from, err := s.value(s.lowest(c))
	if err != nil {
		return Verdict{}, err
	}
	rises, old := s.read(p.Rows, from, c.Sweep.Slice().Position == nil)
	if rises > 0 {
		return Verdict{}, fmt.Errorf("row %d of the page is newer than the row before it: the API does not sort newest first, so the sweep's end cannot be told; "+
			"make it sort so (query), or read all of it each time (snapshot)", rises+1)
	}
	if err := s.note(&c, p); err != nil {
		return Verdict{}, err
	}
	if old {
		// Nothing behind it is read: whatever the page says of that, the list ends here.
		p.Token, p.Link, p.More, p.Total, p.last = Token{}, "", Evidence{}, -1, true
	}
	t, err := s.turn(&c, &p, true)
	if err != nil {
		return Verdict{}, err
	}
	if t.done {
		// A newer row stands before all that was read: each page behind the first one shows
		// less. So nothing has to wait for the next sweep.
		if err := s.leave(s, &c, !t.lost); err != nil {
			return Verdict{}, err
		}
	}
	v := t.verdict(c)
	v.From = from
	return v, nil
}

func (s *feed) within(p *parents) Strategy {
	list := *s
	list.of = p
	return &list
}

// read looks at a page's rows: rises is the number of the first row of the sweep that is newer than the one
// before it, 0 where none is; old says that the page reaches behind the sweep's lower end. first is said of the
// list's first page.
func (s *feed) read(rows []Row, from Value, first bool) (rises int, old bool) {
	pinned := first
	last, run, valued := -1, 0, 0
	for i := range rows {
		v := &rows[i].Value
		if !v.Set {
			continue
		}
		valued++
		if from.Set && s.spec.Format.compare(v, &from) < 0 {
			run++
			continue
		}
		run = 0
		if last >= 0 && s.spec.Format.compare(v, &rows[last].Value) > 0 {
			if !pinned {
				return i, false
			}
			pinned = false
		}
		last = i
	}
	if run == valued {
		return 0, run > 0 && !first
	}
	return 0, run >= 2
}

// Guess knows nothing: most sweeps end with their first page.
func (s *feed) Guess(c Cursor, _ int, _ int64) (Cursor, bool) { return c, false }

func (s *feed) Rewind(c Cursor) Cursor { return s.rewind(c) }
