package strategies

import (
	"fmt"
	"time"
)

// maxRestarts is how often one sweep may go back without having gained anything before
// it is given up.
const maxRestarts = 3

// core is what the strategies that follow a cursor field share.
type core struct {
	spec     Spec
	first    Value         // the first mark
	lookback time.Duration // how far behind the mark a sweep begins
}

func newCore(spec Spec, back time.Duration) (core, error) {
	k := core{spec: spec, lookback: back}
	if back < 0 {
		return k, fmt.Errorf("looking back %v: must not be negative", back)
	}
	if back > 0 && !spec.Format.Temporal() {
		return k, fmt.Errorf("looking back %v: a cursor of format %s is no time", back, spec.Format)
	}
	if spec.Strict && spec.Format == Opaque {
		return k, fmt.Errorf("filter strict: an opaque cursor cannot be asked for one step less, so rows that share " +
			"the last value would be lost")
	}
	if spec.FirstMark != "" {
		v, err := spec.Format.ParseString(spec.FirstMark)
		if err != nil {
			return k, fmt.Errorf("first mark: %w", err)
		}
		k.first = v
	}
	return k, nil
}

// needs fails where the API has no place for what the strategy asks by.
func (k *core) needs(roles ...Role) error {
	for _, r := range roles {
		if k.spec.Params.Of(r) == "" {
			return fmt.Errorf("%s needs the name of a parameter (params.%s)", k.spec.Strategy, r)
		}
	}
	return nil
}

// Guess knows nothing: where each question takes its value from the page before, none can
// be asked ahead.
func (*core) Guess(c Cursor, _ int, _ int64) (Cursor, bool) { return c, false }

// open returns c with a new sweep that asks from behind the mark.
func (k *core) open(c Cursor) (Cursor, error) {
	c.Sweep = nil
	from, window := k.spec.FirstMark, k.spec.FirstMark
	var mark Value
	if c.Mark != "" {
		v, err := k.spec.Format.ParseString(c.Mark)
		if err != nil {
			return c, fmt.Errorf("reading the stored mark: %w", err)
		}
		mark = v
		if k.lookback > 0 {
			from, err = k.careful(&c, v, k.lookback)
		} else {
			from, err = k.ask(&c, v, 0)
		}
		if err != nil {
			return c, err
		}
		if window, err = k.reach(&c, v, k.lookback); err != nil {
			return c, err
		}
	}
	c.Sweep = newOpen(from, c)
	c.Window = window
	return c, k.expectMark(&c, mark)
}

// newOpen is a sweep that asks from a value.
func newOpen(from string, c Cursor) *Sweep {
	return &Sweep{From: from, Slices: Slices{{After: from}}, ReadBack: c.ReadBack, Observed: Observed{Prior: c.Prior}}
}

// ask is the text to ask with so that every row at v, and those up to back before it,
// come. It is v verbatim where the filter is inclusive, one granule less where it is
// strict (rule 14), and never below the first mark.
func (k *core) ask(c *Cursor, v Value, back time.Duration, near ...Value) (string, error) {
	layout, err := k.layout(c, v, near...)
	if err != nil {
		return "", err
	}
	return k.back(c, v, layout, back.Microseconds()+k.behind(c, v, layout)), nil
}

// next is what the sweep would ask with to go on behind a page that ends at v, and
// whether that leads beyond what it asked with for the page.
func (k *core) next(c *Cursor, v Value, e extent) (text string, beyond bool, err error) {
	after, err := k.value(c.Sweep.Slice().After)
	if err != nil || !v.Set {
		return c.Sweep.Slice().After, false, err
	}
	gone := c.Gone
	if err := k.came(c, v); err != nil {
		return "", false, err
	}
	text, err = k.ask(c, v, 0, e.fine)
	if c.Gone = gone; err != nil { // it is moved that forgets it, where the sweep goes on
		return "", false, err
	}
	next, err := k.value(text)
	if err != nil {
		return "", false, err
	}
	// An opaque value whose row is gone is asked for with the text that stood before it, which may be what was asked with
	// already, or none: no step beyond (P7).
	return text, text != c.Sweep.Slice().After && next.Set && (!after.Set || k.spec.Format.Compare(next, after) > 0), nil
}

// value parses text that the strategy itself wrote into the cursor; an empty one is
// unset.
func (k *core) value(text string) (Value, error) {
	if text == "" {
		return Value{}, nil
	}
	v, err := k.spec.Format.ParseString(text)
	if err != nil {
		return Value{}, fmt.Errorf("reading the stored cursor: %w", err)
	}
	return v, nil
}

// passed moves the sweep on to ask from v next, and the window with it.
func (k *core) passed(c *Cursor, v Value, e extent) error {
	text, _, err := k.next(c, v, e)
	if err != nil {
		return err
	}
	return k.moved(c, v, e, text)
}

// moved is passed where what next said of v is known.
func (k *core) moved(c *Cursor, v Value, e extent, text string) error {
	if err := k.came(c, v); err != nil {
		return err
	}
	if k.spec.Format == Opaque && text != c.Sweep.Slice().After {
		c.Sweep.Prior = c.Sweep.Slice().After
	}
	c.Sweep.Slice().After = text
	if err := k.expect(c, v); err != nil {
		return err
	}
	return k.raise(c, v, e.fine)
}

// raise brings the window up behind v: what lies further behind it, and behind the mark to
// come, than the next sweep looks back cannot come again.
func (k *core) raise(c *Cursor, v Value, near ...Value) error {
	high, err := k.value(c.Sweep.High)
	if err != nil || !high.Set {
		return err
	}
	if k.spec.Format.Compare(high, v) < 0 {
		v = high
	}
	now, err := k.value(c.Window)
	if err != nil {
		return err
	}
	text, err := k.reach(c, v, k.lookback, near...)
	if err != nil {
		return err
	}
	start, err := k.value(text)
	if err != nil {
		return err
	}
	if start.Set && (!now.Set || k.spec.Format.Compare(start, now) > 0) {
		c.Window = string(start.Raw)
	}
	return nil
}

// saw raises the greatest value read in the sweep that the mark may move to. A sweep that
// has gone on from one beyond the ceiling leaves a gap behind it, where rows may arrive
// unseen; then it raises nothing more (P2). passed is a value beside the one asked from that it has gone on from; empty: none.
func (k *core) saw(c *Cursor, v Value, passed string) (err error) {
	sweep := c.Sweep
	for _, gone := range [2]string{sweep.Slice().After, passed} {
		if gone == "" || gone == sweep.From || gone == sweep.High || gone == sweep.Ahead {
			continue
		}
		at, err := k.value(gone)
		if err != nil {
			return err
		}
		known, err := k.greatest(sweep.High, sweep.Ahead)
		if err != nil || !known.Set || k.spec.Format.Compare(at, known) > 0 {
			return err
		}
	}
	sweep.High, err = k.greater(sweep.High, v)
	return err
}

// greatest is the greater one of two stored values; unset where both are.
func (k *core) greatest(x, y string) (Value, error) {
	a, err := k.value(x)
	if err != nil {
		return a, err
	}
	b, err := k.value(y)
	if err != nil || b.Set && (!a.Set || k.spec.Format.Compare(b, a) > 0) {
		return b, err
	}
	return a, nil
}

// greater is the greater one of a stored value and v; either may be unset.
func (k *core) greater(text string, v Value) (string, error) {
	old, err := k.value(text)
	if err != nil || !v.Set || old.Set && k.spec.Format.Compare(v, old) <= 0 {
		return text, err
	}
	return string(v.Raw), nil
}

// end closes the sweep. The mark becomes the greatest value read, unless that is lower
// (P6).
func (k *core) end(c *Cursor) error {
	high, err := k.value(c.Sweep.High)
	if err != nil {
		return err
	}
	mark, err := k.value(c.Mark)
	if err != nil {
		return err
	}
	if high.Set && (!mark.Set || k.spec.Format.Compare(high, mark) > 0) {
		c.Mark = string(high.Raw)
	}
	if doubted := c.Sweep.Doubted; doubted != "" && doubted == c.Mark {
		c.Gone = doubted // whatever came of it: each sweep would doubt it again
	}
	if k.spec.Format == Opaque {
		if c.Prior = c.Sweep.Slice().After; c.Prior == c.Mark {
			c.Prior = c.Sweep.Prior
		}
	}
	c.Sweep = nil
	return nil
}

// rewind sends the sweep back to where it was opened, window and all. A mark that it was
// opened with was looked for when the sweep came by, and is as sure as it can be.
func (k *core) rewind(c Cursor) Cursor {
	s := c.Sweep
	c.Window, c.ReadBack = s.From, s.ReadBack
	c.Sweep = newOpen(s.From, c)
	c.Sweep.High, c.Sweep.Pages, c.Sweep.Restarts = s.High, s.Pages, s.Restarts+1
	return c
}

// extent is what Fold needs to know of a page's cursor values.
type extent struct {
	first, last, max Value // over the rows that have a value; unset where none has
	high             Value // the greatest up to the page's ceiling
	fine             Value // one written in the finest layout, where requests need it (rule 14)
	sorted           bool  // ascending, ties allowed
	at               int   // the first row that breaks the order, where not sorted
}

func (k *core) extent(rows []Row, ceiling Value) extent {
	e := k.order(rows)
	if e.high = e.max; ceiling.Set && e.max.Set && k.spec.Format.Compare(e.max, ceiling) > 0 {
		e.high = Value{}
		for i := range rows {
			v := rows[i].Value
			if v.Set && k.spec.Format.Compare(v, ceiling) <= 0 && (!e.high.Set || k.spec.Format.Compare(v, e.high) > 0) {
				e.high = v
			}
		}
	}
	return e
}

func (k *core) order(rows []Row) extent {
	e := extent{sorted: true}
	trimmed := k.spec.Format.varies()
	var first, last, greatest *Value
	for i := range rows {
		v := &rows[i].Value
		if !v.Set { // a row that cannot be written has its place in the order all the same
			continue
		}
		if trimmed && !alike(k.spec.Format, v.Raw, e.fine.Raw) {
			e.fine = k.spec.Format.finer(*v, e.fine)
		}
		if first == nil {
			first, last, greatest = v, v, v
			continue
		}
		switch d := k.spec.Format.compare(v, last); {
		case d < 0:
			if e.sorted {
				e.sorted, e.at = false, i
			}
		case d > 0:
			if e.sorted || k.spec.Format.compare(v, greatest) > 0 {
				greatest = v
			}
		}
		last = v
	}
	if first != nil {
		e.first, e.last, e.max = *first, *last, *greatest
	}
	return e
}
