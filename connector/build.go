package connector

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/wire"
	"tidemark/schemas"
	"tidemark/strategies"
)

// deps are the parts of a runner that tests replace.
type deps struct {
	transport http.RoundTripper
	client    []kgo.Opt
	lookEvery time.Duration
	seats     int                                                           // how many streams may be awake; 0: as many as the process may have files for
	together  *kafka.Together                                               // made by New for a worker of many streams
	sleep     func(ctx context.Context, d time.Duration, cause error) error // see runner.sleep
}

// alone is what a stream of no worker shares with others: nothing.
func alone(cfg *config.Config) *inflight.Worker { return inflight.New(cfg.Kafka.MaxInFlight, 1, 1) }

func newRunner(cfg *config.Config, stream config.Stream, registry *wire.Registry, worker *inflight.Worker, o Options) (*runner, error) {
	r, plan, err := newReading(stream, cfg.Kafka, worker, o)
	if err != nil {
		return nil, err
	}
	subject, schema := stream.Topic+"-value", schemaOf(stream)
	r.registered = func(ctx context.Context) (bool, error) {
		id, err := registry.Lookup(ctx, subject, schema)
		return id != 0, err
	}
	target := sinkOptions(cfg, stream, r.report.Log, o.deps.client)
	target.Together = o.deps.together
	target.Agrees = func(c strategies.Cursor, f kafka.Found) error { return r.agrees(c, kafka.Remade(c, f)) }
	r.connect = func(ctx context.Context) (source, inspector, error) {
		if err := r.tryOut(ctx); err != nil {
			return nil, nil, err
		}
		id, err := registry.Register(ctx, subject, schema)
		if err == nil {
			err = plan.SetSchemaID(id)
		}
		if err != nil {
			r.dropKept() // it would grow old until the registry is back
			return nil, nil, err
		}
		bodies, err := newAvro(plan, schema, registry, target.Schema)
		if err != nil {
			return nil, nil, err
		}
		r.identify(id)
		return r.source, bodies, nil
	}
	r.peek = func(ctx context.Context) (strategies.Cursor, error) {
		c, err := target.Stored(ctx)
		if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) || c.Version > 0 {
			return c, err
		}
		return c, target.CheckTimeout(ctx)
	}
	r.sink, err = kafka.NewSink(target)
	if err != nil {
		return nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	return r, nil
}

// newReading makes the parts of a runner that read the API, and the plan with the schema's id to
// come.
func newReading(stream config.Stream, k config.Kafka, worker *inflight.Worker, o Options) (*runner, *wire.Plan, error) {
	spec, err := stream.Spec()
	if err != nil {
		return nil, nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		return nil, nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	log := o.Logger.With("stream", stream.Name)
	report := status.NewReporter(Status{Stream: stream.Name, Strategy: stream.Strategy, Topic: stream.Topic, State: Starting}, log, o.Once)
	rules := &admit.Rules{Stream: stream, Brokers: k.Brokers, Format: spec.Format, Limits: admit.Limits{Record: unlimited, Letter: unlimited}, Report: report}
	r := &runner{stream: stream, kafka: k, report: report, rules: rules, strategy: strategy, format: spec.Format,
		worker: worker, wait: o.Wait, onSweep: o.OnSweep, alarm: make(chan struct{}, 1), sleep: o.deps.sleep}
	asks := clientOptions(stream, k.MaxInFlight)
	asks.Transport, asks.Logger, asks.OnRetry = o.deps.transport, log, r.asksAgain
	client, err := rest.New(asks)
	if err != nil {
		return nil, nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	plan, err := compile(stream, spec.Format)
	if err != nil {
		return nil, nil, err
	}
	r.source = &api{client, plan}
	return r, plan, nil
}

// clientOptions are those of the stream's API. Strategies that read a collection in one
// answer take a long one in pieces (rule 8).
func clientOptions(s config.Stream, maxInFlight int64) rest.Options {
	o := rest.Options{
		URL: s.URL, Query: s.Query, Headers: s.Headers, Timeout: s.RequestTimeout,
		MaxRetries: s.MaxRetries, MaxWait: s.MaxWait, MaxBody: s.MaxBody, RateLimit: s.RateLimit,
		NoContent: s.Ends(config.EndNoContent),
	}
	if s.Strategy == strategies.Timestamp || s.Strategy == strategies.Replay {
		o.Piece = pieceOf(maxInFlight)
	}
	return o
}

func sinkOptions(cfg *config.Config, stream config.Stream, log *slog.Logger, client []kgo.Opt) kafka.Options {
	k := cfg.Kafka
	return kafka.Options{
		Brokers: k.Brokers, Stream: stream.Name, Topic: stream.Topic, StateTopic: k.StateTopic,
		StatePartitions: k.StatePartitions, Partitions: k.Partitions, Replication: k.Replication,
		Compression: k.Compression, IDPrefix: k.TransactionalIDPrefix, TxnTimeout: k.TransactionTimeout,
		Back: stream.Back(), Shared: !stream.Exclusive, FailOnLoss: stream.OnTopicLoss == onLossFail, Logger: log, Client: client,
		Fits: func(stored strategies.Cursor) error {
			_, err := adopt(stored, stream)
			if err == nil && moving(stored) {
				err = errMoving
			}
			return err
		},
	}
}

// compile makes the stream's plan, with the schema's id to come. A mistake in the schema is said
// with its place in the schema's file, one between it and the configuration with the stream's.
func compile(s config.Stream, format strategies.Format) (*wire.Plan, error) {
	plan, err := wire.Compile(planOptions(s, format, schemaOf(s), 0))
	var wrong *wire.SchemaError
	switch {
	case err == nil:
		return plan, nil
	case errors.As(err, &wrong) && s.SchemaPath != "":
		return nil, class.Errorf(class.Config, "%s:%d:%d: stream %s: %s", s.SchemaPath, wrong.Line, wrong.Column, s.Name, wrong.Message)
	case s.Pos.Line > 0:
		return nil, class.Errorf(class.Config, "%s: stream %s: %w", s.Pos, s.Name, err)
	}
	return nil, class.Errorf(class.Config, "stream %s: %w", s.Name, err)
}

// adopt makes a stored cursor the stream's, or says why it cannot be (rule 19).
func adopt(stored strategies.Cursor, s config.Stream) (strategies.Cursor, error) {
	c, err := strategies.Adopt(stored, s.Name, s.Strategy, s.Fingerprint())
	return c, class.Wrap(class.Config, err)
}

// schemaOf is the stream's Avro schema, by default that of a user.
func schemaOf(s config.Stream) string {
	if s.Schema == "" {
		return schemas.User
	}
	return s.Schema
}

func planOptions(s config.Stream, format strategies.Format, schema string, id int) wire.Options {
	return wire.Options{
		Schema: schema, SchemaID: id, RecordsPath: s.RecordsPath, TokenPath: s.TokenPath, TotalPath: s.TotalPath,
		IDField: s.IDField, CursorField: s.CursorField, Format: format, NullData: s.Ends(config.EndNullData),
		DeletedField: s.Deleted.Field, DeletedValue: s.Deleted.Value, DeletedPresent: s.Deleted.Present,
	}
}
