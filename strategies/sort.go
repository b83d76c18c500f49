package strategies

import "slices"

// SortRows orders rows by cursor value, keeping the order of ties, so that a page is
// written in cursor order (P4). Rows without a value come first. Sorted pages, the
// rule, are left untouched.
func (f Format) SortRows(rows []Row) {
	for i := 1; i < len(rows); i++ {
		if f.rowCompare(&rows[i], &rows[i-1]) < 0 {
			slices.SortStableFunc(rows, func(a, b Row) int { return f.rowCompare(&a, &b) })
			return
		}
	}
}

// rowCompare orders two rows by cursor value; one without a value comes first.
func (f Format) rowCompare(a, b *Row) int {
	switch {
	case a.Value.Set && b.Value.Set:
		return f.Compare(a.Value, b.Value)
	case a.Value.Set:
		return 1
	case b.Value.Set:
		return -1
	default:
		return 0
	}
}
