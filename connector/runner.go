package connector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// runner is one stream's life. Its fields up to rules are fixed once it is made.
type runner struct {
	stream   config.Stream
	kafka    config.Kafka
	strategy strategies.Strategy
	format   strategies.Format
	sink     sink
	onSweep  func(Sweep)
	worker   *inflight.Worker // what it shares with the worker's other streams
	report   *status.Reporter
	rules    *admit.Rules

	// connect makes the source and the inspector, which need the schema's id; see start.go.
	connect    func(ctx context.Context) (source, inspector, error)
	peek       func(ctx context.Context) (strategies.Cursor, error) // reads the stored cursor and fences nobody
	registered func(ctx context.Context) (bool, error)              // whether the registry has the schema already
	tried      bool                                                 // a page of the API was read, or need not be
	kept       *keptPage                                            // that page; nil: it is used, or was not worth keeping
	allowed    int                                                  // how many rows a page may have, as was learnt by it; 0: nothing
	source     source
	bodies     inspector
	spawn      func(func()) // runs a request or a transaction; nil: in a goroutine of its own

	wait    bool // the broker and the registry may be away at the start
	opened  bool // the sink was open once
	bound   bound
	refused int // what the topic took when it refused a record as too large; 0: it has not

	// sleep waits before a try that follows an error, in tests: what it returns ends the
	// stream's waiting. nil: pauses.
	sleep func(ctx context.Context, d time.Duration, cause error) error

	resume    strategies.Cursor // where a full scan goes on
	begun     bool              // the stream was opened once
	paused    bool              // it has waited for a poll before
	marks     wire.Marks        // what deleted.field has held so far, until it was doubted or has marked a row
	doubted   bool              // that was said
	regressed bool              // the source has gone back to before the mark, and it was said
	said      notices           // for the fetcher
	foreign   foreign           // records of the topic that are none of the stream's rows
	widened   atomic.Int64      // partitions of the topic that it was said of that they are more than are used
	standing  atomic.Pointer[standing]
	alarm     chan struct{} // the output topic was seen to have lost something
	astray    bool          // keys outside of their partitions were met, and it was said
	floor     *int64        // the window must begin here or below, because the API serves rows from there
}

// errReopen asks for a full start: the window in hand does not serve what comes next.
var errReopen = errors.New("the stream starts again from its cursor")

// live runs the stream from one open to its end or failure.
func (r *runner) live(ctx context.Context) error {
	if err := r.worker.Seat(ctx); err != nil {
		return err
	}
	c, began, err := r.begin(ctx)
	if err != nil {
		r.worker.Unseat()
		return err
	}
	defer c.share.Close()
	r.worker.Opened()
	defer func() {
		if !c.dozing {
			r.worker.Closed()
		}
	}()
	group, ctx := errgroup.WithContext(ctx)
	pages := make(chan *fetched, pagesAhead)
	f := newFetcher(r, c.share)
	f.out, f.resumed = pages, c.stored.Sweep != nil
	c.in = pages
	group.Go(func() error {
		defer close(pages)
		return f.run(ctx, began)
	})
	if err := c.run(ctx); err != nil {
		group.Go(func() error { return err }) // which ends the fetcher
	}
	err = group.Wait()
	c.drain()
	return err
}

// aside runs what goes on beside the caller.
func (r *runner) aside(work func()) {
	if r.spawn != nil {
		r.spawn(work)
		return
	}
	go work()
}

// pause waits for the next poll. The first wait is shorter by chance, so that streams
// which started together do not poll together ever after.
func (r *runner) pause(ctx context.Context) error {
	r.report.Board.Set(func(s *Status) { s.State = Idle })
	wait := r.stream.PollInterval
	if !r.paused {
		r.paused, wait = true, rand.N(wait+1)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// begin opens the stream: fence, read the cursor, claim it, rebuild the window. It
// returns the committer, and the cursor with an open sweep to fetch from.
func (r *runner) begin(ctx context.Context) (*committer, strategies.Cursor, error) {
	leave, err := r.worker.Enter(ctx)
	if err != nil {
		return nil, strategies.Cursor{}, err
	}
	defer leave()
	select {
	case <-r.alarm: // it is looked at now
	default:
	}
	stored, err := r.sink.Open(ctx)
	if err != nil {
		return nil, stored, err
	}
	// As it is now: the sink may be opening again beside.
	r.opened, r.rules.Limits = true, admit.Limits{Record: r.sink.MaxRecord(), Letter: r.sink.MaxRecord()}
	if stored, err = adopt(stored, r.stream); err != nil {
		return nil, stored, err
	}
	stored.PageLimit = cmp.Or(stored.PageLimit, r.allowed)
	if stored, err = r.mend(stored); err != nil {
		return nil, stored, err
	}
	if stored, err = r.speak(stored); err != nil {
		return nil, stored, err
	}
	stored, err = r.sink.Commit(ctx, nil, stored)
	if err != nil {
		return nil, stored, err
	}
	r.stand(stored)
	r.report.Board.Set(func(s *Status) { s.Transactions++; s.Mark = stored.Mark })
	began, err := r.strategy.Begin(stored, time.Now())
	if err != nil {
		return nil, stored, class.Wrap(class.Config, err)
	}
	if s := began.Sweep; s != nil && !r.begun {
		// How often a sweep went back counts within a process. A stream that gave up goes
		// on when it is started again: the token it has stored may be what was refused.
		fresh := *s
		fresh.Restarts, began.Sweep = 0, &fresh
	}
	if !r.begun {
		r.noticeDoubts(ctx)
	}
	r.begun = true
	w, err := r.rebuild(ctx, began)
	if err != nil {
		return nil, stored, err
	}
	if len(r.bodies.Lexicon().fresh) > 0 { // a stream that has nothing to write keeps them, too
		if stored, err = r.sink.Commit(ctx, nil, r.learnt(stored)); err != nil {
			return nil, stored, err
		}
		r.stand(stored)
	}
	began.Schemas = stored.Schemas
	c := newCommitter(r, r.worker.Share(), w, stored)
	return c, began, nil
}

// rebuild reads back what the topic holds of the window (rules 9 and 10).
func (r *runner) rebuild(ctx context.Context, c strategies.Cursor) (*window.Window, error) {
	start, err := r.windowStart(c.Window)
	if err != nil {
		return nil, err
	}
	var from []int64
	if r.floor != nil && *r.floor < start {
		start = *r.floor
	} else if from, err = r.readBack(c.ReadBack, start); err != nil {
		return nil, err
	}
	w, spread := window.New(start, r.stream.WindowRows), r.sink.Spread()
	at := from
	if at == nil {
		at = make([]int64, len(r.sink.Ends()))
	}
	w.Begin(at)
	r.foreign.records = 0
	err = r.sink.Scan(ctx, from, func(rec *kgo.Record) error {
		v, hash, err := r.inspect(ctx, rec)
		if err != nil {
			return class.Errorf(class.Broker, "reading back topic %s, partition %d, offset %d: %w", rec.Topic, rec.Partition, rec.Offset, err)
		}
		load(w, rec, spread, v, hash)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.noticeForeign()
	r.scattered(w.Settle(wire.TombstoneHash))
	w.Loaded()
	if err := r.rules.LoadLetters(ctx, r.sink, w); err != nil {
		return nil, err
	}
	r.report.Board.Set(func(s *Status) { s.Window = w.Rows() })
	return w, nil
}

// windowStart is a cursor's Window as the window package counts it.
func (r *runner) windowStart(text string) (int64, error) {
	if text == "" {
		return window.Everything, nil
	}
	v, err := r.format.ParseString(text)
	if err != nil {
		return 0, fmt.Errorf("reading the stored window start: %w", err)
	}
	return v.N, nil
}
