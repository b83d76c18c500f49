package status

import (
	"math"
	"sync"
	"time"
)

// State is what a stream is doing.
type State string

// The states.
const (
	Starting State = "starting"
	Reading  State = "reading"  // a sweep is open
	Idle     State = "idle"     // waiting for the next poll
	Retrying State = "retrying" // it cannot go on, and tries again until it can: see Since and Cause
	Done     State = "done"
	Failed   State = "failed"
)

// Status is what a stream shows of itself.
type Status struct {
	Stream, Strategy, Topic string
	State                   State
	Mark                    string // the committed one
	Counts
	Window      int           // rows known of the topic
	Foreign     int64         // records of the topic that are none of the stream's rows, where it was read back last
	MaxLateness time.Duration // how long after its own time the most late row appeared behind the mark
	Since       time.Time     // since when it cannot go on; zero: it can
	Cause       error         // why it cannot
	Err         error         // why it failed
}

// RecommendedBuffer is the buffer_hours that would have shown every late row so far, with
// a quarter to spare; 0 where none was late.
func (s Status) RecommendedBuffer() float64 {
	return math.Ceil(s.MaxLateness.Hours()*1.25*10) / 10
}

// Sweep reports a sweep that ended and is committed.
type Sweep struct {
	Stream, Strategy, Topic string
	Mark                    string
	Counts                  // of this sweep alone
	Took                    time.Duration
}

// Board holds a stream's status for readers in other goroutines.
type Board struct {
	mu sync.Mutex
	s  Status
}

// Set changes the status.
func (b *Board) Set(change func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.s)
	// A stream that cannot go on does so until it can, whatever else it is at meanwhile.
	if s := &b.s; !s.Since.IsZero() && (s.State == Starting || s.State == Reading || s.State == Idle) {
		s.State = Retrying
	}
}

// Get returns the status as it is now.
func (b *Board) Get() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.s
}
