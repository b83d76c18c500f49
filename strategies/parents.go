package strategies

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// A collection may be read in slices, one for each row of another stream: its parents. They come in as data,
// whole and anew for each sweep (Within), and are read in the order of their keys, so that a sweep
// that was interrupted finds its place in a list in which others have come and gone.
//
// The mark is common to all of them, and holds for those only that the sweep before has read to their
// ends. A parent that is not among these, because it is new, was gone, or is back, may have rows that lie behind the
// mark; its slice is read from the first mark on. Which ones these are a sketch of the parents tells that has a few
// kilobytes whatever their number; where too many have come and gone for that, all slices are read so.

// Parent is a row of another stream for which a slice of the collection is read.
type Parent struct {
	Key     string
	Version uint64 // a hash of what says that the row has changed
}

// parents are those of one sweep.
type parents struct {
	keys     []string // in their order
	elements []uint64 // of the sketch
	fresh    []bool   // the mark does not hold for it, or it has changed
}

// ParentsRead is how far a sweep by parents has come.
type ParentsRead struct {
	Read   string `json:"read,omitempty"`   // a sketch of the parents whose slices were read, or need not be
	Slices int64  `json:"slices,omitempty"` // of parents that were read
	Gone   int64  `json:"gone,omitempty"`   // and those left out because the parent is not there any more
}

// sliced is a strategy whose collection may be read by parents.
type sliced interface {
	within(p *parents) Strategy
	walking() *walk
	enter(c *Cursor) error // begins the slice in turn
	end(c *Cursor) error   // of the sweep
}

// Within is s as it reads the sweep that c has open, in one slice for each of the parents, which come in the order
// of their keys, and c as that sweep stands before the first of them that it has not read. It has ended where there
// is none. The window reaches down to the first mark where a slice is read from there.
func Within(s Strategy, c Cursor, all []Parent) (Strategy, Cursor, error) {
	if around, ok := s.(interface {
		Within(c Cursor, all []Parent) (Strategy, Cursor, error)
	}); ok {
		return around.Within(c, all)
	}
	list, ok := s.(sliced)
	if !ok {
		return s, c, fmt.Errorf("%s reads no slices", c.Strategy)
	}
	w := list.walking()
	p := &parents{keys: make([]string, len(all)), elements: make([]uint64, len(all)), fresh: make([]bool, len(all))}
	var now sketch
	for i, parent := range all {
		if i > 0 && parent.Key <= all[i-1].Key {
			return s, c, fmt.Errorf("the parents %q and %q are not in order", all[i-1].Key, parent.Key)
		}
		p.keys[i], p.elements[i] = parent.Key, xxh3.HashString(parent.Key)
		if w.spec.Changed {
			p.elements[i] = scrambled(p.elements[i] ^ scrambled(parent.Version))
		}
		now.add(p.elements[i])
	}
	before, known := readSketch(c.Parents)
	lacks, told := before.lacks(&now)
	slices.Sort(lacks)
	for i, e := range p.elements {
		_, p.fresh[i] = slices.BinarySearch(lacks, e)
		p.fresh[i] = p.fresh[i] || !told || !known
	}
	s = list.within(p)
	list = s.(sliced)
	c, err := list.walking().arrive(list, c)
	return s, c, err
}

// arrive puts the open sweep before the first slice that it has not read.
func (w *walk) arrive(s sliced, c Cursor) (Cursor, error) {
	c = c.clone()
	c.Sweep.settle() // the row of the mark may be in any slice, or in none
	parent := c.Sweep.Slice().Parent
	i, found := slices.BinarySearch(w.of.keys, parent)
	if !found || parent == "" {
		if i, found = w.from(c.Sweep, i); !found {
			return c, s.end(&c)
		}
		w.to(c.Sweep.Slice(), i)
		if err := s.enter(&c); err != nil {
			return c, err
		}
	}
	if !w.all() && slices.Contains(w.of.fresh[i:], true) {
		c.Window = w.spec.FirstMark
	}
	return c, nil
}

// all reports whether the strategy has no mark.
func (w *walk) all() bool { return TraitsOf(w.spec.Strategy).All }

// keeps reports whether the cursor has to know which parents were read.
func (w *walk) keeps() bool { return w.of != nil && (w.spec.Changed || !w.all()) }

// place is the number of the slice in turn.
func (w *walk) place(c Cursor) int {
	i, _ := slices.BinarySearch(w.of.keys, c.Sweep.Slice().Parent)
	return min(i, len(w.of.keys)-1)
}

// anew reports whether the slice in turn is read from the first mark on.
func (w *walk) anew(c Cursor) bool { return w.of != nil && w.of.fresh[w.place(c)] }

// lowest is the value from which the slice in turn is read.
func (w *walk) lowest(c Cursor) string {
	if w.anew(c) {
		return w.spec.FirstMark
	}
	return c.Sweep.From
}

func (w *walk) walking() *walk { return w }

// enter needs nothing: the slice is read as the whole is.
func (*walk) enter(*Cursor) error { return nil }

// from is the first slice that is to be read, of those from the i-th on. Those before it count as read: nothing
// has changed in them.
func (w *walk) from(sweep *Sweep, i int) (next int, ok bool) {
	first := i
	for ; i < len(w.of.keys) && w.spec.Changed && !w.of.fresh[i]; i++ {
	}
	w.counted(sweep, w.of.elements[first:i])
	return i, i < len(w.of.keys)
}

// counted takes up parents whose slices have been read.
func (w *walk) counted(sweep *Sweep, elements []uint64) {
	if !w.keeps() || len(elements) == 0 {
		return
	}
	s, _ := readSketch(sweep.Parents.Read)
	for _, e := range elements {
		s.add(e)
	}
	sweep.Parents.Read = s.text()
}

// leave goes to the next slice, or ends the sweep behind the last one. read says that the one in turn was read to its end.
func (w *walk) leave(s sliced, c *Cursor, read bool) error {
	if w.onward(c, read) {
		return s.enter(c)
	}
	return s.end(c)
}

// onward goes to the slice behind the one in turn; false: there is none.
func (w *walk) onward(c *Cursor, read bool) bool {
	if w.of == nil || len(w.of.keys) == 0 {
		return false
	}
	sweep, at, i := c.Sweep, c.Sweep.Slice(), w.place(*c)
	if read {
		element := w.of.elements[i]
		if begun, err := strconv.ParseUint(at.As, 16, 64); err == nil {
			element = begun // what has changed since may be in none of its pages
		}
		sweep.Parents.Slices++
		w.counted(sweep, []uint64{element})
	}
	next, ok := w.from(sweep, i+1)
	if ok {
		w.to(at, next)
		sweep.Restarts = 0
	}
	return ok
}

// to goes to the first page of a slice.
func (w *walk) to(at *Slice, i int) {
	at.next(0)
	at.Parent, at.As = w.of.keys[i], ""
	if w.spec.Changed {
		at.As = strconv.FormatUint(w.of.elements[i], 16)
	}
}

// known makes the parents that were read those that the mark holds for.
func (w *walk) known(c *Cursor) {
	if w.keeps() {
		c.Parents = c.Sweep.Parents.Read
	}
}

// ErrAllGone is the error of a sweep in which the API said of each parent whose rows it was asked for that it is not
// there: more likely than that is a path that is wrong. The parents have to be listed anew before the sweep goes on.
var ErrAllGone = errors.New("the API says of all parents whose rows were asked for that they are not there")

// Gone goes on behind the slice in turn, for whose page the API says that there is nothing; ok is false where no slice is
// read. Of the first page that means that the parent is not there any more. Of a later one it may mean as well that a token has run
// out, so the slice is read from its first page again, a few times at the most.
func Gone(s Strategy, c Cursor) (v Verdict, ok bool, err error) {
	if around, ok := s.(interface {
		ParentGone(c Cursor) (Verdict, bool, error)
	}); ok {
		return around.ParentGone(c)
	}
	list, can := s.(sliced)
	if !can || c.Sweep == nil || list.walking().of == nil {
		return v, false, nil
	}
	c = c.clone()
	c.Sweep.Pages++
	sweep, at, w := c.Sweep, c.Sweep.Slice(), list.walking()
	if at.Position != nil {
		c.Sweep.Restarts++
		at.restart()
		return Verdict{Next: c, Restarted: true}, c.Exhausted() == nil, nil
	}
	sweep.Parents.Gone++
	switch {
	case w.onward(&c, false):
		err = list.enter(&c)
	case sweep.Parents.Slices == 0 && (!w.spec.Changed || c.Parents == ""):
		return v, true, fmt.Errorf("%w: %d in this sweep; is it asked in the right way? (request, for_each.gone)", ErrAllGone, sweep.Parents.Gone)
	default:
		err = list.end(&c)
	}
	return Verdict{Next: c}, true, err
}

// SliceOf is the key of the parent whose slice a question is about; "": none.
func SliceOf(params []Param) string {
	for _, p := range params {
		if p.Role == RoleSlice {
			return p.Value
		}
	}
	return ""
}

// Later reports whether a question is about a slice that comes behind that of another one.
func Later(params, than []Param) bool {
	of := SliceOf(than)
	return of != "" && strings.Compare(SliceOf(params), of) > 0
}
