package connector

import (
	"context"
	"errors"
	"time"

	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// write commits records and the cursor behind them. What is more than max_in_flight, or than
// has come through (bound), goes in pieces (rule 8), for a transaction has to end before its timeout: all but the last one
// leave the cursor where it was. A worker that dies between two of them reads the page once
// more, and the window knows what the topic has of it (P2, P3).
func (r *runner) write(ctx context.Context, records []kafka.Record, before, next strategies.Cursor) (stored strategies.Cursor, transactions int64, err error) {
	for stored = before; ; transactions++ {
		n, size := fitting(records, r.bound.now(r.kafka.MaxInFlight))
		to := next
		if n < len(records) {
			to = stored
		}
		if stored, err = r.commitPiece(ctx, records[:n], size, to); err != nil {
			return stored, transactions, err
		}
		if n == len(records) {
			return stored, transactions + 1, nil
		}
		records = records[n:]
	}
}

// commitPiece is one transaction, with what it teaches of the link's pace.
func (r *runner) commitPiece(ctx context.Context, records []kafka.Record, size int64, next strategies.Cursor) (strategies.Cursor, error) {
	began := time.Now()
	stored, err := r.sink.Commit(ctx, records, next)
	var failed *kafka.CommitError
	switch {
	case err == nil:
		r.bound.done(size, r.kafka.MaxInFlight, time.Since(began), r.kafka.TransactionTimeout)
	case errors.As(err, &failed) && failed.Late:
		r.bound.late(size, r.kafka.MaxInFlight)
	}
	return stored, err
}

// fitting is how many of the first records hold no more than limit bytes, one at the least,
// and how many bytes they hold.
func fitting(records []kafka.Record, limit int64) (n int, size int64) {
	for i := range records {
		more := int64(len(records[i].Key) + len(records[i].Value))
		if size+more > limit && i > 0 {
			return i, size
		}
		size += more
	}
	return len(records), size
}
