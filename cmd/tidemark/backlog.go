package main

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

// maxBacklog is how many bytes of lines may wait until somebody reads the log.
const maxBacklog = 4 << 20

// flushWithin is how long the process's end waits for its last lines to be read.
const flushWithin = time.Second

// backlog is a writer that never keeps its caller waiting. A pipe that nobody reads, or a
// terminal that is held, would stop every stream at its next line of log, and the process
// could not be stopped. Lines wait their turn; those for which there is no room are left
// out, and how many is said as soon as lines are read again.
type backlog struct {
	out io.Writer

	mu     sync.Mutex
	queue  [][]byte
	size   int // bytes in queue
	lost   int // lines left out since that was said
	tell   func(lost int) []byte
	more   *sync.Cond
	idle   *sync.Cond // signalled when nothing waits and nothing is being written
	active bool
	closed bool
}

func newBacklog(out io.Writer) *backlog {
	b := &backlog{out: out}
	b.more, b.idle = sync.NewCond(&b.mu), sync.NewCond(&b.mu)
	go b.run()
	return b
}

// errOut is the process's standard error, for the log and for its last words.
var errOut = sync.OnceValue(func() *backlog { return newBacklog(os.Stderr) })

// Write takes a line. It fails never.
func (b *backlog) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size+len(line) > maxBacklog {
		b.lost++
		return len(line), nil
	}
	b.queue, b.size = append(b.queue, bytes.Clone(line)), b.size+len(line)
	b.more.Signal()
	return len(line), nil
}

// run writes what waits, until it is closed.
func (b *backlog) run() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for len(b.queue) == 0 {
			b.idle.Broadcast()
			if b.closed {
				return
			}
			b.more.Wait()
		}
		line := b.queue[0]
		b.queue, b.size = b.queue[1:], b.size-len(line)
		b.active = true
		b.mu.Unlock()
		b.out.Write(line) //nolint:errcheck // where the log cannot be written there is nobody to tell
		b.mu.Lock()
		b.active = false
		if b.lost > 0 && b.tell != nil {
			told := b.tell(b.lost)
			b.queue, b.size, b.lost = append([][]byte{told}, b.queue...), b.size+len(told), 0
		}
	}
}

// flush waits until all lines are written, but no longer than it may.
func (b *backlog) flush(within time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.mu.Lock()
		defer b.mu.Unlock()
		for len(b.queue) > 0 || b.active {
			b.idle.Wait()
		}
	}()
	select {
	case <-done:
	case <-time.After(within):
	}
}

// close is flush for a backlog that gets no more lines.
func (b *backlog) close(within time.Duration) {
	b.flush(within)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.more.Signal()
}
