package window

import (
	"fmt"
	"slices"
	"testing"
)

// Behind an event whose content cannot be told every row is new, once.
func TestUnknown(t *testing.T) {
	key := []byte("a")
	for name, load := range map[string]func(*Window){
		"over a row":                 func(w *Window) { w.Load(key, at(5), 1, 0, 0); w.Load(key, none, Unknown, 0, 1) },
		"alone":                      func(w *Window) { w.Load(key, none, Unknown, 0, 1) },
		"over a row without a value": func(w *Window) { w.Load(key, none, 1, 0, 0); w.Load(key, none, Unknown, 0, 1) },
		"beside a stray":             func(w *Window) { w.LoadStray(key, at(5), 1, 1, 0); w.Load(key, none, Unknown, 0, 0) },
		"and again, behind its value": func(w *Window) {
			w.Load(key, none, Unknown, 0, 0)
			w.Load(key, at(7), 2, 0, 1)
			w.Load(key, none, Unknown, 0, 2)
		},
	} {
		for row, want := range map[string]struct {
			n    int64
			hash uint64
		}{"the same": {5, 1}, "an older one": {2, 3}, "a newer one": {9, 4}} {
			w := New(0, 0)
			w.Begin([]int64{0, 0})
			load(w)
			w.Settle(99)
			w.Loaded()
			if got := w.Offer(KeyHash(key), at(want.n), want.hash); got != Fresh {
				t.Errorf("%s, %s: verdict %d, want Fresh", name, row, got)
			}
			if got := w.Offer(KeyHash(key), at(want.n), want.hash); got != Same {
				t.Errorf("%s, %s, again: verdict %d, want Same", name, row, got)
			}
		}
		w := New(0, 0)
		load(w)
		w.Settle(99)
		if got := w.Offer(KeyHash(key), none, 1); got != Fresh {
			t.Errorf("%s, a row without a value: verdict %d, want Fresh", name, got)
		}
	}
}

// Outside of its key's home partition such an event says nothing.
func TestUnknownStray(t *testing.T) {
	w := New(0, 0)
	w.Load([]byte("a"), at(5), 1, 0, 0)
	w.LoadStray([]byte("a"), none, Unknown, 1, 0)
	if live := w.Settle(99); live != 0 {
		t.Errorf("%d keys are said to lie elsewhere", live)
	}
	if got := w.Offer(KeyHash([]byte("a")), at(5), 1); got != Same {
		t.Errorf("verdict %d, want Same", got)
	}
}

// They take the place of no row, and the topic is not read back for them.
func TestUnknownIsBounded(t *testing.T) {
	const rows = 100
	w := New(10, rows)
	w.Begin([]int64{0})
	for i := range 3 * rows {
		w.Load(fmt.Appendf(nil, "foreign%d", i), none, Unknown, 0, int64(i))
	}
	for i := range rows {
		w.Load(fmt.Appendf(nil, "%d", i), at(10), 1, 0, int64(3*rows+i))
	}
	w.Loaded()
	for i := range rows {
		if got := w.Offer(KeyHash(fmt.Appendf(nil, "%d", i)), at(10), 1); got != Same {
			t.Fatalf("row %d: verdict %d, want Same", i, got)
		}
	}
	if w.Forgot() != 0 {
		t.Errorf("%d rows were forgotten", w.Forgot())
	}
	w.Raise(11)
	if got := w.ReadBack([]int64{4 * rows}); !slices.Equal(got, []int64{4 * rows}) {
		t.Errorf("the topic is read back from %v, though it holds no row of the window", got)
	}
}
