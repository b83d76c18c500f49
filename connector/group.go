package connector

import (
	"context"
	"time"

	"tidemark/connector/internal/admit"
	"tidemark/strategies"
)

// gather is how long pages may come together after a transaction that others are
// waiting behind. A broker is still writing the last transaction's markers then, and
// would hold a new one back for longer, unless so many bytes come first that compressing
// them takes as long.
const (
	gather      = 2 * time.Millisecond
	gatherBytes = 1 << 20
)

// group is the pages of one transaction, and what they bring (group commit).
type group struct {
	pages  []fetched
	weight int64 // of the pages, held in the share
	batch  admit.Batch
}

func newGroup() *group {
	g := &group{}
	g.batch.Reset()
	return g
}

func (g *group) reset() {
	g.pages, g.weight = g.pages[:0], 0
	g.batch.Reset()
}

// end is the last page.
func (g *group) end() *fetched { return &g.pages[len(g.pages)-1] }

// closed reports whether no further page may join: something has to happen behind the last.
func (g *group) closed() bool {
	return len(g.pages) > 0 && (g.end().ended || g.end().reopen || g.end().full)
}

// flight is a transaction on its way.
type flight struct {
	*group
	next   strategies.Cursor
	landed chan struct{} // closed when what follows is valid

	stored strategies.Cursor
	count  int64   // transactions written
	begin  []int64 // offsets at or before its first records
	err    error
}

// run makes one transaction after the other, until no more pages come. It never waits for
// the network: when a transaction has landed, the next one leaves with the pages that
// were admitted meanwhile, or with the first that comes.
func (c *committer) run(ctx context.Context) (err error) {
	defer c.countIdle()()
	defer func() {
		if failed := c.await(); failed != nil { // what was asked for is waited for
			err = failed
		}
		c.free(c.pages)
	}()
	for open := true; open; {
		if open, err = c.gather(); err != nil {
			return err
		}
		if len(c.pages) > 0 {
			if err := c.leave(ctx); err != nil {
				return err
			}
		}
		if c.refused != nil {
			return c.refused
		}
	}
	return nil
}

// gather admits pages until a transaction can leave: the one before has landed, and no
// more pages are ready, or may join. It reports false when no more come.
func (c *committer) gather() (open bool, err error) {
	var settled <-chan time.Time // the broker is done with the transaction before
	for {
		in, landed, tired := c.in, (chan struct{})(nil), (<-chan time.Time)(nil)
		if c.refused != nil || c.closed() || c.weight > c.share.Size()/2 || c.batch.Bytes >= c.bound.now(c.kafka.MaxInFlight) { // the other half is for what is read meanwhile
			in = nil
		}
		var item *fetched
		switch {
		case c.flight != nil:
			landed = c.flight.landed
		case c.refused != nil:
			return true, nil //nolint:nilerr // run returns it, behind what can be committed
		case len(c.pages) == 0:
			tired = c.tired
		case settled == nil || c.batch.Bytes >= gatherBytes:
			select {
			case item, open = <-in:
				if !open {
					return false, nil
				}
				if err := c.take(item); err != nil {
					return true, err
				}
				continue
			default:
			}
			since := time.Since(c.last)
			if since >= gather || c.batch.Bytes >= gatherBytes {
				return true, nil
			}
			settled = time.After(gather - since)
		}
		select {
		case item, open = <-in:
			if !open {
				return false, nil
			}
			if err := c.take(item); err != nil {
				return true, err
			}
		case <-landed:
			if err := c.land(); err != nil {
				return true, err
			}
		case <-settled:
			settled = nil
		case <-tired:
			c.doze()
		case <-c.alarm:
			return true, errReopen
		}
	}
}

// take lets a page join. One of which too great a part cannot be written may not; those before
// it are committed.
func (c *committer) take(item *fetched) error {
	if item.bad > 0 {
		if bad := c.rules.TooBad(item.answer.URL, item.answer.Rows, c.rules.MetBefore(c.admitter.Window, c.stored.Mark)); bad != nil {
			c.free([]fetched{*item})
			c.refused = bad
			return nil //nolint:nilerr // it is returned when what came before is committed
		}
	}
	c.pages, c.weight = append(c.pages, *item), c.weight+item.weight
	return c.admit(c.end())
}

// leave sends the group off: a transaction with what is new in its pages and the cursor
// behind the last of them (P1). What needs none has landed at once.
func (c *committer) leave(ctx context.Context) error {
	if err := c.await(); err != nil {
		return err
	}
	last := *c.end()
	next := last.next
	if !last.reopen {
		next.ReadBack = &strategies.ReadBack{TopicID: c.sink.TopicID(), Offsets: c.admitter.Window.ReadBack(c.sink.Ends()), Window: next.Window}
	}
	f := &flight{group: c.group, next: next, stored: c.stored, landed: make(chan struct{})}
	c.flight, c.group, c.spare = f, c.spare, nil
	if c.worth(f) {
		c.admitter.Mark = next.Mark
		c.aside(func() { c.transact(ctx, f) })
	} else {
		close(f.landed)
	}
	if !last.reopen && !last.full {
		return nil
	}
	if err := c.await(); err != nil {
		return err
	}
	if last.reopen {
		return errReopen
	}
	if c.dozing {
		if err := c.wake(ctx); err != nil { // the scan writes
			return err
		}
	}
	c.resume = c.stored
	return errFull
}

// worth says whether the pages moved anything that a restart needs. Idle polls do not, and
// write nothing.
func (c *committer) worth(f *flight) bool {
	closed := c.stored.Sweep != nil && f.next.Sweep == nil
	learnt := f.next.Reached != c.stored.Reached || f.next.Unsorted != c.stored.Unsorted ||
		f.next.Filter != c.stored.Filter && f.next.Filter != strategies.FilterInclusive
	return len(f.batch.Records) > 0 || f.next.Mark != c.stored.Mark || learnt || closed || f.end().reopen
}

// transact commits the group. It runs beside gather, which leaves the sink alone until it
// has landed.
func (c *committer) transact(ctx context.Context, f *flight) {
	defer close(f.landed)
	if c.dozing {
		if f.err = c.wake(ctx); f.err != nil {
			return
		}
	}
	f.begin = c.sink.Ends()
	f.stored, f.count, f.err = c.write(ctx, f.batch.Records, f.stored, f.next)
}

// await waits for the transaction on its way. It ends with the run's context, though not
// at once.
func (c *committer) await() error {
	if c.flight == nil {
		return nil
	}
	<-c.flight.landed
	return c.land()
}

// land takes note of what became of the transaction that was on its way.
func (c *committer) land() error {
	f := c.flight
	c.flight = nil
	defer func() {
		c.free(f.pages)
		f.reset()
		c.spare = f.group
	}()
	if f.err != nil {
		return f.err
	}
	c.stored, c.admitter.Mark = f.stored, f.stored.Mark
	c.report.GoesOn(time.Now(), false)
	if f.count > 0 {
		c.stand(c.stored)
		c.last = time.Now()
		if c.active != nil {
			c.active()
		}
		if len(f.batch.Records) > 0 {
			c.admitter.Window.Wrote(f.batch.Greatest, f.begin)
		}
		f.batch.Counts.Transactions, f.batch.Counts.Written = f.count, int64(len(f.batch.Records))-f.batch.Counts.Dead
	}
	c.admitter.Crowded(&f.batch.Counts)
	last := f.end()
	if last.ended {
		f.batch.Counts.Sweeps = 1
	}
	c.report.Board.Set(func(s *Status) {
		s.Add(f.batch.Counts)
		s.Mark, s.Window, s.MaxLateness = c.stored.Mark, c.admitter.Window.Rows(), max(s.MaxLateness, f.batch.MaxLateness)
	})
	if last.ended {
		c.sweepEnded(time.Since(last.began))
	}
	return nil
}
