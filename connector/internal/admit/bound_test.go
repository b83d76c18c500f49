package admit

import (
	"testing"
	"time"
)

// The bound is halved by a transaction that was too late, and grows by those that are not.
func TestBound(t *testing.T) {
	t.Parallel()
	const most, timeout = 16 << 20, 15 * time.Second
	var b Bound
	if n := b.Now(most); n != most {
		t.Errorf("it begins at %d", n)
	}
	b.Late(3<<20, most)
	if n := b.Now(most); n != 3<<19 {
		t.Errorf("behind a late transaction of 3 MiB it is %d", n)
	}
	b.Done(3<<19, most, timeout/2, timeout)
	b.Done(1<<10, most, time.Millisecond, timeout)
	if n := b.Now(most); n != 3<<19 {
		t.Errorf("a slow one, and a small one, make it %d", n)
	}
	b.Done(3<<19, most, timeout/5, timeout)
	if n := b.Now(most); n != 3<<19+3<<16 {
		t.Errorf("a full one makes it %d", n)
	}
	for range 100 {
		b.Done(b.Now(most), most, time.Millisecond, timeout)
	}
	if n := b.Now(most); n != most {
		t.Errorf("full ones make it %d, and no more than %d", n, most)
	}
	for range 100 {
		b.Late(b.Now(most), most)
	}
	if n := b.Now(most); n != leastBound {
		t.Errorf("late ones make it %d", n)
	}
}
