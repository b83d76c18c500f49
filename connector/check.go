package connector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/checking"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/preview"
	"tidemark/connector/internal/probe"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/wire"
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
	own := bounded(cfg)
	log := slog.New(slog.DiscardHandler)
	o := Options{Logger: log}
	o.deps.access = kafka.NewAccess(own.Kafka.Access)
	o.deps.apis = newAPIs(own, o)
	defer o.deps.apis.Close()
	return checking.Check(ctx, own, tell, checking.Parts{
		Reading: func(s config.Stream) (reading.Parts, reading.Source, *inflight.Share, error) {
			share := alone(own).Share()
			parts, source, plan, err := newReading(s, own.Kafka, share, o)
			if err == nil && (own.SchemaRegistry.URL != "" || !s.Registers()) {
				if registry, err := options.Registry(own); err == nil {
					// Where that fails the registry's own line says why.
					_ = options.NewLiving(s, parts.Format, registry, plan, parts.Rules.Codec, source.Use, keeps(sinkOptions(own, s, log, o.deps))).Settle(ctx)
				}
			}
			return parts, source, share, err
		},
		Sink: func(s config.Stream) kafka.Options { return sinkOptions(own, s, log, o.deps) },
		Kept: func(s config.Stream) options.Kept { return keeps(sinkOptions(own, s, log, o.deps)) },
	})
}

// bounded is the configuration with a budget of pages, where it was made without one.
func bounded(cfg *config.Config) *config.Config {
	own := *cfg
	if own.Kafka.MaxInFlight == 0 {
		own.Kafka.MaxInFlight = config.Default().Kafka.MaxInFlight
	}
	return &own
}

// Preview writes the rows that the first sweep of a stream would write to out, each as a line of JSON with its verdict, and
// a line for each page that was asked for; of all streams where name is empty. It stops behind limit rows of a stream; 0:
// at the end of its sweep. It writes nothing else, and needs no broker and no registry.
func Preview(ctx context.Context, cfg *config.Config, name string, limit int, log *slog.Logger, out io.Writer) error {
	streams, err := preview.Of(cfg.Streams, name)
	if err != nil {
		return err
	}
	own := bounded(cfg)
	// Nothing keeps what an API replaces of its credentials: that would be a write.
	o := Options{Logger: log, Once: true}
	o.deps.apis = options.NewAPIs(nil, nil, log)
	defer o.deps.apis.Close()
	var wrong []error
	for _, s := range streams {
		share := alone(own).Share()
		parts, source, plan, err := newReading(s, own.Kafka, share, o)
		if err == nil && s.OnNewField == admit.OnNewEvolve {
			// What is wrong with the rows the preview says itself.
			if learnt, err := preview.Learn(ctx, preview.Parts{Reading: parts, Source: source, Share: share, Plan: plan}, limit, source.Use); err == nil {
				plan = cmp.Or(learnt.Plan, plan)
				if len(learnt.Left) > 0 {
					parts.Report.Warn("rows have fields that the schema cannot get: they are left out", "fields", strings.Join(learnt.Left, ", "))
				}
			}
		}
		if err == nil {
			err = preview.Stream(ctx, preview.Parts{Reading: parts, Source: source, Share: share, Plan: plan}, limit, out)
			source.Close()
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// Learnt is what a schema file has learnt of rows.
type Learnt = preview.Learnt

// Learn reads rows of a stream's API, from a cursor value on (since; "": its first mark), and returns its schema with what they have and it
// does not, as on_new_field: evolve would give it. It stops behind limit rows; 0: at the end of the sweep. It writes
// nothing, and needs no broker and no registry.
func Learn(ctx context.Context, cfg *config.Config, name, since string, limit int, log *slog.Logger) (config.Stream, Learnt, error) {
	s, err := named(cfg, name)
	if err != nil {
		return s, Learnt{}, err
	}
	if s.SchemaPath == "" {
		return s, Learnt{}, class.Errorf(class.Config, "stream %s has no schema file that could learn: give it one (schema)", s.Name)
	}
	own := bounded(cfg)
	o := Options{Logger: log, Once: true}
	o.deps.apis = options.NewAPIs(nil, nil, log)
	defer o.deps.apis.Close()
	asked := s
	if since != "" {
		asked.InitialMark = since
	}
	asked.OnNewField, asked.OnMissingField, asked.OnBadRow = admit.OnNewEvolve, admit.OnDriftIgnore, admit.OnBadSkip
	asked.MaxBadRows, asked.MaxBadRatio = math.MaxInt, 1 // a number that is too great makes one
	share := alone(own).Share()
	parts, source, plan, err := newReading(asked, own.Kafka, share, o)
	if err != nil {
		return s, Learnt{}, err
	}
	defer source.Close()
	learnt, err := preview.Learn(ctx, preview.Parts{Reading: parts, Source: source, Share: share, Plan: plan}, limit, source.Use)
	return s, learnt, err
}

// Lint says what a run of the configuration would refuse before it asks anybody anything, all of it: streams whose
// schema does not go with their settings, credentials that are of no use. What hangs on the machine, such as how many
// files it may open, is a run's to say. It contacts nobody. Errors have class Config.
func Lint(cfg *config.Config) error {
	o := Options{Logger: slog.New(slog.DiscardHandler)}
	o.deps.access = kafka.NewAccess(cfg.Kafka.Access)
	o.deps.apis = newAPIs(cfg, o)
	defer o.deps.apis.Close()
	wrong := []error{o.deps.access.Usable()}
	switch r := cfg.SchemaRegistry; {
	case r.URL != "":
		_, err := wire.NewRegistry(r)
		wrong = append(wrong, err)
	case len(cfg.Kafka.Brokers) > 0 && cfg.Registers():
		wrong = append(wrong, options.ErrNoRegistry)
	}
	share := alone(cfg).Share()
	for _, s := range cfg.Streams {
		_, source, _, err := newReading(s, cfg.Kafka, share, o)
		if err == nil {
			source.Close()
		}
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// ProbeReport is what a probe found out of one stream's API.
type ProbeReport = probe.Report

// ProbeRequests is how many requests a probe of one stream sends at the most, unless it is told otherwise.
const ProbeRequests = probe.Requests

// Probe finds out what the API of a configured stream is like by asking it, with at most so many requests, and which
// strategy and settings go with it; of all streams, one behind the other, where name is empty. It reads the APIs only: no
// broker and no registry is asked, unless a refresh token has to be kept that the API replaces. each gets the reports,
// which have what was found before an error, too. Errors have class Config or Source.
func Probe(ctx context.Context, cfg *config.Config, name string, requests int, each func(ProbeReport)) error {
	streams, err := preview.Of(cfg.Streams, name)
	if err != nil {
		return err
	}
	own, log := bounded(cfg), slog.New(slog.DiscardHandler)
	apis := newAPIs(own, Options{Logger: log})
	defer apis.Close()
	var wrong []error
	for _, s := range streams {
		r := ProbeReport{Stream: s.Name, Budget: requests}
		asks, err := apis.Rest(s, own.Kafka.MaxInFlight, log)
		if err == nil {
			r, err = probe.Run(ctx, s, asks, requests)
		}
		if err != nil {
			err = class.Errorf(class.Config, "probing stream %s: %w", s.Name, err)
			r.Error = err.Error()
			wrong = append(wrong, err)
		}
		each(r)
	}
	return errors.Join(wrong...)
}
