package strategies

import "fmt"

// The configuration's word on the filter is tested by each value that is asked from and that
// was just read: its row has to come again (rule 20). Where it does not, it has changed, or
// the filter is strict, or compares more coarsely than rows are written. So the same place
// is asked for again from further back, and where the row is there, once more as before, to
// rule out that it came meanwhile. What is found out that way is kept in the cursor, and
// from then on each request begins as far below its value as that takes.
//
// A row that comes from nowhere is gone, and its value goes on to be asked from one granule
// below, for a row that gets it later would be passed by if the filter were strict. Each
// value is doubted once; the way back is bounded, so every sweep ends (P7).

// sight is what an answer shows of the row that has to come again.
type sight struct {
	shown bool // it, or another one at its value
	below bool // a row at or below the value asked from, where that lies below the row's
	near  bool // a row below its value, where it was asked from below
	equal bool // a row that shows the filter to be finer than it was found, or is doubted, to be
}

func (a sight) or(b sight) sight {
	return sight{a.shown || b.shown, a.below || b.below, a.near || b.near, a.equal || b.equal}
}

// learnt says whether requests begin lower than the configuration asks for.
func (k *core) learnt(c *Cursor) bool {
	return c.Filter != "" && c.Filter != FilterInclusive && (c.Filter != FilterStrict || !k.spec.Strict)
}

// sight looks for the expected row.
func (k *core) sight(c *Cursor, rows []Row) (out sight, err error) {
	s := c.Sweep
	learnt := k.learnt(c)
	if s.Expect == "" && !learnt {
		return out, nil
	}
	at, err := k.value(s.Expect)
	if err != nil {
		return out, err
	}
	after, err := k.value(s.Slice().After)
	if err != nil {
		return out, err
	}
	u := unitOf(c)
	if s.Doubt > 0 {
		u = unitAt(s.Doubt)
	}
	for i := range rows {
		v := &rows[i].Value
		if !v.Set {
			continue
		}
		if at.Set && k.spec.Format.compare(v, &at) == 0 {
			if out.shown = true; s.Doubt == 0 && !learnt {
				return out, nil
			}
		}
		out.equal = out.equal || after.Set && k.finer(u, learnt, v, &after)
		if !s.Confirm && at.Set && (s.Doubt > 0 || s.Back || learnt || k.spec.Strict) {
			out.below = out.below || s.Doubt > 0 && after.Set && k.spec.Format.compare(v, &after) <= 0
			out.near = out.near || k.spec.Format.compare(v, &at) < 0
		}
	}
	return out, nil
}

// expect notes that the next answer has to show the row at v again. A value whose row is
// known to be gone was doubted already.
func (k *core) expect(c *Cursor, v Value) error {
	s := c.Sweep
	s.settle()
	if gone, err := k.gone(c, v); err != nil || gone || !v.Set {
		return err
	}
	if s.Doubts >= maxDoubts {
		known, err := k.value(s.Doubted)
		if err != nil || k.spec.Format.Compare(v, known) <= 0 {
			return err
		}
	}
	layout, err := k.layout(c, v)
	if err == nil && k.further(c, layout, k.usual(c, v, layout)) > 0 {
		s.Expect = string(v.Raw)
	}
	return err
}

// settle says that no row is expected any more.
func (s *Sweep) settle() {
	s.Expect, s.Doubt, s.Confirm, s.Back, s.Rounds = "", 0, false, false, 0
}

// expectMark is expect for the mark at a sweep's opening, which may ask from further back.
func (k *core) expectMark(c *Cursor, mark Value) error {
	err := k.expect(c, mark)
	if s := c.Sweep; err == nil && s.Expect != "" && k.lookback > 0 {
		s.Back = true
		layout, err := k.layout(c, mark)
		if err != nil {
			return err
		}
		if k.further(c, layout, k.usual(c, mark, layout)) == 0 {
			s.settle() // far enough for any filter
		}
	}
	return err
}

// usual is how far below v the first request for its row begins.
func (k *core) usual(c *Cursor, v, layout Value) int64 {
	d := k.behind(c, v, layout)
	if !c.Sweep.Back {
		return d
	}
	if c.Filter == "" { // as careful does
		d = k.granule(layout)
	}
	return k.lookback.Microseconds() + d
}

// came forgets that the row at v was gone, where one at v has just been read. An opaque value goes
// on to be asked for with the text before it.
func (k *core) came(c *Cursor, v Value) error {
	gone, err := k.gone(c, v)
	if gone && k.spec.Format != Opaque {
		c.Gone = ""
	}
	return err
}

// gone reports whether the row at v was found not to come any more.
func (k *core) gone(c *Cursor, v Value) (bool, error) {
	gone, err := k.value(c.Gone)
	return gone.Set && v.Set && k.spec.Format.compare(&gone, &v) == 0, err
}

// doubt decides what an answer to a request by value says of the filter. again is true
// where the verdict is to ask once more; otherwise the answer is taken as it is.
func (k *core) doubt(c *Cursor, seen sight) (v Verdict, again bool, err error) {
	s := c.Sweep
	if seen.equal && k.learnt(c) {
		c.Filter = FilterInclusive // a lagging replica looked like the other
	}
	if s.Expect == "" {
		return v, false, nil
	}
	at, err := k.value(s.Expect)
	if err != nil {
		return v, false, err
	}
	layout, err := k.layout(c, at)
	if err != nil {
		return v, false, err
	}
	usual := k.usual(c, at, layout)
	switch {
	case s.Doubt == 0 && s.Slice().After != k.back(c, at, layout, usual):
		s.settle() // the sweep has gone back to another place
		return v, false, nil
	case seen.shown && (s.Doubt == 0 || s.Confirm):
		if s.Slice().After == s.Expect && c.Filter == "" {
			c.Filter = FilterInclusive
		}
		s.settle() // as believed; what was missed before came meanwhile
		return v, false, nil
	case s.Doubt == 0 && seen.near:
		s.settle() // what lets that row through would have brought this one: it is gone
		return v, false, nil
	case s.Confirm && k.spec.Format == Opaque && s.Doubt == 1:
		// It will be an error, so it has to happen twice: rows may come and go meanwhile.
		s.Confirm, s.Doubt, s.Slice().After = false, 2, s.Prior
	case s.Confirm:
		if v.Warning, err = k.learn(c, layout); err != nil {
			return Verdict{}, false, err
		}
		s.Slice().After = k.back(c, at, layout, s.Doubt)
		c.Gone = s.Expect // doubted once, whatever the answers to come say of the filter (P7)
		s.settle()
	case s.Doubt > 0 && unitAt(s.Doubt).n > micro && seen.equal:
		c.Gone = s.Expect // a lagging replica, for it is not the filter
		s.settle()
		return v, false, nil
	case seen.shown && unitAt(s.Doubt).n > micro && s.Rounds < maxRounds:
		// Requests that begin so far back cost much, and keyset may find no way on: the places
		// where the row did not come are asked for again.
		s.Rounds++
		s.Doubt, s.Slice().After = 0, k.back(c, at, layout, usual)
	case seen.shown:
		s.Confirm, s.Slice().After = true, k.back(c, at, layout, usual)
	case s.Doubt > 0 && (seen.below || seen.near):
		if c.Gone = s.Expect; seen.below && c.Filter == "" { // rows at the value asked from come
			c.Filter = FilterInclusive
		}
		s.settle()
		s.Slice().After = k.back(c, at, layout, k.behind(c, at, layout))
	default:
		d := k.further(c, layout, max(s.Doubt, usual))
		if d == 0 {
			c.Gone = s.Expect
			s.settle()
			return v, false, nil
		}
		if s.Doubt == 0 {
			if err := k.doubted(s, at); err != nil {
				return Verdict{}, false, err
			}
		}
		s.Doubt, s.Slice().After = d, k.back(c, at, layout, d)
	}
	if err := k.cover(c); err != nil {
		return Verdict{}, false, err
	}
	v.Next, v.Restarted = *c, true
	return v, true, nil
}

// maxRounds is how often a filter of minutes or days has to show itself once more before it
// is believed: a replica that lags looks like one for a while.
const maxRounds = 2

// maxDoubts is how many values a sweep doubts that are no greater than one it has doubted
// before: the way back from there leads past it again.
const maxDoubts = 3

// doubted notes that the row at v has not come.
func (k *core) doubted(s *Sweep, v Value) error {
	known, err := k.value(s.Doubted)
	if err != nil {
		return err
	}
	if s.Doubts++; !known.Set || k.spec.Format.Compare(v, known) > 0 {
		s.Doubted, s.Doubts = string(v.Raw), 0
	}
	return nil
}

// learn takes note of a filter that leaves out the value it is asked with, and says so.
func (k *core) learn(c *Cursor, layout Value) (string, error) {
	s := c.Sweep
	// The cursor stands at the value that was asked from last, in vain.
	what := fmt.Sprintf("asked from %q the API leaves out a row that was just read at %q, and asked from further back it shows it", s.Slice().After, s.Expect)
	if k.spec.Format == Opaque {
		return "", fmt.Errorf("%s: its filter (params.since) is > and not >=, and an opaque cursor cannot be asked for one step less, so rows that share "+
			"the last value of a page would be lost; give a filter that includes the value it is asked with, or another cursor_format", what)
	}
	if u := unitAt(s.Doubt); u.n > k.granule(layout) {
		c.Filter = u.filter
		return what + ": " + SaysFilter(u.filter) + "; each request begins " + u.step + " earlier from now on", nil
	}
	c.Filter = FilterStrict
	return what + ": " + SaysFilter(FilterStrict) + " as configured; each request begins one step earlier from now on (filter: strict)", nil
}

// cover brings the window down to what is asked for next, and the sweep's base with it: that
// one is no surer than the value that was doubted there.
func (k *core) cover(c *Cursor) error {
	s := c.Sweep
	after, err := k.value(s.Slice().After)
	if err != nil {
		return err
	}
	lower := func(text string) bool {
		v, err2 := k.value(text)
		if err == nil {
			err = err2
		}
		return v.Set && (!after.Set || k.spec.Format.Compare(after, v) < 0)
	}
	if lower(c.Window) {
		c.Window = s.Slice().After
	}
	if lower(s.From) {
		s.From = s.Slice().After
	}
	return err
}
