package connector

import (
	"context"
	"slices"
	"sync"
)

// budget bounds the bytes of all pages that a worker has fetched and not yet committed
// (max_in_flight, P10). Each stream takes from it by a room of its own.
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

// room is one stream's part of the budget.
type room struct {
	*budget
	held int64 // guarded by the budget's mu
}

// waiter is a page that found no room.
type waiter struct {
	room *room
	n    int64
	in   chan struct{} // closed when it has what it asked for
}

// newRoom returns the room of a stream that has a budget for itself.
func newRoom(size int64) *room { return (&budget{size: size}).room() }

func (b *budget) room() *room { return &room{budget: b} }

// weight is what n bytes count: a page larger than all of the budget takes all of it.
func (r *room) weight(n int64) int64 { return min(max(n, 1), r.size) }

// take waits until n bytes fit.
func (r *room) take(ctx context.Context, n int64) (int64, error) {
	n, ok := r.tryTake(n)
	if ok {
		return n, nil
	}
	w := r.ask(n)
	select {
	case <-w.in:
		return n, nil
	case <-ctx.Done():
		r.leave(w)
		return 0, ctx.Err()
	}
}

// tryTake takes n bytes only where they fit now.
func (r *room) tryTake(n int64) (int64, bool) {
	n = r.weight(n)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held > 0 && (len(r.waiting) > 0 || r.used+n > r.size) {
		return n, false
	}
	r.add(n)
	return n, true
}

// spare takes n bytes only where nobody needs them: they fit, and none is waiting.
func (r *room) spare(n int64) bool {
	n = r.weight(n)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) > 0 || r.used+n > r.size {
		return false
	}
	r.add(n)
	return true
}

// ask is take without the wait.
func (r *room) ask(n int64) *waiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &waiter{room: r, n: n, in: make(chan struct{})}
	r.waiting = append(r.waiting, w)
	r.admit()
	return w
}

// leave is for a waiter that waits no longer. What it may have got meanwhile goes back.
func (r *room) leave(w *waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.waiting, w); i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
	} else {
		r.add(-w.n)
	}
	r.admit()
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(-n)
	r.admit()
}

// close gives back what is held. It is called when nobody takes any more.
func (r *room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(-r.held)
	r.admit()
}

func (r *room) add(n int64) {
	n = max(n, -r.held)
	r.held += n
	r.used += n
}

// admit lets in whoever may: the first ones as long as they fit, and every stream's first
// page.
func (b *budget) admit() {
	full := false
	b.waiting = slices.DeleteFunc(b.waiting, func(w *waiter) bool {
		full = full || b.used+w.n > b.size
		if full && w.room.held > 0 {
			return false
		}
		w.room.add(w.n)
		close(w.in)
		return true
	})
}
