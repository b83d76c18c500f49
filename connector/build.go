package connector

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/schemas"
	"tidemark/strategies"
)

// deps are the parts of a runner that tests replace.
type deps struct {
	transport http.RoundTripper
	client    []kgo.Opt
	lookEvery time.Duration
	sleep     func(ctx context.Context, d time.Duration, cause error) error // see runner.sleep
}

func newRunner(cfg *config.Config, stream config.Stream, registry *wire.Registry, o Options) (*runner, error) {
	spec, err := stream.Spec()
	if err != nil {
		return nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		return nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	log := o.Logger.With("stream", stream.Name)
	r := &runner{stream: stream, kafka: cfg.Kafka, strategy: strategy, format: spec.Format,
		once: o.Once, wait: o.Wait, log: log, onSweep: o.OnSweep, alarm: make(chan struct{}, 1), sleep: o.deps.sleep}
	asks := clientOptions(stream, cfg.Kafka.MaxInFlight)
	asks.Transport, asks.OnRetry = o.deps.transport, r.asksAgain
	client, err := rest.New(asks)
	if err != nil {
		return nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	r.connect = func(ctx context.Context) (source, inspector, error) {
		schema := schemaOf(stream)
		id, err := registry.Register(ctx, stream.Topic+"-value", schema)
		if err != nil {
			return nil, nil, err
		}
		plan, err := wire.Compile(planOptions(stream, spec.Format, schema, id))
		if err != nil {
			return nil, nil, err
		}
		return &api{client, plan}, &avro{plan, registry}, nil
	}
	r.sink, err = kafka.NewSink(sinkOptions(cfg, stream, log, o.deps.client))
	if err != nil {
		return nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	r.board.s = Status{Stream: stream.Name, Strategy: stream.Strategy, Topic: stream.Topic, State: Starting}
	return r, nil
}

// clientOptions are those of the stream's API. Strategies that read a collection in one
// answer take a long one in pieces (rule 8).
func clientOptions(s config.Stream, maxInFlight int64) rest.Options {
	o := rest.Options{
		URL: s.URL, Query: s.Query, Headers: s.Headers, Timeout: s.RequestTimeout,
		MaxRetries: s.MaxRetries, MaxWait: s.MaxWait, MaxBody: s.MaxBody, RateLimit: s.RateLimit,
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
		IDField: s.IDField, CursorField: s.CursorField, Format: format, NeedToken: s.Strategy == strategies.Keyset,
		DeletedField: s.Deleted.Field, DeletedValue: s.Deleted.Value, DeletedPresent: s.Deleted.Present,
	}
}
