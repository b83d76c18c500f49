package inflight

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// admitted says whether w has what it asked for.
func (w *waiter) admitted() bool {
	select {
	case <-w.in:
		return true
	default:
		return false
	}
}

// Law P10: what all streams of a worker hold is the budget and a page each at the most; no
// stream waits while it holds nothing, none while there are bytes left and nobody came before it,
// and what was given back is there again.
func TestLawShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 40).Draw(t, "size")
		w := New(size, 4, 4)
		b := &w.budget
		type stream struct {
			share   *Share
			held    []int64
			waiting []*waiter
		}
		streams := make([]*stream, rapid.IntRange(1, 4).Draw(t, "streams"))
		for i := range streams {
			streams[i] = &stream{share: w.Share()}
		}
		arrived := []*waiter{}
		check := func() {
			used, first := int64(0), int64(0)
			for _, s := range streams {
				s.waiting = slices.DeleteFunc(s.waiting, func(w *waiter) bool {
					if w.admitted() {
						s.held = append(s.held, w.n)
					}
					return w.admitted()
				})
				held := int64(0)
				for _, n := range s.held {
					held += n
				}
				if held != s.share.held {
					t.Fatalf("a stream holds %d, counted %d", held, s.share.held)
				}
				if held == 0 && len(s.waiting) > 0 {
					t.Fatal("a stream that holds nothing waits")
				}
				used += held
				if len(s.held) > 0 {
					first += slices.Max(s.held)
				}
			}
			if used != b.used || used > size+first {
				t.Fatalf("%d bytes held, %d counted, of %d; the greatest pages have %d", used, b.used, size, first)
			}
			arrived = slices.DeleteFunc(arrived, (*waiter).admitted)
			if len(arrived) > 0 && used+arrived[0].n <= size {
				t.Fatalf("%d fit beside %d of %d, and wait", arrived[0].n, used, size)
			}
			if !slices.Equal(arrived, b.waiting) {
				t.Fatalf("%d wait, known are %d", len(arrived), len(b.waiting))
			}
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			s := streams[rapid.IntRange(0, len(streams)-1).Draw(t, "stream")]
			n := rapid.Int64Range(0, 50).Draw(t, "bytes")
			switch rapid.SampledFrom([]string{"acquire", "try", "release", "leave", "close"}).Draw(t, "step") {
			case "acquire":
				w := s.share.ask(s.share.weight(n))
				s.waiting = append(s.waiting, w)
				arrived = append(arrived, w)
			case "try":
				free := len(b.waiting) == 0 && b.used+s.share.weight(n) <= size
				n, ok := s.share.TryAcquire(n)
				if ok != (free || len(s.held) == 0) {
					t.Fatalf("%d beside %d of %d, %d waiting: %v", n, b.used, size, len(b.waiting), ok)
				}
				if ok {
					s.held = append(s.held, n)
				}
			case "release":
				if len(s.held) > 0 {
					s.share.Release(s.held[0])
					s.held = s.held[1:]
				}
			case "leave":
				if len(s.waiting) > 0 {
					w := s.waiting[0]
					s.waiting = s.waiting[1:]
					arrived = slices.DeleteFunc(arrived, func(a *waiter) bool { return a == w })
					s.share.leave(w)
				}
			case "close":
				if len(s.waiting) == 0 { // nobody takes any more
					s.share.Close()
					s.held = nil
				}
			}
			check()
		}
	})
}

func TestShareAcquire(t *testing.T) {
	s := New(10, 1, 1).Share()
	if n, err := s.Acquire(t.Context(), 99); n != 10 || err != nil {
		t.Fatalf("a page larger than the budget takes %d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Acquire(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := s.Acquire(t.Context(), 4)
		got <- err
	}()
	s.Release(10)
	if err := <-got; err != nil || s.budget.used != 4 || s.held != 4 {
		t.Fatalf("%v, %d used, %d held", err, s.budget.used, s.held)
	}
	// One that was let in as it left gives back what it got.
	w := s.ask(3)
	s.leave(w)
	if s.budget.used != 4 || s.held != 4 || len(s.budget.waiting) != 0 {
		t.Fatalf("%d used, %d held, %d waiting", s.budget.used, s.held, len(s.budget.waiting))
	}
}

// A stream whose transactions do not come through holds no other one up.
func TestShareOfAStuckStream(t *testing.T) {
	w := New(10, 2, 2)
	stuck, other := w.Share(), w.Share()
	if _, ok := stuck.TryAcquire(10); !ok {
		t.Fatal("the budget is not used")
	}
	for range 3 {
		n, err := other.Acquire(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := other.TryAcquire(1); ok {
			t.Fatal("a second page beyond the budget")
		}
		other.Release(n)
	}
	stuck.Close()
	stuck.Release(10) // late
	if w.budget.used != 0 {
		t.Fatalf("%d used", w.budget.used)
	}
}

// Pages are kept for streams that wait to be opened only while there are bytes to spare.
func TestShareSpare(t *testing.T) {
	w := New(100, 3, 3)
	one, two, three := w.Share(), w.Share(), w.Share()
	if !one.Spare(60) {
		t.Fatal("an empty budget has nothing to spare")
	}
	if two.Spare(60) {
		t.Fatal("more is spared than there is")
	}
	if n, err := two.Acquire(t.Context(), 60); err != nil || n != 60 { // every stream's first page
		t.Fatal(n, err)
	}
	two.Release(60)
	one.Close()
	if !three.Spare(100) {
		t.Fatal("what was released is not there")
	}
}
