package connector

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// opening is how many streams of a worker may be on their way from closed to open at the
// same time. Each has a few more connections then, and reads its window back.
const opening = 32

// crowd is how many streams may be awake, with some 350 KiB of memory each, before those
// that have nothing to write doze sooner than after idle_after: behind crowdPatience. When
// ten thousand start, all of them would be awake otherwise, for a minute.
const (
	crowd         = 512
	crowdPatience = 2 * time.Second
)

// flock is what the streams of a worker have to do with each other: they open in turns, no
// more of them are awake than the process may have files, their pages share one budget, and
// the memory that they needed while they were awake is given back when they doze. A nil flock
// is that of a stream by itself.
type flock struct {
	turn   *semaphore.Weighted
	seats  *semaphore.Weighted // for awake streams; nil: there is one for each
	budget budget

	mu    sync.Mutex
	awake int       // streams whose producers are open
	most  int       // of those, since memory was given back
	freed time.Time // when that was
	soon  bool      // it is about to be
}

// newFlock is for streams of which so many may be awake at the same time.
func newFlock(maxInFlight int64, streams, seats int) *flock {
	f := &flock{turn: semaphore.NewWeighted(opening), budget: budget{size: maxInFlight}}
	if seats < streams {
		f.seats = semaphore.NewWeighted(int64(seats))
	}
	return f
}

// seat waits until one stream more may be awake; unseat, or stops, is behind that.
func (f *flock) seat(ctx context.Context) error {
	if f == nil || f.seats == nil {
		return nil
	}
	if err := f.seats.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("waiting for other streams to have nothing to write: %w", err)
	}
	return nil
}

func (f *flock) unseat() {
	if f != nil && f.seats != nil {
		f.seats.Release(1)
	}
}

// seated does work that needs the stream's producer beside a life. What is still open
// behind it has no seat: where there are too few it is closed, for the next life opens it anew.
func (r *runner) seated(ctx context.Context, work func(context.Context) error) error {
	if err := r.flock.seat(ctx); err != nil {
		return err
	}
	defer r.flock.unseat()
	err := work(ctx)
	if r.flock != nil && r.flock.seats != nil {
		r.sink.Close()
	}
	return err
}

// patience is how long a stream between two sweeps stays awake with nothing to write.
func (f *flock) patience(idleAfter time.Duration) time.Duration {
	if f == nil {
		return idleAfter
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.awake > crowd || f.seats != nil {
		return min(idleAfter, crowdPatience)
	}
	return idleAfter
}

// enter waits for a stream's turn to open; the returned function ends it.
func (f *flock) enter(ctx context.Context) (leave func(), err error) {
	if f == nil {
		return func() {}, nil
	}
	if err := f.turn.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("waiting for other streams to open: %w", err)
	}
	return func() { f.turn.Release(1) }, nil
}

func (f *flock) rises() {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.awake++
	f.most = max(f.most, f.awake)
}

// freeEvery is the least time from one time that memory is given back to the next: it takes
// a garbage collection.
const freeEvery = time.Minute

// dozes is called behind a stream's producer that was closed because the stream idles.
// Where three in four of those that were awake doze, memory is given back: streams that
// doze make so little garbage that the runtime would take minutes.
func (f *flock) dozes() {
	if f == nil {
		return
	}
	f.stops()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.soon || f.awake > f.most/4 {
		return
	}
	f.soon = true
	time.AfterFunc(freeEvery-time.Since(f.freed), f.free)
}

func (f *flock) free() {
	f.mu.Lock()
	f.soon, f.most, f.freed = false, f.awake, time.Now()
	f.mu.Unlock()
	debug.FreeOSMemory()
}

// stops is called behind any other end of an awake stream.
func (f *flock) stops() {
	if f == nil {
		return
	}
	f.unseat()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.awake--
}
