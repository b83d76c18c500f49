package playground

import (
	"cmp"
	"slices"
	"sort"

	"github.com/tidwall/btree"
)

// row is what is kept of a user; who the user is follows from n, the seed and
// updates (appendPerson), unless a test wrote something else into it.
type row struct {
	created, updated int64  // Unix seconds
	deleted          int64  // Unix second of a soft delete; 0: none
	updates          uint32 // times it was updated
	gone             bool   // deleted for good: served nowhere, its place stays empty
	own              *User  // set by Update's function: replaces the computed fields
}

// ranked is a row's place in an order: by value, then by creation. The second part
// makes ties stand still.
type ranked struct {
	at int64
	n  int
}

func (a ranked) compare(b ranked) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.n, b.n))
}

func (a ranked) less(b ranked) bool {
	return a.at < b.at || a.at == b.at && a.n < b.n
}

// order keeps rows sorted by one timestamp while they change. Finding a place, by
// value or by rank, is logarithmic, so a page costs the same in any size of
// collection.
type order struct {
	tree *btree.BTreeG[ranked]
}

// newOrder takes entries in any order and sorts them.
func newOrder(entries []ranked) order {
	slices.SortFunc(entries, ranked.compare)
	tree := btree.NewBTreeGOptions(ranked.less, btree.Options{NoLocks: true})
	for _, e := range entries {
		tree.Load(e)
	}
	return order{tree}
}

// rank counts the rows whose value is less than at.
func (o order) rank(at int64) int {
	return sort.Search(o.tree.Len(), func(i int) bool {
		e, _ := o.tree.GetAt(i)
		return e.at >= at
	})
}

// ascend appends to ns up to limit rows, in ascending order from rank from on.
func (o order) ascend(ns []int, from, limit int) []int {
	pivot, ok := o.tree.GetAt(from)
	if !ok || limit <= 0 {
		return ns
	}
	ns = slices.Grow(ns, min(limit, o.tree.Len()-from))
	o.tree.Ascend(pivot, func(e ranked) bool {
		ns = append(ns, e.n)
		limit--
		return limit > 0
	})
	return ns
}

// descend appends to ns up to limit rows by descending value, from the skip-th on.
// Ties stand in ascending order of creation, as in a stable sort.
func (o order) descend(ns []int, skip, limit int) []int {
	total := o.tree.Len()
	limit = min(limit, total-skip)
	for limit > 0 {
		// The tie group that holds the skip-th row from the end: ranks [low, high).
		e, _ := o.tree.GetAt(total - 1 - skip)
		low, high := o.rank(e.at), total
		if e.at+1 > e.at {
			high = o.rank(e.at + 1)
		}
		from := low + skip - (total - high)
		n := min(limit, high-from)
		ns = o.ascend(ns, from, n)
		skip += n
		limit -= n
	}
	return ns
}
