package connector

import (
	"bytes"

	"github.com/zeebo/xxh3"

	"tidemark/strategies"
)

// fewTies is up to how many rows of one value are compared with one another; more than
// that go through a map.
const fewTies = 16

// arrange puts a page's rows in order, and returns what outdone says of them.
func arrange(f strategies.Format, rows []strategies.Row) []bool {
	if !f.SortRows(rows) {
		return nil
	}
	return outdone(f, rows)
}

// outdone says of each row of a sorted page whether a later one has its key and cursor value,
// and says something else; nil where none has. The last one counts: written both, the two
// would take turns at every poll that shows them (P3).
func outdone(f strategies.Format, rows []strategies.Row) []bool {
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
			manyTies(rows[from:to], func(i int) { mark(from + i) })
		} else {
			for i := from; i < to; i++ {
				for j := to - 1; j > i && keyed(&rows[i]); j-- {
					if keyed(&rows[j]) && bytes.Equal(rows[i].Key, rows[j].Key) {
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

// manyTies calls mark with the index of each row that is outdone, where all have one value.
func manyTies(rows []strategies.Row, mark func(int)) {
	last := make(map[uint64]int, len(rows))
	for i := len(rows) - 1; i >= 0; i-- {
		if !keyed(&rows[i]) {
			continue
		}
		id := xxh3.Hash(rows[i].Key)
		j, known := last[id]
		switch {
		case !known:
			last[id] = i
		case rows[i].Hash != rows[j].Hash && bytes.Equal(rows[i].Key, rows[j].Key):
			mark(i)
		}
	}
}

func tied(f strategies.Format, a, b *strategies.Row) bool {
	return a.Value.Set == b.Value.Set && (!a.Value.Set || f.Compare(a.Value, b.Value) == 0)
}

func keyed(r *strategies.Row) bool { return r.Err == nil && len(r.Key) > 0 }
