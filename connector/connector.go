package connector

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
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
	units     []*unit
	apis      *options.APIs // what the streams use together
	topics    kafka.Options // how to look at the streams' topics
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
}

// New makes a connector. The configuration must name brokers and a registry. Nothing is
// contacted yet. Errors have class Config.
func New(cfg *config.Config, o Options) (*Connector, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnSweep == nil {
		o.OnSweep = func(Sweep) {}
	}
	switch {
	case len(cfg.Kafka.Brokers) == 0:
		return nil, class.Errorf(class.Config, "no brokers are configured: set kafka.brokers (--brokers)")
	case cfg.SchemaRegistry.URL == "":
		return nil, options.ErrNoRegistry
	}
	if err := kafka.Usable(cfg.Kafka.Access); err != nil {
		return nil, err
	}
	for _, risk := range kafka.Risks(cfg.Kafka.Access) {
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
	registry, err := wire.NewRegistry(cfg.SchemaRegistry.URL, cfg.SchemaRegistry.Username, cfg.SchemaRegistry.Password.Reveal())
	if err != nil {
		return nil, err
	}
	c := &Connector{topics: sinkOptions(cfg, config.Stream{}, o.Logger, o.deps.client), lookEvery: lookEvery,
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
	c.worker = inflight.New(cfg.Kafka.MaxInFlight, len(cfg.Streams), seats)
	var wrong []error
	for _, s := range cfg.Streams {
		u, err := newUnit(cfg, s, registry, c.worker, o)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		c.units = append(c.units, u)
	}
	if len(wrong) > 0 {
		c.tracer.Close()
		return nil, errors.Join(wrong...)
	}
	return c, nil
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
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
		left = len(c.units)
	)
	watching, enough := context.WithCancel(ctx)
	if len(c.units) > 0 && !c.units[0].report.Once {
		watched := make(chan struct{})
		defer func() { <-watched }()
		go func() {
			defer close(watched)
			c.watch(watching)
		}()
	}
	defer enough()
	for _, u := range c.units {
		wg.Go(func() {
			err := u.run(ctx)
			mu.Lock()
			defer mu.Unlock()
			left--
			if err == nil {
				return
			}
			errs = append(errs, err)
			if left > 0 && !u.report.Once && ctx.Err() == nil {
				// Run returns the error too, but only when the others have stopped.
				u.report.Log.Error("the stream has stopped; the others go on", "error", err)
			}
		})
	}
	wg.Wait()
	c.apis.Close()
	c.tracer.Close()
	return errors.Join(errs...)
}

// Status returns every stream's status, in the configuration's order.
func (c *Connector) Status() []Status {
	all := make([]Status, len(c.units))
	for i, u := range c.units {
		all[i] = u.report.Board.Get()
	}
	return all
}

// run runs the stream until ctx ends, or it does.
func (u *unit) run(ctx context.Context) error {
	if note := reading.UnsentNote(u.config); note != "" {
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
