package connector

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"tidemark/connector/config"
	"tidemark/connector/internal/checking"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/reading"
)

// Finding is what a check says of one thing.
type Finding = checking.Finding

// Check looks at all that a configuration points to and writes one line for each to out: "ok"
// what is right, "WARN" what a start will say, "FAIL" what is wrong and what to do, "--" what was
// not looked at. It changes nothing: no topic or schema is made, no worker is fenced (rule 7). Only a refresh token
// that the API replaces by being asked is kept, which would be lost otherwise.
// The error joins what was wrong, the first first.
func Check(ctx context.Context, cfg *config.Config, out io.Writer) error {
	marks := map[checking.Status]string{checking.OK: "ok  ", checking.Warn: "WARN", checking.Fail: "FAIL", checking.Skipped: "--  "}
	return Findings(ctx, cfg, func(f Finding) { fmt.Fprintf(out, "%s %s: %s\n", marks[f.Status], f.What, f.Text) })
}

// Findings is Check that hands out what it finds, one by one.
func Findings(ctx context.Context, cfg *config.Config, tell func(Finding)) error {
	own := *cfg
	if own.Kafka.MaxInFlight == 0 {
		own.Kafka.MaxInFlight = config.Default().Kafka.MaxInFlight
	}
	log := slog.New(slog.DiscardHandler)
	o := Options{Logger: log}
	o.deps.apis = newAPIs(&own, o)
	defer o.deps.apis.Close()
	return checking.Check(ctx, &own, tell, checking.Parts{
		Reading: func(s config.Stream) (reading.Parts, reading.Source, *inflight.Share, error) {
			share := alone(&own).Share()
			parts, source, _, err := newReading(s, own.Kafka, share, o)
			return parts, source, share, err
		},
		Sink: func(s config.Stream) kafka.Options { return sinkOptions(&own, s, log, nil) },
	})
}
