package inflight

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// budget bounds the bytes of all pages that a worker has fetched and not yet committed
// (max_in_flight, P10). Each stream takes from it by a Share of its own.
//
// A stream that holds nothing gets its first page whatever the others hold: none has to
// wait for another one whose broker or API is slow. So a worker's memory is the budget and
// a page for each stream that is at work.
type budget struct {
	size int64

	mu      sync.Mutex
	used    int64
	waiting []*waiter // in the order in which they came
}

// Share is one stream's part of the budget. It may be used by several goroutines.
type Share struct {
	budget *budget
	held   int64 // guarded by the budget's mu
}

// waiter is a page for which the budget had no bytes left.
type waiter struct {
	share *Share
	n     int64
	in    chan struct{} // closed when it has what it asked for
}

// Share returns one stream's part of the budget, which holds nothing yet.
func (w *Worker) Share() *Share { return &Share{budget: &w.budget} }

// Held is how many bytes of pages all streams together hold.
func (w *Worker) Held() int64 {
	w.budget.mu.Lock()
	defer w.budget.mu.Unlock()
	return w.budget.used
}

// Size is the whole budget, in bytes.
func (s *Share) Size() int64 { return s.budget.size }

// weight is what n bytes count: a page larger than all of the budget takes all of it.
func (s *Share) weight(n int64) int64 { return min(max(n, 1), s.budget.size) }

// Acquire waits until n bytes fit. It returns how many of them it took, which are to be
// released: a page larger than all of the budget takes all of it.
func (s *Share) Acquire(ctx context.Context, n int64) (int64, error) {
	n, ok := s.TryAcquire(n)
	if ok {
		return n, nil
	}
	w := s.ask(n)
	select {
	case <-w.in:
		return n, nil
	case <-ctx.Done():
		s.leave(w)
		return 0, fmt.Errorf("waiting for other pages to be written (max_in_flight): %w", ctx.Err())
	}
}

// TryAcquire takes n bytes only where they fit now, and returns how many it took or would take.
func (s *Share) TryAcquire(n int64) (int64, bool) {
	n = s.weight(n)
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if s.held > 0 && !s.budget.free(n) {
		return n, false
	}
	s.add(n)
	return n, true
}

// Spare takes n bytes only where no stream needs them: they fit, and no page waits.
func (s *Share) Spare(n int64) bool {
	n = s.weight(n)
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if !s.budget.free(n) {
		return false
	}
	s.add(n)
	return true
}

// Release gives n bytes back. What is released behind Close counts for nothing.
func (s *Share) Release(n int64) {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	s.add(-n)
	s.budget.admit()
}

// Close gives back all that is held. It is called when nobody acquires any more.
func (s *Share) Close() {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	s.add(-s.held)
	s.budget.admit()
}

// ask is Acquire without the wait.
func (s *Share) ask(n int64) *waiter {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	w := &waiter{share: s, n: n, in: make(chan struct{})}
	s.budget.waiting = append(s.budget.waiting, w)
	s.budget.admit()
	return w
}

// leave is for a waiter that waits no longer. What it may have got meanwhile goes back.
func (s *Share) leave(w *waiter) {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if i := slices.Index(s.budget.waiting, w); i >= 0 {
		s.budget.waiting = slices.Delete(s.budget.waiting, i, i+1)
	} else {
		s.add(-w.n)
	}
	s.budget.admit()
}

func (s *Share) add(n int64) {
	n = max(n, -s.held)
	s.held += n
	s.budget.used += n
}

// free reports whether n bytes fit and no page waits for them.
func (b *budget) free(n int64) bool { return len(b.waiting) == 0 && b.used+n <= b.size }

// admit lets in whoever may: the first ones as long as they fit, and every stream's first
// page.
func (b *budget) admit() {
	full := false
	b.waiting = slices.DeleteFunc(b.waiting, func(w *waiter) bool {
		full = full || b.used+w.n > b.size
		if full && w.share.held > 0 {
			return false
		}
		w.share.add(w.n)
		close(w.in)
		return true
	})
}
