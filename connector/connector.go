package connector

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/crew"
	"tidemark/connector/internal/fdlimit"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/serve"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/trace"
	"tidemark/connector/internal/wire"
)

// Options are what a Connector takes besides its configuration.
type Options struct {
	Once    bool         // one sweep of each stream, then Run returns
	Wait    bool         // at the start, the broker and the registry are waited for
	Logger  *slog.Logger // nil: nothing is logged
	Local   bool         // the broker runs in this process (StartLocal) and shares its limits
	OnSweep func(Sweep)  // called at each committed end of a sweep, from the streams' goroutines; may be nil
	Measure bool         // what Handler shows is measured
	Trace   bool         // spans are sent, where the environment names a collector (OTEL_EXPORTER_OTLP_ENDPOINT)
	Version string       // of the program, as spans have it

	deps deps
}

// Connector runs all streams of one worker.
type Connector struct {
	crew      *crew.Crew[*unit]
	cfg       *config.Config // of New
	apis      *options.APIs  // what the streams use together
	topics    kafka.Options  // how to look at the streams' topics
	registry  *wire.Registry
	log       *slog.Logger
	wait      bool // for the broker and the registry, at the start
	lookEvery time.Duration
	backoff   backoff // between looks for a broker that is not there yet
	worker    *inflight.Worker
	limit     int64                // max_in_flight
	metrics   *prometheus.Registry // nil: nothing is measured
	measures  *status.Measures
	tracer    *trace.Tracer
	set       Options // of New, with the parts that it made
	reloading sync.Mutex
}

// New makes a connector. The configuration must name brokers and a registry. Nothing is
// contacted yet. Errors have class Config.
func New(cfg *config.Config, o Options) (*Connector, error) {
	if o.OnSweep == nil {
		o.OnSweep = func(Sweep) {}
	}
	switch {
	case len(cfg.Kafka.Brokers) == 0:
		return nil, class.Errorf(class.Config, "no brokers are configured: set kafka.brokers (--brokers)")
	case cfg.SchemaRegistry.URL == "" && cfg.Registers():
		return nil, options.ErrNoRegistry
	}
	if err := o.enters(cfg); err != nil {
		return nil, err
	}
	for _, risk := range append(kafka.Risks(cfg.Kafka.Access), wire.RegistryRisks(cfg.SchemaRegistry)...) {
		o.Logger.Warn(risk)
	}
	seats, err := fdlimit.Seats(len(cfg.Streams), o.Local)
	if err != nil {
		return nil, err
	}
	if o.deps.seats > 0 {
		seats = o.deps.seats
	}
	if seats < len(cfg.Streams) {
		if n := fdlimit.Sleepless(cfg.Streams); n >= seats && !o.Once {
			return nil, class.Errorf(class.Config, "%d streams have idle_after: 0 and never close their producers, and this process may have files for %d at once: "+
				"set idle_after, or raise the hard limit of open files to %d (ulimit -Hn)", n, seats, fdlimit.Files(len(cfg.Streams), len(cfg.Streams), o.Local))
		}
		o.Logger.Warn("the streams take turns in writing: this process may have too few files open for all of them at once (ulimit -Hn)",
			"streams", len(cfg.Streams), "at_once", seats, "files_for_all", fdlimit.Files(len(cfg.Streams), len(cfg.Streams), o.Local))
	}
	var metrics *prometheus.Registry
	if o.Measure {
		metrics, o.deps.measures = prometheus.NewRegistry(), status.NewMeasures()
		o.deps.client = append(slices.Clone(o.deps.client), kgo.WithHooks(serve.ClientHook(metrics)))
	}
	if o.Trace {
		if o.deps.tracer, err = trace.FromEnvironment(context.Background(), o.Version, o.Logger); err != nil {
			return nil, err
		}
	}
	registry, err := options.Registry(cfg)
	if err != nil {
		return nil, err
	}
	c := &Connector{topics: sinkOptions(cfg, config.Stream{}, o.Logger, o.deps), lookEvery: lookEvery,
		registry: registry, log: o.Logger, wait: o.Wait, backoff: o.deps.backoff,
		limit: cfg.Kafka.MaxInFlight, metrics: metrics, measures: o.deps.measures, tracer: o.deps.tracer}
	if o.deps.lookEvery > 0 {
		c.lookEvery = o.deps.lookEvery
	}
	c.apis = newAPIs(cfg, o)
	o.deps.apis = c.apis
	if len(cfg.Streams) > cfg.Kafka.StatePartitions {
		// With fewer streams, each reads a part of the state topic only.
		o.deps.together = new(kafka.Together)
	}
	c.cfg, c.set, c.worker = cfg, o, inflight.New(cfg.Kafka.MaxInFlight, len(cfg.Streams), seats)
	units, err := c.make(cfg, cfg.Streams)
	if err != nil {
		c.tracer.Close()
		return nil, err
	}
	c.crew = crew.New(units)
	c.crew.Lost = func(u *unit, err error) {
		if !o.Once {
			// Run returns the error too, but only when the others have stopped.
			u.report.Log.Error("the stream has stopped; the others go on", "error", err)
		}
	}
	return c, nil
}

// make makes the parts of streams: of all, or of none.
func (c *Connector) make(cfg *config.Config, streams []config.Stream) (units []*unit, err error) {
	var wrong []error
	for _, s := range streams {
		u, err := newUnit(cfg, s, c.registry, c.worker, c.set)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		units = append(units, u)
	}
	if len(wrong) > 0 {
		for _, u := range units {
			u.driver.Source.Close()
		}
		return nil, errors.Join(wrong...)
	}
	return units, nil
}

// Run runs every stream until ctx ends, in which case it returns nil once the
// transactions in hand are finished. A stream that fails does not stop the others; Run
// returns when the last one has stopped, with the errors of all that failed, the first
// first. With Options.Wait, broker and registry are waited
// for before.
func (c *Connector) Run(ctx context.Context) error {
	if c.wait {
		switch err := c.ready(ctx); {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
	}
	watching, enough := context.WithCancel(ctx)
	if !c.set.Once {
		watched := make(chan struct{})
		defer func() { <-watched }()
		go func() {
			defer close(watched)
			c.watch(watching)
		}()
	}
	defer enough()
	err := c.crew.Run(ctx)
	c.apis.Close()
	c.tracer.Close()
	return err
}

// Reloaded says what a Reload has done, by the names of streams.
type Reloaded struct{ Started, Replaced, Stopped []string }

// Empty reports whether nothing has changed.
func (r Reloaded) Empty() bool { return len(r.Started)+len(r.Replaced)+len(r.Stopped) == 0 }

// Reload makes the streams those of another configuration, while they run. One whose configuration is as it was is
// not touched. One that changed is stopped, with the transaction in hand, and started anew; one that is not there any more is
// stopped. An error has class Config, and nothing was changed then: what all streams share cannot be reloaded.
func (c *Connector) Reload(cfg *config.Config) (done Reloaded, err error) {
	c.reloading.Lock()
	defer c.reloading.Unlock()
	if !reflect.DeepEqual(cfg.Kafka, c.cfg.Kafka) || !reflect.DeepEqual(cfg.SchemaRegistry, c.cfg.SchemaRegistry) || !reflect.DeepEqual(cfg.HTTP, c.cfg.HTTP) {
		return done, class.Errorf(class.Config, "kafka, schema_registry or http is not as it was when this process started: they take a restart")
	}
	seats, err := fdlimit.Seats(len(cfg.Streams), c.set.Local)
	if err != nil || seats < len(cfg.Streams) && !c.worker.Scarce() {
		return done, cmp.Or(err, class.Errorf(class.Config, "this process may have too few files open for %d streams at once (ulimit -Hn): that many take a restart", len(cfg.Streams)))
	}
	before := make(map[string]*unit)
	for _, u := range c.crew.Members() {
		before[u.config.Name] = u
	}
	var fresh []config.Stream
	for _, s := range cfg.Streams {
		u := before[s.Name]
		switch {
		case u == nil:
			done.Started = append(done.Started, s.Name)
		case !u.config.Same(s):
			done.Replaced = append(done.Replaced, s.Name)
		default:
			continue
		}
		fresh = append(fresh, s)
	}
	undo := c.apis.Mark()
	units, err := c.make(cfg, fresh)
	if err != nil {
		undo()
		return Reloaded{}, err
	}
	made := make(map[string]*unit)
	for _, u := range units {
		made[u.config.Name] = u
	}
	next := make([]*unit, 0, len(cfg.Streams))
	for _, s := range cfg.Streams {
		next = append(next, cmp.Or(made[s.Name], before[s.Name]))
		delete(before, s.Name)
	}
	done.Stopped = slices.Sorted(maps.Keys(before))
	if err := c.crew.Replace(next); err != nil {
		for _, u := range units {
			u.driver.Source.Close()
		}
		return Reloaded{}, err
	}
	return done, nil
}

// Status returns every stream's status, in the configuration's order.
func (c *Connector) Status() []Status {
	units := c.crew.Members()
	all := make([]Status, len(units))
	for i, u := range units {
		all[i] = u.report.Board.Get()
	}
	return all
}

// Name is the stream's.
func (u *unit) Name() string { return u.config.Name }

// Run runs the stream until ctx ends, or it does.
func (u *unit) Run(ctx context.Context) error {
	if note := reading.UnsentNote(&u.config); note != "" {
		u.report.Log.Info(note)
	}
	defer u.traced.End()
	return u.driver.Run(ctx)
}

// pauses waits for d, or until ctx ends.
func pauses(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
