package strategies

import (
	"fmt"
	"strings"
	"testing"
)

// observing is an API of rows that stand still, whose filter is what the test says.
type observing struct {
	spec  Spec
	rows  []Row
	keeps func(row, since Value) bool
	cap   int
	asked []string
}

// sweep reads until the sweep ends, and returns the rows that were delivered.
func (o *observing) sweep(t *testing.T, s Strategy, c Cursor) (Cursor, string, error) {
	t.Helper()
	whole := c.Mark == ""
	c = expecting(t, s, c)
	seen, warned := map[string]bool{}, ""
	o.asked = nil
	for n := 0; c.Sweep != nil; n++ {
		if n > 60 {
			t.Fatalf("no end: %s", show(c))
		}
		q := s.Query(c)
		o.asked = append(o.asked, asked(q))
		p := Page{Total: -1, Token: noToken}
		var since Value
		offset := 0
		for _, par := range q.Params {
			switch par.Role {
			case RoleSince:
				since = mustParse(t, o.spec.Format, par.Value)
			case RoleOffset:
				fmt.Sscan(par.Value, &offset) //nolint:errcheck // digits
			case RoleToken:
				fmt.Sscan(par.Value, &offset) //nolint:errcheck // digits
			}
		}
		for _, r := range o.rows {
			if !since.Set || o.keeps(r.Value, since) {
				p.Rows = append(p.Rows, r)
			}
		}
		p.Rows = p.Rows[min(offset, len(p.Rows)):]
		if o.cap > 0 && len(p.Rows) > o.cap {
			p.Rows, p.Token = p.Rows[:o.cap], token(fmt.Sprint(offset+o.cap))
		}
		v, err := s.Fold(c, p)
		if err != nil {
			return c, warned, err
		}
		if c = v.Next; v.Warning != "" {
			warned += v.Warning
		}
		if !v.Restarted {
			for _, r := range p.Rows {
				seen[string(r.Key)] = true
			}
		}
	}
	if len(seen) < len(o.rows) && whole {
		t.Errorf("%d of %d rows came", len(seen), len(o.rows))
	}
	return c, warned, nil
}

func eachByValue(t *testing.T, test func(t *testing.T, spec Spec)) {
	for _, name := range []string{Keyset, Offset, Timestamp, Replay} {
		t.Run(name, func(t *testing.T) {
			spec := playgroundSpec(name)
			spec.FirstMark, spec.Buffer, spec.PageSize = "", 0, 3
			if name == Timestamp || name == Replay {
				spec.PageSize = 0
			}
			test(t, spec)
		})
	}
}

func greater(row, since Value) bool { return row.Compare(since) > 0 }

// A filter that is strict though the configuration does not say so is found out at the first
// seam, said once, kept in the cursor and kept to; no tie is passed by (issue: 3 of 170).
func TestStrictFilterIsFoundOut(t *testing.T) {
	eachByValue(t, func(t *testing.T, spec Spec) {
		s := mustNew(t, spec)
		api := &observing{spec: spec, keeps: greater, cap: 3}
		if spec.PageSize == 0 {
			api.cap = 0
		}
		api.rows = seconds(t, 1, 2, 3, 3, 4, 5, 5, 6)
		c, warned, err := api.sweep(t, s, Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		if c.Filter != FilterStrict || strings.Count(warned, "filter: strict") != 1 {
			t.Errorf("filter %q, said %q", c.Filter, warned)
		}
		// A row that gets the mark's value later comes.
		api.rows = append(api.rows, rowsOf(t, RFC3339, "late@"+at(6))...)
		c2, warned, err := api.sweep(t, s, c)
		if err != nil || warned != "" || len(api.asked) == 0 || !strings.Contains(api.asked[0], at(5)) {
			t.Errorf("asks %v, %q, %v", api.asked, warned, err)
		}
		if c2.Filter != FilterStrict || c2.Mark != at(6) {
			t.Error(show(c2))
		}
	})
}

// The row at the mark has gone: asked once more from further back, no evidence and no word;
// and its value is asked from one step below from then on, once a poll.
func TestRowThatIsGone(t *testing.T) {
	eachByValue(t, func(t *testing.T, spec Spec) {
		for name, keeps := range map[string]func(row, since Value) bool{
			"inclusive": func(row, since Value) bool { return row.Compare(since) >= 0 }, "strict": greater,
		} {
			s := mustNew(t, spec)
			api := &observing{spec: spec, keeps: keeps, cap: 3}
			c, warned, err := api.sweep(t, s, Cursor{Mark: at(9)})
			if err != nil || warned != "" || c.Filter != "" || c.Gone != at(9) || c.Mark != at(9) || len(api.asked) != 4 {
				t.Fatalf("%s: asks %v, %q, %v, %s", name, api.asked, warned, err, show(c))
			}
			c, _, err = api.sweep(t, s, c)
			if err != nil || len(api.asked) != 1 || !strings.Contains(api.asked[0], at(8)) {
				t.Errorf("%s: then asks %v, %v", name, api.asked, err)
			}
			api.rows = rowsOf(t, RFC3339, "late@"+at(9))
			if c, _, err = api.sweep(t, s, c); err != nil || c.Mark != at(9) {
				t.Errorf("%s: %v, %s", name, err, show(c))
			}
			if name == "inclusive" { // the row before shows that the filter is so
				api.rows = seconds(t, 8)
				c, warned, err = api.sweep(t, s, Cursor{Mark: at(9)})
				if err != nil || warned != "" || c.Filter != FilterInclusive {
					t.Errorf("%v, %q, %s", err, warned, show(c))
				}
			}
		}
	})
}

// A row that comes between the two questions looks like a strict filter; the third shows it.
func TestRowThatComesMeanwhile(t *testing.T) {
	s := mustNew(t, playgroundSpec(Timestamp))
	c := expecting(t, s, Cursor{Mark: at(9)})
	v := fold(t, s, c, Page{})
	wantQuery(t, s, v.Next, "since="+at(8))
	v = fold(t, s, v.Next, Page{Rows: seconds(t, 9)})
	wantQuery(t, s, v.Next, "since="+at(9)) // once more as before
	v = fold(t, s, v.Next, Page{Rows: seconds(t, 9)})
	wantEnd(t, v, at(9))
	if v.Next.Filter != FilterInclusive || v.Warning != "" {
		t.Error(show(v.Next))
	}
}

// A lagging replica makes an inclusive filter look strict; a row at the very value asked from
// takes that back, so that ties of two values need not fit into a page for ever.
func TestStrictFilterIsTakenBack(t *testing.T) {
	s := mustNew(t, playgroundSpec(Keyset))
	c := expecting(t, s, Cursor{Mark: at(9), Filter: FilterStrict})
	wantQuery(t, s, c, "since="+at(8))
	v := fold(t, s, c, Page{Rows: seconds(t, 8, 8, 9), Token: token("a")})
	if v.Next.Filter != FilterInclusive || v.Warning != "" {
		t.Error(show(v.Next))
	}
	wantQuery(t, s, v.Next, "since="+at(9))
}

// An opaque value cannot be asked for one step less: the cause is named, and nothing passed by.
func TestOpaqueStrictFilterIsNamed(t *testing.T) {
	eachByValue(t, func(t *testing.T, spec Spec) {
		if spec.Strategy == Replay {
			return
		}
		spec.Format = Opaque
		s := mustNew(t, spec)
		api := &observing{spec: spec, cap: 3, keeps: func(row, since Value) bool { return Opaque.Compare(row, since) > 0 }}
		if spec.PageSize == 0 {
			api.cap = 0
		}
		api.rows = rowsOf(t, Opaque, "a@r1", "b@r2", "c@r3", "d@r3", "e@r4")
		c, _, err := api.sweep(t, s, Cursor{})
		if err == nil || !strings.Contains(err.Error(), "params.since") || !strings.Contains(err.Error(), "opaque") || c.Mark != "" {
			t.Errorf("%v, %s", err, show(c))
		}
		// By token the sweep as a whole has to show the mark's row.
		if spec.Strategy == Keyset {
			c, _, err = api.sweep(t, s, Cursor{Mark: "r3", Unsorted: true})
			if err == nil || !strings.Contains(err.Error(), "opaque") {
				t.Errorf("%v, %s", err, show(c))
			}
		}
		api.keeps = func(row, since Value) bool { return Opaque.Compare(row, since) >= 0 }
		if c, _, err = api.sweep(t, s, Cursor{}); err != nil || c.Mark != "r4" {
			t.Errorf("inclusive: %v, %s", err, show(c))
		}
	})
}

// An answer that is taken in pieces shows the row in any of them.
func TestPiecesShowTheRow(t *testing.T) {
	s := mustNew(t, playgroundSpec(Timestamp))
	c := expecting(t, s, Cursor{Mark: at(9)})
	first := fold(t, s, c, Page{Rows: seconds(t, 12, 9), Cut: true})
	v := fold(t, s, first.Next, Page{Rows: seconds(t, 11), Continued: true})
	wantQuery(t, s, v.Next, "since="+at(12))
	first = fold(t, s, c, Page{Rows: seconds(t, 12, 10), Cut: true})
	v = fold(t, s, first.Next, Page{Rows: seconds(t, 11), Continued: true})
	wantQuery(t, s, v.Next, "since="+at(8))
	if !v.Restarted || position[AnswerPosition](v.Next.Sweep).Part != nil {
		t.Error(show(v.Next))
	}
}

// An answer in pieces that is doubted at its end has raised nothing: asked from below, a
// short answer would else leave rows behind the mark.
func TestPiecesOfADoubtedAnswer(t *testing.T) {
	s := mustNew(t, playgroundSpec(Timestamp)) // of an API whose filter is strict
	c := expecting(t, s, Cursor{Mark: at(9)})
	first := fold(t, s, c, Page{Rows: seconds(t, 15), Cut: true})
	v := fold(t, s, first.Next, Page{Rows: seconds(t, 19), Continued: true})
	wantQuery(t, s, v.Next, "since="+at(8))
	if high := v.Next.Sweep.High; high != "" {
		t.Errorf("the greatest value read is %q", high)
	}
	// One that is believed raises it at its end, whichever piece had the greatest value.
	first = fold(t, s, c, Page{Rows: seconds(t, 9, 12), Cut: true})
	if high := first.Next.Sweep.High; high != "" {
		t.Errorf("before its end: %q", high)
	}
	v = fold(t, s, first.Next, Page{Rows: rowsOf(t, RFC3339, "x@"), Continued: true})
	if high := v.Next.Sweep.High; high != at(12) {
		t.Errorf("at its end: %q", high)
	}
}

// An API that ignores the filter gives page one again and again: the cause is the filter, not
// the order, and its pages are read by token.
func TestKeysetNoticesAFilterThatIsIgnored(t *testing.T) {
	spec := playgroundSpec(Keyset)
	s := mustNew(t, spec)
	one := Page{Rows: seconds(t, 1, 2, 3), Token: token("a")}
	c := fold(t, s, begin(t, s, Cursor{}), one).Next
	wantQuery(t, s, c, "since="+at(3))
	v := fold(t, s, c, one)
	if !v.Restarted || !strings.Contains(v.Warning, "does not honour the parameter updated_since") || strings.Contains(v.Warning, "sort") {
		t.Fatalf("%+v", v)
	}
	c = fold(t, s, v.Next, one).Next
	wantQuery(t, s, c, "token=a")
	// Nor does it heal: its rows come from below what was asked for.
	v = fold(t, s, c, Page{Rows: seconds(t, 4, 5), Token: noToken})
	c = fold(t, s, begin(t, s, v.Next), Page{Rows: seconds(t, 1, 2, 3), Token: token("a")}).Next
	if position[ValuePosition](c.Sweep).Rises != -1 {
		t.Error(show(c))
	}
	spec.Params.Token = ""
	s = mustNew(t, spec)
	c = fold(t, s, begin(t, s, Cursor{}), one).Next
	refused(t, s, c, one, "does not honour the parameter updated_since", "params.token")
}

// A token goes with what its pages were asked from.
func TestKeysetRepeatsTheBound(t *testing.T) {
	spec := playgroundSpec(Keyset)
	spec.Repeat = true
	s := mustNew(t, spec)
	c := fold(t, s, begin(t, s, Cursor{Mark: at(1)}), Page{Rows: seconds(t, 9, 8), Token: token("a")}).Next
	wantQuery(t, s, c, "since="+at(1)+"&token=a")
	c = fold(t, s, c, Page{Rows: seconds(t, 7, 12), Token: token("b")}).Next
	wantQuery(t, s, c, "since="+at(1)+"&token=b")

	// One deletion: the page before said that there is more, and asked from its last value there is
	// none. Its token is asked with the page's own bound, so what it leads to compares.
	c = fold(t, s, begin(t, s, Cursor{Mark: at(1)}), Page{Rows: seconds(t, 1, 2, 3), Token: token("a")}).Next
	c = fold(t, s, c, Page{Rows: seconds(t, 3), Token: noToken}).Next
	wantQuery(t, s, c, "since="+at(1)+"&token=a")
	c = fold(t, s, c, Page{Token: noToken}).Next
	wantQuery(t, s, c, "since="+at(3))
	v := fold(t, s, c, Page{Rows: seconds(t, 3), Token: noToken})
	wantEnd(t, v, at(3))
	if v.Next.Unsorted {
		t.Error("one deletion makes the API unsorted")
	}
}

// A whole sweep by token that was in order lets the next one go by value again; a short one, one
// that fell, and one that went back do not.
func TestKeysetUnsortedHeals(t *testing.T) {
	spec := playgroundSpec(Keyset)
	s := mustNew(t, spec)
	sweep := func(pages ...[]int) Cursor {
		c := begin(t, s, Cursor{Mark: at(0), Unsorted: true})
		for i, ns := range pages {
			tk := token(fmt.Sprint("t", i))
			if i == len(pages)-1 {
				tk = noToken
			}
			c = fold(t, s, c, Page{Rows: seconds(t, ns...), Token: tk}).Next
		}
		return c
	}
	good := [][]int{{0, 1, 2, 3, 4, 5, 6}, {6, 7, 8, 9, 10, 11}, {12, 13, 14, 15, 16}}
	c := sweep(good...)
	if c.Unsorted || c.Mark != at(6) || c.Reached != at(16) {
		t.Fatal(show(c))
	}
	c = begin(t, s, c)
	c = fold(t, s, c, Page{Rows: seconds(t, 6, 7, 8), Token: token("x")}).Next
	wantQuery(t, s, c, "since="+at(8))
	for name, pages := range map[string][][]int{
		"too short":      {{0, 1, 2}, {3, 4}, {5}},
		"two pages":      {good[0], {7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}},
		"falls":          {good[0], {6, 7, 9, 8, 10, 11}, good[2]},
		"pages fall":     {good[0], good[2], good[1]},
		"from below":     {{-1, 1, 2, 3, 4, 5, 6}, good[1], good[2]},
		"one value long": {{0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}},
	} {
		if c := sweep(pages...); !c.Unsorted {
			t.Errorf("%s: taken for sorted", name)
		}
	}
	spec.Unsorted = true
	s = mustNew(t, spec)
	c = begin(t, s, sweep(good...))
	c = fold(t, s, c, Page{Rows: seconds(t, 6, 7, 8), Token: token("x")}).Next
	wantQuery(t, s, c, "token=x") // as configured
}

// What was learnt of one endpoint says nothing of another.
func TestAdoptForgetsTheFilter(t *testing.T) {
	c, err := Adopt(Cursor{Version: 1, Strategy: Keyset, Fingerprint: "f", Mark: at(1), Filter: FilterStrict, Gone: at(1), Prior: at(0)}, "s", Timestamp, "f", nil)
	if err != nil || c.Filter != "" || c.Gone != "" || c.Prior != "" || c.Mark != at(1) {
		t.Errorf("%v, %s", err, show(c))
	}
}

// An opaque value whose row is gone is asked for with the text before it. Where that is what
// was asked with already, a row at the value is no step beyond, or the sweep would ask the
// same for ever (P7).
func TestOpaqueValueThatIsGoneIsNoStep(t *testing.T) {
	spec := playgroundSpec(Timestamp)
	spec.Format, spec.FirstMark = Opaque, ""
	s := mustNew(t, spec)
	c := Cursor{Mark: "r1", Gone: "r1", Sweep: &Sweep{High: "r1"}}
	wantEnd(t, fold(t, s, c, Page{Rows: rowsOf(t, Opaque, "a@r1"), Total: -1}), "r1")
}

// A value whose row is gone, and that comes back before anything was asked for in this sweep, is asked for with nothing: to
// go on from there would be to read all of it again, below the window (rule 9; a law found it).
func TestNoStepBackToNothing(t *testing.T) {
	k, err := newCore(Spec{Strategy: Offset, Format: Opaque}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []string{"", "a", "revision-5"} {
		c := Cursor{Gone: "revision-6", Window: after}
		c.Sweep = newOpen(after, c)
		c.Sweep.High = "revision-6"
		text, beyond, err := k.next(&c, mustParse(t, Opaque, "revision-6"), extent{})
		if text != "" || beyond || err != nil {
			t.Errorf("asked from %q: on from %q, beyond: %v, %v", after, text, beyond, err)
		}
		if err := k.raise(&c, mustParse(t, Opaque, "revision-6")); err != nil || c.Window != after {
			t.Errorf("asked from %q: the window is %q, %v", after, c.Window, err)
		}
	}
}
