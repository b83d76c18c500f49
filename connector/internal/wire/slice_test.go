package wire

import (
	"testing"

	"tidemark/strategies"
)

// A row's key within a slice is one array, whatever the row's own key is made of, and no two slices share one.
func TestKeyWithin(t *testing.T) {
	for _, x := range []struct {
		parts          int
		value, key, is string
		array          bool
	}{
		{1, "north", "7", `["north","7"]`, false},
		{0, `a"b`, "x,y", `["a\"b","x,y"]`, false},
		{1, `["a\"b","north"]`, "7", `["a\"b","north","7"]`, true},
		{2, `["a","north"]`, `["b","7"]`, `["a","north","b","7"]`, true},
		{2, "north", `["a","7"]`, `["north","a","7"]`, false},
		{1, "north", "", "", false},
	} {
		rows := []strategies.Row{{Key: []byte(x.key)}}
		(&Plan{parts: make([]target, x.parts)}).KeyWithin(x.value, x.array, rows)
		if got := string(rows[0].Key); got != x.is {
			t.Errorf("%s in %s with %d parts: got %s, want %s", x.key, x.value, x.parts, got, x.is)
		}
	}
}
