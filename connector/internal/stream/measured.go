package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/trace"
	"tidemark/strategies"
)

// Measured is a sink that measures its transactions, those of full scans too, counts the ones that fail, and knows the
// cursor that was committed last.
type Measured struct {
	Sink
	Report *status.Reporter
	Traced *trace.Stream

	last atomic.Pointer[Committed]
}

// Committed is a cursor, and when it was committed.
type Committed struct {
	Cursor strategies.Cursor
	At     time.Time
}

// Last is the cursor as it was committed last in this process; nil: none was, or nobody measures. Any goroutine may ask.
func (m *Measured) Last() *Committed { return m.last.Load() }

// Forget removes the stream's cursor.
func (m *Measured) Forget(ctx context.Context, secret bool) error {
	err := m.Sink.Forget(ctx, secret)
	if err == nil {
		m.last.Store(nil)
	}
	return err
}

// Commit makes a transaction.
func (m *Measured) Commit(ctx context.Context, records []admit.Record, next strategies.Cursor) (strategies.Cursor, error) {
	began := time.Now()
	stored, err := m.Sink.Commit(ctx, records, next)
	m.Traced.Committed(began, len(records), err)
	if err == nil {
		if m.Report.Measures != nil {
			now := time.Now()
			m.Report.Measures.Committed(now.Sub(began))
			m.last.Store(&Committed{stored, now})
		}
		return stored, nil
	}
	m.Report.Board.Set(func(s *status.Status) {
		var failed *kafka.CommitError
		switch {
		case class.Of(err) == class.Fenced:
			s.Fenced++
		case errors.As(err, &failed) && failed.Outcome == kafka.Unknown:
			s.Uncertain++
		default:
			s.Aborted++
		}
	})
	return stored, err
}
