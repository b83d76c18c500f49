package reading

import (
	"context"
	"errors"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/rest"
	"tidemark/strategies"
)

// Puller reads whole sweeps one page after the other, beside the stream's own: for full scans, and for
// the page that is read before a stream is opened.
type Puller struct {
	Parts  Parts
	Source Source
	Share  *inflight.Share
	Most   int // questions asked ahead of the one in turn
	Once   bool
	Hold   func(ctx context.Context, d time.Duration) error // waits before the next try
	Now    func() time.Time
	Hands  func() Hands // of a sweep
}

// Sweep reads the sweep that c has open, to its end, and hands its pages to fn, which need not free them.
// In continuous mode it goes on trying where the API fails, as the stream itself does. fn returns false to
// stop.
func (p *Puller) Sweep(ctx context.Context, c strategies.Cursor, fn func(before strategies.Cursor, page *Page) (more bool, err error)) error {
	session := NewSession(p.Parts, p.Most)
	carrier := NewCarrier(p.Source, p.Share, p.Hands(), None)
	defer carrier.Drain()
	defer session.Drop()
	session.Begin(p.Now(), c)
	for {
		before := session.At()
		page, err := p.page(ctx, session, carrier)
		if err != nil {
			return err
		}
		more, err := fn(before, page)
		if page.Answer != nil {
			page.Answer.Release()
			p.Share.Release(page.Weight)
		}
		if err != nil || !more || page.Next.Sweep == nil {
			return err
		}
		if page.Reopen { // there is no window here that would have to reach further down
			session.Begin(p.Now(), page.Next)
		}
	}
}

// page is the next page of the sweep.
func (p *Puller) page(ctx context.Context, s *Session, c *Carrier) (*Page, error) {
	for {
		page, err := s.Step(p.Now())
		switch {
		case err == nil && page == nil:
			if err := p.wait(ctx, s, c); err != nil {
				return nil, err
			}
			continue
		case err == nil:
			if page.Asked {
				p.Parts.Report.GoesOn(p.Now(), true)
			}
			return page, nil
		}
		s.Drop()
		if p.Once || ctx.Err() != nil || class.Of(err) != class.Source {
			return nil, err
		}
		p.Parts.Report.Fails(p.Now(), err, "the sweep cannot go on; asking again until it can")
		if stopped := p.Hold(ctx, p.Parts.Report.Backoff(p.Parts.Stream.MaxBackoff, err)); stopped != nil {
			return nil, err
		}
		if !errors.As(err, new(*rest.RetriesError)) {
			s.Forgive()
		}
		s.Again()
	}
}

// wait carries out what the session wants until something comes back.
func (p *Puller) wait(ctx context.Context, s *Session, c *Carrier) error {
	asks, cancelled := s.Asks(nil, nil)
	need, _ := s.Need()
	c.Carry(ctx, asks, cancelled, need)
	var timer <-chan time.Time
	if at := s.Wake(); !at.IsZero() {
		timer = time.After(at.Sub(p.Now()))
	}
	select {
	case a := <-c.Back():
		c.Ended()
		switch {
		case !a.Grant:
			s.Arrived(a.ID, a.Answer, a.Err)
		case a.Err == nil && !s.Granted(a.ID, a.Room):
			p.Share.Release(a.Room)
		}
	case <-timer:
		s.Tick(p.Now())
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// First reads the page that c stands before. The answer, and the rest of a long one, are the caller's, as is what the
// page holds of the budget.
func (p *Puller) First(ctx context.Context, c strategies.Cursor) (*Page, error) {
	session := NewSession(p.Parts, 0)
	carrier := NewCarrier(p.Source, p.Share, p.Hands(), None)
	defer carrier.Rest()
	session.Begin(p.Now(), c)
	page, err := p.page(ctx, session, carrier)
	for err == nil && page.Listed && !page.Ended { // what is read before it is no page
		page, err = p.page(ctx, session, carrier)
	}
	if err != nil {
		carrier.Drain() // else nothing is under way, and a long answer's request goes on
	}
	session.fetch.detach()
	session.Drop()
	if err == nil {
		page.Listing = session.family.asListed()
	}
	return page, err
}
