package sim

import (
	"fmt"
	"strings"

	"tidemark/strategies"
)

// Traits are what an API and its stream are like for the whole of a history. Lengths
// along the cursor are in units: seconds, or 1 for integers.
type Traits struct {
	Strategy string
	Format   strategies.Format
	Strict   bool  // the filter is > instead of >=
	Back     int64 // lookback or buffer
	PageSize int   // as the stream is configured; 0: not set
	Cap      int   // rows the API gives at most; 0: all
	Order    Order
	ByValue  bool // tokens stand for the last row's value and are strictly greater
	Total    TotalKind
	Leak     int64 // the filter lets rows through from this far below what was asked
	Distinct bool  // no two rows share a value
	StepSize int64
	MaxID    int64

	Concurrency int // requests under way at once: answers may be older than their turn

	Partitions int
	Workers    int
	Compact    bool // the topic is compacted now and then
	RoundTrip  bool // cursors go through JSON (they always do in the full tier)

	Says     SaysKind  // timestamp, replay: what an answer says of rows that it does not hold
	Unpaged  bool      // the stream is configured with page_size: none
	Believed bool      // the stream is configured for >= although the filter is strict
	Bound    BoundKind // what a token asks for by itself
	Repeat   bool      // the stream repeats beside a token what its pages were asked from
	Rival    bool      // another writer has the topic, and cannot be fenced
	Shared   bool      // the stream is configured for it (exclusive: false)
	Registry bool      // records have schema ids, which the registry may forget
	Grows    bool      // rows come to have fields that the stream's schema learns
	Kept     bool      // what it has learnt the state topic keeps, and else the registry
	Backfill bool      // everything is scanned once where it has learnt something
	Ties     TieKind   // offset
	Busy     int       // offset: changes with each request

	End     EndKind // keyset, offset: how an end is told
	EndSaid bool    // the stream is configured for it, where that is needed or helps
	Deep    int     // offset: offset and limit together may be no more; 0: anything

	WalkTraits
	ParentTraits
}

// Kind is what an event does.
type Kind uint8

// The events. W is a worker, A and B are what the kind makes of them; an event that
// cannot happen where it comes does nothing, so that any event can be left out.
const (
	Step       Kind = iota // worker W goes on: starts, asks for a page or commits, as A says
	Commit                 // worker W commits what it has fetched
	Crash                  // worker W is gone
	Pause                  // worker W stops at its next call to the log, for the next A events
	Insert                 // a row that is A beyond the greatest value
	Update                 // row A moves to B beyond the greatest value
	Touch                  // row A's content changes, its cursor value does not
	Restore                // row A's content goes back to what it was before, its value stays
	Delete                 // row A goes
	Late                   // a row appears A below the greatest value
	Null                   // a row without a cursor value appears
	Far                    // a row from a far future appears
	Spoil                  // row A gets a content that cannot be encoded
	Retire                 // row A is marked as deleted, B beyond the greatest value
	Snapshot               // a replica falls behind here
	Lag                    // the next answer comes from that replica
	Double                 // the next answer has one row twice, once in its last version
	Fail                   // the next request fails, retries and all
	Broken                 // the next answer is 200 with {} or half of a page
	Refuse                 // the next request that carries a token is refused, A: 400 or 410
	Loop                   // the next token is the one asked with
	Short                  // the next answer holds fewer rows than it could
	Blank                  // the next answer is an empty page although rows are there
	Fault                  // worker W's next transaction goes wrong as A says
	Compaction             // the topic is compacted
	Back                   // row A is what it was before, or something new B below its value
	SetBack                // all rows are what they were when the replica fell behind
	Slow                   // row A, or a new one, is stamped B beyond the greatest value and seen later
	Intrude                // the other writer writes row A as it is now, in a way that B says
	Remake                 // the output topic is deleted and made anew
	Trim                   // its records up to B are deleted, of partition A or of all
	PutBack                // it ends at B, of partition A or of all: a copy or a leader that lags
	Widen                  // it gets up to three more partitions
	Stray                  // an old record of A lies in another partition too
	Evolve                 // processes that start from now on have another schema
	Forget                 // the registry is started anew, and gives others A ids
	Scrawl                 // the other writer writes what is no row under row A's key, in a way that B says
	Down                   // the API fails for longer than any request is retried, as A says
	Away                   // worker W's next opens fail, as often as A says
	Still                  // the API's clock goes on for longer than a day, and no row comes
	Kin                    // parent A goes with all its rows, or is back with them
	Gain                   // row A gets a field that rows did not have before, or loses it, B: which one, and whether its value moves
	Lose                   // all rows lose the fields that rows have got, and nothing else of them changes
	kinds
)

var kindNames = [kinds]string{"step", "commit", "crash", "pause", "insert", "update", "touch", "restore", "delete", "late", "null", "far", "spoil", "retire",
	"snapshot", "lag", "double", "fail", "broken", "refuse", "loop", "short", "blank", "fault", "compaction", "back", "set back", "slow", "intrude",
	"remake", "trim", "put back", "widen", "stray", "evolve", "forget", "scrawl", "down", "away", "still", "kin", "gain", "lose"}

// Live reports whether the event is a change of the API's rows.
func (k Kind) Live() bool {
	return k >= Insert && k <= Retire || k == Back || k == SetBack || k == Slow || k == Still || k == Kin || k == Gain || k == Lose
}

func (k Kind) String() string { return kindNames[k] }

// The ways in which a transaction goes wrong, Fault's A.
const (
	CrashBefore    = iota // the worker dies before its first record
	CrashInside           // ... with records in the log
	CrashCommitted        // ... after the commit, which holds
	NotWritten            // producing fails
	RecordFails           // one record alone is refused
	LostApplied           // the commit's answer is lost; it holds
	LostDropped           // the commit's request is lost; the transaction is aborted
	LostLate              // the commit's request is held up: it takes effect when the next worker comes, or not at all
	TimedOut              // the broker has given up on the transaction
	faults
)

var faultNames = [faults]string{"crash before", "crash inside", "crash committed", "not written", "record fails",
	"answer lost, applied", "request lost", "request late", "timed out"}

// Event is one thing that happens.
type Event struct {
	Kind Kind
	W    uint8
	A, B uint16
}

func (e Event) String() string {
	switch e.Kind {
	case Step, Commit, Crash:
		return fmt.Sprintf("%s worker %d (%d)", e.Kind, e.W, e.A)
	case Pause:
		return fmt.Sprintf("pause worker %d for %d events", e.W, e.A)
	case Fault:
		return fmt.Sprintf("fault worker %d: %s", e.W, faultNames[e.A%faults])
	}
	switch e.Kind {
	case Down:
		return fmt.Sprintf("down for %d requests", e.Times())
	case Away:
		return fmt.Sprintf("away for %d opens of worker %d", e.Times(), e.W)
	}
	return fmt.Sprintf("%s %d %d", e.Kind, e.A, e.B)
}

// Script is a whole history before it has happened.
type Script struct {
	Seed uint64
	Traits
	Initial []uint16 // cursor values of the rows there are at the start
	Events  []Event
}

// String shows the script as Shrink's result is shown.
func (s *Script) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v\nrows at the start: %v\n", s.Traits, s.Initial)
	for i, e := range s.Events {
		fmt.Fprintf(&b, "%3d %s\n", i, e)
	}
	return b.String()
}
