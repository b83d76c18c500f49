package strategies

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Rows in any order come out as a stable sort of the rows themselves has them.
func TestSortRowsInAnyOrder(t *testing.T) {
	t.Parallel()
	for size := range 200 {
		rows := shuffled(size, 1+size/3)
		want := slices.Clone(rows)
		slices.SortStableFunc(want, func(a, b Row) int { return Integer.rowCompare(&a, &b) })
		Integer.SortRows(rows)
		for i := range rows {
			if !bytes.Equal(rows[i].Key, want[i].Key) {
				t.Fatalf("of %d rows, row %s stands at %d, want %s", size, rows[i].Key, i, want[i].Key)
			}
		}
	}
}

// shuffled is rows of so many cursor values, of which one is the least there is; some rows have none.
func shuffled(rows, values int) []Row {
	r := rand.New(rand.NewPCG(1, uint64(rows)))
	out := make([]Row, rows)
	for i := range out {
		n := r.IntN(values)
		out[i] = Row{Key: fmt.Append(nil, i), Value: Value{N: int64(n), Sub: uint16(r.IntN(2)), Set: r.IntN(9) > 0}}
		if n == 1 {
			out[i].Value.N = math.MinInt64
		}
	}
	return out
}

// BenchmarkSortRows sorts a page that its API has in another order, as that of ids.
func BenchmarkSortRows(b *testing.B) {
	rows := shuffled(1000, 100_000)
	page := make([]Row, len(rows))
	b.ReportAllocs()
	for b.Loop() {
		copy(page, rows)
		Integer.SortRows(page)
	}
}
