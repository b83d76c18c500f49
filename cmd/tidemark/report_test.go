package main

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// A sweep that goes on is told of once a minute, one that has ended or waits is not, nor is
// a stream that cannot go on, and has said so.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		ctx, stop := context.WithCancel(t.Context())
		var mu sync.Mutex
		change := func(f func()) {
			mu.Lock()
			defer mu.Unlock()
			f()
		}
		now := []connector.Status{{Stream: "a", State: connector.Reading}, {Stream: "b", State: connector.Idle}, {Stream: "c", State: connector.Reading}, {Stream: "d", State: connector.Retrying}, {Stream: "e", State: connector.Retrying}}
		done := make(chan struct{})
		go func() {
			defer close(done)
			report(ctx, slog.New(slog.NewTextHandler(&out, nil)), func() (all []connector.Status) {
				change(func() { all = slices.Clone(now) })
				return all
			}, time.Minute)
		}()
		synctest.Wait()
		change(func() {
			now[0].Pages, now[0].Read, now[0].Written, now[0].Mark = 5, 500, 400, "m"
			now[2].Sweeps, now[4].Pages = 1, 3
		})
		time.Sleep(61 * time.Second)
		change(func() { now[0].Pages, now[0].Read, now[0].Written, now[4].Pages = 7, 700, 600, 4 })
		time.Sleep(time.Minute)
		stop()
		<-done
		for text, times := range map[string]int{
			"stream=a strategy=\"\" state=reading pages=5 rows=500 rows_per_second=8.3 written=400 written_in_all=400 mark=m": 1,
			"stream=a strategy=\"\" state=reading pages=2 rows=200 rows_per_second=3.3 written=200 written_in_all=600 mark=m": 1,
			"stream=b": 0, "stream=c": 1, "stream=d": 0, "stream=e": 2,
		} {
			if n := strings.Count(out.String(), text); n != times {
				t.Errorf("%s: said %d times, want %d:\n%s", text, n, times, out.String())
			}
		}
	})
}

// Where thousands of streams are on their way, one line tells of all but the first.
func TestReportOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		ctx, stop := context.WithCancel(t.Context())
		calls := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			report(ctx, slog.New(slog.NewTextHandler(&out, nil)), func() []connector.Status {
				calls++
				all := make([]connector.Status, 1000)
				for i := range all {
					all[i].Stream, all[i].State = strconv.Itoa(i), connector.Starting
					if i%4 == 0 {
						all[i].State = connector.Reading
						all[i].Pages, all[i].Read, all[i].Written = int64(calls), int64(10*calls), int64(calls)
					}
				}
				return all
			}, time.Minute)
		}()
		time.Sleep(61 * time.Second)
		stop()
		<-done
		if n := strings.Count(out.String(), "\n"); n != reportEach+1 {
			t.Errorf("%d lines", n)
		}
		has(t, "the log", out.String(), "msg=\"sweeps of more streams go on\" streams=980 of_them_not_open_yet=735 pages=245 rows=2450 written=245")
	})
}

// A start says what runs and where, embedded servers too; a sweep's line has the rows that
// did not become records.
func TestRunSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 7})
	log := w.once(w.seed(strategies.Keyset)).err.String()
	has(t, "the log", log, "msg=running version="+buildVersion()+" streams=1 brokers="+w.brokers+" registry="+w.registry+" embedded=false")
	if strings.Contains(log, "dead_letters") || strings.Contains(log, "late=") {
		t.Errorf("what was not met is in the log: %s", log)
	}
	log = start(t, args("run", "-c", w.seed(strategies.Keyset), "--once", free(t.TempDir()))...).exits(0).err.String()
	has(t, "the log", log, " streams=1 brokers=127.0.0.1:", "registry=http://127.0.0.1:", "embedded=true")

	var out bytes.Buffer
	logSweep(slog.New(slog.NewTextHandler(&out, nil)), connector.Sweep{Counts: connector.Counts{Read: 60, Dead: 60, Deleted: 2}}, false)
	has(t, "the sweep's line", out.String(), "rows=60 written=0", "dead_letters=60 deleted=2 mark")
}
