package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tidemark/strategies"
)

// idleRows is the collection of an idle stream.
const idleRows = 100

// idled is what some streams cost while nothing changes.
type idled struct {
	Place    string  `json:"place"`
	Streams  int     `json:"streams"`
	Opening  float64 `json:"opening_seconds"` // until all had swept once
	Seconds  float64 `json:"seconds"`         // watched
	Usage    usage   `json:"usage"`
	Requests int64   `json:"api_requests"`
	APIBytes int64   `json:"api_bytes"`
}

// idle shows what streams cost while nothing changes: processor time, requests, bytes,
// memory, goroutines and files of one worker.
func (b *bench) idle(ctx context.Context, out io.Writer) (any, error) {
	fmt.Fprintf(out, "idle streams: keyset, %d rows each, poll_interval %v, watched for %v, %v after the last stream's first sweep\n",
		idleRows, b.poll, b.idleFor, b.settle)
	t := table{left: 1}
	t.add("broker", "streams", "opening s", "CPU %", "requests/s", "API KiB/s", "moved KiB/s", "RSS MiB", "peak MiB", "goroutines", "files")
	var all []idled
	for _, place := range b.alone() {
		for _, streams := range b.idleStreams {
			r, err := b.idling(ctx, place, streams)
			if err != nil {
				return nil, fmt.Errorf("%d streams, broker %s: %w", streams, place, err)
			}
			all = append(all, r)
			b.show("%d idle streams, broker %s: done", streams, place)
			kib := func(n int64) string { return fixedPoint(float64(n)/1024/r.Seconds, 1) }
			t.add(place, whole(float64(streams)), fixedPoint(r.Opening, 1), fixedPoint(100*r.Usage.CPU/r.Seconds, 2),
				fixedPoint(float64(r.Requests)/r.Seconds, 1), kib(r.APIBytes), kib(r.Usage.Moved), mega(float64(r.Usage.RSS)),
				mega(float64(r.Usage.PeakRSS)), whole(float64(r.Usage.Goroutines)), whole(float64(r.Usage.Files)))
		}
	}
	t.print(out)
	fmt.Fprintf(out, "moved: all bytes that the worker read and wrote, the API's and Kafka's together.\n\n")
	return all, nil
}

func (b *bench) idling(ctx context.Context, place string, streams int) (r idled, err error) {
	r = idled{Place: place, Streams: streams, Seconds: b.idleFor.Seconds()}
	at, end, err := b.place(ctx, place)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, end()) }()
	name := b.name()
	w := &workerPart{Streams: streams, Poll: b.poll, Lasts: b.idleFor, HTTP: b.http, tidemarkPart: tidemarkPart{
		brokerAt: at, collectionAt: b.at(idleRows, idleRows), Strategy: strategies.Keyset,
		Topic: name, StateTopic: name + "-state", Compression: b.compression,
	}}
	var ready working
	c, err := startChild(ctx, partWorker, w, profiles{}, &ready)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if place == kafka {
		made := []string{name + "-state"}
		for i := range streams {
			made = append(made, topicOf(name, i))
		}
		defer func() { err = errors.Join(err, b.drop(ctx, at.Brokers, made...)) }()
	}
	r.Opening = ready.Opening.Seconds()
	select {
	case <-time.After(b.settle):
	case <-ctx.Done():
		return r, ctx.Err()
	}
	before, err := served(ctx, b.api)
	if err != nil {
		return r, err
	}
	scraping, done := context.WithCancel(ctx)
	go scrape(scraping, ready.URL, b.scrape)
	r.Usage, err = c.run(nil)
	done()
	if err != nil {
		return r, err
	}
	after, err := served(ctx, b.api)
	r.Requests, r.APIBytes = after.Requests-before.Requests, after.Bytes-before.Bytes
	return r, err
}

// scrape asks a worker for its metrics again and again, until ctx ends.
func scrape(ctx context.Context, url string, every time.Duration) {
	if url == "" || every == 0 {
		return
	}
	for {
		if req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", http.NoBody); err == nil {
			if resp, err := http.DefaultClient.Do(req); err == nil {
				io.Copy(io.Discard, resp.Body) //nolint:errcheck // it is thrown away
				resp.Body.Close()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}
