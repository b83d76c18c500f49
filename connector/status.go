package connector

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
	Window  int           // rows known of the topic
	Foreign int64         // records of the topic that are none of the stream's rows, where it was read back last
	Latest  time.Duration // how far behind the mark the latest row appeared
	Since   time.Time     // since when it cannot go on; zero: it can
	Cause   error         // why it cannot
	Err     error         // why it failed
}

// Counts are totals since the process started.
type Counts struct {
	Sweeps       int64 // ended
	Pages        int64
	Read         int64 // rows in pages
	Written      int64 // records committed
	Same         int64 // rows that the topic already held (P3)
	Stale        int64 // versions older than the topic's (P4)
	Reverted     int64 // of the records: versions older than the topic's, which a full scan has seen twice (rule 23)
	Deleted      int64 // tombstones among the records
	Dead         int64 // dead letters committed
	Skipped      int64 // bad rows left out by on_bad_row: skip
	Replaced     int64 // texts in pages in which half of a surrogate pair became U+FFFD
	Late         int64 // rows that appeared behind the mark
	Future       int64 // rows beyond max_future
	Transactions int64
	Forgot       int64 // rows the window had no room for: each may be written again (P10)
	Warnings     int64
}

// each calls fn with the counts of c and the same ones of d.
func (c *Counts) each(d *Counts, fn func(a, b *int64)) {
	fn(&c.Sweeps, &d.Sweeps)
	fn(&c.Pages, &d.Pages)
	fn(&c.Read, &d.Read)
	fn(&c.Written, &d.Written)
	fn(&c.Same, &d.Same)
	fn(&c.Stale, &d.Stale)
	fn(&c.Reverted, &d.Reverted)
	fn(&c.Deleted, &d.Deleted)
	fn(&c.Dead, &d.Dead)
	fn(&c.Skipped, &d.Skipped)
	fn(&c.Replaced, &d.Replaced)
	fn(&c.Late, &d.Late)
	fn(&c.Future, &d.Future)
	fn(&c.Transactions, &d.Transactions)
	fn(&c.Forgot, &d.Forgot)
	fn(&c.Warnings, &d.Warnings)
}

func (c *Counts) add(d Counts) { c.each(&d, func(a, b *int64) { *a += *b }) }

func (c Counts) minus(d Counts) Counts {
	c.each(&d, func(a, b *int64) { *a -= *b })
	return c
}

// Sweep reports a sweep that ended and is committed.
type Sweep struct {
	Stream, Strategy, Topic string
	Mark                    string
	Counts                  // of this sweep alone
	Took                    time.Duration
}

// RecommendedBuffer is the buffer_hours that would have shown every late row so far, with
// a quarter to spare; 0 where none was late.
func (s Status) RecommendedBuffer() float64 {
	return math.Ceil(s.Latest.Hours()*1.25*10) / 10
}

// board holds a runner's status for readers in other goroutines.
type board struct {
	mu sync.Mutex
	s  Status
}

func (b *board) set(change func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.s)
	// A stream that cannot go on does so until it can, whatever else it is at meanwhile.
	if s := &b.s; !s.Since.IsZero() && (s.State == Starting || s.State == Reading || s.State == Idle) {
		s.State = Retrying
	}
}

func (b *board) get() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.s
}
