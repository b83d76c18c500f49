package connector

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// source answers a strategy's questions: the API, or a scripted one in simulations.
type source interface {
	// Page asks one question. A *rest.StatusError says that the API refused it.
	Page(ctx context.Context, params []strategies.Param) (*answer, error)
	// Drift tells of the rows of all pages so far.
	Drift() *wire.Drift
	Close()
}

// answer is a page and the buffers it lies in.
type answer struct {
	strategies.Page
	URL      string        // as asked, secrets replaced
	Date     time.Time     // by the API's clock; zero where it does not say
	Size     int64         // bytes
	Marks    wire.Marks    // what the deleted field holds
	Adjusted wire.Adjusted // values that were changed so that the schema takes them
	release  func()

	// Of a page that is Cut: more reads the next piece of it, stop gives it up. One of the two
	// is called, once.
	more func(ctx context.Context) (*answer, error)
	stop func()
}

// page is what of the answer is admitted.
func (a *answer) page() admit.Page {
	return admit.Page{Rows: a.Rows, URL: a.URL, Date: a.Date, Ceiling: a.Ceiling}
}

// Release gives the page's memory back; a second call does nothing.
func (a *answer) Release() {
	if a.release != nil {
		a.release()
		a.release = nil
	}
}

// giveUp lets go of the rest of a long page.
func (a *answer) giveUp() {
	if a.stop != nil {
		a.stop()
	}
}

// sink takes records and cursors: Kafka, or a log in memory in simulations. See
// kafka.Sink for what each method promises.
type sink interface {
	Open(ctx context.Context) (strategies.Cursor, error)
	Commit(ctx context.Context, records []kafka.Record, next strategies.Cursor) (strategies.Cursor, error)
	Scan(ctx context.Context, from []int64, fn func(*kgo.Record) error) error
	ScanDead(ctx context.Context, fn func(*kgo.Record) error) error
	MaxRecord() int
	MaxDead() int
	Ends() []int64
	TopicID() string
	Spread() int
	Found() kafka.Found
	Keep(fingerprint, schema string)
	Close()
}

// inspector reads records back that have a value: what the window compares of their bodies
// (rule 11). A *foreignError says that a record is none of the stream's rows.
type inspector interface {
	Inspect(ctx context.Context, rec *kgo.Record) (strategies.Value, uint64, error)
	// Lexicon is what it knows of the records' schema ids.
	Lexicon() *lexicon
	// Doubts says which of them the registry does not explain as the topic's records mean them.
	Doubts(ctx context.Context) string
}
