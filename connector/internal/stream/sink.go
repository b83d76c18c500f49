package stream

import (
	"context"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/readback"
	"tidemark/strategies"
)

// Sink takes records and cursors: Kafka, or a log in memory in simulations. See
// kafka.Sink for what each method promises.
type Sink interface {
	readback.Topic
	Open(ctx context.Context) (strategies.Cursor, error)
	Commit(ctx context.Context, records []admit.Record, next strategies.Cursor) (strategies.Cursor, error)
	MaxRecord() int
	Found() kafka.Found
	Keep(fingerprint, schema string)
	Resume(c strategies.Cursor)
	Forget(ctx context.Context, secret bool) error
	Close()
}
