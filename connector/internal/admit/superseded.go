package admit

import (
	"bytes"
	"math/bits"

	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// fewTies is up to how many rows of one value are compared with one another; more than
// that are found by their keys' hashes.
const fewTies = 16

// Arrange puts a page's rows in the order of their cursor values, and says of each whether it is
// superseded: whether a later row has its key and cursor value, and says something else; nil where none
// is.
func Arrange(f strategies.Format, rows []strategies.Row) []bool {
	if !f.SortRows(rows) {
		return nil
	}
	return superseded(f, rows)
}

// superseded is what Arrange says of a sorted page. The last one of the rows counts: written both, the
// two would take turns at every poll that shows them (P3).
func superseded(f strategies.Format, rows []strategies.Row) []bool {
	var out []bool
	mark := func(i int) {
		if out == nil {
			out = make([]bool, len(rows))
		}
		out[i] = true
	}
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && tied(f, &rows[from], &rows[to]) {
			to++
		}
		if to-from > fewTies {
			supersededOfMany(rows[from:to], func(i int) { mark(from + i) })
		} else {
			for i := from; i < to; i++ {
				for j := to - 1; j > i && Keyed(&rows[i]); j-- {
					if Keyed(&rows[j]) && bytes.Equal(rows[i].Key, rows[j].Key) {
						if rows[i].Hash != rows[j].Hash {
							mark(i)
						}
						break
					}
				}
			}
		}
		from = to
	}
	return out
}

// supersededOfMany calls mark with the index of each row that is superseded, where all have one value.
func supersededOfMany(rows []strategies.Row, mark func(int)) {
	last := make([]int32, 2<<bits.Len(uint(len(rows)))) // of each key the last row, counted from 1, at the key's hash or behind it
	mask := uint64(len(last) - 1)
	for i := len(rows) - 1; i >= 0; i-- {
		if !Keyed(&rows[i]) {
			continue
		}
		at := window.KeyHash(rows[i].Key) & mask
		for last[at] > 0 && !bytes.Equal(rows[i].Key, rows[last[at]-1].Key) {
			at = (at + 1) & mask
		}
		switch j := last[at] - 1; {
		case j < 0:
			last[at] = int32(i) + 1
		case rows[i].Hash != rows[j].Hash:
			mark(i)
		}
	}
}

func tied(f strategies.Format, a, b *strategies.Row) bool {
	return a.Value.Set == b.Value.Set && (!a.Value.Set || f.Compare(a.Value, b.Value) == 0)
}

// Keyed reports whether a row that may be written can be told from others by its key.
func Keyed(r *strategies.Row) bool { return r.Err == nil && !r.Filtered && len(r.Key) > 0 }
