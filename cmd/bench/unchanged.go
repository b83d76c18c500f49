package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tidemark/strategies"
)

// reread is a sweep of rows all of which the topic has.
type reread struct {
	Strategy  string  `json:"strategy"`
	Place     string  `json:"place"`
	Rows      int64   `json:"rows"`
	Seconds   float64 `json:"seconds"` // from the first request to the end of the sweep
	PerSecond float64 `json:"rows_per_second"`
	Usage     usage   `json:"usage"`
}

// unchanged measures what reading a collection costs of which nothing has changed, for the strategies that may
// read all of it each time.
func (b *bench) unchanged(ctx context.Context, out io.Writer) (any, error) {
	const page = 1000
	scan, err := b.scanned(ctx, page)
	if err != nil {
		return nil, err
	}
	var all []reread
	for _, place := range b.alone() {
		fmt.Fprintf(out, "reading %s unchanged rows again, page size %d, broker %s; scan: %s rows/s\n", whole(float64(b.rows)), page, place, whole(scan))
		t := table{left: 1}
		t.add("strategy", "min", "rows/s", "max", "of scan", "CPU s", "RSS MiB")
		for _, strategy := range []string{strategies.Window, strategies.Snapshot} {
			runs, err := b.rereads(ctx, strategy, place, page)
			if err != nil {
				return nil, fmt.Errorf("%s, broker %s: %w", strategy, place, err)
			}
			all = append(all, runs...)
			s := of(runs, func(r reread) float64 { return r.PerSecond })
			t.add(strategy, whole(s.Min), whole(s.Median), whole(s.Max), fixedPoint(s.Median/scan, 2),
				fixedPoint(of(runs, func(r reread) float64 { return r.Usage.CPU }).Median, 2),
				mega(of(runs, func(r reread) float64 { return float64(r.Usage.PeakRSS) }).Median))
		}
		t.print(out)
	}
	return all, nil
}

// scanned is the median rate of the scanner by itself.
func (b *bench) scanned(ctx context.Context, page int) (float64, error) {
	var runs []result
	for range b.repeat {
		where := b.at(b.rows, page)
		r, err := b.stage(ctx, partScan, &scanPart{collectionAt: where}, where)
		if err != nil {
			return 0, err
		}
		runs = append(runs, r)
	}
	return of(runs, rate).Median, nil
}

// rereads fills a topic and reads the collection again and again.
func (b *bench) rereads(ctx context.Context, strategy, place string, page int) (runs []reread, err error) {
	at, _, t, end, err := b.topics(ctx, place)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	p := tidemarkPart{brokerAt: at, collectionAt: b.at(b.rows, page), Strategy: strategy, Topic: t.data, StateTopic: t.state,
		Compression: b.compression, MaxAge: time.Millisecond} // any mark is older, so all is read
	if _, _, err := b.sweep(ctx, p); err != nil {
		return nil, err
	}
	for range b.repeat {
		said, used, err := b.sweep(ctx, p)
		if err != nil {
			return nil, err
		}
		if said.Same < b.rows || said.Written != 0 {
			return nil, fmt.Errorf("of %d rows that the topic has, %d were known and %d written", b.rows, said.Same, said.Written)
		}
		r := reread{Strategy: strategy, Place: place, Rows: b.rows, Seconds: said.Reading.Seconds(), Usage: used}
		r.PerSecond = float64(r.Rows) / r.Seconds
		b.show("%s again, broker %s: %s rows/s", strategy, place, whole(r.PerSecond))
		runs = append(runs, r)
	}
	return runs, nil
}
