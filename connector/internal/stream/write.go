package stream

import (
	"errors"
	"slices"
	"time"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/status"
	"tidemark/strategies"
)

// How long pages may come together after a transaction that others are waiting behind, unless so
// many bytes come first that compressing them takes as long.
const (
	// A broker is still writing the last transaction's markers, and would hold a new one back for longer.
	gather = 2 * time.Millisecond
	// More pages are on their way: with some fifty rows each, a transaction costs as much as ten of them.
	gatherMore  = 5 * time.Millisecond
	gatherBytes = 1 << 20
)

// batch is the pages of one transaction, and what they bring (group commit).
type batch struct {
	admit.Batch
	pages  []Item
	weight int64 // of the pages, held of the budget
}

func newBatch() *batch {
	b := &batch{}
	b.Reset()
	return b
}

func (b *batch) reset() {
	b.pages, b.weight = b.pages[:0], 0
	b.Reset()
}

// tail is the last page.
func (b *batch) tail() *Item { return &b.pages[len(b.pages)-1] }

// closed reports whether no further page may join: something has to happen behind the last.
func (b *batch) closed() bool {
	return len(b.pages) > 0 && (b.tail().Ended || b.tail().Reopen || b.tail().scan)
}

// flight is a batch on its way.
type flight struct {
	*batch
	next  strategies.Cursor
	left  []admit.Record // of its records, those that no transaction has written
	sent  int            // of these, those under way
	bytes int64          // of those
	at    time.Time      // when they left
	count int64          // transactions written
	begin []int64        // the topic's ends at or before its first records
	again bool           // it ends a replay
}

// write admits pages and sends the batch off when it may go. It never waits for the network: when a
// transaction is through, the next one leaves with the pages that were admitted meanwhile, or
// with the first that comes.
func (m *Machine) write() {
	for m.phase == running {
		m.admit()
		m.read() // there may be room for more pages
		if m.phase != running || m.flight != nil {
			return
		}
		m.gathers = time.Time{}
		switch {
		case len(m.batch.pages) == 0 && m.refused != nil:
			m.fail(m.refused)
			return
		case len(m.batch.pages) == 0:
			if m.reading == through && len(m.pages) == 0 {
				m.finish()
			} else {
				m.rests()
			}
			return
		}
		if wait := m.last.Add(m.gatherFor()); m.now.Before(wait) && m.batch.Bytes < gatherBytes && m.refused == nil {
			m.gathers = wait
			return
		}
		m.leave()
	}
}

// gatherFor is how long the batch waits behind the last transaction.
func (m *Machine) gatherFor() time.Duration {
	if m.reading == asking && !m.batch.closed() {
		return gatherMore
	}
	return gather
}

// admit takes the pages that are ready and may join the batch.
func (m *Machine) admit() {
	var err error
	taken := 0
	for ; err == nil && taken < len(m.pages) && m.takes(); taken++ {
		err = m.take(m.pages[taken])
	}
	m.pages = slices.Delete(m.pages, 0, taken)
	if err != nil {
		m.fail(err)
	}
}

// takes reports whether another page may join. Half of the budget is for what is read meanwhile.
func (m *Machine) takes() bool {
	most := m.set.Kafka.MaxInFlight
	return m.refused == nil && !m.batch.closed() && m.batch.weight <= most/2 && m.batch.Bytes < m.set.Bound.Now(most)
}

// take lets a page join. One of which too great a part cannot be written may not; those before
// it are committed. The window takes the rows for written from here on: where the transaction
// fails, or the one before it, the window goes with it.
func (m *Machine) take(it Item) error {
	if it.Bad > 0 {
		known := m.p.Rules.MetBefore(m.admitter.Window, m.stored.Mark)
		if bad := m.p.Rules.TooBad(it.Answer.URL, it.Answer.Rows, known); bad != nil {
			m.free(&it)
			m.refused = bad
			return nil //nolint:nilerr // it is returned when what came before is committed
		}
	}
	b := m.batch
	b.pages, b.weight = append(b.pages, it), b.weight+it.Weight
	if it.Warning != "" {
		b.Counts.Warnings++
		m.p.Report.Log.Warn(it.Warning)
	}
	if it.Answer == nil {
		return nil
	}
	b.Counts.Replaced += int64(it.Answer.Adjusted.Halves.Count)
	page := admit.Page{Rows: it.Answer.Rows, URL: it.Answer.URL, Date: it.Answer.Date, Ceiling: it.Answer.Ceiling, Sweep: it.began}
	if err := m.admitter.Page(&b.Batch, page, m.now); err != nil {
		return m.unadmitted(err)
	}
	return m.raise(it.Next.Window)
}

// unadmitted is what the error of a page that could not be admitted means for the life.
func (m *Machine) unadmitted(err error) error {
	var below *admit.BelowError
	if errors.As(err, &below) {
		return m.reachDown(below)
	}
	return err
}

// leave sends the batch off: a transaction with what is new in its pages and the cursor
// behind the last of them (P1). What needs none is through at once.
func (m *Machine) leave() {
	tail := m.batch.tail()
	next := tail.Next
	if !tail.Reopen {
		next.ReadBack = &strategies.ReadBack{TopicID: m.topic.ID, Offsets: m.admitter.Window.ReadBack(m.topic.Ends), Window: next.Window}
	}
	f := &flight{batch: m.batch, next: next, left: m.batch.Records, begin: m.topic.Ends, again: m.stored.Again != nil && next.Again == nil}
	m.flight, m.batch, m.spare = f, m.spare, nil
	if !m.worth(f) {
		m.settle()
		return
	}
	m.admitter.Behind(next.Mark)
	m.send()
}

// aliveEvery is how often a stream with nothing to write commits its cursor again behind a sweep: the record's time tells a
// stream that has nothing new from one that nobody reads any more.
const aliveEvery = time.Hour

// worth says whether the pages moved anything that a restart needs. Idle polls do not, and
// write nothing, but for the cursor once an hour.
func (m *Machine) worth(f *flight) bool {
	was, next := &m.stored, &f.next
	closed := was.Sweep != nil && next.Sweep == nil
	learnt := next.Reached != was.Reached || next.Unsorted != was.Unsorted || next.Sweep == nil && next.Parents != was.Parents ||
		next.Filter != was.Filter && next.Filter != strategies.FilterInclusive
	alive := f.tail().Ended && m.now.Sub(m.wrote) >= aliveEvery
	return alive || len(f.Records) > 0 || next.Mark != was.Mark || learnt || closed || f.again || f.tail().Reopen
}

// send asks for a transaction with as many of the flight's records as may go.
func (m *Machine) send() {
	f := m.flight
	f.sent, f.bytes = admit.Fitting(f.left, m.set.Bound.Now(m.set.Kafka.MaxInFlight))
	to := f.next
	if f.sent < len(f.left) {
		to = m.stored
	}
	f.at = m.now
	m.out.Commit = &Commit{Records: f.left[:f.sent], Next: to, Reopen: m.expected()}
}

// written takes note of a transaction that is through.
func (m *Machine) written(e Event) {
	f := m.flight
	m.set.Bound.Done(f.bytes, m.set.Kafka.MaxInFlight, m.now.Sub(f.at), m.set.Kafka.TransactionTimeout)
	m.stored, m.topic.Ends, m.idle = e.Stored, e.Topic.Ends, false
	f.count, f.left = f.count+1, f.left[f.sent:]
	switch {
	case len(f.left) == 0:
		m.settle()
	case m.phase == running:
		m.send()
		return
	default: // it is in pieces, and the rest of it goes with the life
		m.flight = nil
		m.freeAll(f.pages)
	}
	if m.phase == closing && m.flight == nil {
		m.close()
	}
}

// settle takes note of what became of a batch, and does what comes behind it.
func (m *Machine) settle() {
	f := m.flight
	m.flight = nil
	m.admitter.Behind(m.stored.Mark)
	m.p.Report.GoesOn(m.now, false)
	if f.count > 0 {
		m.last, m.wrote = m.now, m.now
		m.countIdle()
		if len(f.Records) > 0 {
			m.admitter.Window.Wrote(f.Greatest, f.begin)
		}
		f.Counts.Transactions, f.Counts.Written = f.count, int64(len(f.Records))-f.Counts.Dead
	}
	m.admitter.Crowded(&f.Counts)
	tail := *f.tail()
	if tail.Ended {
		f.Counts.Sweeps = 1
	}
	m.p.Report.Board.Set(func(s *status.Status) {
		s.Add(f.Counts)
		s.Mark, s.Window = m.stored.Mark, m.admitter.Window.Rows()
		s.Lateness.Add(&f.Lateness)
		if tail.Ended {
			s.Swept = m.now
			if !tail.resumed {
				s.Upto = tail.began
			}
		}
	})
	m.set.Observer.Settled(f.pages, f.count)
	if tail.Ended {
		m.sweepEnded(m.now.Sub(tail.began))
	}
	m.freeAll(f.pages)
	f.batch.reset()
	m.spare = f.batch
	if m.phase != running {
		return
	}
	switch {
	case tail.Reopen, f.again && !m.set.Once: // what the replay has not shown the window would still take for unwritten
		m.fail(ErrReopen)
	case tail.scan:
		m.scan()
	}
}

// sweepEnded tells of a sweep that is committed.
func (m *Machine) sweepEnded(took time.Duration) {
	now := m.p.Report.Board.Get()
	sweep := status.Sweep{Stream: now.Stream, Strategy: now.Strategy, Topic: now.Topic, Mark: now.Mark,
		Counts: now.Counts.Minus(m.from), Took: took}
	if sweep.Late > 0 {
		m.p.Report.Log.Info("rows appeared behind the mark", "rows", sweep.Late, "latest", now.Lateness.Max.Round(time.Second),
			"recommended_buffer_hours", now.RecommendedBuffer())
	}
	m.from = now.Counts
	m.admitter.SweepEnded()
	m.set.Observer.Swept(sweep)
}

// freeAll gives the pages' memory back.
func (m *Machine) freeAll(pages []Item) {
	for i := range pages {
		m.free(&pages[i])
	}
}

func (m *Machine) free(it *Item) {
	if it.Answer != nil {
		it.Answer.Release()
		m.p.Budget.Release(it.Weight)
		it.Answer = nil
	}
}
