package stream

import (
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// read folds the answers in turn, as long as there is one.
func (m *Machine) read() {
	for m.phase == running && m.reading == asking && len(m.pages) < pagesAhead {
		page, err := m.session.Step(m.now)
		switch {
		case err != nil:
			m.stuck(err)
			return
		case page == nil:
			return
		}
		m.takeUp(page)
	}
}

// pressing is how many rows that wait are worth a goroutine of their own.
const pressing = 512

// Presses reports whether Ready, or Wake, is to be asked at once. A few rows may wait until the transaction that is under way
// is through, or the next one leaves; an answer that has come before its turn is nothing to go on with.
func (m *Machine) Presses() bool {
	if m.phase != running || m.reading != asking || m.flight == nil && m.gathers.IsZero() || m.session.Wants() || !m.out.Empty() {
		return true
	}
	rows := 0
	for i := range m.pages {
		if a := m.pages[i].Answer; a != nil {
			rows += len(a.Rows)
		}
	}
	return rows >= pressing
}

// takeUp queues a page, and decides what is read behind it.
func (m *Machine) takeUp(page *reading.Page) {
	if page.Asked {
		m.p.Report.GoesOn(m.now, true)
		m.p.Report.Board.Set(func(s *status.Status) {
			if s.State = status.Reading; !page.Listed { // of another stream's rows
				s.Pages++
			}
			m.stands(s, page)
		})
	}
	if page.Ended && page.Warning == "" { // else the sweep may not have shown all; what came is known by its place
		page.Next = page.Next.Swept()
	}
	m.pages = append(m.pages, Item{Page: *page, began: m.sweepAt, resumed: m.resumed})
	switch {
	case page.Reopen:
		m.reading = through
	case page.Ended:
		m.sweepEnds(page.Next)
	}
}

// stands shows how far the sweep in hand is. What the API counts with its first page is all of it, unless an earlier
// life began it.
func (m *Machine) stands(s *status.Status, page *reading.Page) {
	if m.first {
		m.first, s.SweepRows, s.Total = false, 0, 0
		if page.Answer != nil && !m.resumed {
			s.Total = max(page.Answer.Total, 0)
		}
	}
	if page.Answer != nil {
		s.SweepRows += int64(len(page.Answer.Rows))
	}
	if s.At = ""; page.Next.Sweep != nil {
		s.At = page.Next.Sweep.Slice().After
	}
}

// sweepEnds decides what comes behind a sweep.
func (m *Machine) sweepEnds(next strategies.Cursor) {
	m.next = next
	m.p.Notes.Absent(m.p)
	rescan, reconcile := Due(&m.p.Stream, next, m.now)
	switch {
	case rescan || reconcile:
		m.pages, m.reading = append(m.pages, Item{Page: reading.Page{Next: next}, scan: true}), through
	case m.set.Once && !m.resumed:
		m.reading, m.end = through, nil
	case m.set.Once:
		m.sweep() // a sweep that an earlier life began may have missed what is new
	default:
		m.reading, m.until = resting, m.poll()
	}
}

// poll is when the next sweep begins. The first wait is shorter by chance, so that streams which
// started together do not poll together ever after.
func (m *Machine) poll() time.Time {
	m.p.Report.Board.Set(func(s *status.Status) { s.State = status.Idle })
	wait := m.p.Stream.PollInterval
	if !m.polled {
		m.polled, wait = true, m.set.Rand(wait)
	}
	return m.now.Add(wait)
}

// sweep begins the next sweep.
func (m *Machine) sweep() {
	c, err := m.p.Strategy.Begin(m.next, m.now)
	if err != nil {
		m.reading, m.end = through, configError(err)
		return
	}
	lower, err := window.Lower(m.p.Format, c.Window, m.next.Window)
	switch {
	case err != nil:
		m.reading, m.end = through, err
	case lower:
		m.pages, m.reading = append(m.pages, Item{Page: reading.Page{Next: c, Reopen: true}}), through
	default:
		m.reading, m.sweepAt, m.first, m.resumed = asking, m.now, true, false
		m.p.Report.Board.Set(func(s *status.Status) { s.State = status.Reading })
		m.session.Begin(m.now, c)
	}
}

// stuck takes an error of the reading. In continuous mode the page is asked for until the sweep can
// go on: what the API does wrong now it may do right later, and what the strategy refuses for want
// of proof may be proven then. The cursor stays before the page.
func (m *Machine) stuck(err error) {
	m.session.Drop()
	if m.set.Once || class.Of(err) != class.Source {
		m.reading, m.end = through, err
		return
	}
	m.p.Report.Fails(m.now, err, "the sweep cannot go on; asking again until it can")
	m.reading, m.until = holding, m.now.Add(m.set.Backoff(m.p.Stream.MaxBackoff, err))
	// As at a process's start: how often the sweep went back is not the reason any more.
	m.forgive = !m.set.Judge.Retried(err)
}

// Due reports whether a full scan stands behind a sweep that has just ended. A time that is
// still to come is no reason to wait (rule 28): it was stored by a clock that was ahead, and
// would keep scans away until then.
func Due(s *config.Stream, c strategies.Cursor, now time.Time) (rescan, reconcile bool) {
	passed := func(interval time.Duration, last string) bool {
		if interval == config.Never {
			return false
		}
		at, err := time.Parse(time.RFC3339, last)
		since := now.Sub(at)
		return err != nil || since >= interval || since < 0
	}
	return passed(s.RescanInterval, c.Rescanned) || s.Backfill && c.Backfill, passed(s.ReconcileInterval, c.Reconciled)
}

func configError(err error) error { return class.Wrap(class.Config, err) }
