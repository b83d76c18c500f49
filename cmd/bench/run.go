package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// bench is what all experiments share.
type bench struct {
	options
	api   string // of the API that everybody reads
	runID string // in topics' names, so that they are this session's own
	runs  int
	show  func(format string, args ...any) // progress
}

// result is one run of one part.
type result struct {
	Part         string  `json:"part"`  // tidemark keyset, scan, ...
	Place        string  `json:"place"` // of the broker; empty: there is none
	PageSize     int     `json:"page_size"`
	Rows         int64   `json:"rows"`
	Seconds      float64 `json:"seconds"` // until the last record was visible
	PerSecond    float64 `json:"rows_per_second"`
	First        float64 `json:"first_visible_seconds"`
	Usage        usage   `json:"usage"`
	AllocsPerRow float64 `json:"allocs_per_row"`
	Transactions int64   `json:"transactions"` // counted at the broker
	Requests     int64   `json:"api_requests"`
	APIBytes     int64   `json:"api_bytes"`
	TopicBytes   int64   `json:"topic_bytes"` // as the broker keeps them, compressed
	Connector    *swept  `json:"connector,omitempty"`
}

func (r *result) fill(rows int64, took time.Duration, used usage) {
	r.Rows, r.Seconds, r.Usage = rows, took.Seconds(), used
	r.PerSecond = float64(rows) / took.Seconds()
	r.AllocsPerRow = float64(used.Mallocs) / float64(rows)
}

// warm writes to a real broker before anything is measured: its virtual machine compiles
// what is used often, so that the first runs are slower than all later ones.
func (b *bench) warm(ctx context.Context) error {
	if !slices.Contains(b.places, kafka) {
		return nil
	}
	b.show("warming up the broker")
	for range warmRuns {
		if _, err := b.write(ctx, b.produce(kafka, min(b.rows, warmRows), 1000, 1000, false)); err != nil {
			return fmt.Errorf("warming up the broker: %w", err)
		}
	}
	return nil
}

const (
	warmRuns = 3
	warmRows = 200_000
)

// name begins the names of a run's topics. No other run has it.
func (b *bench) name() string {
	b.runs++
	return fmt.Sprintf("bench-%s-%d", b.runID, b.runs)
}

// at is the collection of rows rows in pages of a size.
func (b *bench) at(rows int64, pageSize int) collectionAt {
	return collectionAt{API: b.api, Collection: fixed(rows).path(), Rows: rows, PageSize: pageSize}
}

// stage runs a part that writes nothing: fetch or scan.
func (b *bench) stage(ctx context.Context, kind string, p part, where collectionAt) (result, error) {
	r := result{Part: kind, PageSize: where.PageSize}
	c, err := startChild(ctx, kind, p, profiles{}, nil)
	if err != nil {
		return r, err
	}
	before, err := served(ctx, b.api)
	var l limited
	var used usage
	if err == nil {
		used, err = c.run(&l)
	}
	after, err2 := served(ctx, b.api)
	if err := errors.Join(err, err2, c.stop()); err != nil {
		return r, err
	}
	r.fill(l.Rows, l.Took, used)
	r.APIBytes, r.Requests = after.Bytes-before.Bytes, after.Requests-before.Requests
	return r, nil
}

// topics makes topics of a run's own at a place, and a client of its broker. end lets go of all that, and drops the topics
// of a broker that stays.
func (b *bench) topics(ctx context.Context, place string) (at brokerAt, cl *kgo.Client, t topics, end func() error, err error) {
	at, leave, err := b.place(ctx, place)
	if err != nil {
		return at, nil, t, nil, err
	}
	if cl, err = kgo.NewClient(kgo.SeedBrokers(at.Brokers...), kgo.DisableClientMetrics()); err != nil {
		return at, nil, t, nil, errors.Join(fmt.Errorf("making a client: %w", err), leave())
	}
	name := b.name()
	t = topics{name, name + "-state"}
	end = func() error {
		defer cl.Close()
		if place == kafka {
			return errors.Join(dropTopics(ctx, cl, t), leave())
		}
		return leave()
	}
	if err := makeTopics(ctx, cl, t); err != nil {
		return at, nil, t, nil, errors.Join(err, end())
	}
	return at, cl, t, end, nil
}

// job is a part that writes the rows of a collection to a topic.
type job struct {
	name  string // shown
	kind  string
	place string
	rows  int64
	page  int
	part  func(at brokerAt, t topics) part
}

// write runs a job and counts at the broker what it wrote. The time begins when the part
// is told to run, connecting, fencing and registering its schema included; topics are there.
// It ends when a read_committed consumer can read the last record.
func (b *bench) write(ctx context.Context, j job) (r result, err error) {
	r = result{Part: j.name, Place: j.place, PageSize: j.page}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s, page size %d, broker %s: %w", j.name, j.page, j.place, err)
		}
	}()
	at, end, err := b.place(ctx, j.place)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, end()) }()
	name := b.name()
	t := topics{name, name + "-state"}
	c, err := startChild(ctx, j.kind, j.part(at, t), b.profiles(j), &at)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	cl, err := kgo.NewClient(kgo.SeedBrokers(at.Brokers...), kgo.DisableClientMetrics())
	if err != nil {
		return r, fmt.Errorf("making a client: %w", err)
	}
	defer cl.Close()
	if err := makeTopics(ctx, cl, t); err != nil {
		return r, err
	}
	if j.place == kafka {
		defer func() { err = errors.Join(err, dropTopics(ctx, cl, t)) }()
	}
	before, err := served(ctx, b.api)
	if err != nil {
		return r, err
	}
	var said swept
	w := watch(ctx, cl, t.data)
	began := time.Now()
	used, err := c.run(&said)
	samples, err2 := w.finish()
	if err := errors.Join(err, err2); err != nil {
		return r, err
	}
	after, err := served(ctx, b.api)
	if err != nil {
		return r, err
	}
	r.APIBytes, r.Requests = after.Bytes-before.Bytes, after.Requests-before.Requests
	if j.kind == partTidemark {
		r.Connector = &said
	}
	return r, b.counted(ctx, &r, cl, at, t, samples, began, used, j.rows)
}

// counted fills in what the broker says.
func (b *bench) counted(ctx context.Context, r *result, cl *kgo.Client, at brokerAt, t topics, samples []sample, began time.Time, used usage, rows int64) error {
	if len(samples) == 0 {
		return errors.New("nothing became visible")
	}
	found, err := count(ctx, at.Brokers, t.data, samples[len(samples)-1].end, rows)
	if err != nil {
		return err
	}
	if err := found.exact(rows); err != nil {
		return err
	}
	first, ok := visible(samples, found.First)
	last, ok2 := visible(samples, found.Last)
	if !ok || !ok2 {
		return errors.New("records were read that had not become visible")
	}
	r.fill(found.Distinct, last.Sub(began), used)
	r.First, r.Transactions = first.Sub(began).Seconds(), found.Transactions
	r.TopicBytes, err = stored(ctx, cl, t.data)
	return err
}

// tidemark is the connector reading a collection with a strategy.
func (b *bench) tidemark(strategy, place string, rows int64, page int) job {
	return job{strategy, partTidemark, place, rows, page, func(at brokerAt, t topics) part {
		return &tidemarkPart{brokerAt: at, collectionAt: b.at(rows, page), Strategy: strategy, Topic: t.data, StateTopic: t.state,
			Compression: b.compression, MaxInFlight: b.maxInFlight}
	}}
}

// produce is the raw producer writing a collection's records, batch a transaction. Its lz4 is
// franz-go's or tidemark's own.
func (b *bench) produce(place string, rows int64, page, batch int, own bool) job {
	name := partProduce
	if own {
		name = produceOwn
	}
	return job{name, partProduce, place, rows, page, func(at brokerAt, t topics) part {
		return &producePart{brokerAt: at, collectionAt: b.at(rows, page), Topic: t.data, Compression: b.compression, Own: own, Batch: batch}
	}}
}

// produceOwn is the raw producer with tidemark's compression.
const produceOwn = partProduce + ", own lz4"
