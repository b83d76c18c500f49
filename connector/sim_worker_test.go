package connector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/status"
	"tidemark/strategies"
)

type sweepBegin struct {
	clock    int32
	greatest int64
	resumed  bool
	cut      bool // an answer was cut short, which nothing tells
}

// simWorker is one process.
type simWorker struct {
	id      int
	r       *runner
	f       *fetcher
	c       *committer
	next    strategies.Cursor // before the next page
	begin   sweepBegin
	queue   []simItem
	batch   []fetched
	opened  bool // begin went through
	done    bool // fetching has stopped: a page asks for a new start
	busy    bool // inside of a step that is paused
	killed  bool
	pause   int
	fault   int
	tied    bool  // that page held one value only
	page    int32 // folded last; -1: the last answer was none
	txn     int64 // the last one begun
	losses  int   // of the topic that it can know of
	stuck   int   // waits in a row
	stopped bool  // while it waited
	away    int   // opens that fail
	piece   bool  // it is part of a page, and its cursor does not count the page as delivered
}

// simItem is a fetched page with what the oracle wants to know of it.
type simItem struct {
	fetched
	page   int32
	begin  sweepBegin
	proven bool
}

// kill is kill -9: the next step of this worker is that of a new process.
func (x *world) kill(w *simWorker) {
	*w = simWorker{id: w.id, batch: w.batch, queue: w.queue[:0], fault: -1, away: w.away}
}

// guard runs a step of the worker and buries it if it dies on the way.
func (x *world) guard(w *simWorker, step func()) {
	if w.busy {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(crashed); !ok {
				panic(r)
			}
			x.trace(func() string { return fmt.Sprintf("worker %d dies", w.id) })
			x.kill(w)
		}
	}()
	step()
}

const simAhead = 4 // pages fetched and not committed, at most

func (x *world) step(w *simWorker, a uint16) {
	x.guard(w, func() {
		switch {
		case !w.opened:
			x.start(w)
		case w.done || len(w.queue) == simAhead || len(w.queue) > 0 && a%4 == 0:
			x.commit(w, 1+int(a>>2)%len(w.queue))
		default:
			x.fetch(w)
		}
	})
}

// start is a process's start, or a stream's new start after a failed transaction.
func (x *world) start(w *simWorker) {
	if w.r == nil {
		strategy, err := strategies.New(x.spec)
		if err != nil {
			panic(err)
		}
		report := status.NewReporter(Status{}, x.logger, x.variant == outageEnds)
		w.r = &runner{stream: x.stream, strategy: &folding{Strategy: x.variant.wrap(strategy, x), x: x, w: w}, format: x.spec.Format, report: report,
			rules:   &admit.Rules{Stream: x.stream, Format: x.spec.Format, Report: report},
			onSweep: func(Sweep) {}, sink: &simSink{world: x, w: w}, source: &simSource{world: x, w: w, kept: map[string]*sim.Answer{}}, bodies: newSimInspector(x),
			wait: x.variant != firstOpenEnds, sleep: x.waits(w)}
		w.r.kafka.MaxInFlight = 1 << 20
		w.r.spawn = func(ask func()) { ask() } // answered as early as can be
		if x.script.Seed%4 == 1 {              // pages go in pieces of a few records (rule 8)
			w.r.kafka.MaxInFlight = 2 * sim.BodySize
		}
	}
	w.r.worker = amongAwake(w.r.kafka.MaxInFlight)
	w.queue, w.done = w.queue[:0], false
	before := x.log.Cursor()
	c, began, err := w.r.begin(context.Background())
	if err != nil {
		x.failed(w, err)
		return
	}
	w.r.worker.Opened()
	c.share = inflight.New(1<<20, 1, 1).Share()
	w.c, w.f, w.next, w.opened = c, newFetcher(w.r, c.share), began, true
	w.begin = sweepBegin{clock: x.api.Now() + 1, greatest: x.api.Greatest()}
	// Another worker may have begun the sweep that goes on now.
	w.begin.resumed = c.stored.Sweep != nil || before.Sweep != nil
}

// amongAwake is what a simulated stream shares with its worker. Others are awake, so that memory is
// not given back, by a garbage collection, each time it idles.
func amongAwake(maxInFlight int64) *inflight.Worker {
	w := inflight.New(maxInFlight, 3, 3)
	w.Opened()
	w.Opened()
	return w
}

func (x *world) fetch(w *simWorker) {
	if w.next.Sweep == nil {
		c, err := w.r.strategy.Begin(w.next, time.Time{})
		if err != nil {
			x.failed(w, err)
			return
		}
		lower, err := w.f.lower(c.Window, w.next.Window)
		if err != nil {
			x.failed(w, err)
			return
		}
		w.next = c
		w.begin = sweepBegin{clock: x.api.Now() + 1, greatest: x.api.Greatest()}
		if lower {
			w.queue = append(w.queue, simItem{fetched: fetched{next: c, reopen: true}, page: -1, begin: w.begin})
			w.done = true
			return
		}
	}
	w.page, w.tied = -1, false
	item, err := w.f.page(context.Background(), w.next)
	if err != nil {
		// What was fetched before is still committed, or not if the worker is stopped first.
		if len(w.queue) > 0 && x.api.Now()%2 == 0 {
			x.commit(w, len(w.queue))
		}
		if w.opened {
			x.failed(w, err)
		}
		return
	}
	w.stuck = 0
	page := w.page
	if item.answer == nil {
		page = -1
	}
	if w.page >= 0 {
		seen := x.api.H.Pages[w.page]
		w.begin.clock = min(w.begin.clock, seen.Seen+1)
		w.begin.cut = w.begin.cut || seen.Split || seen.Short && shortUnseen(&x.script.Traits)
	}
	proven := (item.answer != nil || item.warning == "") && !w.begin.cut
	w.queue = append(w.queue, simItem{item, w.page, w.begin, proven})
	if page < 0 {
		w.queue[len(w.queue)-1].fetched.answer = nil
	}
	w.next = item.next
	w.done = item.reopen
	if x.api.H.Requests > simRequests {
		x.fail("P7", "%d requests and no end", x.api.H.Requests)
	}
}

// simRequests bounds a history; the longest script asks for far less.
const simRequests = 1500

// isPiece reports whether the records are some, but not the last, of the transaction on its
// way.
func (c *committer) isPiece(records []kafka.Record) bool {
	if c == nil || c.flight == nil || len(records) == 0 || len(c.flight.batch.Records) == 0 {
		return false
	}
	all := c.flight.batch.Records
	return &records[len(records)-1] != &all[len(all)-1]
}

// commit makes one transaction of the pages.
func (c *committer) commit(pages []fetched) error {
	for i := range pages {
		if err := c.take(&pages[i]); err != nil {
			return err
		}
	}
	if err := c.leave(context.Background()); err != nil {
		return err
	}
	return c.await()
}

// commit takes the first n fetched pages, or those up to a sweep's end.
func (x *world) commit(w *simWorker, n int) {
	h := x.api.H
	w.batch = w.batch[:0]
	from := int32(len(h.Delivered))
	var last simItem
	for _, item := range w.queue[:n] {
		w.batch = append(w.batch, item.fetched)
		if item.answer != nil {
			h.Delivered = append(h.Delivered, item.page)
		}
		if last = item; item.ended || item.reopen {
			break
		}
	}
	done := len(w.batch)
	x.widest = max(x.widest, w.c.admitter.Window.Rows())
	w.txn = 0
	known := len(h.Deliveries)
	h.Deliveries = append(h.Deliveries, sim.Delivery{From: from, To: int32(len(h.Delivered)), Txn: math.MaxInt64, Losses: w.losses})
	defer func() { // the worker may die within
		d := &h.Deliveries[known]
		d.Txn, d.Epoch = w.txn, x.epochOf(w)
		if w.txn == 0 || w.piece {
			d.To = d.From
		}
	}()
	if x.dozy() && !w.c.dozing {
		w.c.doze()
	}
	err := w.c.commit(w.batch)
	switch {
	case errors.Is(err, errReopen):
		w.opened = false
		return
	case err != nil:
		x.failed(w, err)
		return
	}
	if w.txn == 0 {
		w.txn = x.log.Committed()
		h.Deliveries[known].Skipped = true
	}
	if h.Learnt == 0 && h.Strategy == strategies.Keyset && x.log.Cursor().Unsorted {
		h.Learnt = int32(len(h.Pages))
	}
	w.queue = w.queue[:copy(w.queue, w.queue[done:])]
	if last.ended {
		h.Sweeps = append(h.Sweeps, sim.Sweep{Began: last.begin.clock, Greatest: last.begin.greatest, Ended: x.api.Now(),
			Txn: w.txn, Resumed: last.begin.resumed, Proven: last.proven, Last: last.page, Losses: w.losses})
		x.trace(func() string { return fmt.Sprintf("worker %d ends a sweep: %+v", w.id, h.Sweeps[len(h.Sweeps)-1]) })
	}
}

// epochOf is the worker's in the log; 0: it has died.
func (x *world) epochOf(w *simWorker) int {
	if w.r == nil {
		return 0
	}
	return w.r.sink.(*simSink).epoch
}

// dozy says whether a stream has been without a change for long, which is chance here.
func (x *world) dozy() bool { return (x.script.Seed+uint64(x.at)*0x9e3779b97f4a7c15)>>60 < 5 }

// failed decides what becomes of a worker whose step failed, as runner.lives does, and
// whether it was entitled to fail.
func (x *world) failed(w *simWorker, err error) {
	x.trace(func() string { return fmt.Sprintf("worker %d: %v", w.id, err) })
	switch {
	case x.met(w, err), x.clashed(w, err):
		return
	case w.stopped: // waits has looked at the reason
		if !errors.Is(err, errInjected) {
			x.stats.stops++
		}
	case !w.r.final(err):
		w.opened = false
		w.queue = w.queue[:0]
		return
	case class.Of(err) == class.Fenced:
		if x.opened < 2 {
			x.fail("P5", "a lone worker takes itself for fenced: %v", err)
		}
	default:
		x.fail("P7", "the stream ends, which only its configuration, a fence and a refused start may do (rule 25): %v", err)
	}
	x.kill(w)
}

// excused reports whether the API left the strategy no other way than to stop.
func excused(api *sim.API, err error, tied bool) bool {
	t, text := &api.Traits, err.Error()
	has := func(part string) bool { return strings.Contains(text, part) }
	seen := func(k sim.Kind) bool { return api.Seen[k] > 0 }
	switch {
	case has("and gives none, asked again"):
		return t.Total == sim.TotalHigh || seen(sim.Blank)
	case has("give the right one (params.since)"):
		return seen(sim.Lag)
	case has("does not say whether there is more"):
		return t.End == sim.EndAbsent && !t.EndSaid || t.End == sim.EndNever
	case has("more rows share that value than a page holds"):
		return tied || t.End >= sim.EndEmpty && !t.EndSaid || seen(sim.Short) || t.Says == sim.SaysAlways || t.Cap > 0 && (t.Says == sim.SaysMore || t.Says == sim.SaysNext || t.Says == sim.SaysLink) // always said, or of rows without a value
	case has("not proven whole"):
		return t.Doubtful() || has("the answer before said") && (t.Order != sim.Ascending || seen(sim.Lag) || seen(sim.Double) || api.H.Withdrawn() > 1) // of two, one was left out
	case has("so it may be cut"):
		return t.PageSize > 0 && (t.Order != sim.Ascending || tied || t.Leak > 0) || has("none has a cursor value")
	case has("does not sort"):
		return t.Strategy == strategies.Offset && t.Order != sim.Ascending || seen(sim.Lag)
	case has("repeats the token"):
		return seen(sim.Loop) || seen(sim.Refuse)
	case has("no value beyond"), has("Result window is too large"):
		return t.Deep > 0
	case has("the API gives no more than"):
		return t.Deep > 0 || t.Cap > 0 && api.H.TiedUp() || seen(sim.Short)
	case has("come in another order, or move"):
		return t.Ties == sim.TiesSorted
	case has("never came to its end"):
		return seen(sim.Refuse)
	case has("token expired"):
		return seen(sim.Refuse)
	}
	return false
}
