package stream

import (
	"log/slog"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// nobody observes nothing.
type nobody struct{}

func (nobody) Settled([]Item, int64) {}

func (nobody) Swept(status.Sweep) {}

// settingsOf are those of a machine that has a worker's budget alone. Chance is halfway.
func settingsOf(t testing.TB, stream config.Stream, once bool, log *slog.Logger) Settings {
	t.Helper()
	spec, err := stream.Spec()
	if err != nil {
		t.Fatal(err)
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	report := status.NewReporter(status.Status{Stream: stream.Name, Topic: stream.Topic}, log, once)
	kafka, drift := config.Default().Kafka, &wire.Drift{}
	return Settings{
		Reading: reading.Parts{Stream: stream, Strategy: strategy, Format: spec.Format, Report: report, Notes: &reading.Notes{},
			Drift: func() *wire.Drift { return drift }, Budget: inflight.New(kafka.MaxInFlight, 1, 1).Share(),
			Rules: &admit.Rules{Stream: stream, Format: spec.Format, Report: report}},
		Kafka: kafka, Once: once, Wait: true, Observer: nobody{}, Judge: KafkaJudge, Bound: &admit.Bound{},
		IdleAfter: func(d time.Duration) time.Duration { return d }, Rand: func(d time.Duration) time.Duration { return d / 2 },
		Backoff: func(most time.Duration, _ error) time.Duration { return most / 2 },
	}
}

// topicOf is an output topic of one partition with so many records.
func topicOf(records int64) Topic {
	return Topic{ID: "topic", Ends: []int64{records}, Limits: admit.Limits{Record: 1 << 20, Letter: 1 << 20}}
}

// at0 is when the histories of these tests begin.
var at0 = time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
