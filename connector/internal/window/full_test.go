package window

import (
	"fmt"
	"testing"
)

// A full window turns rows away without being searched through for each of them: that would
// cost as much as all its rows. When its start rises there is room again.
func TestFullTurnsAwayCheaply(t *testing.T) {
	w := New(0, 1000)
	for i := range 1001 {
		w.Offer(KeyHash(fmt.Append(nil, i)), at(int64(i)), 1)
	}
	key := []byte("one more")
	if n := testing.AllocsPerRun(100, func() { w.Offer(KeyHash(key), at(5000), 1) }); n != 0 {
		t.Errorf("a row that is turned away costs %v allocations", n)
	}
	if w.Rows() != 1000 || w.Forgot() < 100 {
		t.Errorf("%d rows, %d turned away", w.Rows(), w.Forgot())
	}
	w.Raise(500)
	if w.Offer(KeyHash(key), at(5000), 1) != Fresh || w.Offer(KeyHash(key), at(5000), 1) != Same {
		t.Error("there is no room behind a start that has risen")
	}
	if w.Rows() != 501 {
		t.Errorf("%d rows, want 501", w.Rows())
	}
}
