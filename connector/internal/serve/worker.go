package serve

import (
	"errors"
	"io"
	"time"

	"tidemark/connector/internal/status"
	"tidemark/connector/internal/stream"
)

// Worker is what is shown of a running worker. Its functions are called by several goroutines, and wait for nothing.
type Worker struct {
	Version    string
	Streams    func() []Stream
	Held       func() int64 // bytes of pages that are not committed yet
	Limit      int64        // of these
	ReadyAfter time.Duration
	Measures   *status.Measures
	// Tell leaves word of what an operator wants of a stream. The error is one of those below.
	Tell func(name string, what stream.Wish) error
	// Exported is what an export has of a stream. Errors have class Config.
	Exported func(from io.Reader, name string) (*stream.Imported, error)
}

// Stream is what is shown of one stream.
type Stream struct {
	status.Status
	MaxLag time.Duration // 0: any will do
	Stored Stored
}

// Stored is the cursor as it was committed last.
type Stored struct {
	Seq   int64 // 0: nothing was committed in this process yet
	Sweep string
	At    time.Time
}

// The errors of Tell.
var (
	ErrUnknown = errors.New("there is no such stream")
	ErrEnded   = errors.New("the stream has ended")
	ErrPaused  = errors.New("the stream is paused: resume it")
	ErrBusy    = errors.New("the stream has not taken up what was asked of it before")
)
