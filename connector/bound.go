package connector

import (
	"sync"
	"time"
)

// leastBound is what a transaction may always hold. Rows of this size come through the slowest
// link that anybody would use.
const leastBound = 4 << 10

// bound is how many bytes of records a transaction holds at the most. A transaction has to end
// before transaction_timeout, and how much comes through until then only trying tells: a
// transaction that was too late halves the bound, and full ones that took little of the
// time make it grow again, an eighth each.
type bound struct {
	mu   sync.Mutex
	size int64 // 0: as much as max_in_flight allows
}

// now is the bound, where max_in_flight is most.
func (b *bound) now(most int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size == 0 {
		return most
	}
	return min(b.size, most)
}

// late is for a transaction of so many bytes that was too late.
func (b *bound) late(sent, most int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size == 0 {
		b.size = most
	}
	b.size = max(min(b.size, sent)/2, leastBound)
}

// done is for one that has come through. One that took a fourth of the timeout or more does
// not widen the bound: the next one would come near the whole of it where the link's pace
// varies.
func (b *bound) done(sent, most int64, took, timeout time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size == 0 || 2*sent < b.size || took >= timeout/4 {
		return
	}
	if b.size += b.size / 8; b.size >= most {
		b.size = 0
	}
}
