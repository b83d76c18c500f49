package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestIdle runs a worker of two streams, and counts its polls.
func TestIdle(t *testing.T) {
	t.Parallel()
	b := start(t, options{places: []string{embedded}, idleStreams: []int{2}, idleFor: 200 * time.Millisecond, poll: 20 * time.Millisecond})
	var out strings.Builder
	all, err := b.idle(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	r := all.([]idled)[0]
	if r.Streams != 2 || r.Place != outside || r.Requests < 2 || r.APIBytes < 200 || r.Usage.Files < 3 || r.Usage.Goroutines < 2 || r.Usage.RSS == 0 {
		t.Errorf("%+v", r)
	}
}

func TestWindowAndGrowth(t *testing.T) {
	t.Parallel()
	b := start(t, options{rows: 700, repeat: 1, places: []string{embedded}, sizes: []int64{300, 2500}})
	var out strings.Builder
	all, err := b.window(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	if r := all.([]reopened)[0]; r.Window != 700 || r.Seconds <= 0 || r.Plain <= 0 {
		t.Errorf("%+v", r)
	}
	if all, err = b.growth(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if runs := all.([]result); len(runs) != 2 || runs[1].Rows != 2500 {
		t.Errorf("%+v", runs)
	}
}

// TestUnchanged reads what the topic has, by strategies that do so each time.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	b := start(t, options{rows: 2500, repeat: 2, places: []string{embedded}})
	var out strings.Builder
	all, err := b.unchanged(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	if runs := all.([]reread); len(runs) != 4 || runs[0].Rows != 2500 || runs[3].PerSecond <= 0 || runs[3].Usage.CPU <= 0 {
		t.Errorf("%+v", runs)
	}
}

// TestSlow reads little from an API that takes its time, by each strategy that asks for pages.
func TestSlow(t *testing.T) {
	t.Parallel()
	b := start(t, options{rows: 3000, repeat: 1})
	var out strings.Builder
	all, err := b.slow(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all.([]slowly) {
		if r.Rows < 1 || r.OfLimit <= 0 || r.OfLimit > 1 || r.Seconds < slowAnswer.Seconds() {
			t.Errorf("%+v", r)
		}
	}
}

// TestDelays shows a worker's records arriving one by one.
func TestDelays(t *testing.T) {
	t.Parallel()
	b := start(t, options{latencyFor: time.Second})
	d, err := b.delays(t.Context(), embedded)
	if err != nil {
		t.Fatal(err)
	}
	if d.Changes < 1 || len(d.Millis) != d.Changes || d.Millis[0] < 0 {
		t.Errorf("%+v", d)
	}
}

func TestFillDelays(t *testing.T) {
	start := time.UnixMicro(1e15)
	rows := changing(start, time.Second)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	got := []arrival{{0, at(0.1)}, {1, at(1.3)}, {2, at(2.2)}, {3, at(3.9)}}
	var d delays
	if err := d.fill(rows, got, at(1), at(3)); err != nil || d.Changes != 2 || !slices.Equal(d.Millis, []float64{200, 300}) {
		t.Errorf("%+v, %v", d, err)
	}
	if err := new(delays).fill(rows, append(got, got[1]), at(1), at(3)); err == nil {
		t.Error("a row that came twice was taken")
	}
	if err := new(delays).fill(rows, got[2:], at(1), at(3)); err == nil {
		t.Error("a row that has not come was not missed")
	}
}
