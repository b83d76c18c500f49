package lawtest

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// Parents are the rows of another stream, for which the collection is read. One that is hidden keeps its
// children for when it is back.
type Parents struct {
	all   []parent
	sweep int // the sweep that is read, and whose lists count
}

type parent struct {
	key     string
	version uint64
	hidden  bool
	since   int  // the sweep in which it was last hidden, came, or was left out
	unread  bool // it came or is back, and no sweep has read its rows to their end since
}

// addParent makes a parent, somewhere in the order of the keys.
func (s *Source) addParent() int {
	p := &s.Parents
	n := len(p.all)
	key := fmt.Sprintf("p%d-%d", n*7%5, n)
	p.all = append(p.all, parent{key: key, since: p.sweep, unread: true})
	s.Slices = append(s.Slices, key)
	return n
}

// some is one of the parents; below 0: there is none that shows.
func (p *Parents) some(n int) int {
	var shown []int
	for i := range p.all {
		if !p.all[i].hidden {
			shown = append(shown, i)
		}
	}
	if len(shown) == 0 {
		return -1
	}
	return shown[n%len(shown)]
}

func (p *Parents) find(key string) *parent {
	i := slices.IndexFunc(p.all, func(x parent) bool { return x.key == key })
	return &p.all[i]
}

// shown reports whether the parent of a slice is there.
func (p *Parents) shown(slice uint8) bool { return !p.all[slice].hidden }

// list are the parents that there are, in the order of their keys. One that is left out counts as one that is
// not there.
func (p *Parents) list(omits func() bool) (out []strategies.Parent) {
	for i := range p.all {
		switch x := &p.all[i]; {
		case x.hidden:
		case omits():
			x.since = p.sweep
		default:
			out = append(out, strategies.Parent{Key: x.key, Version: x.version})
		}
	}
	slices.SortFunc(out, func(a, b strategies.Parent) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// ended takes note of a sweep's end, and of what it said: the rows of a parent that were given up are read
// in the next sweep as those of one that is new.
func (p *Parents) ended(said []string) {
	for i := range p.all {
		x := &p.all[i]
		gaveUp := slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, fmt.Sprintf("the rows of %q: ", x.key)) })
		x.unread = x.hidden || x.since >= p.sweep || x.unread && gaveUp
	}
}

// changeParents lets something happen to the parents.
func (s *Source) changeParents(t *rapid.T) {
	p := &s.Parents
	switch n := rapid.IntRange(0, 4).Draw(t, "parent's change"); {
	case n == 0 && len(p.all) < 8 || len(p.all) == 0: // one that is new has rows that are old
		slice := s.addParent()
		for range rapid.IntRange(0, 4).Draw(t, "old rows") {
			age := rapid.Int64Range(-20, max(s.Top-s.Skew, 0)).Draw(t, "age")
			s.add(Row{Key: s.keys + 1, N: max(age+s.Skew, oldest), Slice: uint8(slice), Rank: int32(rapid.IntRange(0, 50).Draw(t, "rank"))*1000 + s.keys + 1})
		}
	case n <= 2: // one goes, or is back
		x := &p.all[rapid.IntRange(0, len(p.all)-1).Draw(t, "which parent")]
		x.hidden, x.since = !x.hidden, p.sweep
	default:
		p.all[rapid.IntRange(0, len(p.all)-1).Draw(t, "which parent")].version++
	}
}

// oldest is the least place of a row, and the first mark lies below it.
const oldest = -24
