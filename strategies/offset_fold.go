package strategies

import (
	"fmt"
	"strconv"
)

const moved = "the list moved under the reader: the page does not show the last rows of the one before from their start"

func (s *offset) Fold(c Cursor, p Page) (Verdict, error) {
	c, at := placed[CountPosition](c, byCount)
	c.Sweep.Pages++
	if v, again, err := s.based(&c, p.Rows); err != nil || again {
		return v, err
	}
	switch {
	case at.Probe:
		return s.probed(c, p)
	case len(p.Rows) == 0 && at.Offset > 0:
		return s.again(c, moved)
	case len(p.Rows) == 0 && p.Total > 0:
		return s.again(c, fmt.Sprintf("the API counts %d rows, and gives none", p.Total))
	case len(p.Rows) == 0: // the start of the list and its end in one answer
		return s.over(c)
	}
	l, err := s.look(c, p)
	if err != nil {
		return Verdict{}, err
	}
	if !l.sorted {
		return s.unsorted(c, l.at)
	}
	if fits, err := s.seam(at, p.Rows); err != nil {
		return Verdict{}, err
	} else if !fits {
		return s.again(c, moved)
	}
	if at.Look != "" {
		switch {
		case fingerprint(p.Rows) != at.Look:
		case twice(p.Rows):
			// It may have been so twice by chance, and the row behind it was then never asked for.
			return s.again(c, "the last page has a row twice, so its length says nothing of where the list ends")
		default:
			return s.proven(c, p.Total, l.end)
		}
		at.Look = ""
	}
	if counted, err := s.unsettled(at, l); err != nil {
		return Verdict{}, err
	} else if counted {
		s.count(at)
		at.Settled = true
		err := s.lower(&c)
		return Verdict{Next: c, Restarted: true}, err
	}
	if err := s.saw(&c, l.high, at.LastValue); err != nil {
		return Verdict{}, err
	}
	at.Largest = max(at.Largest, len(p.Rows))
	switch {
	case l.ends(at.Largest, s.limit(c)):
		at.Busy++
		if at.Busy >= busyEnds && (l.agrees || p.Total < 0) {
			return s.over(c)
		}
		if at.Busy >= 2*busyEnds {
			v, err := s.over(c)
			v.Warning = fmt.Sprintf("the API counts %d rows, but %d were read up to what seems their end", p.Total, l.end)
			return v, err
		}
	case l.full:
		at.Busy = 0
	}
	return s.on(c, l)
}

// based looks whether a list that begins at a value just read begins with its row. Where that
// is in doubt, it is counted anew from the place asked for next. A list that begins further
// back is read on until it reaches the value.
func (s *offset) based(c *Cursor, rows []Row) (Verdict, bool, error) {
	sweep, at := c.Sweep, s.at(c)
	looking := sweep.Doubt > 0 && !sweep.Confirm && s.spec.Format != Opaque
	if at.Probe || at.Offset > 0 && !looking {
		return Verdict{}, false, nil
	}
	seen, err := s.sight(c, rows)
	if err != nil {
		return Verdict{}, false, err
	}
	if looking && len(rows) > 0 && !seen.shown && !seen.below {
		expected, err := s.value(sweep.Expect)
		if err != nil {
			return Verdict{}, false, err
		}
		if e := s.order(rows); e.max.Set && s.spec.Format.Compare(e.max, expected) < 0 {
			return Verdict{}, false, nil
		}
	}
	if s.spec.Format == Opaque && sweep.Doubt > 0 && !sweep.Confirm && !seen.shown {
		expected, err := s.value(sweep.Expect)
		if err != nil {
			return Verdict{}, false, err
		}
		// The text that brought an opaque value may lie many pages before it: a page that does
		// not reach the value tells nothing. It is said, and the sweep goes on as believed.
		if e := s.order(rows); e.max.Set && s.spec.Format.Compare(e.max, expected) < 0 {
			what := fmt.Sprintf("asked from %q the API shows no row at that value, though one was just read: it is gone, or the filter (params.since) is > and "+
				"not >=, so that rows which share the value are missed; an opaque cursor does not let that be told here", sweep.Expect)
			sweep.Slice().After, sweep.Expect, sweep.Doubt = sweep.Expect, "", 0
			s.count(at)
			return Verdict{Next: *c, Restarted: true, Warning: what}, true, nil
		}
	}
	v, again, err := s.doubt(c, seen)
	if again && err == nil {
		s.count(s.at(&v.Next))
	}
	return v, again, err
}

// unsettled reports whether a group that was counted over several pages lies behind the
// reader now, and was the newest one when counting began: rows may have come to it before
// the place counted to. It has to be counted once more.
func (s *offset) unsettled(at *CountPosition, l look) (bool, error) {
	if at.LastKey == "" || at.Settled || !l.last.Set {
		return false, nil
	}
	first, err := s.value(at.FirstValue)
	return err == nil && first.Set && s.spec.Format.Compare(l.last, first) > 0, err
}

// on goes on behind a page that is delivered.
func (s *offset) on(c Cursor, l look) (Verdict, error) {
	sweep, at := c.Sweep, s.at(&c)
	_, beyond, err := s.next(&c, l.last, l.extent)
	if err != nil {
		return Verdict{}, err
	}
	l.widen(at)
	stuck := at.More && !l.fresh
	next, forward := l.next(at)
	// Where nothing tells a limit of the API's own from the end of a list that grows by as
	// many rows as each answer brings, a page that begins further back now and then will.
	from, n := at.Offset, sweep.Pages
	if longer := !l.near && !l.full && n >= 4 && n&(n-1) == 0; longer && forward && next-1 > from {
		next--
	} else if longer && (forward || beyond) {
		at.Seen = l.end
		return Verdict{Next: c}, nil
	}
	switch {
	case l.near && !l.agrees && beyond, !forward && !l.agrees && beyond:
		// All rows smaller than the last value are read: it is a base as good as any.
		sweep.Restarts, at.Settled = 0, false
		err := s.passed(&c, l.last, l.extent)
		s.count(at)
		return Verdict{Next: c}, err
	case forward:
		if err := s.forward(&c, l, next); err != nil {
			return Verdict{}, err
		}
	case s.breaks && !l.agrees && (l.full || stuck) && len(l.rows) > 1:
		if err := s.within(&c, l); err != nil {
			return Verdict{}, err
		}
	case l.full && !l.agrees:
		return s.grow(c, l)
	case stuck:
		// One of them may be a total's that contradicts, and a source that changes all the time
		// is to be told first by its ends.
		if sweep.Restarts++; sweep.Restarts > busyEnds+1 {
			return Verdict{}, s.wide(l)
		}
	}
	at.Seen = l.end
	if l.last.Set {
		at.LastValue = string(l.last.Raw)
		at.Group = from + int64(l.group)
	}
	if l.fresh {
		at.More = false
	}
	switch {
	case l.agrees:
		at.Probe = true
	case l.near || at.Offset == from:
		at.Probe, at.Look = true, fingerprint(l.rows[at.Offset-from:])
	}
	return Verdict{Next: c}, nil
}

// forward counts on to the page that begins at a place within l. After stays, for offsets
// count from it. The window need hold no more than what that page may begin with.
func (s *offset) forward(c *Cursor, l look, to int64) error {
	at := s.at(c)
	first := l.valued(to - at.Offset)
	at.Offset, at.LastKey, at.FirstValue = to, "", string(first.Raw)
	return s.raise(c, first, l.fine)
}

// within counts on inside of a group, from its last row.
func (s *offset) within(c *Cursor, l look) error {
	sweep, at := c.Sweep, s.at(c)
	if at.LastKey == "" && l.last.Set {
		high, err := s.value(sweep.High)
		if err != nil {
			return err
		}
		at.Settled = at.Settled || high.Set && s.spec.Format.Compare(high, l.last) > 0
	}
	at.Offset, at.LastKey, at.FirstValue = l.end-1, identity(&l.rows[len(l.rows)-1]), string(l.last.Raw)
	return nil
}

// grow asks for more rows in the same place, because all rows of the page have one value.
func (s *offset) grow(c Cursor, l look) (Verdict, error) {
	limit := s.limit(c)
	if c.PageLimit > 1 && limit >= c.PageLimit {
		return Verdict{}, s.wide(l)
	}
	at := s.at(&c)
	at.Limit, at.Seen = 2*limit, l.end
	return Verdict{Next: c}, nil
}

// wide is the error of a group that no answer shows whole.
func (s *offset) wide(l look) error {
	what := "have no cursor value"
	if l.last.Set {
		what = fmt.Sprintf("share the value %q", l.last.Raw)
	}
	second := ""
	if s.spec.OrderBy != "" && !s.breaks {
		second = fmt.Sprintf("sort by a second field that is unique (order_by: %q, if the API takes it), ", s.spec.OrderBy+",id")
	}
	return fmt.Errorf("%d rows or more %s, and the API gives no more than %d in one answer: rows of one value may come in another order "+
		"with each request, so they cannot be counted over several pages without losing some; %sraise the API's page size, or read "+
		"this collection with another strategy", len(l.rows), what, len(l.rows), second)
}

// count begins to count rows from the base again.
func (s *offset) count(at *CountPosition) {
	at.Offset, at.Seen, at.Group = 0, 0, 0
	at.FirstValue, at.LastValue, at.LastKey, at.Look = "", "", "", ""
	at.Probe, at.More = false, false
}

// probed takes what lies behind the rows read.
func (s *offset) probed(c Cursor, p Page) (Verdict, error) {
	at := s.at(&c)
	known := 0
	if s.tail(at) {
		known = 1
	}
	last, err := s.value(at.LastValue)
	if err != nil {
		return Verdict{}, err
	}
	if at.Look != "" && s.clamped(at, last, p.Rows) {
		p.Rows = nil
	}
	at.Probe = false
	at.More = len(p.Rows) > known
	switch {
	case at.More:
		// These rows did not come with the ones before them, so nothing shows that none
		// was passed over: ask again with those.
		at.Look = ""
	case at.Look != "":
		return Verdict{Next: c}, nil
	case p.Total == at.Seen && len(p.Rows) == known && (known == 0 || !p.Rows[0].Value.Set || s.spec.Format.Compare(p.Rows[0].Value, last) == 0):
		return s.over(c)
	}
	// The count does not agree with itself. Where the page before comes as it was, its
	// count is believed no more: else the two could take turns for ever (P7).
	at.More = true
	return Verdict{Next: c, Restarted: true}, nil
}

// proven ends the sweep unless the API's own count contradicts (P8).
func (s *offset) proven(c Cursor, total, end int64) (Verdict, error) {
	if total >= 0 && total != end {
		return s.again(c, fmt.Sprintf("the API counts %d rows, but %d were read up to an empty page", total, end))
	}
	return s.over(c)
}

func (s *offset) over(c Cursor) (Verdict, error) {
	c.Unsorted = false
	err := s.end(&c)
	return Verdict{Next: c}, err
}

// again goes back to a place that is sure. Where rows beyond the base were read, that
// is their last value, counted from zero: the rows that share it come again and the window
// drops them. Where nothing was gained the sweep is read once more, then given up
// with a warning and a mark that stands before what could not be proven.
func (s *offset) again(c Cursor, why string) (Verdict, error) {
	sweep, at := c.Sweep, s.at(&c)
	gained, err := s.rebase(&c)
	if err != nil {
		return Verdict{}, err
	}
	counted := at.LastKey != ""
	if gained {
		sweep.Restarts, at.Settled = 0, false
	} else {
		sweep.Restarts++
	}
	if counted && sweep.Restarts > maxRestarts {
		return Verdict{}, fmt.Errorf("rows that share the value %q come in another order, or move, whenever they are counted, although the request "+
			"asks for order %s=%s: the last field of order_by must be unique, or the rows that share a value must fit into one page",
			at.FirstValue, s.spec.Params.OrderBy, s.spec.OrderBy)
	}
	s.count(at)
	if !counted && sweep.Restarts > 1 {
		v := Verdict{Restarted: true, Warning: why + " (twice); the sweep stops at " + strconv.Quote(sweep.Slice().After) + " and the next one goes on from there"}
		err := s.end(&c)
		v.Next = c
		return v, err
	}
	if !gained {
		err = s.lower(&c)
	}
	return Verdict{Next: c, Restarted: true}, err
}

// lower brings the window back to where it was at the base: rows counted from there may have
// raised it, and come again (rule 9). An end that they show again is no end of a busy source:
// they bring nothing newer.
func (s *offset) lower(c *Cursor) error {
	s.at(c).Busy = 0
	c.Window, c.ReadBack = c.Sweep.From, c.Sweep.ReadBack
	if c.Sweep.Slice().After == c.Sweep.From {
		return nil
	}
	after, err := s.value(c.Sweep.Slice().After)
	if err != nil {
		return err
	}
	return s.raise(c, after)
}

// rebase makes the last value read the base, where it lies beyond the present one.
func (s *offset) rebase(c *Cursor) (bool, error) {
	last, err := s.value(s.at(c).LastValue)
	if err != nil {
		return false, err
	}
	_, beyond, err := s.next(c, last, extent{})
	if err != nil || !beyond {
		return false, err
	}
	return true, s.passed(c, last, extent{})
}

// unsorted restarts from where the sweep was opened (rule 12); an API that does it
// again does not sort.
func (s *offset) unsorted(c Cursor, at int) (Verdict, error) {
	if c.Unsorted {
		return Verdict{}, fmt.Errorf("%s although the request asks for order %s=%s: "+
			"offset cannot read an API that does not sort; read this collection with timestamp", SaysOlder(at+1, "the page"), s.spec.Params.OrderBy, s.spec.OrderBy)
	}
	c.Unsorted = true
	return Verdict{Next: s.Rewind(c), Restarted: true}, nil
}
