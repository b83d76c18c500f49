package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/rescan"
	"tidemark/connector/internal/status"
	"tidemark/strategies"
)

// TestSimReconcile is the model tier's part for full scans: histories in which writers
// change the API between any two requests of a scan, and workers die in it. No tombstone is
// written for a row that the API had all the time (P9), and no version older than the topic's
// for a row that never went back (P4). Once the API is at rest, the topic has what it has, and
// nothing else (rule 23).
func TestSimReconcile(t *testing.T) {
	if testing.Short() {
		t.Skip("simulation is not short")
	}
	x := newWorld()
	start, scans, tombstones, left := time.Now(), 0, 0, 0
	seed := *simSeed
	for ; ; seed++ {
		n := seed - *simSeed
		if *simSeeds > 0 && n >= uint64(*simSeeds) || *simSeeds == 0 && n&63 == 0 && time.Since(start) > 3*time.Second {
			break
		}
		if broken := x.runScans(scanning(none.script(seed)), none); broken != nil {
			t.Error(scanFailure(seed, none, broken))
			break
		}
		scans += len(x.api.H.Scans)
		for i := range x.records {
			if x.records[i].Deleted {
				tombstones++
			}
		}
		if x.spoilt {
			left++
		}
	}
	t.Logf("full scans: %d seeds in %v, %d scans, %d tombstones, %d rows that went back; %d histories whose last scan proved nothing",
		seed-*simSeed, time.Since(start).Round(time.Millisecond), scans, tombstones, x.reverted, left)
	if *simSeeds == 0 && (tombstones == 0 || x.reverted == 0) {
		t.Error("no scan has found a row that is gone, or that went back: the simulation shows nothing")
	}
}

// scanning makes a script one for full scans: one worker, an API that is honest while it is
// scanned, and many more changes.
func scanning(s *sim.Script) *sim.Script {
	seed := s.Alone().Seed
	s.Workers, s.Leak = 1, 0
	random := rand.New(rand.NewPCG(seed, 3))
	kinds := []sim.Kind{sim.Update, sim.Update, sim.Update, sim.Update, sim.Insert, sim.Delete, sim.Step, sim.Step}
	if s.Grows {
		kinds = append(kinds, sim.Gain, sim.Gain, sim.Lose)
	}
	for range 120 {
		e := sim.Event{Kind: kinds[random.IntN(len(kinds))], A: uint16(random.IntN(1 << 16)), B: 1}
		if e.Kind == sim.Insert {
			e.A %= 3
		}
		if e.Kind == sim.Gain {
			e.B = e.A >> 8
		}
		s.Events = append(s.Events, e)
	}
	sim.GoBack(s, int(seed%3)*8) // none in every third script
	return s
}

func scanFailure(seed uint64, v variant, broken *sim.Violation) string {
	x := newWorld()
	s := sim.Shrink(scanning(v.script(seed)), func(c *sim.Script) bool {
		w := x.runScans(c, v)
		return w != nil && w.Promise == broken.Promise
	})
	x.traced = true
	broken = x.runScans(s, v)
	return fmt.Sprintf("seed %d breaks %v\nagain: go test ./connector/internal/stream -run 'TestSimReconcile$' -seed %d -seeds 1\nshrunk to:\n%s%s",
		seed, broken, seed, s, strings.Join(x.lines, "\n"))
}

// runScans acts the script out; the whole collection is scanned whenever a sweep has ended:
// for what differs, and by every other script for what is gone, too.
func (x *world) runScans(s *sim.Script, v variant) *sim.Violation {
	x.begin(s, v)
	x.spoilt, x.scans = false, 0
	x.stream.RescanInterval, x.stream.MaxDeleteRatio = 0, 1
	if s.Busy > 0 { // each request makes the collection longer
		x.stream.RescanInterval = 10 * x.stream.PollInterval
	}
	if s.Seed%2 > 0 {
		x.stream.ReconcileInterval = x.stream.RescanInterval
	}
	for x.at < len(s.Events) && x.wrong == nil {
		x.act()
	}
	if x.wrong != nil {
		return x.judge()
	}
	x.settle()
	x.at = len(s.Events)
	w := x.workers[len(x.workers)-1]
	made := x.scans
	stopped := x.stats.stops                                                                                 // a stream that cannot go on makes none
	for tries := 0; x.scans == made && tries < 1000 && x.wrong == nil && x.stats.stops == stopped; tries++ { // one more, of an API at rest
		x.step(w, uint16(tries))
	}
	x.spoilt = x.spoilt || x.scans == made
	x.at = len(s.Events)
	if broken := x.judge(); broken != nil || x.spoilt {
		return broken
	}
	if broken := x.oracle.Level(); broken != nil {
		return broken
	}
	return x.goneAtLast()
}

// rescan makes a full scan.
func (x *world) rescan(w *simWorker, want *Scan) (Event, error) {
	x.api.Calm() // an API that lies while it is scanned is believed
	x.trace(func() string { return fmt.Sprintf("worker %d scans everything", w.id) })
	scan := sim.Scan{Began: x.api.Now(), From: x.log.Committed()}
	x.scanning, x.lagged = true, false
	x.scanFrom = x.api.H.Requests
	clear(w.source.kept)
	board := w.opener.Report.Board
	warnings := board.Get().Warnings
	defer func() { // the worker may die within
		x.scanning = false
		x.inScans += x.api.H.Requests - x.scanFrom
		x.reverted += board.Get().Reverted
		board.Set(func(s *status.Status) { s.Reverted = 0 })
		scan.Ended, scan.To = x.api.Now(), max(x.log.Committed(), w.txn) // a commit that is late may still come through
		x.api.H.Scans = append(x.api.H.Scans, scan)
	}()
	if want.Reopen != nil {
		if err := w.opener.Reopen(context.Background(), want.Reopen); err != nil {
			return Event{}, err
		}
	}
	o, parts := w.opener, *w.m.p
	parts.Stream.WindowRows = 8 + int(x.script.Seed%5)*8 // a few parts
	if x.script.Busy > 0 {
		parts.Stream.WindowRows *= 16
	}
	scanner := &rescan.Scanner{Kafka: o.Kafka, Sink: w.sink, Back: o.Back, Reading: parts, Source: w.source, Bound: w.m.set.Bound,
		Once: true, Share: inflight.New(1<<20, 1, 1).Share, Now: func() time.Time { return x.now },
		Hands: func() reading.Hands { return atOnce{} }, Learnt: o.Learnt}
	due, reconcile := Due(&x.stream, want.Cursor, x.now)
	err := scanner.Scan(context.Background(), want.Cursor, due, reconcile)
	x.spoilt = err != nil || board.Get().Warnings > warnings
	x.scans++
	return Event{Kind: Rescanned}, err
}

// between lets others act between two requests of a full scan.
func (x *world) between(w *simWorker) {
	for x.scanning && x.at < len(x.script.Events) && x.at%4 != 0 {
		e := x.script.Events[x.at]
		x.at++
		x.trace(func() string { return "--- in the scan: " + e.String() })
		switch {
		case e.Kind.Live():
			x.api.Change(e)
		case e.Kind == sim.Lag && !x.lagged && x.stream.ReconcileInterval == config.Never:
			// Two looks at one replica would be believed, and one tells that rows are gone.
			x.lagged = true
			x.api.Arm(e)
		case e.Kind.OfTopic():
			x.topicEvent(e)
		case e.Kind == sim.Fault:
			w.fault = int(e.A)
		case e.Kind == sim.Crash:
			panic(crashed{})
		}
	}
	if x.scanning {
		x.at++
	}
}

// goneAtLast checks that the topic has no live row that the API, at rest, no longer has.
func (x *world) goneAtLast() *sim.Violation {
	if x.stream.ReconcileInterval == config.Never {
		return nil
	}
	live := map[int32]bool{}
	for i := range x.api.H.Versions {
		if v := &x.api.H.Versions[i]; v.Gone == sim.Forever {
			live[v.Key] = true
		}
	}
	last := map[int32]*sim.Record{}
	for i := range x.records {
		last[x.records[i].Key] = &x.records[i]
	}
	for key, r := range last {
		inScope := x.script.Strategy != strategies.StepSize || r.N <= x.script.MaxID
		if !r.Deleted && !live[key] && inScope {
			return &sim.Violation{Promise: "P9", What: fmt.Sprintf("key %d is gone from an API at rest, and a full scan has not deleted it", key)}
		}
	}
	return nil
}

// atOnce does work when it is told to.
type atOnce struct{}

func (atOnce) Do(work func()) { work() }
func (atOnce) Rest()          {}
