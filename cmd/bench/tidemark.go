package main

import (
	"context"
	"fmt"
	"time"

	"tidemark/connector"
	"tidemark/connector/config"
)

// tidemarkPart is the connector as a library: one sweep of one stream, from nothing.
type tidemarkPart struct {
	brokerAt
	collectionAt
	Strategy    string `json:"strategy"`
	Topic       string `json:"topic"`
	StateTopic  string `json:"state_topic"`
	Compression string `json:"compression"`
	MaxInFlight int64  `json:"max_in_flight,omitempty"` // 0: the default

	Buffer   time.Duration `json:"buffer,omitempty"`    // replay; 0: the default
	MaxAge   time.Duration `json:"max_age,omitempty"`   // window; 0: the default
	OnlyOpen bool          `json:"only_open,omitempty"` // stop before the first request

	Concurrency int  `json:"concurrency,omitempty"` // 0: the default
	Children    bool `json:"children,omitempty"`    // they are read for each parent
}

func (t *tidemarkPart) prepare(ctx context.Context) (any, error) { return &t.brokerAt, t.open(ctx) }

func (t *tidemarkPart) run(ctx context.Context) (any, error) {
	cfg := t.config()
	stream, err := t.reads()
	if err != nil {
		return nil, err
	}
	if t.Buffer > 0 {
		stream.Buffer = t.Buffer
	}
	if t.MaxAge > 0 {
		stream.MaxAge, stream.Lookback = t.MaxAge, 0 // which may not be longer
	}
	if t.Concurrency > 0 {
		stream.Concurrency = t.Concurrency
	}
	cfg.Streams = []config.Stream{stream}
	return once(ctx, cfg, t.OnlyOpen)
}

// reads is the stream, as its strategy's line among the readings has it.
func (t *tidemarkPart) reads() (config.Stream, error) {
	if t.Children {
		return t.children(t.Topic)
	}
	return t.stream(t.Topic, t.Strategy), nil
}

func (t *tidemarkPart) close() error { return t.shut() }

// config is a worker's configuration, without streams.
func (t *tidemarkPart) config() *config.Config {
	cfg := config.Default()
	cfg.Kafka.Brokers, cfg.SchemaRegistry.URL = t.Brokers, t.Registry
	cfg.Kafka.StateTopic, cfg.Kafka.Compression = t.StateTopic, t.Compression
	if t.MaxInFlight > 0 {
		cfg.Kafka.MaxInFlight = t.MaxInFlight
	}
	return cfg
}

// swept is what the connector says of itself. None of it is a result; it explains them.
type swept struct {
	connector.Counts
	Window  int           `json:"window"`
	Opening time.Duration `json:"opening"` // from Run to the first request
	Reading time.Duration `json:"reading"` // from then until Run returned
}

// once runs the one stream of cfg to the end of its sweep, or only until it is open.
func once(ctx context.Context, cfg *config.Config, onlyOpen bool) (swept, error) {
	var s swept
	connector.TuneGC(cfg) // as the command does
	c, err := connector.New(cfg, connector.Options{Once: true})
	if err != nil {
		return s, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began, opened, over := time.Now(), make(chan time.Duration, 1), make(chan struct{})
	go func() { // the window is complete when the stream begins to read
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for c.Status()[0].State == connector.Starting {
			select {
			case <-over:
			case <-tick.C:
			}
		}
		opened <- time.Since(began)
		if onlyOpen {
			cancel()
		}
	}()
	err = c.Run(ctx)
	close(over)
	s.Opening = <-opened
	s.Reading = time.Since(began) - s.Opening
	if err != nil {
		return s, fmt.Errorf("running tidemark: %w", err)
	}
	now := c.Status()[0]
	s.Counts, s.Window = now.Counts, now.Window
	return s, nil
}
