package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tidemark/connector"
)

// workerPart is the connector as it runs for good: some streams of one collection, each to a
// topic of its own. It is prepared when every stream has swept once; its run is a time
// of waiting, during which it does what it does.
type workerPart struct {
	tidemarkPart
	Streams int           `json:"streams"`
	Poll    time.Duration `json:"poll"`
	Lasts   time.Duration `json:"lasts"`
	HTTP    bool          `json:"http"` // it answers how it is

	stop  context.CancelFunc
	ended chan error
}

// working is what a prepared worker says of itself.
type working struct {
	brokerAt
	Opening time.Duration `json:"opening"` // until the last stream had swept
	URL     string        `json:"url"`     // where it answers how it is; "": nowhere
}

func (w *workerPart) prepare(ctx context.Context) (any, error) {
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	cfg := w.config()
	for i := range w.Streams {
		s := w.stream(topicOf(w.Topic, i), w.Strategy)
		s.PollInterval = w.Poll
		cfg.Streams = append(cfg.Streams, s)
	}
	connector.TuneGC(cfg) // as the command does
	c, err := connector.New(cfg, connector.Options{Measure: w.HTTP})
	if err != nil {
		return nil, err
	}
	ctx, w.stop = context.WithCancel(ctx)
	w.ended = make(chan error, 1)
	url := ""
	if w.HTTP {
		l, err := connector.ListenHTTP("127.0.0.1:0", cfg.HTTP)
		if err != nil {
			return nil, err
		}
		url = "http://" + l.Addr().String()
		handler := c.Handler(connector.HandlerOptions{HTTP: cfg.HTTP})
		go connector.ServeHTTP(ctx, l, handler, slog.New(slog.DiscardHandler)) //nolint:errcheck // whoever asks is told
	}
	began := time.Now()
	go func() { w.ended <- c.Run(ctx) }()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		swept := true
		for _, s := range c.Status() {
			if s.State == connector.Failed {
				return nil, fmt.Errorf("running tidemark: %w", s.Err)
			}
			swept = swept && s.Sweeps > 0
		}
		if swept {
			tick.Stop()
			return working{w.brokerAt, time.Since(began), url}, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil, ctx.Err()
		}
	}
}

// topicOf is the topic of the i-th of a worker's streams.
func topicOf(prefix string, i int) string { return fmt.Sprintf("%s-%d", prefix, i) }

func (w *workerPart) run(ctx context.Context) (any, error) {
	select {
	case err := <-w.ended:
		w.ended <- nil
		return nil, fmt.Errorf("tidemark has stopped: %w", err)
	case <-time.After(w.Lasts):
	case <-ctx.Done():
	}
	return nil, ctx.Err()
}

func (w *workerPart) close() error {
	if w.stop == nil {
		return w.shut()
	}
	w.stop()
	return errors.Join(<-w.ended, w.shut())
}
