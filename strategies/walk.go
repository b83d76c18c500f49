package strategies

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/zeebo/xxh3"
)

// walk is what the strategies share that read their pages by a pager, in whatever order the
// API gives them: snapshot, sweep, feed and window.
//
// A pager whose pages shift, by number or by offset, may pass a row by that another one's coming
// or going has moved to a page that was read. A strategy whose mark would rise over such a row
// reads the list again until two passes, one behind the other, showed the same rows. A list of one
// page is read in one answer, and need not be.
type walk struct {
	core
	pager  pager
	shifts bool
	of     *parents // the slices of the sweep; nil: it has none
}

// Verified makes the open sweep one whose end proves that each row was shown which was there all the
// time, as a scan for deleted rows needs it (P9). By token a row that changes may move to where the
// reader has been, and be in none of the pages.
func Verified(c Cursor) Cursor {
	if c.Sweep != nil && TraitsOf(c.Strategy).Walks {
		c = c.clone()
		c.Sweep.Sure = true
	}
	return c
}

// mostPasses is how often a list that moves is read for two passes to agree.
const mostPasses = 5

func newWalk(spec Spec, core core) (walk, error) {
	pager, kind, err := newPager(spec)
	return walk{core: core, pager: pager, shifts: kind.shifts}, err
}

// question is the page that the sweep stands before. Where a page's token or URL leads on, the
// bounds are repeated only if the configuration says so.
func (w *walk) question(c Cursor, bounds ...Param) Query {
	slice := c.Sweep.Slice()
	at := slice.Position
	var q Query
	if _, token := at.(*TokenPosition); !token || w.spec.Repeat {
		for _, b := range bounds {
			if b.Value != "" && w.spec.Params.Of(b.Role) != "" {
				q.Params = append(q.Params, b)
			}
		}
	}
	if n := len(w.spec.Values); n > 0 {
		q.Params = append(q.Params, Param{RoleEach, w.spec.Values[min(slice.Value, n-1)]})
	}
	if w.of != nil {
		q.Params = append(q.Params, Param{RoleSlice, w.of.keys[w.place(c)]})
	}
	w.pager.ask(at, &q)
	if n := w.limit(c); n > 0 && !linksTo(q) {
		q.Params = append(q.Params, Param{RoleLimit, strconv.Itoa(n)})
	}
	return q
}

// limit is how many rows a request asks for; 0: it does not say.
func (w *walk) limit(c Cursor) int {
	switch {
	case w.spec.Params.Limit == "":
		return 0
	case c.PageLimit > 1:
		return min(w.spec.PageSize, c.PageLimit)
	}
	return w.spec.PageSize
}

// relimit takes note of another page size: pages by number are other ones then.
func (w *walk) relimit(c Cursor) Cursor {
	if c.Sweep == nil {
		return c
	}
	if _, number := c.Sweep.Slice().Position.(*NumberPosition); number {
		c = c.clone()
		c.Sweep.Slice().restart()
	}
	return c
}

// linksTo reports whether the question is a URL of the API's own, which has everything in it.
func linksTo(q Query) bool {
	return len(q.Params) > 0 && q.Params[len(q.Params)-1].Role == RoleLink
}

// turned is what a page makes of a sweep that is read by a pager.
type turned struct {
	done    bool // the list has been read; the sweep is the caller's to end
	lost    bool // it moves faster than it can be read
	again   bool // it is read once more from its first page
	warning string
}

// verdict is that of a page behind which the sweep stands as c has it.
func (t turned) verdict(c Cursor) Verdict {
	return Verdict{Next: c, Restarted: t.again, Warning: t.warning}
}

// turn folds a page: it moves the sweep to the next one. A list that moves faster than it can be read ends
// it: its rows are delivered, and the mark stays.
func (w *walk) turn(c *Cursor, p *Page, marked bool) (t turned, err error) {
	s := c.Sweep
	s.Pages++
	c.Longest = max(c.Longest, len(p.Rows))
	at := s.Slice()
	at.Begun = w.of != nil
	p.asked = w.limit(*c)
	m := move{end: true}
	if !p.last {
		if m, err = w.pager.step(at.Position, p); err != nil {
			return t, err
		}
	}
	at.Pages++
	agree := s.Sure || marked && w.shifts
	if agree {
		for i := range p.Rows {
			at.Pass.addVersion(&p.Rows[i])
		}
	}
	switch {
	case m.lacks != "":
		s.Restarts++
		if s.Restarts > maxRestarts {
			return t, errors.New(m.lacks)
		}
		at.restart()
		return turned{again: true}, nil
	case !m.end:
		at.Pager, at.Position = w.spec.Pager, m.to
		return turned{warning: m.warning}, nil
	case agree && at.Pages > 1 && (at.Before == nil || *at.Before != at.Pass):
		if at.Passes++; at.Passes >= mostPasses {
			return w.gaveUp(c), nil
		}
		before := at.Pass
		at.Before = &before
		at.restart()
		return turned{again: true, warning: m.warning}, nil
	case at.Value+1 < len(w.spec.Values):
		at.next(at.Value + 1)
		return turned{warning: m.warning}, nil
	}
	return turned{done: true, warning: m.warning}, nil
}

// gaveUp leaves a list that moves faster than it can be read. Of several slices it is one only, whose parent counts as new
// in the next sweep; a scan for deleted rows needs all of them.
func (w *walk) gaveUp(c *Cursor) turned {
	if w.of == nil || c.Sweep.Sure {
		c.Sweep = nil
		return turned{warning: moves}
	}
	return turned{done: true, lost: true, warning: fmt.Sprintf("the rows of %q: ", c.Sweep.Slice().Parent) + moves}
}

// next goes to the first page of another slice.
func (s *Slice) next(value int) {
	s.restart()
	s.Value, s.Before, s.Passes = value, nil, 0
}

// start reports whether nothing of the collection has been read, in this pass.
func (s *Slice) start() bool { return s.Value == 0 && !s.Begun && s.Position == nil }

// restart goes back to the slice's first page.
func (s *Slice) restart() { s.Pager, s.Position, s.Pages, s.Pass = "", nil, 0, Digest{} }

// moves says that a list moves faster than it can be read.
var moves = fmt.Sprintf("%d passes over the list, one behind the other, showed different rows: it changes faster than it can be read by page, so "+
	"the mark stays where it is; read it by token, by value (keyset, offset) or in smaller spans", mostPasses)

// addVersion adds a version of a row: its key with what it says.
func (d *Digest) addVersion(r *Row) {
	d.join(Digest{1, xxh3.Hash(r.Key) ^ r.Hash*0x9e3779b97f4a7c15 ^ xxh3.Hash(r.Value.Raw)*3})
}

// rewind sends the sweep back to its start.
func (w *walk) rewind(c Cursor) Cursor {
	was, window := c.Sweep, c.Window
	if c = w.core.rewind(c); w.of != nil {
		c.Window = window // a slice may be read from further down
	}
	c.Sweep.Until, c.Sweep.Sure = was.Until, was.Sure
	return c
}

// ahead is the cursor before the next page of the same list.
func (w *walk) ahead(c Cursor, rows int, total int64) (Cursor, bool) {
	if c.Sweep == nil {
		return c, false
	}
	c = c.clone()
	at := c.Sweep.Slice()
	_, one := w.pager.(onePage)
	if one && at.Value+1 < len(w.spec.Values) {
		at.next(at.Value + 1)
		return c, true
	}
	if w.of != nil { // most slices are short, and where one is not, what comes behind it is asked for all the same
		return c, w.onward(&c, true)
	}
	to, ok := w.pager.ahead(at.Position, rows, total)
	at.Pager, at.Position = w.spec.Pager, to
	return c, ok
}

// refusedEnd reports whether a refusal of what lies behind a page is the end, because the configuration says
// that the API ends its lists so. See Refused.
func (w *walk) refusedEnd(c Cursor, status int) bool {
	return c.Sweep.Slice().Position != nil && w.spec.Ends.status(status)
}
