package inflight

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurns(t *testing.T) {
	w := New(1<<20, 1, 1)
	var leaves []func()
	for range Opening {
		leave, err := w.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("one more enters: %v", err)
	}
	leaves[0]()
	if _, err := w.Enter(t.Context()); err != nil {
		t.Error(err)
	}
}

// Memory is given back when three in four of the streams that were awake idle, once a
// minute at the most.
func TestMemoryIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(1<<20, 1, 1)
		idle := func(n int, want time.Duration) {
			t.Helper()
			before, began := w.freed, time.Now()
			for range n {
				w.Idles()
			}
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			switch freed := w.freed.Sub(began); {
			case want < 0 && w.freed != before:
				t.Fatalf("%d awake: given back after %v", w.awake, freed)
			case want >= 0 && freed != want:
				t.Fatalf("%d awake: given back after %v, want %v", w.awake, freed, want)
			}
		}
		rise := func(n int) {
			for range n {
				w.Opened()
			}
		}
		rise(8)
		idle(5, -1)
		idle(1, 0)
		idle(1, -1) // one in two
		rise(7)
		idle(6, 0)
		// Soon behind that: at the minute's end, for all that idle by then.
		rise(6)
		w.freed = time.Now()
		idle(7, freeEvery)
		if w.awake != 1 || w.most != 1 {
			t.Errorf("%d awake, %d at the most", w.awake, w.most)
		}
	})
}

// A crowd that is awake sends those that have nothing to write to idle sooner.
func TestIdleAfter(t *testing.T) {
	w := New(1<<20, 1000, 1000)
	for n := range crowd + 1 {
		if got := w.IdleAfter(time.Minute); got != time.Minute {
			t.Fatalf("with %d awake a stream waits %v", n, got)
		}
		w.Opened()
	}
	if got := w.IdleAfter(time.Minute); got != crowdPatience {
		t.Errorf("with %d awake a stream waits %v", w.awake, got)
	}
	if got := w.IdleAfter(time.Millisecond); got != time.Millisecond {
		t.Errorf("a stream that would wait a millisecond waits %v", got)
	}
	w.Idles()
	if got := w.IdleAfter(time.Minute); got != time.Minute {
		t.Errorf("when the crowd has gone a stream waits %v", got)
	}
	if got := New(1<<20, 3, 2).IdleAfter(time.Minute); got != crowdPatience {
		t.Errorf("where others wait for a seat a stream waits %v", got)
	}
}

// Where there are fewer seats than streams, one stream more waits until one of those that are awake
// idles or closes; elsewhere none waits.
func TestSeats(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, leave := range map[string]func(*Worker){"unseat": (*Worker).Unseat, "idles": (*Worker).Idles, "closed": (*Worker).Closed} {
		t.Run(name, func(t *testing.T) {
			w := New(1<<20, 3, 2)
			if !w.Scarce() {
				t.Error("two seats are enough for three streams")
			}
			for range 2 {
				if err := w.Seat(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.Opened()
			}
			if err := w.Seat(ended); !errors.Is(err, context.Canceled) {
				t.Errorf("a third stream has a seat: %v", err)
			}
			leave(w)
			if err := w.Seat(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	w := New(1<<20, 3, 3)
	for range 4 { // a stream may be on its way from one life to the next
		if err := w.Seat(t.Context()); err != nil || w.Scarce() {
			t.Errorf("a seat for each stream: %v, scarce: %v", err, w.Scarce())
		}
	}
}
