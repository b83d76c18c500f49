package stream

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/status"
	"tidemark/strategies"
)

// scriptedSink ends its transactions as it is told.
type scriptedSink struct {
	Sink
	err error
}

func (s *scriptedSink) Commit(_ context.Context, _ []admit.Record, next strategies.Cursor) (strategies.Cursor, error) {
	return next, s.err
}

// Transactions are measured where somebody asks, and those that fail are counted by what became of them.
func TestMeasured(t *testing.T) {
	t.Parallel()
	sink := &scriptedSink{}
	m := &Measured{Sink: sink, Report: status.NewReporter(status.Status{}, slog.New(slog.DiscardHandler), false)}
	commit := func(err error) {
		sink.err = err
		if _, got := m.Commit(t.Context(), nil, strategies.Cursor{Seq: 7}); !errors.Is(got, err) {
			t.Errorf("it returns %v, not %v", got, err)
		}
	}
	commit(nil)
	if m.Last() != nil {
		t.Error("what nobody asks for is kept")
	}
	m.Report.Measures = status.NewMeasures()
	commit(nil)
	for range 2 {
		commit(&kafka.CommitError{Outcome: kafka.Unknown, Err: errors.New("lost")})
	}
	commit(&kafka.CommitError{Outcome: kafka.NotWritten, Err: errors.New("late")})
	commit(errors.New("a topic that is not there"))
	commit(kafka.ErrFenced)
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(m.Report.Measures.Commits)
	measured, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if n := measured[0].GetMetric()[0].GetHistogram().GetSampleCount(); n != 1 || m.Last().Cursor.Seq != 7 || m.Last().At.IsZero() {
		t.Errorf("%d transactions were measured, the last is %+v", n, m.Last())
	}
	if s := m.Report.Board.Get(); s.Uncertain != 2 || s.Aborted != 2 || s.Fenced != 1 {
		t.Errorf("counted were %+v", s.Counts)
	}
}
