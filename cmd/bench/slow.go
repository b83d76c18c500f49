package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"tidemark/strategies"
)

// The API of the experiment slow: each answer takes slowAnswer, and slowAtOnce requests are under way.
const (
	slowAnswer = 100 * time.Millisecond
	slowPage   = 100
	slowAtOnce = 20
)

// parents is a snapshot that is read for each row of another collection, as the table has it.
const parents = "for_each"

// slowly is a first load from an API that takes its time.
type slowly struct {
	result
	Concurrency int     `json:"concurrency"`
	OfLimit     float64 `json:"of_limit"` // of what the API can give to so many requests at once
}

// slow measures first loads from an API that takes its time, against what it can give: to one request at a time, or
// to as many as the strategy keeps under way.
func (b *bench) slow(ctx context.Context, out io.Writer) (any, error) {
	rows := max(b.rows/10, 1)
	fmt.Fprintf(out, "an API that answers in %v: %s rows in pages of %d, concurrency %d\n",
		slowAnswer, whole(float64(rows)), slowPage, slowAtOnce)
	t := table{left: 1}
	t.add("strategy", "at once", "min", "rows/s", "max", "of limit", "requests", "RSS MiB")
	var all []slowly
	for _, r := range append(strategies.Recipes(), strategies.Recipe{Name: parents, Traits: strategies.Traits{Ahead: true}}) {
		if r.Whole { // the answer is one, however long
			continue
		}
		var runs []result
		atOnce := 1
		if r.Ahead && r.Name != strategies.Changes { // whose pages are by token here
			atOnce = slowAtOnce
		}
		limit := float64(atOnce*slowPage) / slowAnswer.Seconds()
		for range b.repeat {
			load := rows
			if atOnce == 1 {
				load = max(rows/slowAtOnce, 1)
			}
			one, err := b.load(ctx, r.Name, load)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Name, err)
			}
			runs = append(runs, one)
			all = append(all, slowly{one, atOnce, one.PerSecond / limit})
			b.show("%s from a slow API: %s rows/s", r.Name, whole(one.PerSecond))
		}
		s := of(runs, rate)
		t.add(r.Name, fmt.Sprint(atOnce), whole(s.Min), whole(s.Median), whole(s.Max), fixedPoint(s.Median/limit, 2),
			whole(of(runs, func(r result) float64 { return float64(r.Requests) }).Median), mega(of(runs, peak).Median))
	}
	t.print(out)
	return all, nil
}

// load is a first load of a slow collection.
func (b *bench) load(ctx context.Context, strategy string, rows int64) (result, error) {
	j := b.tidemark(strategy, outside, rows, slowPage)
	j.part = func(at brokerAt, t topics) part {
		where := b.at(rows, slowPage)
		where.Collection = fixed(rows).slowed(slowAnswer).path()
		return &tidemarkPart{brokerAt: at, collectionAt: where, Strategy: strategy, Topic: t.data, StateTopic: t.state,
			Compression: b.compression, Concurrency: slowAtOnce, Children: strategy == parents}
	}
	return b.write(ctx, j)
}
