package strategies

import (
	"cmp"
	"math"
	"slices"
)

// SortRows orders rows by cursor value, keeping the order of ties, so that a page is
// written in cursor order (P4), and says whether there can be ties. Rows without a value come
// first. Sorted pages, the rule, are left untouched.
func (f Format) SortRows(rows []Row) (ties bool) {
	for i := 1; i < len(rows); i++ {
		switch d := f.rowCompare(&rows[i], &rows[i-1]); {
		case d < 0:
			f.sortRows(rows)
			return true
		case d == 0:
			ties = true
		}
	}
	return ties
}

// rank is a row's place among others, and what mostly tells it from them.
type rank struct {
	n  int64
	at int
}

// sortRows sorts their ranks, and moves each row once: a row is ten times as long as a rank.
func (f Format) sortRows(rows []Row) {
	places := make([]rank, len(rows))
	for i := range rows {
		places[i] = rank{rows[i].Value.N, i}
		if !rows[i].Value.Set {
			places[i].n = math.MinInt64
		}
	}
	slices.SortFunc(places, func(a, b rank) int {
		if a.n != b.n {
			return cmp.Compare(a.n, b.n)
		}
		return cmp.Or(f.rowCompare(&rows[a.at], &rows[b.at]), a.at-b.at)
	})
	for i := range places { // the rows of a circle of places, each to the place of the one before
		first := rows[i]
		for to := i; ; {
			from := places[to].at
			places[to].at = to
			if from == i {
				rows[to] = first
				break
			}
			rows[to] = rows[from]
			to = from
		}
	}
}

// rowCompare orders two rows by cursor value; one without a value comes first.
func (f Format) rowCompare(a, b *Row) int {
	switch {
	case a.Value.Set && b.Value.Set:
		return f.compare(&a.Value, &b.Value)
	case a.Value.Set:
		return 1
	case b.Value.Set:
		return -1
	default:
		return 0
	}
}
