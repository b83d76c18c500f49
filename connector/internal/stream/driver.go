package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/trace"
	"tidemark/strategies"
)

// Driver carries out what a machine wants: it alone has goroutines, timers, the source and the sink.
type Driver struct {
	Settings Settings
	Opener   *Opener
	Source   reading.Source
	Worker   *inflight.Worker
	Share    *inflight.Share
	Rescan   func(ctx context.Context, c strategies.Cursor) error // makes a full scan; the sink is open
	Alarm    chan struct{}                                        // the output topic was seen to have lost something
	Traced   *trace.Stream
	Told     chan Wish // what an operator wants; nil: there is none

	mu      sync.Mutex // of the machine and the carrier
	machine *Machine
	carrier *reading.Carrier
	work    context.Context //nolint:containedctx // of what the machine wants to be done, not of the driver
	onward  chan struct{}   // a hand has taken an answer to the machine

	hands reading.Hands
	done  chan Event     // of the operation under way, of which there is one at the most
	leave func()         // ends the stream's turn to open; nil: it has none
	awake bool           // the stream has a seat, and its producer is open
	asked chan<- Outcome // where the operator waits for what comes of his change; nil: nowhere
}

// Wish is what an operator wants of a stream that runs: Pause, Resume, Poll, or Alter with a Change.
type Wish struct {
	Kind   Kind
	Change *Change
	Reply  chan<- Outcome // Alter's: takes what came of it, and has room for it
}

// The errors of a change that was not tried.
var (
	errChanging = errors.New("another change of the cursor is under way")
	errEnded    = errors.New("the stream has ended")
)

// Run keeps the stream going until ctx ends (nil), its one sweep is done (nil), or it fails for good.
func (d *Driver) Run(ctx context.Context) error {
	err := d.run(ctx)
	defer d.unheard()
	d.Opener.Sink.Close()
	d.Opener.Try.Drop()
	d.Source.Close()
	if ctx.Err() != nil && class.Of(err) != class.Fenced {
		err = nil
	}
	r := d.Settings.Reading.Report
	if err != nil {
		err = fmt.Errorf("stream %s: %w", d.Opener.Stream.Name, err)
	}
	since, cause := r.Left()
	stopped := err == nil && cause != nil && !d.Settings.Once
	if stopped {
		r.Log.Warn("stopped while the stream could not go on", "since", since.UTC().Format(time.RFC3339), "error", cause)
	}
	r.Board.Set(func(s *status.Status) {
		switch {
		case err != nil:
			s.State, s.Err = status.Failed, err
		case stopped:
			s.State, s.Err = status.Failed, cause
		default:
			s.State = status.Done
		}
	})
	return err
}

func (d *Driver) run(ctx context.Context) error {
	d.begin()
	var cancel context.CancelFunc
	d.work, cancel = context.WithCancel(ctx)
	defer d.rest()
	defer d.carrier.Drain()
	d.mu.Lock()
	defer func() {
		cancel() // no hand takes anything any more
		d.mu.Unlock()
	}()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	stop := ctx.Done()
	for {
		for r := d.machine.Ready(); !r.Empty(); r = d.machine.Ready() {
			if r.Changed != nil {
				d.reply(*r.Changed)
			}
			if r.Done {
				return r.Err
			}
			d.carry(d.work, &r)
		}
		if d.machine.Waits() {
			d.rest()
		}
		if d.machine.Idles() {
			d.carrier.Rest()
		}
		var wake <-chan time.Time
		if at := d.machine.Wake(); !at.IsZero() {
			timer.Reset(time.Until(at))
			wake = timer.C
		}
		e := d.wait(wake, stop)
		if stop != nil && ctx.Err() != nil { // what fails because the stream is to end comes behind that
			stop = nil
			d.machine.Step(time.Now(), Event{Kind: Stop})
		}
		d.machine.Step(time.Now(), e)
	}
}

// wait waits for what comes next. Meanwhile hands may take answers to the machine.
func (d *Driver) wait(wake <-chan time.Time, stop <-chan struct{}) (e Event) {
	var back reading.Arrival
	d.mu.Unlock()
	select {
	case <-d.onward:
		e.Kind = Tick // the machine has the answer
	case back = <-d.carrier.Back():
	case e = <-d.done:
	case <-wake:
		e.Kind = Tick
	case <-d.Alarm:
		e.Kind = Alarm
	case w := <-d.Told:
		e = d.told(w)
	case <-stop:
		e.Kind = Tick // the machine is told of the end before
	}
	d.mu.Lock()
	if back.ID != 0 {
		e = d.arrived(back)
	}
	return e
}

// take takes an answer to the machine, in the goroutine of the hand that brought it. The hand asks what comes next, others ask
// what else there is to be asked, and the driver goes on with the rows beside them, at once or when the transaction under way is
// through: with pages of some fifty rows, changes of goroutines cost a tenth of all time. Errors, and what comes when the
// stream is to end, are the driver's.
func (d *Driver) take(a reading.Arrival) (next func() reading.Arrival, taken bool) {
	if a.Err != nil {
		return nil, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.work.Err() != nil {
		return nil, false
	}
	d.machine.Step(time.Now(), d.arrived(a))
	if ask, ok := d.machine.First(); ok {
		next = d.carrier.Asking(d.work, ask)
	}
	for ask, ok := d.machine.First(); ok; ask, ok = d.machine.First() { // answers behind this one had come before their turn
		d.carrier.Ask(d.work, ask)
	}
	if d.machine.Presses() {
		select {
		case d.onward <- struct{}{}:
		default:
		}
	}
	return next, true
}

// begin makes the machine, in a frame of its own: that of run lasts as long as the stream, and a worker may have thousands.
//
//go:noinline
func (d *Driver) begin() {
	d.machine = NewMachine(time.Now(), d.Settings)
	d.hands, d.done, d.onward = reading.Beside(), make(chan Event, 1), make(chan struct{}, 1)
	d.carrier = reading.NewCarrier(d.Source, d.Share, d.hands, d.take)
}

func (d *Driver) arrived(a reading.Arrival) Event {
	d.carrier.Ended()
	switch {
	case !a.Grant:
		return Event{Kind: Arrived, ID: a.ID, Answer: a.Answer, Err: a.Err}
	case a.Err != nil: // nobody waits for the room any more
		return Event{Kind: Tick}
	}
	return Event{Kind: Granted, ID: a.ID, Room: a.Room}
}

// carry carries out what the machine wants.
func (d *Driver) carry(ctx context.Context, r *Ready) {
	d.carrier.Carry(ctx, r.Asks, r.Cancel, r.Need)
	if len(r.Asks) > 0 {
		runtime.Gosched() // they leave before the rows of the page that led to them are admitted
	}
	if r.CloseIdle {
		d.Opener.Sink.Close()
		d.awake = false
		d.Worker.Idles()
	}
	switch {
	case r.Open:
		grown, change := r.Grown, r.Change
		d.operate(func() (Event, error) {
			if grown != nil {
				if err := d.Opener.Learn(grown); err != nil {
					return Event{}, err
				}
			}
			return d.open(ctx, change)
		})
	case r.Load != nil:
		l := r.Load
		d.operate(func() (Event, error) { return d.load(ctx, l) })
	case r.Commit != nil:
		c := r.Commit
		d.operate(func() (Event, error) { return d.commit(ctx, c) })
	case r.Rescan != nil:
		s := r.Rescan
		d.operate(func() (Event, error) { return d.rescan(ctx, s) })
	}
}

// operate runs one operation beside the machine.
func (d *Driver) operate(work func() (Event, error)) {
	d.hands.Do(func() {
		e, err := work()
		if err != nil {
			e = Event{Kind: Failed, Err: err}
		}
		d.done <- e
	})
}

// told is the event of an operator's wish. The stream makes one change of its cursor at a time.
func (d *Driver) told(w Wish) Event {
	if w.Kind != Alter {
		return Event{Kind: w.Kind}
	}
	if d.asked != nil {
		w.Reply <- Outcome{Err: errChanging}
		return Event{Kind: Tick}
	}
	d.asked = w.Reply
	return Event{Kind: Alter, Change: w.Change}
}

// reply says to the operator who wanted a change what came of it.
func (d *Driver) reply(c Outcome) {
	d.asked <- c
	d.asked = nil
}

// unheard says to all whose changes were not made that the stream has ended.
func (d *Driver) unheard() {
	if d.asked != nil {
		d.reply(Outcome{Err: errEnded})
	}
	for {
		select {
		case w := <-d.Told:
			if w.Reply != nil {
				w.Reply <- Outcome{Err: errEnded}
			}
		default:
			return
		}
	}
}

// open opens the stream in its turn, which ends when its window is there.
func (d *Driver) open(ctx context.Context, change *Change) (Event, error) {
	d.rest()
	if err := d.Worker.Seat(ctx); err != nil {
		return Event{}, err
	}
	leave, err := d.Worker.Enter(ctx)
	if err != nil {
		d.Worker.Unseat()
		return Event{}, err
	}
	select {
	case <-d.Alarm: // it is looked at now
	default:
	}
	e, err := d.Opener.Open(ctx, change)
	if err != nil {
		leave()
		d.Worker.Unseat()
		return e, err
	}
	d.leave, d.awake = leave, true
	d.Worker.Opened()
	return e, nil
}

func (d *Driver) load(ctx context.Context, l *Load) (Event, error) {
	defer d.leaves()
	return d.Opener.Load(ctx, l)
}

// commit makes a transaction, and opens the producer of an idle stream for it.
func (d *Driver) commit(ctx context.Context, c *Commit) (Event, error) {
	if err := d.reopen(ctx, c.Reopen); err != nil {
		return Event{}, err
	}
	d.Traced.Batch()
	return d.Opener.Commit(ctx, c)
}

// rescan makes a full scan. What is open behind it has no seat where there are too few.
func (d *Driver) rescan(ctx context.Context, s *Scan) (Event, error) {
	if err := d.reopen(ctx, s.Reopen); err != nil {
		return Event{}, err
	}
	err := d.Rescan(ctx, s.Cursor)
	if d.Worker.Scarce() {
		d.Opener.Sink.Close()
	}
	return Event{Kind: Rescanned}, err
}

// reopen opens the producer of a stream that was idle.
func (d *Driver) reopen(ctx context.Context, e *Expected) error {
	if e == nil || d.awake {
		return nil
	}
	d.Opener.Report.Log.Debug("something to write: opening the producer again")
	if err := d.Worker.Seat(ctx); err != nil {
		return err
	}
	leave, err := d.Worker.Enter(ctx)
	if err == nil {
		err = d.Opener.Reopen(ctx, e)
		leave()
	}
	if err != nil {
		d.Worker.Unseat()
		return err
	}
	d.awake = true
	d.Worker.Opened()
	return nil
}

// leaves ends the stream's turn to open.
func (d *Driver) leaves() {
	if d.leave != nil {
		d.leave()
		d.leave = nil
	}
}

// rest gives the stream's seat back.
func (d *Driver) rest() {
	d.leaves()
	if d.awake {
		d.awake = false
		d.Worker.Closed()
	}
}
