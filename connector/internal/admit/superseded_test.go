package admit

import (
	"fmt"
	"slices"
	"testing"

	"tidemark/strategies"
)

// The map and the comparison find the same rows.
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
		t.Errorf("by map, superseded are %v, want [2]", many)
	}
	if got := superseded(strategies.Integer, rows[6:]); got != nil {
		t.Errorf("%v where none is superseded", got)
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
