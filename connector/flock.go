package connector

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/semaphore"
)

// opening is how many streams of a worker may be on their way from closed to open at the
// same time. Each has a few more connections then, and reads its window back.
const opening = 32

// flock is what the streams of a worker have to do with each other: they open in turns,
// and the memory that many of them needed while they were awake is given back when they
// doze. A nil flock is that of a stream by itself.
type flock struct {
	turn *semaphore.Weighted

	mu    sync.Mutex
	awake int // streams whose producers are open
	most  int // of those, since memory was given back
}

func newFlock() *flock { return &flock{turn: semaphore.NewWeighted(opening)} }

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

// herd is how many producers are worth a garbage collection: each takes 150 KiB.
const herd = 64

// dozes is called behind a stream's producer that was closed because the stream idles.
func (f *flock) dozes() {
	if f == nil {
		return
	}
	f.stops()
	f.mu.Lock()
	few := f.most >= herd && f.awake <= f.most/4
	if few {
		f.most = f.awake
	}
	f.mu.Unlock()
	if few {
		// Streams that doze make so little garbage that the runtime would take minutes
		// to give back what they needed before.
		debug.FreeOSMemory()
	}
}

// stops is called behind any other end of an awake stream.
func (f *flock) stops() {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.awake--
}
