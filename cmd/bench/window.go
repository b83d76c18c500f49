package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tidemark/strategies"
)

// reopened is a start with a window to read back from the topic.
type reopened struct {
	Place   string  `json:"place"`
	Window  int     `json:"window"`
	Seconds float64 `json:"seconds"` // until the stream asked the API
	Plain   float64 `json:"plain_seconds"`
	Usage   usage   `json:"usage"`
}

// window measures how long a start takes that has to read a large window back: a stream
// that replays all it has.
func (b *bench) window(ctx context.Context, out io.Writer) (any, error) {
	fmt.Fprintf(out, "start-up with a window of %s rows: replay, buffer_hours over all rows\n", whole(float64(b.rows)))
	t := table{left: 1}
	t.add("broker", "rows", "min s", "median", "max", "CPU s", "RSS MiB", "plain consumer s")
	var all []reopened
	for _, place := range b.alone() {
		runs, err := b.reopen(ctx, place)
		if err != nil {
			return nil, fmt.Errorf("broker %s: %w", place, err)
		}
		all = append(all, runs...)
		s := of(runs, func(r reopened) float64 { return r.Seconds })
		t.add(place, whole(float64(runs[0].Window)), fixedPoint(s.Min, 2), fixedPoint(s.Median, 2), fixedPoint(s.Max, 2),
			fixedPoint(of(runs, func(r reopened) float64 { return r.Usage.CPU }).Median, 2),
			mega(of(runs, func(r reopened) float64 { return float64(r.Usage.PeakRSS) }).Median),
			fixedPoint(of(runs, func(r reopened) float64 { return r.Plain }).Median, 2))
	}
	t.print(out)
	return all, nil
}

// reopen fills a topic and starts the stream on it again and again.
func (b *bench) reopen(ctx context.Context, place string) (runs []reopened, err error) {
	at, cl, t, end, err := b.topics(ctx, place)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	p := tidemarkPart{brokerAt: at, collectionAt: b.at(b.rows, 1000), Strategy: strategies.Replay, Topic: t.data, StateTopic: t.state,
		Compression: b.compression, Buffer: time.Duration(b.rows+1) * time.Second}
	if _, _, err := b.sweep(ctx, p); err != nil {
		return nil, err
	}
	p.OnlyOpen = true
	for range b.repeat {
		said, used, err := b.sweep(ctx, p)
		if err != nil {
			return nil, err
		}
		if int64(said.Window) != b.rows {
			return nil, fmt.Errorf("the window holds %d rows of %d", said.Window, b.rows)
		}
		end, err := endOf(ctx, cl, t.data, readCommitted)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if _, err := count(ctx, at.Brokers, t.data, end, b.rows); err != nil {
			return nil, err
		}
		r := reopened{Place: place, Window: said.Window, Seconds: said.Opening.Seconds(), Plain: time.Since(began).Seconds(), Usage: used}
		b.show("start with %s rows, broker %s: %.2f s", whole(float64(r.Window)), place, r.Seconds)
		runs = append(runs, r)
	}
	return runs, nil
}

// sweep has a child run p once.
func (b *bench) sweep(ctx context.Context, p tidemarkPart) (said swept, used usage, err error) {
	b.runs++
	c, err := startChild(ctx, partTidemark, &p, b.profilesOf(fmt.Sprintf("%d-%s-again-%d", b.runs, p.Strategy, p.PageSize)), nil)
	if err != nil {
		return said, used, err
	}
	used, err = c.run(&said)
	return said, used, errors.Join(err, c.stop())
}
