// Package admit makes records of a page's rows. It holds each row against what the topic has (the
// window), drops what is there already or is superseded, and makes of the rest records, tombstones,
// or dead letters where a row cannot be written as what it is.
package admit

import (
	"fmt"
	"math"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// Limits are what the topics take, in bytes of a record.
type Limits struct {
	Record int // the output topic
	Letter int // the dead-letter topic
}

// Rules are what rows become in one stream, and what was said of them: they live as long as the
// process does, and longer than the lives of the stream. Cause, TooBad, TooMany and MetBefore may be
// called by several goroutines while the limits stand.
type Rules struct {
	Stream  config.Stream
	Brokers []string // for commands that an operator is told
	Format  strategies.Format
	Limits  Limits
	Report  *status.Reporter
	// CursorBeside says that bodies do not hold the cursor value: each record has it in a header.
	CursorBeside bool
	// Codec says what rows' records are in the topic; nil: what the scanner makes of them.
	Codec *format.Codec

	badSaid    map[string]bool // fields that bad rows were said of
	cutSaid    bool            // letters are cut, and it was said
	fullSaid   bool            // a window has forgotten rows, and it was said
	futureSaid bool            // rows beyond max_future were met in this sweep, and it was said
}

// Batch is what one transaction writes. Reset makes it an empty one.
type Batch struct {
	Records  []kafka.Record
	Bytes    int64 // of the records' bodies
	Counts   status.Counts
	Lateness status.Lateness // of the rows that appeared behind the mark
	Greatest int64           // cursor value in the records, as the window counts it

	headers []kgo.RecordHeader // of the records, in one piece of memory
}

// Reset empties the batch, and keeps its memory.
func (b *Batch) Reset() {
	*b = Batch{Records: b.Records[:0], Greatest: window.Everything, headers: b.headers[:0]}
}

// tooLargeError is why a row that could be encoded is a dead letter all the same.
type tooLargeError struct{ size, limit int }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the record has %d bytes, the topic takes %d (max.message.bytes)", e.size, e.limit)
}

// Cause is why a row cannot be written as what it is; nil: it can.
func (r *Rules) Cause(row *strategies.Row) error {
	if row.Err != nil {
		return row.Err
	}
	size := 0
	if len(r.Stream.RecordHeaders) > 0 {
		size += r.headerBytes()
	}
	if (row.Deleted || r.CursorBeside) && row.Value.Set {
		size += len(HeaderCursor) + len(row.Value.Raw) + 8
	}
	if r.Codec == nil {
		size += len(row.Key) + len(row.Body)
	} else {
		written := int(row.Size)
		if written == 0 {
			n, exact, err := r.Codec.Size(row.Key, row.Body, row.Deleted, r.Limits.Record-size)
			if err != nil {
				return err
			}
			if written = n; exact {
				row.Size = int32(min(n, math.MaxInt32))
			}
		}
		size += written
	}
	if size > r.Limits.Record {
		return &tooLargeError{size, r.Limits.Record}
	}
	return nil
}
