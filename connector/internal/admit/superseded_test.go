package admit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tidemark/strategies"
)

// The comparison by hashes and that of each with each find the same rows.
func TestSuperseded(t *testing.T) {
	row := func(key string, n int64, hash uint64) strategies.Row {
		r := strategies.Row{Key: []byte(key), Hash: hash}
		if n > 0 {
			r.Value = strategies.Value{N: n, Set: true, Raw: fmt.Append(nil, n)}
		}
		return r
	}
	bad := row("a", 1, 9)
	bad.Err = errBad
	rows := []strategies.Row{
		row("a", 0, 1), row("a", 0, 2), // no value: a tie as well
		row("a", 1, 1), row("b", 1, 1), row("a", 1, 2), bad, row("b", 1, 1), row("", 1, 3), row("", 1, 4),
		row("a", 2, 1),
	}
	want := []int{0, 2}
	if got := indexes(superseded(strategies.Integer, rows)); !slices.Equal(got, want) {
		t.Errorf("superseded are %v, want %v", got, want)
	}
	var many []int
	supersededOfMany(rows[2:9], func(i int) { many = append(many, i+2) })
	if !slices.Equal(many, []int{2}) {
		t.Errorf("by hashes, superseded are %v, want [2]", many)
	}
	if got := superseded(strategies.Integer, rows[6:]); got != nil {
		t.Errorf("%v where none is superseded", got)
	}
}

// Of many rows the later one of a key counts, whatever else lies at its hash.
func TestSupersededOfMany(t *testing.T) {
	t.Parallel()
	for size := range 300 {
		rows := make([]strategies.Row, size)
		r := rand.New(rand.NewPCG(1, uint64(size)))
		for i := range rows {
			rows[i] = strategies.Row{Key: fmt.Append(nil, r.IntN(size)), Hash: r.Uint64N(3)}
		}
		var want, got []int
		for i := range rows {
			for j := len(rows) - 1; j > i; j-- {
				if slices.Equal(rows[i].Key, rows[j].Key) {
					if rows[i].Hash != rows[j].Hash {
						want = append(want, i)
					}
					break
				}
			}
		}
		supersededOfMany(rows, func(i int) { got = append(got, i) })
		if slices.Reverse(got); !slices.Equal(got, want) {
			t.Fatalf("of %d rows are superseded %v, want %v", size, got, want)
		}
	}
}

// BenchmarkSuperseded looks through a page of rows without a cursor value.
func BenchmarkSuperseded(b *testing.B) {
	rows := make([]strategies.Row, 1000)
	for i := range rows {
		rows[i].Key = fmt.Appendf(nil, "063928bd-d32e-4cc0-af86-%012d", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		superseded(strategies.Opaque, rows)
	}
}

func indexes(of []bool) (out []int) {
	for i, yes := range of {
		if yes {
			out = append(out, i)
		}
	}
	return out
}
