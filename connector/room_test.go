package connector

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tidemark/connector/playground"
	"tidemark/strategies"
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
// stream waits while it holds nothing, none while there is room and nobody came before it,
// and what was given back is there again.
func TestLawRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 40).Draw(t, "size")
		b := &budget{size: size}
		type stream struct {
			room    *room
			held    []int64
			waiting []*waiter
		}
		streams := make([]*stream, rapid.IntRange(1, 4).Draw(t, "streams"))
		for i := range streams {
			streams[i] = &stream{room: b.room()}
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
				if held != s.room.held {
					t.Fatalf("a stream holds %d, counted %d", held, s.room.held)
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
			switch rapid.SampledFrom([]string{"take", "try", "give", "leave", "close"}).Draw(t, "step") {
			case "take":
				w := s.room.ask(s.room.weight(n))
				s.waiting = append(s.waiting, w)
				arrived = append(arrived, w)
			case "try":
				free := len(b.waiting) == 0 && b.used+s.room.weight(n) <= size
				n, ok := s.room.tryTake(n)
				if ok != (free || len(s.held) == 0) {
					t.Fatalf("%d beside %d of %d, %d waiting: %v", n, b.used, size, len(b.waiting), ok)
				}
				if ok {
					s.held = append(s.held, n)
				}
			case "give":
				if len(s.held) > 0 {
					s.room.give(s.held[0])
					s.held = s.held[1:]
				}
			case "leave":
				if len(s.waiting) > 0 {
					w := s.waiting[0]
					s.waiting = s.waiting[1:]
					arrived = slices.DeleteFunc(arrived, func(a *waiter) bool { return a == w })
					s.room.leave(w)
				}
			case "close":
				if len(s.waiting) == 0 { // nobody takes any more
					s.room.close()
					s.held = nil
				}
			}
			check()
		}
	})
}

func TestRoomTake(t *testing.T) {
	r := newRoom(10)
	if n, err := r.take(t.Context(), 99); n != 10 || err != nil {
		t.Fatalf("a page larger than the room takes %d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.take(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := r.take(t.Context(), 4)
		got <- err
	}()
	r.give(10)
	if err := <-got; err != nil || r.used != 4 || r.held != 4 {
		t.Fatalf("%v, %d used, %d held", err, r.used, r.held)
	}
	// One that was let in as it left gives back what it got.
	w := r.ask(3)
	r.leave(w)
	if r.used != 4 || r.held != 4 || len(r.waiting) != 0 {
		t.Fatalf("%d used, %d held, %d waiting", r.used, r.held, len(r.waiting))
	}
}

// A stream whose transactions do not come through holds no other one up.
func TestRoomOfAStuckStream(t *testing.T) {
	b := &budget{size: 10}
	stuck, other := b.room(), b.room()
	if _, ok := stuck.tryTake(10); !ok {
		t.Fatal("there is room")
	}
	for range 3 {
		n, err := other.take(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := other.tryTake(1); ok {
			t.Fatal("a second page beyond the budget")
		}
		other.give(n)
	}
	stuck.close()
	stuck.give(10) // late
	if b.used != 0 {
		t.Fatalf("%d used", b.used)
	}
}

// The streams of a worker share a budget that a single page of any of them fills: all come
// through, and nothing of it is left taken.
func TestBrokerStreamsShareTheirRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 300})
	h.cfg.Kafka.MaxInFlight = 1 << 10
	for _, name := range strategies.Names() {
		for range 2 {
			h.add(name)
		}
	}
	h.mustOnce()
	for _, s := range h.cfg.Streams {
		if n := len(h.events(s.Topic)); n != 300 {
			t.Errorf("stream %s: %d events for 300 rows", s.Name, n)
		}
	}
	if b := &h.last.runners[0].flock.budget; b.size != 1<<10 || b.used != 0 || len(b.waiting) != 0 {
		t.Errorf("%d of %d bytes are still held, %d pages wait", b.used, b.size, len(b.waiting))
	}
}
