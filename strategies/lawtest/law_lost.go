package lawtest

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// nothingIsLost is P2, under every kind of change between the pages: a row that stood unchanged
// through a sweep that ended in order is in the topic. With crashes at any page and
// transactions of any size; P3, P4, P6 and P7 are checked at every step by the reader.
func nothingIsLost(t *T, strategy, pager string) {
	c := draw(t, strategy, pager)
	late := rapid.SampledFrom([]int64{0, 0, c.Back, 9}).Draw(t.T, "late")
	r := NewReader(c.Strategy, c.Source)
	now := t.times(30, 2, "change")
	r.Before = func(strategies.Cursor) {
		for now() {
			c.Source.Change(t.T, late)
		}
	}
	r.Crash, r.Refuse = t.times(4, 3, "crash"), t.times(3, 3, "refuse")
	r.Commit = func() bool { return rapid.Bool().Draw(t.T, "commit") }
	sound := true
	for range rapid.IntRange(1, 4).Draw(t.T, "sweeps") {
		before := slices.Clone(c.Source.Rows)
		mark := r.Cursor().Mark
		out, err := r.Sweep(t, 2000)
		if err != nil {
			return // named, and the cursor stands where it stood
		}
		if !c.provable(out, false) {
			sound = false
			continue
		}
		if mark != "" {
			c.beginsLow(t, mark, out.From)
		}
		stood := slices.DeleteFunc(before, func(row Row) bool {
			return !slices.Contains(c.Source.Rows, row) || !c.reaches(out.From, row)
		})
		if lost := r.Missing(stood); len(lost) > 0 {
			t.Fatalf("lost (P2): %v\n%s", lost, r.Trail())
		}
	}
	// Without late rows a quiet sweep brings the topic level with the API.
	if late > 0 || !sound {
		return
	}
	r.Before, r.Crash = func(strategies.Cursor) {}, func() bool { return false }
	out, err := r.Sweep(t, 2000)
	if err != nil || !c.provable(out, true) {
		return
	}
	if lost := r.Missing(c.reachable()); len(lost) > 0 {
		t.Fatalf("never delivered (P2): %v\n%s", lost, r.Trail())
	}
}

// provable says whether what the sweep saw lets it prove its end. An unsorted API whose
// cut answers all happen to look sorted cannot be told from a sorted one, nor can one that
// leaves out nothing but its oldest rows be told from one that has no more.
func (c *Case) provable(out Outcome, still bool) bool {
	switch {
	case len(out.Said) > 0:
		return false
	case c.Source.Order == Ascending, c.traits.Whole:
		return !c.Source.Blind
	case c.traits.ByValue:
		return out.ByToken || still && c.Source.Order == Descending
	case c.traits.Counts:
		// The order is asked for by name, so a shift is taken for a shift.
		return still && !c.Source.Chance
	}
	return true
}

// reaches reports whether a sweep opened with from has to return the row.
func (c *Case) reaches(from string, row Row) bool {
	if c.traits.ByID && (row.N > c.Spec.MaxID || row.N < c.Spec.InitialID) {
		return false
	}
	if from == "" {
		return true
	}
	low, err := c.Spec.Format.ParseString(from)
	if err != nil {
		panic(err)
	}
	d := c.Spec.Format.Compare(c.Source.Value(row.N), low)
	return d > 0 || d == 0 && !c.Source.Strict
}

// reachable are the rows that a first sweep has to return.
func (c *Case) reachable() []Row {
	return slices.DeleteFunc(slices.Clone(c.Source.Rows), func(row Row) bool { return !c.reaches("", row) })
}

// beginsLow checks that a sweep begins low enough: rows at the mark and those that it looks back for must come.
func (c *Case) beginsLow(t *T, mark, from string) {
	if c.traits.ByID || from == "" {
		return
	}
	f := c.Spec.Format
	low, err1 := f.ParseString(from)
	at, err2 := f.ParseString(mark)
	distance := c.Back * 1e6
	d, below := at.N-low.N, int(at.Sub)-int(low.Sub)
	if err1 != nil || err2 != nil || f != strategies.Opaque && (d < distance || c.Spec.Strict && d == distance && below <= 0) {
		t.Fatalf("mark %q, looking back %d s, the sweep asks from %q", mark, c.Back, from)
	}
}

// nothingIsLostByPager is P2 for lists in any order, whatever is inserted, changed and deleted while one is read:
// at each sweep's end all rows below the mark were delivered as they are, and when the list has come to rest all
// rows are.
func nothingIsLostByPager(t *T, strategy, pager string) {
	c := draw(t, strategy, pager)
	r := NewReader(c.Strategy, c.Source)
	r.Crash = func() bool { return rapid.IntRange(0, 9).Draw(t.T, "crash") == 0 }
	r.Commit = func() bool { return rapid.Bool().Draw(t.T, "commit") }
	r.Omit = func() bool { return rapid.IntRange(0, 9).Draw(t.T, "omits") == 0 }
	for range rapid.IntRange(1, 5).Draw(t.T, "sweeps") {
		quiet := rapid.Bool().Draw(t.T, "quiet")
		r.Before = func(strategies.Cursor) {
			if !quiet && rapid.IntRange(0, 2).Draw(t.T, "changes") == 0 {
				c.Source.Change(t.T, 0)
			}
		}
		out, err := r.Sweep(t, 4000)
		switch {
		case c.excused(err, quiet):
			return
		case err != nil:
			t.Fatalf("%v\n%s", err, r.Trail())
		}
		c.Source.Parents.ended(out.Said)
		if lost := r.Missing(c.behind(r.Cursor().Mark)); len(lost) > 0 {
			t.Fatalf("behind the mark %s and not delivered (P2): %v\n%s", r.Cursor().Mark, lost, r.Trail())
		}
		r.note("-- mark %s", r.Cursor().Mark)
		for range rapid.IntRange(0, 3).Draw(t.T, "between") {
			c.Source.Change(t.T, 0)
		}
	}
	if !c.rest(t, r) {
		return
	}
	if lost := r.Missing(c.shown()); len(lost) > 0 {
		t.Fatalf("at rest, and not delivered (P2): %v, mark %s\n%s", lost, r.Cursor().Mark, r.Trail())
	}
}

// excused reports whether an error is the only way that an API leaves a list to be read by a pager.
func (c *Case) excused(err error, quiet bool) bool {
	switch {
	case err == nil:
		return false
	case c.Spec.Pager == strategies.Unpaged && c.Source.Cap > 0: // and yet there are pages
		return strings.Contains(err.Error(), "no pages are configured")
	}
	// Each page was moved by just a page: whether the API reads its number cannot be told.
	return !quiet && strings.Contains(err.Error(), "times in a row")
}

// behind are the rows below a mark, of parents whose rows were read.
func (c *Case) behind(mark string) []Row {
	if mark == "" || c.traits.All {
		return nil
	}
	f := c.Spec.Format
	at, err := f.ParseString(mark)
	if err != nil {
		panic(err)
	}
	return slices.DeleteFunc(slices.Clone(c.Source.Rows), func(row Row) bool {
		return f.Compare(c.Source.Value(row.N), at) >= 0 || c.Source.ReadBy && c.Source.Parents.all[row.Slice].unread
	})
}

// shown are the rows that a sweep can show.
func (c *Case) shown() []Row {
	return slices.DeleteFunc(slices.Clone(c.Source.Rows), func(row Row) bool {
		return c.Source.ReadBy && !c.Source.Parents.shown(row.Slice)
	})
}

// rest reads a list at rest until its mark has come to rest, too; false: the API does not let it.
func (c *Case) rest(t *T, r *Reader) bool {
	c.Source.Idle = 60 // past every lag and skew
	r.Before, r.Crash, r.Omit = func(strategies.Cursor) {}, func() bool { return false }, func() bool { return false }
	for range 3 {
		switch _, err := r.Sweep(t, c.most()); {
		case c.excused(err, true):
			return false
		case err != nil:
			t.Fatalf("%v\n%s", err, r.Trail())
		}
	}
	return true
}
