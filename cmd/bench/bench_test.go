package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tidemark/strategies"
)

// start returns a bench with an API of its own.
func start(t *testing.T, o options) *bench {
	t.Helper()
	var ready apiReady
	// Not the test's context, which ends before the clean-up.
	api, err := startChild(context.Background(), partAPI, new(apiPart), profiles{}, &ready)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.stop(); err != nil {
			t.Error(err)
		}
	})
	if o.compression == "" {
		o.compression = "lz4"
	}
	o.dir = t.TempDir()
	return &bench{options: o, api: ready.URL, runID: "test", show: t.Logf}
}

// TestWrite shows that every strategy reads the API's collection to its end: the topic
// holds each row once, or write fails.
func TestWrite(t *testing.T) {
	const rows = 2000
	for _, strategy := range strategies.Names() {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := start(t, options{})
			place := embedded
			if strategy == strategies.Keyset {
				place = outside
			}
			r, err := b.write(t.Context(), b.tidemark(strategy, place, rows, 300))
			if err != nil {
				t.Fatal(err)
			}
			if r.Rows != rows || r.Transactions < 1 || r.Requests < 7 || r.APIBytes < rows*200 || r.TopicBytes < rows*40 {
				t.Errorf("%+v", r)
			}
			if r.Usage.CPU <= 0 || r.Usage.PeakRSS < 1<<20 || r.AllocsPerRow <= 0 || r.Connector == nil || r.Connector.Written != rows {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	b := start(t, options{})
	const rows = 2000
	where := b.at(rows, 300)
	for kind, p := range map[string]part{partScan: &scanPart{collectionAt: where}, partFetch: &fetchPart{collectionAt: where}} {
		r, err := b.stage(t.Context(), kind, p, where)
		if err != nil {
			t.Fatal(err)
		}
		if r.Rows < rows || kind == partFetch && r.APIBytes < rows*200 {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	r, err := b.write(t.Context(), b.produce(embedded, rows, 300, 700, true))
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows != rows || r.Transactions != 3 {
		t.Errorf("produce: %+v", r)
	}
}

// TestThroughput runs the table once, small.
func TestThroughput(t *testing.T) {
	b := start(t, options{rows: 500, repeat: 1, pageSizes: []int{100}, strategies: []string{strategies.StepSize}, places: []string{embedded}})
	var out strings.Builder
	if _, err := b.throughput(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{partScan, partFetch, partProduce, produceOwn, strategies.StepSize} {
		if !slices.ContainsFunc(strings.Split(out.String(), "\n"), func(s string) bool { return strings.HasPrefix(s, line+" ") }) {
			t.Errorf("no line for %s in\n%s", line, out.String())
		}
	}
}

// TestChildFails shows that a part's error reaches the parent.
func TestChildFails(t *testing.T) {
	b := start(t, options{compression: "magic"})
	_, err := b.write(t.Context(), b.produce(embedded, 100, 50, 50, false))
	if err == nil || !strings.Contains(err.Error(), `compression "magic"`) {
		t.Errorf("%v", err)
	}
}
