package strategies

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// listParents are the rows of the modelled parents' stream. One that is hidden keeps its children for when it is back.
type listParents struct {
	all    []listParent
	sweeps int // the sweep that is read, and whose lists count
}

type listParent struct {
	key     string
	version uint64
	hidden  bool
	since   int // the sweep in which it was last hidden, came, or was left out
}

func (p *listParents) find(key string) *listParent {
	i := slices.IndexFunc(p.all, func(x listParent) bool { return x.key == key })
	if i < 0 {
		return nil
	}
	return &p.all[i]
}

// add makes a parent, somewhere in the order of the keys.
func (p *listParents) add() string {
	n := len(p.all)
	key := fmt.Sprintf("p%d-%d", n*7%5, n)
	p.all = append(p.all, listParent{key: key, since: p.sweeps})
	return key
}

// some is one of the parents; "": there is none that shows.
func (p *listParents) some(n int) string {
	var shown []string
	for _, x := range p.all {
		if !x.hidden {
			shown = append(shown, x.key)
		}
	}
	if len(shown) == 0 {
		return ""
	}
	return shown[n%len(shown)]
}

// touch changes a parent together with one of its children.
func (p *listParents) touch(key string) {
	if x := p.find(key); x != nil {
		x.version++
	}
}

func (p *listParents) shown(key string) bool {
	x := p.find(key)
	return x != nil && !x.hidden
}

// missed notes that a sweep has not read a parent.
func (p *listParents) missed(key string, sweep int) {
	if x := p.find(key); x != nil {
		x.since = sweep
	}
}

// there reports whether a sweep's end says something of the rows of a parent: it was there all the time.
func (p *listParents) there(key string, sweep int, all bool) bool {
	x := p.find(key)
	return !x.hidden && (all || x.since < sweep)
}

// list begins to read by the parents that there are.
func (r *listReader) list(s Strategy, c Cursor) (Strategy, Cursor, error) {
	if !r.api.spec.Parents {
		return s, c, nil
	}
	r.api.parents.sweeps = r.sweeps
	var out []Parent
	for i := range r.api.parents.all {
		switch x := &r.api.parents.all[i]; {
		case x.hidden:
		case r.omits():
			x.since = r.sweeps
		default:
			out = append(out, Parent{Key: x.key, Version: x.version})
		}
	}
	slices.SortFunc(out, func(a, b Parent) int { return strings.Compare(a.Key, b.Key) })
	r.trail = append(r.trail, fmt.Sprint("parents ", out))
	s, c, err := Within(s, c, out)
	return s, stored(c), err
}

// changeParents lets something happen to the parents.
func (a *listAPI) changeParents(t *rapid.T) {
	p := &a.parents
	switch n := rapid.IntRange(0, 4).Draw(t, "parent's change"); {
	case n == 0 && len(p.all) < 8 || len(p.all) == 0: // one that is new has rows that are old
		slice := p.add()
		for range rapid.IntRange(0, 4).Draw(t, "old rows") {
			a.next++
			a.rows = append(a.rows, listRow{a.next, 0, rapid.IntRange(0, 50).Draw(t, "rank"), max(rapid.IntRange(-20, a.clock).Draw(t, "age")+a.skew, -24), slice})
		}
	case n <= 2: // one goes, or is back
		x := &p.all[rapid.IntRange(0, len(p.all)-1).Draw(t, "which parent")]
		x.hidden, x.since = !x.hidden, p.sweeps
	default:
		p.all[rapid.IntRange(0, len(p.all)-1).Draw(t, "which parent")].version++
	}
}
