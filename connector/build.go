package connector

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/rescan"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/trace"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// deps are the parts of a worker that its caller may bring.
type deps struct {
	transport http.RoundTripper
	apis      *options.APIs // made by New; nil: those of this stream alone
	client    []kgo.Opt
	access    *kafka.Access // of all clients; nil: each has its own
	lookEvery time.Duration
	seats     int             // how many streams may be awake; 0: as many as the process may have files for
	together  *kafka.Together // made by New for a worker of many streams
	measures  *status.Measures
	tracer    *trace.Tracer // made by New; nil: nothing is traced
	traced    *trace.Stream // of the stream in hand
	backoff   backoff       // nil: waits are as they were drawn
}

// backoff is how long a wait is that was drawn for a stream, or a worker, that cannot go on.
type backoff func(drawn time.Duration, cause error) time.Duration

func (b backoff) wait(drawn time.Duration, cause error) time.Duration {
	if b == nil {
		return drawn
	}
	return b(drawn, cause)
}

// unlimited is the size of records as long as the topic's limit is not known.
const unlimited = math.MaxInt

// enters makes the access to the brokers that all clients have together, and fails where a file of it is of no use. Where
// nobody logs, nothing is logged.
func (o *Options) enters(cfg *config.Config) error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.deps.access = kafka.NewAccess(cfg.Kafka.Access)
	return o.deps.access.Usable()
}

// newAPIs makes what the streams of a configuration use together. What APIs replace of their credentials is
// kept in the state topic.
func newAPIs(cfg *config.Config, o Options) *options.APIs {
	return options.NewAPIs(o.deps.transport, sinkOptions(cfg, config.Stream{}, o.Logger, o.deps).Secrets(), o.Logger)
}

// alone is what a stream of no worker shares with others: nothing.
func alone(cfg *config.Config) *inflight.Worker { return inflight.New(cfg.Kafka.MaxInFlight, 1, 1) }

// unit is one stream of a worker, ready to run.
type unit struct {
	config  config.Stream
	report  *status.Reporter
	plan    *wire.Plan
	driver  *stream.Driver
	sink    *stream.Measured
	scanner *rescan.Scanner
	traced  *trace.Stream
}

// newUnit makes a stream's parts.
func newUnit(cfg *config.Config, s config.Stream, registry *wire.Registry, worker *inflight.Worker, o Options) (*unit, error) {
	share := worker.Share()
	o.deps.traced = o.deps.tracer.Stream(s.Name, s.Strategy, s.Topic)
	parts, source, plan, err := newReading(s, cfg.Kafka, share, o)
	if err != nil {
		return nil, err
	}
	report := parts.Report
	target := sinkOptions(cfg, s, report.Log, o.deps)
	target.Together = o.deps.together
	living := options.NewLiving(s, parts.Format, registry, plan, parts.Rules.Codec, source.Use, keeps(target))
	if s.OnNewField == admit.OnNewEvolve {
		parts.Grow = source.Grow
	}
	trial := newTrial(parts, source, worker, living, target)
	back := &readback.Reader{Stream: s, Format: parts.Format, Rules: parts.Rules, Report: report}
	opener := &stream.Opener{Stream: s, Kafka: cfg.Kafka, Format: parts.Format, Back: back, Report: report, Try: trial, Schema: living}
	target.Agrees = func(c strategies.Cursor, f kafka.Found) error { return opener.Agrees(c, kafka.Remade(c, f)) }
	parts.Rules.Codec.Into(&target)
	opener.Connect = connecting(living, target, trial)
	writer, err := kafka.NewSink(target)
	if err != nil {
		return nil, class.Errorf(class.Config, "stream %s: %w", s.Name, err)
	}
	sink := &stream.Measured{Sink: writer, Report: report, Traced: o.deps.traced}
	opener.Sink, back.Topic = sink, sink
	bound := new(admit.Bound)
	scanner := &rescan.Scanner{Kafka: cfg.Kafka, Sink: sink, Back: back, Reading: parts, Source: source,
		Bound: bound, Once: o.Once, Share: worker.Share, Hold: pauses,
		Now: time.Now, Hands: reading.Beside, Learnt: opener.Learnt}
	settings := stream.Settings{Reading: parts, Kafka: cfg.Kafka, Once: o.Once, Wait: o.Wait, Observer: observer{o.OnSweep, o.deps.traced}, IdleAfter: worker.IdleAfter,
		Rand: func(most time.Duration) time.Duration { return rand.N(most + 1) }, Judge: stream.KafkaJudge, Bound: bound,
		Backoff: func(most time.Duration, err error) time.Duration {
			return o.deps.backoff.wait(report.Backoff(most, err), err)
		}}
	driver := &stream.Driver{Settings: settings, Opener: opener, Source: source, Worker: worker, Share: share, Alarm: make(chan struct{}, 1),
		Told: make(chan stream.Wish, toldMost), Traced: o.deps.traced}
	u := &unit{config: s, report: report, plan: plan, driver: driver, sink: sink, scanner: scanner, traced: o.deps.traced}
	driver.Rescan = func(ctx context.Context, c strategies.Cursor) error {
		due, reconcile := stream.Due(&u.config, c, time.Now())
		end := o.deps.traced.Scan()
		err := scanner.Scan(ctx, c, due, reconcile)
		end(err)
		return err
	}
	return u, nil
}

// observer tells of sweeps, and of batches where they are traced.
type observer struct {
	onSweep func(Sweep)
	traced  *trace.Stream
}

// Settled tells of a batch that is through.
func (o observer) Settled([]stream.Item, int64) { o.traced.Settled() }

// Swept tells of a sweep whose end is committed.
func (o observer) Swept(s status.Sweep) {
	o.traced.Swept(s)
	o.onSweep(s)
}

// keeps reads the schema of a stream's rows that the state topic keeps, and fences nobody (rule 7).
func keeps(target kafka.Options) options.Kept {
	return func(ctx context.Context) (fingerprint, text string, err error) {
		if len(target.Brokers) == 0 { // a check, which does not start the embedded one
			return "", "", nil
		}
		c, err := target.Stored(ctx)
		if errors.Is(err, kerr.UnknownTopicOrPartition) {
			return "", "", nil
		}
		if fingerprint = c.RowSchema(); err == nil && fingerprint != "" {
			text, err = target.Schema(ctx, fingerprint)
		}
		return fingerprint, text, err
	}
}

// newTrial makes what reads a page of the API before the stream is opened.
func newTrial(parts reading.Parts, source reading.Source, worker *inflight.Worker, living *options.Living, target kafka.Options) *stream.Trial {
	share := worker.Share()
	parts.Budget = share
	return &stream.Trial{Parts: parts, Source: source, Share: share,
		Registered: func(ctx context.Context) (bool, error) {
			return living.Registered(ctx)
		},
		Peek: func(ctx context.Context) (strategies.Cursor, error) {
			c, err := target.Stored(ctx)
			if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) || c.Version > 0 {
				return c, err
			}
			return c, target.CheckTimeout(ctx)
		}}
}

// connecting registers the stream's schemas, and makes the inspector of its topic's records.
func connecting(living *options.Living, target kafka.Options, trial *stream.Trial) func(context.Context) (readback.Inspector, error) {
	return func(ctx context.Context) (readback.Inspector, error) {
		id, err := living.Register(ctx)
		if err != nil {
			return nil, err
		}
		bodies, err := readback.NewInspector(living.Codec, living.Plan(), living.Text(), living.Registry, target.Schema)
		if err == nil {
			trial.Identify(id)
		}
		return bodies, err
	}
}

// newReading makes the parts that read a stream's API, for run and check, and the plan with the schema's id
// to come. Where a slice is read for each row of another stream there are the parts that read that one, too. wanted are fields of
// such a row that are wanted for those who read by this stream's rows.
func newReading(s config.Stream, k config.Kafka, share *inflight.Share, o Options, wanted ...string) (reading.Parts, *reading.API, *wire.Plan, error) {
	wrong := func(err error) (reading.Parts, *reading.API, *wire.Plan, error) {
		return reading.Parts{}, nil, nil, class.Errorf(class.Config, "stream %s: %w", s.Name, err)
	}
	spec, err := s.Spec()
	if err != nil {
		return wrong(err)
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		return wrong(err)
	}
	name, log := s.Name, o.Logger.With("stream", s.Name)
	report := status.NewReporter(Status{Stream: s.Name, Strategy: s.Strategy, Topic: s.Topic, State: Starting, Started: time.Now()}, log, o.Once)
	report.Measures = o.deps.measures
	rules := &admit.Rules{Stream: s, Brokers: k.Brokers, Format: spec.Format, Limits: admit.Limits{Record: unlimited, Letter: unlimited}, Report: report}
	apis := o.deps.apis
	if apis == nil {
		apis = options.NewAPIs(o.deps.transport, nil, log)
	}
	asks, err := apis.Rest(s, k.MaxInFlight, log)
	if err != nil {
		return wrong(err)
	}
	asks.OnAnswer = func(a rest.Answered) {
		if report.Measures != nil {
			report.Measures.Answered(name, a.Status)
		}
		o.deps.traced.Answered(a)
	}
	asks.OnRetry = func(err error, args ...any) {
		report.Board.Set(func(s *Status) { s.Retries++ })
		report.Fails(time.Now(), class.Wrap(class.Source, err), "the API did not answer with a page; asking again", args...)
	}
	client, err := rest.New(asks)
	if err != nil {
		return wrong(err)
	}
	plan, err := options.Plan(s, spec.Format)
	if err != nil {
		return reading.Parts{}, nil, nil, err
	}
	rules.CursorBeside = plan.CursorBeside()
	if rules.Codec, err = format.New(s, options.Schema(s), spec.Format, plan); err != nil {
		return reading.Parts{}, nil, nil, err
	}
	source := reading.NewAPI(client, plan)
	if s.ForEach.Sliced() && s.ForEach.Key {
		source.KeyBySlice()
	}
	source.TokenIn(s.TokenHeader)
	parts := reading.Parts{Stream: s, Strategy: strategy, Format: spec.Format, Rules: rules, Report: report, Notes: new(reading.Notes),
		Drift: source.Drift, Budget: share}
	if s.ForEach.Parent != nil {
		fields, needed := asks.Template.Fields()
		fields, needed = append(fields, wanted...), append(needed, wanted...)
		quiet := o
		quiet.deps.apis = apis
		quiet.Logger = slog.New(slog.DiscardHandler) // the stream itself says what there is to say
		above := *s.ForEach.Parent
		above.OnNewField, above.OnMissingField = admit.OnDriftIgnore, admit.OnDriftIgnore // of its own rows it is its own matter
		read, parent, _, err := newReading(above, k, share, quiet, reading.Above(fields)...)
		if err != nil {
			return reading.Parts{}, nil, nil, err
		}
		source.Below(parent)
		parts.Parents = &reading.Parents{Parts: read, Fields: fields, Needed: needed}
	}
	return parts, source, plan, nil
}

func sinkOptions(cfg *config.Config, s config.Stream, log *slog.Logger, d deps) kafka.Options {
	k := cfg.Kafka
	if d.access == nil {
		d.access = kafka.NewAccess(k.Access)
	}
	return kafka.Options{
		Brokers: k.Brokers, Access: d.access, Stream: s.Name, Topic: s.Topic, StateTopic: k.StateTopic,
		StatePartitions: k.StatePartitions, Partitions: k.Partitions, TopicConfig: s.TopicConfig, Replication: k.Replication,
		Compression: k.Compression, IDPrefix: k.TransactionalIDPrefix, TxnTimeout: k.TransactionTimeout,
		Back: s.Back(), Shared: !s.Exclusive, FailOnLoss: s.OnTopicLoss == stream.OnLossFail, Logger: log, Client: d.client,
		Fits: func(stored strategies.Cursor) error {
			_, err := stream.Adopt(stored, s)
			if err == nil && stream.Moving(stored) {
				err = stream.ErrMoving
			}
			return err
		},
	}
}
