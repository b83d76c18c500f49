package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"tidemark/strategies"
)

// alone are the places, with the embedded broker outside: its memory is not the
// connector's.
func (b *bench) alone() []string {
	var places []string
	for _, p := range b.places {
		if p == embedded {
			p = outside
		}
		if !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return places
}

// growth shows what a row costs as the collection grows.
func (b *bench) growth(ctx context.Context, out io.Writer) (any, error) {
	const page = 1000
	var all []result
	for _, place := range b.alone() {
		fmt.Fprintf(out, "a growing collection: keyset, page size %d, broker %s\n", page, place)
		t := table{}
		t.add("rows", "min", "rows/s", "max", "CPU µs/row", "RSS MiB", "allocs/row", "first ms")
		for _, rows := range b.sizes {
			runs, err := b.times(ctx, b.tidemark(strategies.Keyset, place, rows, page))
			if err != nil {
				return nil, err
			}
			all = append(all, runs...)
			s := of(runs, rate)
			t.add(whole(float64(rows)), whole(s.Min), whole(s.Median), whole(s.Max),
				fixedPoint(of(runs, func(r result) float64 { return 1e6 * r.Usage.CPU / float64(r.Rows) }).Median, 2),
				mega(of(runs, peak).Median), fixedPoint(of(runs, func(r result) float64 { return r.AllocsPerRow }).Median, 3),
				whole(of(runs, func(r result) float64 { return 1000 * r.First }).Median))
		}
		t.print(out)
	}
	return all, nil
}

func peak(r result) float64 { return float64(r.Usage.PeakRSS) }

// times runs a job as often as each line is to be run.
func (b *bench) times(ctx context.Context, j job) ([]result, error) {
	var runs []result
	for range b.repeat {
		r, err := b.write(ctx, j)
		if err != nil {
			return nil, err
		}
		b.show("%s, %s rows, broker %s: %s rows/s, %s MiB", j.name, whole(float64(j.rows)), j.place, whole(r.PerSecond), mega(peak(r)))
		runs = append(runs, r)
	}
	return runs, nil
}

// inFlight are the values of max_in_flight that memory compares: the default, and a small
// one.
var inFlight = []int64{16 << 20, 4 << 20}

// memory shows the connector's peak memory against the rows and against max_in_flight.
func (b *bench) memory(ctx context.Context, out io.Writer) (any, error) {
	const page = 1000
	var all []result
	for _, place := range b.alone() {
		fmt.Fprintf(out, "memory: page size %d, broker %s\n", page, place)
		t := table{left: 1}
		t.add("strategy", "max_in_flight", "rows", "rows/s", "RSS MiB min", "median", "max")
		for _, strategy := range []string{strategies.Keyset, strategies.Timestamp} {
			for _, most := range inFlight {
				for _, rows := range []int64{b.rows, 10 * b.rows} {
					j := b.tidemark(strategy, place, rows, page)
					bounded := j.part
					j.part = func(at brokerAt, t topics) part {
						p := bounded(at, t).(*tidemarkPart)
						p.MaxInFlight = most
						return p
					}
					runs, err := b.times(ctx, j)
					if err != nil {
						return nil, err
					}
					all = append(all, runs...)
					s := of(runs, peak)
					t.add(strategy, mega(float64(most))+"MiB", whole(float64(rows)), whole(of(runs, rate).Median), mega(s.Min), mega(s.Median), mega(s.Max))
				}
			}
		}
		t.print(out)
	}
	return all, nil
}
