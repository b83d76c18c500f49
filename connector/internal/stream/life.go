package stream

import (
	"errors"
	"time"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/window"
)

// patience is how long a stream that is swept once keeps trying, while its transactions fail,
// before it gives up; a broker that restarts is back well within.
const patience = 2 * time.Minute

// finish ends a life behind all that was read.
func (m *Machine) finish() {
	if m.end != nil {
		m.fail(m.end)
		return
	}
	m.done(nil)
}

// scan asks for a full scan. The cursor in hand is committed.
func (m *Machine) scan() {
	m.out.Rescan = &Scan{Cursor: m.stored, Reopen: m.expected()}
	m.phase = rescanning
	m.session.Drop()
	m.admitter, m.batch, m.spare = nil, nil, nil // the scan needs the memory
}

// rescanned goes on behind a full scan: the window in hand knows nothing of what it wrote.
func (m *Machine) rescanned() {
	if m.set.Once {
		m.done(nil)
		return
	}
	m.phase, m.reopenAt = waiting, m.poll()
}

// failed takes the error of what was asked for last.
func (m *Machine) failed(err error) {
	f := m.flight
	if f == nil {
		m.fail(err)
		return
	}
	if _, _, late := m.set.Judge.Commit(err); late {
		m.set.Bound.Late(f.bytes, m.set.Kafka.MaxInFlight)
	}
	m.flight = nil
	m.freeAll(f.pages)
	if m.phase == closing { // it is the better reason
		m.dying = err
		m.close()
		return
	}
	m.fail(err)
}

// fail ends the life: all that is in memory is dropped, behind the transaction on its way.
func (m *Machine) fail(err error) {
	m.dying, m.phase = err, closing
	m.session.Drop()
	m.freeAll(m.pages)
	if m.batch != nil {
		m.freeAll(m.batch.pages)
		m.batch.reset()
	}
	m.pages = nil
	if m.kept != nil {
		m.kept.Answer.LetGo()
		m.kept = nil
	}
	if m.flight == nil {
		m.close()
	}
}

// close decides what comes behind a life (rule 3).
func (m *Machine) close() {
	err := m.dying
	var grown *reading.GrownError
	switch {
	case m.stopping && class.Of(err) != class.Fenced:
		m.done(nil)
		return
	case !m.stopping && errors.As(err, &grown):
		m.open()
		m.out.Grown = grown.Growth
		return
	case m.stopping || m.final(err):
		m.done(err)
		return
	case errors.Is(err, ErrReopen):
		m.open()
		return
	}
	// A claim alone is no progress.
	if m.failing.IsZero() || m.p.Report.Board.Get().Transactions > m.before+1 {
		m.failing = m.now
	}
	if m.set.Once && m.now.Sub(m.failing) > patience {
		m.done(err)
		return
	}
	what := "starting the stream again from its stored cursor"
	if !m.opened {
		what = "the stream cannot be opened; trying again until it can"
	}
	m.p.Report.Fails(m.now, err, what)
	m.phase, m.reopenAt = waiting, m.now.Add(m.set.Backoff(m.p.Stream.MaxBackoff, err))
}

// stop ends the machine, behind the transaction on its way.
func (m *Machine) stop() {
	m.stopping = true
	switch m.phase {
	case running:
		m.fail(nil)
	case waiting:
		m.done(nil)
	}
}

func (m *Machine) done(err error) {
	m.session.Drop()
	m.phase, m.out.Done, m.out.Err = ended, true, err
}

// final reports whether an error ends the stream. In continuous mode only the configuration,
// a fence and a refused start do (rule 25): whatever else is wrong may be put right while the
// stream waits, at the API and the broker too.
func (m *Machine) final(err error) bool {
	switch c := class.Of(err); {
	case errors.Is(err, ErrReopen):
		return false
	case c == class.Config || c == class.Fenced || m.set.Judge.Lost(err):
		return true
	case m.set.Once:
		return !m.passing(err)
	case m.opened:
		return false
	case c == class.Broker && !m.set.Wait:
		return class.Refused(err) || !m.set.Judge.Passing(err)
	}
	return class.Refused(err)
}

// passing reports whether a stream that is swept once tries again after an error: a
// transaction that failed, or a broker that was there before, or is there and not ready.
func (m *Machine) passing(err error) bool {
	failed, permanent, _ := m.set.Judge.Commit(err)
	switch {
	case m.set.Judge.Denied(err), class.Refused(err): // as a schema that the registry does not take
		return false
	case failed && m.set.Judge.TooLarge(err):
		// The topic may take less than it did when it was opened. The next open tells.
		limit := m.p.Rules.Limits.Record
		again := m.refusedAt != limit
		m.refusedAt = limit
		return again
	case failed:
		return !permanent
	}
	return class.Of(err) == class.Broker && (m.opened || m.set.Judge.Passing(err))
}

// reachDown makes the next life's window reach down to a row that the API served from before what it was
// asked for, and as far again, so that an API which serves ever older rows makes the window longer
// a few times only. Whether the topic has the row can be told only with such a window.
func (m *Machine) reachDown(below *admit.BelowError) error {
	from, err := window.Start(m.p.Format, m.stored.Window)
	if err != nil {
		return err
	}
	n := below.N
	floor := n - (from - n)
	if from-n < 0 || floor > n { // out of range
		floor = window.Everything
	}
	m.floor = &floor
	m.p.Report.Log.Warn("the API served a row from before the value it was asked with; looking further back in the topic",
		"id", below.Key, "value", below.Value)
	return ErrReopen
}

// raise lets the window forget what lies below a page's cursor.
func (m *Machine) raise(text string) error {
	start, err := window.Start(m.p.Format, text)
	if err != nil {
		return err
	}
	if m.floor == nil || *m.floor > start {
		m.admitter.Window.Raise(start)
	}
	return nil
}

// A stream with nothing to write for idle_after closes its producer: its connections, its
// goroutines and its buffers, here and at the broker. The window and the cursor stay and
// the polls go on. A closed sink can't commit (P5); the first change opens it again.

// countIdle begins to count idle_after. Within a sweep it is never cut short: more is to be
// written as a rule.
func (m *Machine) countIdle() {
	after := m.p.Stream.IdleAfter
	if after == 0 {
		return
	}
	if m.stored.Sweep == nil {
		after = m.set.IdleAfter(after)
	}
	m.tired = m.now.Add(after)
}

// rests closes the producer where there was nothing to write for long enough.
func (m *Machine) rests() {
	if m.idle || m.tired.IsZero() || m.now.Before(m.tired) {
		return
	}
	m.p.Report.Log.Debug("nothing to write for idle_after: closing the producer", "idle_after", m.p.Stream.IdleAfter)
	m.idle, m.out.CloseIdle = true, true
	m.batch.Records, m.pages = nil, nil
	if m.spare != nil {
		m.spare.Records = nil
	}
}

// expected is what an idle stream must find when it is opened again; nil: it is open.
func (m *Machine) expected() *Expected {
	if !m.idle {
		return nil
	}
	return &Expected{Stored: m.stored, Topic: m.topic}
}
