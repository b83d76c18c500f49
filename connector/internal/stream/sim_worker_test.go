package stream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/strategies"
)

// simWorker is one process: a machine, and what it wants to be done.
type simWorker struct {
	id     int
	x      *world
	m      *Machine // nil: the process is not started
	opener *Opener
	source *simSource
	sink   *simSink
	schema *simSchema // nil: no row has a field that it has not
	watch  *watched

	asks   []simAsk
	want   Ready  // an operation that is to be carried out: Open, Load, Commit or Rescan
	result *Event // of the one that was carried out, and not told yet
	alarm  bool   // it is to be told that the topic lost something
	judged time.Time

	busy   bool // inside of a step that is paused
	killed bool
	pause  int
	fault  int
	txn    int64 // the last one begun
	losses int   // of the topic that it can know of
	stuck  int   // waits in a row
	away   int   // opens that fail
	piece  bool  // it is part of a page, and its cursor does not count the page as delivered
	swept  int   // sweeps since a full scan was asked for

	rewinds bool // it opens the stream with another cursor, as an operator wants
}

// simAsk is a question under way.
type simAsk struct {
	reading.Ask
	served bool
	answer *reading.Answer
	err    error
}

// kill is kill -9: the next step of this worker is that of a new process.
func (x *world) kill(w *simWorker) {
	*w = simWorker{id: w.id, x: x, fault: -1, away: w.away, asks: w.asks[:0]}
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

// step carries out a few of the things that a worker's machine wants, in an order that a decides.
func (x *world) step(w *simWorker, a uint16) {
	x.guard(w, func() {
		random := uint64(a)*0x9e3779b97f4a7c15 + uint64(x.at)
		for range 1 + int(x.script.Seed>>2)%4 + int(a%3) {
			random = random*6364136223846793005 + 1442695040888963407
			if x.one(w, int(random>>33)); x.wrong != nil || w.m == nil {
				return
			}
		}
	})
}

// one carries out one of the things that are to be done.
func (x *world) one(w *simWorker, choice int) {
	if w.m == nil {
		x.start(w)
		return
	}
	if x.toldOf(w, choice>>10) {
		return
	}
	n := len(w.asks)
	operation, tick := w.result != nil || w.wants(), !w.m.Wake().IsZero()
	if operation {
		n++
	}
	if tick {
		n++
	}
	if w.alarm {
		n++
	}
	if n == 0 {
		x.fail("P7", "the machine is %s, and waits for nothing", w.m.State())
		return
	}
	switch at := choice % n; {
	case at < len(w.asks):
		x.carry(w, at)
	case operation && at == len(w.asks):
		x.operate(w)
	case w.alarm && at == n-1:
		w.alarm = false
		x.tell(w, Event{Kind: Alarm})
	default:
		x.passes(w.m.Wake())
		x.tell(w, Event{Kind: Tick})
	}
}

// passes lets time pass until then; it never goes back.
func (x *world) passes(until time.Time) {
	if until.After(x.now) {
		x.now = until
	}
}

// land carries a transaction to its end.
func (x *world) land(w *simWorker) {
	for range 8 {
		switch {
		case w.m == nil:
			return
		case w.result != nil || w.want.Commit != nil:
			x.operate(w)
		case !w.m.gathers.IsZero():
			x.passes(w.m.gathers)
			x.tell(w, Event{Kind: Tick})
		default:
			return
		}
	}
}

// carry serves a question, or brings its answer back.
func (x *world) carry(w *simWorker, at int) {
	if a := &w.asks[at]; !a.served {
		if a.Level > 0 {
			a.answer, a.err = w.source.Parent().Page(context.Background(), a.Params)
		} else {
			a.answer, a.err = w.source.Page(context.Background(), a.Params)
		}
		a.served = true
		return
	}
	a := w.asks[at]
	w.asks = append(w.asks[:at], w.asks[at+1:]...)
	x.tell(w, Event{Kind: Arrived, ID: a.ID, Answer: a.answer, Err: a.err})
	if x.asked() > simRequests {
		x.fail("P7", "%d requests and no end", x.api.H.Requests)
	}
}

// simRequests bounds a history; the longest script asks for far less.
const simRequests = 1500

func (w *simWorker) wants() bool {
	return w.want.Open || w.want.Load != nil || w.want.Commit != nil || w.want.Rescan != nil
}

// operate carries out an operation, or tells what came of it.
func (x *world) operate(w *simWorker) {
	if e := w.result; e != nil {
		w.result = nil
		x.tell(w, *e)
		return
	}
	want := w.want
	w.want = Ready{}
	e, err := x.operation(w, &want)
	if err != nil {
		x.trace(func() string { return fmt.Sprintf("worker %d: %v", w.id, err) })
		e = Event{Kind: Failed, Err: err}
	}
	w.result = &e
}

func (x *world) operation(w *simWorker, want *Ready) (Event, error) {
	ctx := context.Background()
	switch {
	case want.Open:
		w.watch.began(x.log.Cursor().Sweep != nil)
		if want.Grown != nil {
			if err := w.opener.Learn(want.Grown); err != nil {
				return Event{}, err
			}
		}
		if w.rewinds = want.Change != nil && !want.Change.Delete; w.rewinds {
			defer func() { // it may die behind the claim
				x.api.H.Rewound, w.rewinds = append(x.api.H.Rewound, w.sink.owner), false
			}()
		}
		if want.Change != nil {
			defer x.unlearns()
		}
		e, err := w.opener.Open(ctx, want.Change)
		if c := want.Change; err == nil && c != nil && c.Import != nil && e.Changed.Err == nil {
			x.stats.imported++
		}
		return e, err
	case want.Load != nil:
		return w.opener.Load(ctx, want.Load)
	case want.Rescan != nil:
		return x.rescan(w, want.Rescan)
	}
	return x.commit(w, want.Commit)
}

// commit makes a transaction of a batch.
func (x *world) commit(w *simWorker, c *Commit) (Event, error) {
	h, f := x.api.H, w.m.flight
	from := int32(len(h.Delivered))
	for i := range f.pages {
		if a := f.pages[i].Answer; a != nil {
			h.Delivered = append(h.Delivered, sim.NameOf(a.Rows))
		}
	}
	x.widest = max(x.widest, w.m.admitter.Window.Rows())
	w.txn, w.piece = 0, f.sent < len(f.left)
	known := len(h.Deliveries)
	h.Deliveries = append(h.Deliveries, sim.Delivery{From: from, To: int32(len(h.Delivered)), Txn: math.MaxInt64, Losses: w.losses})
	defer func() { // the worker may die within
		d := &h.Deliveries[known]
		d.Txn = w.txn
		if w.sink != nil {
			d.Epoch = w.sink.epoch
		}
		if w.txn == 0 || w.piece {
			d.To = d.From
		}
	}()
	if c.Reopen != nil {
		if err := w.opener.Reopen(context.Background(), c.Reopen); err != nil {
			return Event{}, err
		}
	}
	e, err := w.opener.Commit(context.Background(), c)
	if err == nil && h.Learnt == 0 && h.Strategy == strategies.Keyset && x.log.Cursor().Unsorted {
		h.Learnt = int32(len(h.Pages))
	}
	return e, err
}

// Settled notes what was found in the topic already.
func (w *simWorker) Settled(pages []Item, transactions int64) {
	h := w.x.api.H
	if transactions > 0 {
		return
	}
	from := int32(len(h.Delivered))
	for i := range pages {
		if a := pages[i].Answer; a != nil {
			h.Delivered = append(h.Delivered, sim.NameOf(a.Rows))
		}
	}
	w.txn = w.x.log.Committed()
	h.Deliveries = append(h.Deliveries, sim.Delivery{From: from, To: int32(len(h.Delivered)), Txn: w.txn, Losses: w.losses, Epoch: w.sink.epoch, Skipped: true})
}

// Swept notes a sweep whose end is committed.
func (w *simWorker) Swept(status.Sweep) {
	h, e := w.x.api.H, w.watch.ended[0]
	w.watch.ended = w.watch.ended[1:]
	w.unscanned()
	h.Sweeps = append(h.Sweeps, sim.Sweep{Began: e.begin.clock, Greatest: e.begin.greatest, Ended: w.x.api.Now(),
		Txn: w.txn, Resumed: e.begin.resumed, Proven: e.proven, Last: e.last, Losses: w.losses, Mark: e.begin.mark, Until: e.begin.until})
	w.x.trace(func() string { return fmt.Sprintf("worker %d ends a sweep: %+v", w.id, h.Sweeps[len(h.Sweeps)-1]) })
}

// simKafka is the defaults, which are read once: there are ten starts a seed.
var simKafka = sync.OnceValue(func() config.Kafka { return config.Default().Kafka })

// start is a process's start.
func (x *world) start(w *simWorker) {
	strategy, err := strategies.New(x.spec)
	if err != nil {
		panic(err)
	}
	kafka := simKafka()
	kafka.MaxInFlight = 1 << 20
	if x.script.Seed%4 == 1 { // pages go in pieces of a few records (rule 8)
		kafka.MaxInFlight = 2 * sim.BodySize
	}
	w.watch = &watched{whole: x.variant.wrap(strategy, x), x: x, w: w}
	w.watch.Strategy = w.watch.whole
	w.sink = &simSink{world: x, w: w}
	w.source = &simSource{world: x, w: w, kept: map[string]*sim.Answer{}}
	report := status.NewReporter(status.Status{Stream: x.stream.Name, State: status.Starting}, x.logger, x.variant == outageEnds)
	rules := &admit.Rules{Stream: x.stream, Format: x.spec.Format, Report: report}
	parts := reading.Parts{Stream: x.stream, Strategy: w.watch, Format: x.spec.Format, Rules: rules, Report: report,
		Notes: &reading.Notes{}, Drift: w.source.Drift, Budget: inflight.New(1<<20, 1, 1).Share(), Parents: x.parents(rules)}
	w.opener = &Opener{Stream: x.stream, Kafka: kafka, Format: x.spec.Format, Sink: w.sink, Report: report, Try: &Trial{},
		Back: &readback.Reader{Stream: x.stream, Format: x.spec.Format, Topic: w.sink, Bodies: newSimInspector(x), Rules: rules, Report: report}}
	x.learning(w)
	if w.schema != nil && x.variant != growthUnlearnt {
		parts.Grow = w.schema.grow
	}
	w.m = NewMachine(x.now, Settings{Reading: parts, Kafka: kafka, Once: x.variant == outageEnds, Wait: x.variant != firstOpenEnds, Observer: w,
		IdleAfter: func(d time.Duration) time.Duration { return d }, Rand: func(d time.Duration) time.Duration { return d / 2 }, Backoff: x.backoff, Judge: KafkaJudge, Bound: &admit.Bound{}})
	x.collect(w)
}

// tell gives the machine an event, and takes what it wants then.
func (x *world) tell(w *simWorker, e Event) {
	if e.Kind == Arrived && e.Err == nil {
		w.stuck = 0
	}
	x.mistake(w, e, func() { w.m.Step(x.now, e) })
	x.collect(w)
}

// collect takes what the machine wants, until it wants nothing.
func (x *world) collect(w *simWorker) {
	for w.m != nil {
		x.closeBusy(w.m)
		r := w.m.Ready()
		switch {
		case r.Done:
			x.ended(w, r.Err)
			return
		case r.Empty():
			x.holds(w)
			return
		}
		for _, id := range r.Cancel {
			for i := range w.asks {
				if a := &w.asks[i]; a.ID == id && !a.served {
					a.served, a.err = true, context.Canceled
				}
			}
		}
		for _, a := range r.Asks {
			w.asks = append(w.asks, simAsk{Ask: a})
		}
		if r.CloseIdle {
			x.closesIdle(w.m)
			w.sink.Close()
		}
		if r.Open {
			w.source.reopened()
		}
		if r.Rescan != nil {
			w.swept = 0
		}
		if r.Open || r.Load != nil || r.Commit != nil || r.Rescan != nil {
			if w.wants() || w.result != nil {
				x.fail("P7", "two operations at once")
			}
			w.want = Ready{Open: r.Open, Grown: r.Grown, Change: r.Change, Load: r.Load, Commit: r.Commit, Rescan: r.Rescan}
		}
	}
}

// ended decides whether a worker whose machine has ended was entitled to end.
func (x *world) ended(w *simWorker, err error) {
	x.trace(func() string { return fmt.Sprintf("worker %d ends: %v", w.id, err) })
	switch {
	case w.wants() || w.result != nil:
		x.fail("P7", "the machine ends, and an operation is on its way")
	case err == nil:
		x.kill(w)
		return
	case x.met(w, err), x.clashed(w, err):
		return
	case errors.Is(err, errInjected) && x.variant == none:
		x.fail("P7", "the stream ends over an outage: %v", err)
	case class.Of(err) == class.Fenced:
		if x.opened < 2 {
			x.fail("P5", "a lone worker takes itself for fenced: %v", err)
		}
	default:
		x.fail("P7", "the stream ends, which only its configuration, a fence and a refused start may do (rule 25): %v", err)
	}
	x.kill(w)
}
