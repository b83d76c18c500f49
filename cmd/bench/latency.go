package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/strategies"
)

const (
	latencyPoll = 100 * time.Millisecond
	latencyStep = 29 * time.Millisecond // between changes: no beat with the polls
)

// delays is the experiment on one broker: how long after its change in the API each row
// could be read.
type delays struct {
	Place   string    `json:"place"`
	Changes int       `json:"changes"`
	Millis  []float64 `json:"millis"` // sorted
	Usage   usage     `json:"usage"`
}

// latency measures the time from a change in the API to the moment at which a
// read_committed consumer holds the record. The API's rows appear at times that follow from
// their index, so the consumer knows when each one changed; both clocks are the
// machine's.
func (b *bench) latency(ctx context.Context, out io.Writer) (any, error) {
	fmt.Fprintf(out, "from a change in the API to a read_committed consumer; keyset, poll_interval %v, a change each %v\n", latencyPoll, latencyStep)
	t := table{left: 1}
	t.add("broker", "changes", "p50 ms", "p90 ms", "p99 ms", "max ms", "CPU %")
	var all []delays
	for _, place := range b.places {
		d, err := b.delays(ctx, place)
		if err != nil {
			return nil, fmt.Errorf("broker %s: %w", place, err)
		}
		all = append(all, d)
		ms := func(q float64) string { return fixedPoint(quantile(d.Millis, q), 1) }
		t.add(place, whole(float64(d.Changes)), ms(0.5), ms(0.9), ms(0.99), ms(1), fixedPoint(100*d.Usage.CPU/b.latencyFor.Seconds(), 1))
	}
	t.print(out)
	return all, nil
}

func (b *bench) delays(ctx context.Context, place string) (d delays, err error) {
	d.Place = place
	at, end, err := b.place(ctx, place)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, end()) }()
	rows := changing(time.Now(), latencyStep)
	name := b.name()
	w := &workerPart{Streams: 1, Poll: latencyPoll, Lasts: b.latencyFor, tidemarkPart: tidemarkPart{
		brokerAt: at, collectionAt: collectionAt{API: b.api, Collection: rows.path(), PageSize: 1000},
		Strategy: strategies.Keyset, Topic: name, StateTopic: name + "-state", Compression: b.compression,
	}}
	var ready working
	c, err := startChild(ctx, partWorker, w, profiles{}, &ready)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if place == kafka {
		defer func() { err = errors.Join(err, b.drop(ctx, at.Brokers, topicOf(name, 0), name+"-state")) }()
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	var last atomic.Int64 // the row to read up to
	last.Store(math.MaxInt64)
	seen := make(chan []arrival, 1)
	failed := make(chan error, 1)
	go func() {
		a, err := arrivals(reading, ready.Brokers, topicOf(name, 0), &last)
		seen <- a
		failed <- err
	}()
	began := time.Now()
	d.Usage, err = c.run(nil)
	until := time.Now()
	last.Store(rows.from(until) - 1)
	patience := time.AfterFunc(arrivalPatience, stop)
	got := <-seen
	patience.Stop()
	if err := errors.Join(err, <-failed); err != nil {
		return d, err
	}
	return d, d.fill(rows, got, began.Add(warmUp), until)
}

const (
	warmUp          = 500 * time.Millisecond // rows that changed so early do not count: the consumer is connecting
	arrivalPatience = 30 * time.Second       // what has not come by then is lost
)

// arrival is a row in the consumer's hands.
type arrival struct {
	row int64
	at  time.Time
}

// fill makes delays of the arrivals, for the rows that changed between two times. Each
// must have come, and once.
func (d *delays) fill(rows collection, got []arrival, from, until time.Time) error {
	seen := map[int64]bool{}
	for _, a := range got {
		if seen[a.row] {
			return fmt.Errorf("row %d came twice", a.row)
		}
		seen[a.row] = true
		changed := time.UnixMicro(rows.at(a.row))
		if changed.Before(from) || !changed.Before(until) {
			continue
		}
		d.Changes++
		d.Millis = append(d.Millis, float64(a.at.Sub(changed).Microseconds())/1000)
	}
	for i := rows.from(from); i < rows.from(until); i++ {
		if !seen[i] {
			return fmt.Errorf("row %d has not come", i)
		}
	}
	slices.Sort(d.Millis)
	return nil
}

// arrivals reads the topic as it grows, until it holds the last row or ctx ends.
func arrivals(ctx context.Context, brokers []string, topic string, last *atomic.Int64) ([]arrival, error) {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.DisableClientMetrics(),
	)
	if err != nil {
		return nil, fmt.Errorf("making a consumer: %w", err)
	}
	defer cl.Close()
	var got []arrival
	for found := int64(-1); found < last.Load(); {
		poll, cancel := context.WithTimeout(ctx, time.Second) // last may change meanwhile
		fetches := cl.PollFetches(poll)
		cancel()
		now := time.Now()
		if ctx.Err() != nil {
			return got, nil
		}
		for _, e := range fetches.Errors() {
			if errors.Is(e.Err, context.DeadlineExceeded) {
				continue
			}
			return got, fmt.Errorf("reading topic %s: %w", topic, e.Err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if i, ok := indexOf(r.Key); ok {
				got = append(got, arrival{i, now})
				found = max(found, i)
			}
		})
	}
	return got, nil
}
