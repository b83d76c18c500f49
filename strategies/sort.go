package strategies

import "slices"

// SortRows orders rows by cursor value, keeping the order of ties, so that a page is
// written in cursor order (P4), and says whether there can be ties. Rows without a value come
// first. Sorted pages, the rule, are left untouched.
func (f Format) SortRows(rows []Row) (ties bool) {
	for i := 1; i < len(rows); i++ {
		switch d := f.rowCompare(&rows[i], &rows[i-1]); {
		case d < 0:
			slices.SortStableFunc(rows, func(a, b Row) int { return f.rowCompare(&a, &b) })
			return true
		case d == 0:
			ties = true
		}
	}
	return ties
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
