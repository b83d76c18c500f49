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
}

// Carrier takes a session's questions to a source, each beside the others.
type Carrier struct {
	source Source
	share  *inflight.Share
	hands  Hands
	take   Take
	back   chan Arrival
	under  int // way: questions and waits that have not come back

	// Of the questions since the last cancel: a session cancels all that it has asked, or nothing.
	ctx    context.Context //nolint:containedctx // of what is under way, not of the carrier
	cancel context.CancelFunc
}

// Take is offered each answer by the hand that brought it. Where it takes one, the hand asks what it returns, if anything.
// One that it does not take comes to Back.
type Take func(Arrival) (next func() Arrival, taken bool)

// None takes no answer.
func None(Arrival) (func() Arrival, bool) { return nil, false }

// NewCarrier returns the carrier of one stream's questions.
func NewCarrier(source Source, share *inflight.Share, hands Hands, take Take) *Carrier {
	return &Carrier{source: source, share: share, hands: hands, take: take, back: make(chan Arrival, 16)}
}

// Back is where answers and grants come back; each must be handed to Ended.
func (c *Carrier) Back() <-chan Arrival { return c.back }

// live is the context of the questions since the last cancel.
func (c *Carrier) live(parent context.Context) context.Context {
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancel(parent)
	}
	c.under++
	return c.ctx
}

// Carry carries out what a session wants: what is cancelled ends, and what is asked and waited for begins.
func (c *Carrier) Carry(ctx context.Context, asks []Ask, cancelled []uint64, n Need) {
	if len(cancelled) > 0 {
		c.Cancel()
	}
	for _, a := range asks {
		c.Ask(ctx, a)
	}
	if n.ID != 0 {
		c.wait(ctx, n)
	}
}

// Ask carries a question, and what follows from its answer.
func (c *Carrier) Ask(parent context.Context, a Ask) {
	ask := c.Asking(parent, a)
	c.hands.Do(func() {
		var out Arrival
		taken := false
		defer func() {
			if !taken { // a simulation may break off in the middle of an answer
				c.back <- out
			}
		}()
		for ask != nil {
			taken = false
			out = ask()
			ask, taken = c.take(out)
		}
	})
}

// Asking is what asks a question, which is under way from here on.
func (c *Carrier) Asking(parent context.Context, a Ask) func() Arrival {
	ctx := c.live(parent)
	return func() (out Arrival) {
		out.ID = a.ID
		if a.Rest != nil {
			out.Answer, out.Err = a.Rest.Rest(ctx)
		} else {
			out.Answer, out.Err = ancestor(c.source, a.Level).Page(ctx, a.Params)
		}
		return out
	}
}

// ancestor is the source so many levels above one.
func ancestor(s Source, level int) Source {
	for range level {
		s = s.(Sliced).Parent()
	}
	return s
}

// wait waits for room.
func (c *Carrier) wait(parent context.Context, n Need) {
	ctx := c.live(parent)
	c.hands.Do(func() {
		weight, err := c.share.Acquire(ctx, n.Bytes)
		c.back <- Arrival{ID: n.ID, Room: weight, Grant: true, Err: err}
	})
}

// Cancel ends what is under way sooner than it would end by itself; all of it still comes back.
func (c *Carrier) Cancel() {
	if c.cancel != nil {
		c.cancel()
		c.ctx, c.cancel = nil, nil
	}
}

// Ended is called with each arrival that was taken, from Back or from a hand.
func (c *Carrier) Ended() { c.under-- }

// Rest keeps nothing ready for the next question where none is under way: it comes after a while.
func (c *Carrier) Rest() {
	if c.under == 0 {
		c.hands.Rest()
	}
}

// Drain cancels what is under way and waits until all of it has ended. Answers that come meanwhile
// are let go.
func (c *Carrier) Drain() {
	defer c.Rest()
	c.Cancel()
	for ; c.under > 0; c.under-- {
		switch a := <-c.back; {
		case a.Answer != nil:
			a.Answer.LetGo()
		case a.Grant && a.Err == nil:
			c.share.Release(a.Room)
		}
	}
}
