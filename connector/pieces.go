package connector

import (
	"context"

	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// write commits records and the cursor behind them. What is more than max_in_flight goes
// in pieces (rule 8), for a transaction has to end before its timeout: all but the last one
// leave the cursor where it was. A worker that dies between two of them reads the page once
// more, and the window knows what the topic has of it (P2, P3).
func (r *runner) write(ctx context.Context, records []kafka.Record, before, next strategies.Cursor) (stored strategies.Cursor, transactions int64, err error) {
	for stored = before; ; transactions++ {
		n := fitting(records, r.kafka.MaxInFlight)
		if n == len(records) {
			stored, err = r.sink.Commit(ctx, records, next)
			return stored, transactions + 1, err
		}
		if stored, err = r.sink.Commit(ctx, records[:n], stored); err != nil {
			return stored, transactions, err
		}
		records = records[n:]
	}
}

// fitting is how many of the first records hold no more than limit bytes; one at the least.
func fitting(records []kafka.Record, limit int64) int {
	for i := range records {
		limit -= int64(len(records[i].Key) + len(records[i].Value))
		if limit < 0 && i > 0 {
			return i
		}
	}
	return len(records)
}
