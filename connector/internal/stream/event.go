package stream

import (
	"time"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Kind says what has happened.
type Kind uint8

// The events.
const (
	Opened    Kind = iota + 1 // the stream is open: Stored, Topic, Kept and Changed are valid
	Loaded                    // the window is there: Window and Stored are valid
	Arrived                   // a question has been answered, or not: ID, Answer, Err
	Granted                   // there is room for an answer that waited for it: ID, Room
	Written                   // a transaction is through: Stored and Topic are valid
	Rescanned                 // a full scan is done
	Failed                    // what was asked for last, Open, Load, Commit or Rescan, has failed: Err
	Alarm                     // the output topic was seen to have lost something
	Tick                      // time has passed
	Stop                      // the stream is to end
	Pause                     // an operator wants nothing to be asked of the API
	Resume                    // he wants the stream to go on
	Poll                      // he wants what is waited for to be done now: the next sweep, or another try
	Alter                     // he wants another cursor, or none: Change
)

// Event is something that happened outside of the machine. Which fields are valid is its kind's.
type Event struct {
	Kind   Kind
	ID     uint64
	Answer *reading.Answer
	Room   int64
	Stored strategies.Cursor // as the state topic has it
	Topic  Topic
	Window *window.Window
	Kept   *Kept // a page that was read before the stream was opened; nil: none is
	Err    error

	Change  *Change
	Changed *Outcome // what came of the change that the opening was to make; nil: it was to make none
}

// Topic is what an open stream knows of its output topic.
type Topic struct {
	ID     string
	Ends   []int64 // by partition
	Limits admit.Limits
}

// Kept is a page that was read before the stream was opened. It is the answer to the sweep's
// first question, if that is still the same when it is asked.
type Kept struct {
	Params  []strategies.Param
	Answer  *reading.Answer
	Parents *reading.Listing // nil: the stream has none
	At      time.Time
}

// Load asks for the window that a cursor needs.
type Load struct {
	Cursor strategies.Cursor // with the open sweep
	Stored strategies.Cursor // as it was claimed
	Floor  *int64            // it must begin here or below, because the API serves rows from there; nil: anywhere
}

// Commit is a transaction to make.
type Commit struct {
	Records []admit.Record
	Next    strategies.Cursor
	Reopen  *Expected // the stream is closed because it was idle, and is opened first; nil: it is open
}

// Expected is what an idle stream must find when it is opened again, so that its window serves on.
type Expected struct {
	Stored strategies.Cursor
	Topic  Topic
}

// Scan asks for a full scan of the API.
type Scan struct {
	Cursor strategies.Cursor
	Reopen *Expected // as Commit's
}

// Ready is what the machine wants to be done. Each demand is handed out once.
type Ready struct {
	Open      bool
	Grown     *wire.Growth // the schema with which it is opened; nil: the one that it has
	Change    *Change      // Open: of the cursor; nil: none
	Changed   *Outcome     // what came of the change that an operator has wanted
	Load      *Load
	Cancel    []uint64 // questions that are no longer wanted; each is still answered by an event
	Asks      []reading.Ask
	Need      reading.Need // room that an answer waits for; ID 0: none does
	Commit    *Commit      // at most one is under way
	CloseIdle bool         // there is nothing to write for long: close the producer
	Rescan    *Scan
	Done      bool // the machine has ended; Err says how
	Err       error
}
