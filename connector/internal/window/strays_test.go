package window

import (
	"math/rand/v2"
	"slices"
	"testing"
	"tidemark/strategies"
)

// A key's last event is the home partition's, or a stray one with a greater cursor value,
// in whatever order partitions are read.
func TestStrays(t *testing.T) {
	const tombstone = 99
	type event struct {
		n    int64 // NoValue: none
		hash uint64
		p    int32 // 0: home
	}
	for name, c := range map[string]struct {
		events []event
		n      int64
		hash   uint64
		live   int
	}{
		"home alone":                       {[]event{{5, 1, 0}, {6, 2, 0}}, 6, 2, 0},
		"home went back":                   {[]event{{6, 1, 0}, {5, 2, 0}}, 5, 2, 0},
		"an older stray":                   {[]event{{6, 1, 0}, {5, 2, 1}}, 6, 1, 1},
		"a newer stray":                    {[]event{{5, 1, 0}, {6, 2, 1}}, 6, 2, 1},
		"the same value":                   {[]event{{5, 1, 0}, {5, 2, 1}}, 5, 1, 1},
		"strays only":                      {[]event{{5, 1, 1}, {6, 2, 2}}, 6, 2, 2},
		"strays of one value":              {[]event{{5, 1, 1}, {5, 2, 2}}, 5, 1, 2},
		"a stray's last":                   {[]event{{5, 1, 1}, {5, 2, 1}, {4, 3, 0}}, 5, 2, 1},
		"moved":                            {[]event{{5, 1, 1}, {5, tombstone, 1}, {5, 1, 0}}, 5, 1, 0},
		"deleted at home":                  {[]event{{5, tombstone, 0}, {5, 1, 1}}, 5, tombstone, 1},
		"deleted elsewhere, later":         {[]event{{5, 1, 0}, {6, tombstone, 1}}, 6, tombstone, 0},
		"no value at home":                 {[]event{{NoValue, 1, 0}, {6, 2, 1}}, NoValue, 1, 1},
		"no value elsewhere":               {[]event{{5, 1, 0}, {NoValue, 2, 1}}, 5, 1, 1},
		"below the start, then not":        {[]event{{-5, 1, 0}, {6, 2, 1}}, 6, 2, 1},
		"no value, then one, in one place": {[]event{{NoValue, 1, 1}, {6, 2, 1}}, 6, 2, 1},
	} {
		for range 50 {
			left := slices.Clone(c.events)
			w := New(0, 0)
			w.Begin(make([]int64, 3))
			for offset := int64(0); len(left) > 0; offset++ {
				p := left[rand.IntN(len(left))].p // partitions in any order, each in its own
				i := slices.IndexFunc(left, func(e event) bool { return e.p == p })
				v := at(left[i].n)
				if left[i].n == NoValue {
					v = none
				}
				if p == 0 {
					w.Load([]byte("k"), v, left[i].hash, p, offset)
				} else {
					w.LoadStray([]byte("k"), v, left[i].hash, p, offset)
				}
				left = slices.Delete(left, i, i+1)
			}
			live := w.Settle(tombstone)
			w.Loaded()
			if n, hash, ok := w.LastOf(KeyHash([]byte("k"))); !ok || n != c.n || hash != c.hash || live != c.live {
				t.Errorf("%s: %d with hash %d (%v), %d live strays; want %d, %d, %d", name, n, hash, ok, live, c.n, c.hash, c.live)
				break
			}
		}
	}
}

// A stray event whose value is greater is taken for the key's last one, though a full scan may
// have written an older version at home since: writing that once more would change nothing.
func TestOutdone(t *testing.T) {
	w := New(Everything, 0)
	value := func(n int64) strategies.Value { return strategies.Value{N: n, Set: true} }
	for key, n := range map[string]int64{"greater": 7, "equal": 5, "less": 3} {
		w.Load([]byte(key), value(5), 1, 0, 0)
		w.LoadStray([]byte(key), value(n), 2, 1, 0)
	}
	w.LoadStray([]byte("only"), value(9), 3, 1, 1)
	w.Settle(0)
	for key, want := range map[string]bool{"greater": true, "equal": false, "less": false, "only": false, "unknown": false} {
		if got := w.Outdone([]byte(key)); got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}
