package reading

import (
	"context"

	"tidemark/connector/internal/inflight"
)

// Arrival is what came of a question.
type Arrival struct {
	ID     uint64
	Answer *Answer
	Err    error
	Room   int64 // of a grant: room for an answer that waited for it
	Grant  bool  // this is a grant, not an answer; where Err is set there is no room

	open bool // more of the answer follows, by the same request
}

// Carrier takes a session's questions to a source, each in a goroutine of its own.
type Carrier struct {
	source Source
	share  *inflight.Share
	spawn  func(func())
	back   chan Arrival
	asked  map[uint64]context.CancelFunc
}

// NewCarrier returns the carrier of one stream's questions. spawn runs a function beside the caller;
// a simulation may run it at once.
func NewCarrier(source Source, share *inflight.Share, spawn func(func())) *Carrier {
	return &Carrier{source: source, share: share, spawn: spawn, back: make(chan Arrival, 16), asked: make(map[uint64]context.CancelFunc)}
}

// Back is where answers and grants come back; each must be handed to Ended.
func (c *Carrier) Back() <-chan Arrival { return c.back }

// Ask carries a question.
func (c *Carrier) Ask(ctx context.Context, a Ask) {
	ctx, cancel := context.WithCancel(ctx)
	c.asked[a.ID] = cancel
	c.spawn(func() {
		out := Arrival{ID: a.ID}
		defer func() { c.back <- out }()
		if a.Rest != nil {
			out.Answer, out.Err = a.Rest.Rest(ctx)
		} else {
			out.Answer, out.Err = c.source.Page(ctx, a.Params)
		}
		if out.open = out.Answer != nil && out.Answer.Cut && a.Rest == nil; out.open {
			keepOpen(out.Answer, cancel)
		}
	})
}

// keepOpen ends the request of a long answer when the last piece of it is read, or it is given up.
func keepOpen(a *Answer, end func()) {
	rest, stop := a.Rest, a.Stop
	a.Rest = func(ctx context.Context) (*Answer, error) {
		next, err := rest(ctx)
		if err != nil || !next.Cut {
			end()
		} else {
			keepOpen(next, end)
		}
		return next, err
	}
	a.Stop = func() {
		stop()
		end()
	}
}

// Cancel ends a question that is no longer wanted, sooner than it would end by itself.
func (c *Carrier) Cancel(id uint64) {
	if cancel := c.asked[id]; cancel != nil {
		cancel()
	}
}

// Wait waits for room.
func (c *Carrier) Wait(ctx context.Context, n Need) {
	ctx, cancel := context.WithCancel(ctx)
	c.asked[n.ID] = cancel
	c.spawn(func() {
		weight, err := c.share.Acquire(ctx, n.Bytes)
		c.back <- Arrival{ID: n.ID, Room: weight, Grant: true, Err: err}
	})
}

// Ended is called with each arrival that was taken from Back.
func (c *Carrier) Ended(a Arrival) {
	if cancel := c.asked[a.ID]; cancel != nil {
		delete(c.asked, a.ID)
		if !a.open {
			cancel()
		}
	}
}

// Drain cancels what is under way and waits until all of it has ended. Answers that come meanwhile
// are let go.
func (c *Carrier) Drain() {
	for _, cancel := range c.asked {
		cancel()
	}
	for len(c.asked) > 0 {
		a := <-c.back
		c.Ended(a)
		switch {
		case a.Answer != nil:
			a.Answer.LetGo()
		case a.Grant && a.Err == nil:
			c.share.Release(a.Room)
		}
	}
}

// Beside runs a function in a goroutine of its own.
func Beside(work func()) { go work() }
