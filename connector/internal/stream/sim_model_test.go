package stream

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// world acts a script out in the model tier: real strategies, window, fetcher and
// committer over the scripted API and the log in memory, one step at a time.
type world struct {
	script  *sim.Script
	api     *sim.API
	log     *sim.Log
	oracle  sim.Oracle
	workers []*simWorker
	variant variant

	now    time.Time
	chance rand.PCG
	at     int // the next event
	opened int
	inTime bool // whether a commit that is on its way gets there
	fresh  int64
	newest map[int32]int64 // per key; only one variant needs it
	places map[string]int  // of the parents that were listed last; only one variant needs it
	widest int             // rows in a window, at most
	bodies []byte
	lines  []string
	traced bool
	logger *slog.Logger
	wrong  *sim.Violation

	records []sim.Record
	cursors []sim.Stored
	dead    []sim.Record
	spec    strategies.Spec
	stream  config.Stream
	began   sweepBegin // the open sweep that the log holds, or none
	stats   simStats

	registry simRegistry

	scanning bool // a full scan is being made
	scans    int  // made so far
	inScans  int  // requests of these
	scanFrom int  // requests before it
	spoilt   bool // one of them was refused, or broken off
	lagged   bool // one of its answers comes from a replica
	reverted int64
}

// simStats tell whether the histories are worth anything.
type simStats struct {
	histories, requests, records, sweeps, opens, stops, told, rewound, again, imported, removed int64
	digest                                                                                      uint64 // the sum of all histories', where it is asked for
}

func (s *simStats) add(o simStats) {
	s.histories += o.histories
	s.requests += o.requests
	s.records += o.records
	s.sweeps += o.sweeps
	s.opens += o.opens
	s.stops += o.stops
	s.told += o.told
	s.rewound += o.rewound
	s.again += o.again
	s.digest += o.digest
	s.imported += o.imported
	s.removed += o.removed
}

func newWorld() *world {
	return &world{api: sim.NewAPI(), log: &sim.Log{}, newest: map[int32]int64{}, places: map[string]int{}, logger: slog.New(slog.DiscardHandler)}
}

func (x *world) trace(line func() string) {
	if x.traced {
		x.lines = append(x.lines, line())
	}
}

// run acts the script out and returns the first promise broken.
func (x *world) run(s *sim.Script, v variant) *sim.Violation {
	x.begin(s, v)
	for x.at < len(s.Events) && x.wrong == nil {
		x.act()
	}
	stopped := x.stats.stops
	if x.wrong == nil {
		x.settle()
	}
	if x.stats.stops == stopped {
		x.filled()
	}
	return x.judge()
}

// judge holds what was written against the history.
func (x *world) judge() *sim.Violation {
	x.stats.histories++
	x.stats.requests += int64(x.api.H.Requests)
	x.stats.sweeps += int64(len(x.api.H.Sweeps))
	x.stats.opens += int64(x.opened)
	if x.wrong != nil {
		return x.wrong
	}
	x.records, x.cursors = x.log.Read(x.records[:0], x.cursors[:0])
	x.stats.records += int64(len(x.records))
	x.dead = x.log.Dead(x.dead[:0])
	if broken := x.log.Trespass(); broken != nil {
		return broken
	}
	if broken := x.log.Scrawled(x.api.H); broken != nil {
		return broken
	}
	x.api.H.Losses, x.api.H.Hidden = x.log.Losses(), x.log.Hidden()
	broken := x.oracle.Check(x.api.H, x.records, x.dead, x.cursors)
	x.stats.again += int64(x.oracle.Replayed())
	return broken
}

// begin makes the world ready for a script.
func (x *world) begin(s *sim.Script, v variant) {
	x.script, x.variant = s, v
	x.api.Reset(s)
	x.log.Reset(s.Traits)
	x.registry.reset()
	x.now = time.Unix(1.8e9, 0)
	x.chance.Seed(s.Seed, 0x7761697473)
	x.at, x.opened, x.fresh, x.widest, x.wrong, x.spoilt = 0, 0, 0, 0, nil, false
	clear(x.newest)
	clear(x.places)
	x.bodies, x.lines = x.bodies[:0], x.lines[:0]
	x.inTime, x.inScans = s.Seed%2 == 0, 0
	x.began = sweepBegin{}
	x.configure()
	x.workers = append(x.workers[:0], make([]*simWorker, s.Workers+1)...)
	for i := range x.workers {
		x.workers[i] = &simWorker{id: i, x: x, fault: -1}
	}
}

// configure makes the stream's configuration of the traits.
func (x *world) configure() {
	x.stream = streamOf(&x.script.Traits, x.variant)
	spec, err := x.stream.Spec()
	if err != nil {
		panic(err)
	}
	x.spec = spec
}

func streamOf(t *sim.Traits, v variant) config.Stream {
	s := sim.StreamOf(t)
	switch v {
	case fallingBelieved:
		s.Unpaged = s.Unpaged || t.Doubtful()
	case tokenAlone:
		s.RepeatParams = false
	case bufferIgnored:
		s.Buffer, s.Lookback = 0, 0
	case absentBelieved:
		if t.Strategy == strategies.Keyset {
			s.End = []string{config.EndToken}
		}
	case tiesBelieved:
		s.OrderBy = "updatedAt,id"
	case strictVerbatim:
		s.Strict = false
	case shortIsEnd:
		if t.Pager != "" {
			s.End = append(s.End, config.EndShortPage)
		}
	case selfFollowed:
		if strategies.PagerLinks(t.Pager) && t.End == sim.EndSelf {
			s.End = nil
		}
	}
	// Streams that never close their producers, that do between most sweeps, and that do within them.
	s.PollInterval, s.Backfill = time.Minute, t.Backfill
	s.IdleAfter = []time.Duration{0, time.Millisecond, 10 * time.Second, time.Hour}[t.Workers*7%4]
	return s
}

// act takes the next event.
func (x *world) act() {
	e := x.script.Events[x.at]
	x.at++
	var w *simWorker
	if e.Kind <= sim.Pause || e.Kind == sim.Fault || e.Kind == sim.Away {
		w = x.workers[int(e.W)%x.script.Workers]
	}
	x.trace(func() string { return "--- " + e.String() })
	switch e.Kind {
	case sim.Step:
		x.step(w, e.A)
	case sim.Commit:
		x.guard(w, func() { x.land(w) })
	case sim.Crash:
		switch {
		case w.busy:
			w.killed = true
		case w.m != nil && x.at%3 == 0:
			x.stop(w)
		default:
			x.kill(w)
		}
	case sim.Pause:
		w.pause = int(e.A)
	case sim.Fault:
		w.fault = int(e.A)
	case sim.Away:
		w.away = e.Times()
	case sim.Intrude, sim.Scrawl:
		x.intrude(e)
	case sim.Compaction:
		if x.script.Compact {
			x.log.Compact()
		}
	default:
		switch {
		case e.Kind.Live():
			x.api.Change(e)
		case e.Kind.OfTopic():
			x.topicEvent(e)
		case e.Kind.OfRegistry():
			x.registry.event(e)
		default:
			x.api.Arm(e)
		}
	}
}

func (x *world) fail(promise, format string, args ...any) {
	if x.wrong == nil {
		x.wrong = &sim.Violation{Promise: promise, What: fmt.Sprintf(format, args...)}
	}
}

// settle lets the API rest and one worker sweep until nothing is left to do. What is in
// the topic then is what the connector has made of the history.
func (x *world) settle() {
	x.trace(func() string { return "--- all is calm" })
	x.api.Rest()
	for _, w := range x.workers {
		w.away = 0
		x.kill(w)
	}
	w := x.workers[len(x.workers)-1]
	budget := x.asked() + 400
	sweeps := len(x.api.H.Sweeps)
	for tries := 0; tries < 2 && x.wrong == nil; tries++ {
		for x.wrong == nil && x.asked() < budget {
			if len(x.api.H.Sweeps) >= sweeps+2 {
				return
			}
			stopped := x.stats.stops
			x.step(w, uint16(x.at))
			x.at += 3
			if x.stats.stops > stopped {
				break // it would stop again at the same place
			}
		}
		if x.asked() >= budget {
			x.fail("P7", "an API at rest is asked %d times, and two sweeps have not ended", 400)
		}
	}
}

// asked is how many requests there were outside of full scans.
func (x *world) asked() int { return x.api.H.Requests - x.inScans }

// report writes what happened for people.
func (x *world) report(w io.Writer, s *sim.Script, v variant) {
	x.traced = true
	broken := x.run(s, v)
	x.traced = false
	fmt.Fprintf(w, "%v\n%s%s\nviolation: %v\n", s.Seed, s, strings.Join(x.lines, "\n"), broken)
}
