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
	Paused   State = "paused"   // an operator has paused it: nothing is asked of its API until it is resumed
	Done     State = "done"
	Failed   State = "failed"
)

// States are all states.
var States = []State{Starting, Reading, Idle, Retrying, Paused, Done, Failed}

// Status is what a stream shows of itself.
type Status struct {
	Stream, Strategy, Topic string
	State                   State
	Phase                   string // of its life, as DESIGN has them
	Held                    bool   // an operator has paused it
	Mark                    string // the committed one
	Counts
	At        string    // the open sweep: the value behind which it stands
	SweepRows int64     // the open sweep: rows read since it was begun in this process
	Total     int64     // the open sweep: rows that it has by the API's own count; 0: the API does not say
	Window    int       // rows known of the topic
	Foreign   int64     // records of the topic that are none of the stream's rows, where it was read back last
	Lateness  Lateness  // of the rows that appeared behind the mark
	Started   time.Time // when the process began with it
	Opened    bool      // it was opened in this process: its schema is registered, its cursor claimed, its window there
	Swept     time.Time // when the last sweep's end was committed; zero: none has ended yet
	Upto      time.Time // when that sweep was begun: what the API showed until then is in the topic
	Since     time.Time // since when it cannot go on; zero: it can
	Cause     error     // why it cannot
	Last      error     // what last kept it from going on, though that may be over
	LastAt    time.Time // when that was
	Err       error     // why it failed
}

// RecommendedBuffer is the buffer_hours that would have shown every late row so far, with
// a quarter to spare; 0 where none was late.
func (s Status) RecommendedBuffer() float64 {
	return math.Ceil(s.Lateness.Max.Hours()*1.25*10) / 10
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
	// A stream that is paused, or cannot go on, is so until it can, whatever else it is at meanwhile.
	switch s := &b.s; {
	case s.State == Done || s.State == Failed:
	case s.Held:
		s.State = Paused
	case !s.Since.IsZero():
		s.State = Retrying
	}
}

// Get returns the status as it is now.
func (b *Board) Get() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.s
}
