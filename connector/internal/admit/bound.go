package admit

import "time"

// leastBound is what a transaction may always hold. Rows of this size come through the slowest
// link that anybody would use.
const leastBound = 4 << 10

// Bound is how many bytes of records a transaction holds at the most. A transaction has to end
// before transaction_timeout, and how much comes through until then only trying tells: a
// transaction that was too late halves the bound, and full ones that took little of the
// time make it grow again, an eighth each.
type Bound struct {
	size int64 // 0: as much as max_in_flight allows
}

// Now is the bound, where max_in_flight is most.
func (b *Bound) Now(most int64) int64 {
	if b.size == 0 {
		return most
	}
	return min(b.size, most)
}

// Late is for a transaction of so many bytes that was too late.
func (b *Bound) Late(sent, most int64) {
	if b.size == 0 {
		b.size = most
	}
	b.size = max(min(b.size, sent)/2, leastBound)
}

// Done is for one that has come through. One that took a fourth of the timeout or more does
// not widen the bound: the next one would come near the whole of it where the link's pace
// varies.
func (b *Bound) Done(sent, most int64, took, timeout time.Duration) {
	if b.size == 0 || 2*sent < b.size || took >= timeout/4 {
		return
	}
	if b.size += b.size / 8; b.size >= most {
		b.size = 0
	}
}
