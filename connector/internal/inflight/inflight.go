// Package inflight is what the streams of one worker share so that its memory and its files stay
// bounded (P10): a budget of bytes for the pages that were read and are not yet written, turns in
// which streams open, seats for those that are awake, and the memory that is given back when
// they idle.
//
// A stream is awake while its producer is open, which takes some 350 KiB and three connections. One
// that has nothing to write closes it and idles.
package inflight

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Opening is how many streams of a worker may be on their way from closed to open at the
// same time. Each has a few more connections then, and reads its window back.
const Opening = 32

// crowd is how many streams may be awake before those that have nothing to write idle sooner than
// after idle_after: behind crowdPatience. When ten thousand start, all of them would be awake
// otherwise, for a minute.
const (
	crowd         = 512
	crowdPatience = 2 * time.Second
)

// freeEvery is the least time from one time that memory is given back to the next: it takes
// a garbage collection.
const freeEvery = time.Minute

// Worker is what the streams of one process have to do with each other. A stream by itself has
// one of its own.
type Worker struct {
	turn   *semaphore.Weighted
	seats  *semaphore.Weighted // for awake streams, where they are scarce
	scarce bool                // there are fewer of them than streams
	budget budget

	mu    sync.Mutex
	awake int       // streams whose producers are open
	most  int       // of those, since memory was given back
	freed time.Time // when that was
	soon  bool      // it is about to be
}

// New returns what so many streams share, of which as many as there are seats may be awake at the same
// time, and whose pages may take maxInFlight bytes together.
func New(maxInFlight int64, streams, seats int) *Worker {
	return &Worker{
		turn:   semaphore.NewWeighted(Opening),
		seats:  semaphore.NewWeighted(int64(seats)),
		scarce: seats < streams,
		budget: budget{size: maxInFlight},
	}
}

// Scarce reports whether there are fewer seats than streams: each must leave its seat as soon as it has
// nothing to write.
func (w *Worker) Scarce() bool { return w.scarce }

// Seat waits until one stream more may be awake. Unseat, Idles or Closed gives the seat back.
func (w *Worker) Seat(ctx context.Context) error {
	if !w.scarce {
		return nil
	}
	if err := w.seats.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("waiting for other streams to have nothing to write: %w", err)
	}
	return nil
}

// Unseat gives back the seat of a stream that has not opened after all.
func (w *Worker) Unseat() {
	if w.scarce {
		w.seats.Release(1)
	}
}

// Enter waits for a stream's turn to open; the returned function ends it.
func (w *Worker) Enter(ctx context.Context) (leave func(), err error) {
	if err := w.turn.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("waiting for other streams to open: %w", err)
	}
	return func() { w.turn.Release(1) }, nil
}

// IdleAfter is how long a stream between two sweeps stays awake with nothing to write, where
// idle_after is d.
func (w *Worker) IdleAfter(d time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.awake > crowd || w.scarce {
		return min(d, crowdPatience)
	}
	return d
}

// Opened counts a stream that has a seat as awake.
func (w *Worker) Opened() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.awake++
	w.most = max(w.most, w.awake)
}

// Idles is called behind a stream's producer that was closed because the stream has nothing to
// write. Where three in four of those that were awake idle, memory is given back: idle streams
// make so little garbage that the runtime would take minutes.
func (w *Worker) Idles() {
	w.Closed()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.soon || w.awake > w.most/4 {
		return
	}
	w.soon = true
	time.AfterFunc(freeEvery-time.Since(w.freed), w.free)
}

// Closed is called behind any other end of an awake stream.
func (w *Worker) Closed() {
	w.Unseat()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.awake--
}

func (w *Worker) free() {
	w.mu.Lock()
	w.soon, w.most, w.freed = false, w.awake, time.Now()
	w.mu.Unlock()
	debug.FreeOSMemory()
}
