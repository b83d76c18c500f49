package stream

import (
	"cmp"
	"errors"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// ErrReopen is the error of an operation that needs the stream to be opened anew: the window in hand
// does not serve what comes next.
var ErrReopen = errors.New("the stream starts again from its cursor")

// Settings are what a machine is made of, beside the parts of its reading. Production and
// simulations fill the same fields.
type Settings struct {
	Reading   reading.Parts
	Kafka     config.Kafka
	Once      bool // one sweep, then the machine ends
	Wait      bool // the broker and the registry may be away at the start
	Observer  Observer
	IdleAfter func(time.Duration) time.Duration                 // how long a stream stays open with nothing to write, of idle_after
	Rand      func(most time.Duration) time.Duration            // any wait up to most
	Backoff   func(most time.Duration, err error) time.Duration // the next wait of a stream that cannot go on
	Judge     Judge
	Bound     *admit.Bound
}

// Observer is told what a stream has done, from the goroutine in which its machine is used at the time.
type Observer interface {
	// Settled tells that what the pages brought is in the topic: by so many transactions, or by none where
	// it was there before. The pages' answers are valid until it returns.
	Settled(pages []Item, transactions int64)
	// Swept tells of a sweep whose end is committed.
	Swept(status.Sweep)
}

// Judge says what an error means for the stream.
type Judge struct {
	Lost     func(error) bool // the topic has lost records, and that ends the stream (on_topic_loss: fail)
	Passing  func(error) bool // it passes by itself
	Denied   func(error) bool // the broker does not allow it, now or later
	TooLarge func(error) bool // a transaction failed because the topic takes no record so large
	Commit   func(error) (failed, permanent, late bool)
	Retried  func(error) bool // the API was asked as often as max_retries allows
}

// phase is where a stream's life stands.
type phase uint8

const (
	opening    phase = iota // the stream is being opened
	loading                 // its window is being rebuilt
	running                 // it reads and writes
	closing                 // what is under way is waited for
	rescanning              // a full scan is being made
	waiting                 // it is opened again later
	ended
)

// attention is what the reading half of a running stream does.
type attention uint8

const (
	asking  attention = iota // a sweep is open
	resting                  // the next sweep begins later
	holding                  // the API failed: the page in turn is asked for again later
	through                  // nothing more is read in this life: end says why
)

// Machine is one stream's life as a pure state machine: Step tells it what has happened, Ready says
// what it wants to be done. It has no clock, no goroutine and no connection, and is used by one
// goroutine at a time.
//
// It reads pages through a session, admits their rows into a batch, and commits the batch with the
// cursor behind its last page (P1), while the pages of the next one are admitted. A transaction
// that failed, or may have, ends the life: all that is in memory is dropped, and the stored cursor
// decides where to go on (rule 3).
type Machine struct {
	p     *reading.Parts // of set
	set   Settings
	now   time.Time
	phase phase
	out   Ready // demands that are not handed out yet

	asks    []reading.Ask // handed out last
	cancels []uint64

	// What is kept from life to life.
	session   *reading.Session
	opened    bool // the sink was open once
	begun     bool // a sweep was begun, or gone on with
	polled    bool // it has waited for a poll before
	floor     *int64
	failing   time.Time // since when nothing was written
	refusedAt int       // what the topic took when it refused a record as too large; 0: it has not
	reopenAt  time.Time // waiting: when the next life begins
	stopping  bool
	paused    bool
	wish      *Change // of the cursor, that an operator wants; nil: none
	fresh     bool    // no opening was to make it yet
	shown     phase   // on the board

	life
}

// life is what ends with one opening of the stream.
type life struct {
	before  int64 // transactions when it began
	topic   Topic
	began   strategies.Cursor // where the reading begins
	kept    *Kept
	stored  strategies.Cursor // as the state topic has it
	reading attention
	until   time.Time // resting, holding
	forgive bool      // holding: how often the sweep went back counts anew
	resumed bool      // the sweep in hand was begun by an earlier life
	sweepAt time.Time // when the sweep in hand was begun, or gone on with
	first   bool      // no page of it has come yet
	next    strategies.Cursor
	end     error // through: why, behind all that was read; nil: once is done
	dying   error // closing: what ends the life

	pages    []Item // folded, not admitted
	admitter *admit.Admitter
	batch    *batch
	spare    *batch
	flight   *flight
	refused  error // why the page in turn may not be written; nil: it may
	last     time.Time
	wrote    time.Time // when a cursor was committed last
	gathers  time.Time // the batch may leave then; zero: it does not wait
	idle     bool      // the producer is closed until there is something to write
	tired    time.Time // when it is closed; zero: it is not
	from     status.Counts
}

// Item is a page on its way to its transaction.
type Item struct {
	reading.Page
	began   time.Time // of its sweep
	resumed bool      // an earlier life began the sweep
	scan    bool      // a full scan comes behind it
}

// pagesAhead is how many pages may lie between reading and committing; their bytes are
// bounded by max_in_flight besides (P10).
const pagesAhead = 256

// keepFor is how old a page may be that was read before the stream was opened, and is used as the
// sweep's first. Of a long page the rest must still come within request_timeout.
const keepFor = 10 * time.Second

// NewMachine returns a stream's machine, which wants the stream to be opened.
func NewMachine(now time.Time, s Settings) *Machine {
	m := &Machine{set: s, now: now, shown: ended}
	m.p = &m.set.Reading
	m.session = reading.NewSession(s.Reading, max(m.p.Stream.Concurrency-1, 0))
	if m.p.Stream.Envelope == config.Debezium { // what is new and what has changed only the whole topic tells
		from := int64(window.Everything)
		m.floor = &from
	}
	m.open()
	return m
}

// open begins a life.
func (m *Machine) open() {
	m.life = life{before: m.p.Report.Board.Get().Transactions}
	m.phase, m.out.Open = opening, true
	m.wished()
}

// Step takes an event.
func (m *Machine) Step(now time.Time, e Event) {
	m.now = now
	if m.changed(e.Changed); m.phase == ended {
		return
	}
	if m.stopping && (e.Kind == Opened || e.Kind == Loaded || e.Kind == Rescanned) {
		m.kept = cmp.Or(m.kept, e.Kept)
		m.fail(nil)
		return
	}
	switch e.Kind {
	case Opened:
		m.loads(e)
	case Loaded:
		m.runs(e)
	case Arrived:
		m.session.Arrived(e.ID, e.Answer, e.Err)
	case Granted:
		if !m.session.Granted(e.ID, e.Room) {
			m.p.Budget.Release(e.Room)
		}
	case Written:
		m.written(e)
	case Rescanned:
		m.rescanned()
	case Failed:
		m.failed(e.Err)
	case Alarm:
		if m.phase == running {
			m.fail(ErrReopen)
		}
	case Stop:
		m.stop()
	case Tick:
		m.tick()
	case Pause:
		m.pause()
	case Resume:
		m.resume()
	case Poll:
		m.hurry()
	case Alter:
		m.alter(e.Change)
	}
	m.heed()
	m.read()
}

// Ready hands out what is to be done now; it is to be called until it wants nothing. Its slices are
// valid until the next call. Questions come first, so that they are on their way before the rows of
// the page that led to them are admitted.
func (m *Machine) Ready() Ready {
	m.asks, m.cancels = m.session.Asks(m.asks[:0], m.cancels[:0])
	if len(m.asks) == 0 {
		m.write()
		m.asks, m.cancels = m.session.Asks(m.asks, m.cancels)
	}
	r := m.out
	m.out = Ready{}
	m.show()
	r.Asks, r.Cancel = m.asks, m.cancels
	r.Need, _ = m.session.Need()
	return r
}

// First hands out the first question to be asked, if there is one. Ready leaves out what it has handed out.
func (m *Machine) First() (reading.Ask, bool) { return m.session.First() }

// Empty reports whether nothing is to be done.
func (r *Ready) Empty() bool {
	return !r.Open && r.Changed == nil && r.Load == nil && len(r.Cancel) == 0 && len(r.Asks) == 0 && r.Need.ID == 0 && r.Commit == nil &&
		!r.CloseIdle && r.Rescan == nil && !r.Done
}

// Wake is when the machine wants a Tick; zero: never.
func (m *Machine) Wake() time.Time {
	var wake time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (wake.IsZero() || t.Before(wake)) {
			wake = t
		}
	}
	switch m.phase {
	case waiting:
		if !m.paused {
			sooner(m.reopenAt)
		}
	case running:
		if !m.paused {
			sooner(m.until)
			sooner(m.session.Wake())
		}
		sooner(m.gathers)
		if m.flight == nil && len(m.batch.pages) == 0 && !m.idle {
			sooner(m.tired)
		}
	}
	return wake
}

// Waits reports whether a life has ended, and the next one begins later.
func (m *Machine) Waits() bool { return m.phase == waiting }

// Idles reports whether no sweep is going on, and the next one begins later.
func (m *Machine) Idles() bool { return m.paused || m.phase == waiting || !m.until.IsZero() }

// tick does what time was waited for.
func (m *Machine) tick() {
	switch {
	case m.paused:
	case m.phase == waiting:
		if !m.now.Before(m.reopenAt) {
			m.open()
		}
	case m.phase == running:
		m.session.Tick(m.now)
		if m.until.IsZero() || m.now.Before(m.until) {
			return
		}
		m.until = time.Time{}
		switch m.reading {
		case resting:
			m.sweep()
		case holding:
			m.reading = asking
			if m.forgive {
				m.session.Forgive()
			}
			m.session.Again()
		}
	}
}

// loads asks for the window of a stream that is open.
func (m *Machine) loads(e Event) {
	m.opened, m.stored, m.topic, m.kept = true, e.Stored, e.Topic, e.Kept
	m.p.Rules.Limits = e.Topic.Limits
	began, err := m.p.Strategy.Begin(e.Stored, m.now)
	if err != nil {
		m.fail(configError(err))
		return
	}
	if s := began.Sweep; s != nil && !m.begun {
		// How often a sweep went back counts within a process. A stream that gave up goes
		// on when it is started again: the token it has stored may be what was refused.
		fresh := *s
		fresh.Restarts, began.Sweep = 0, &fresh
	}
	m.began, m.begun = began, true
	m.phase, m.out.Load = loading, &Load{Cursor: began, Stored: e.Stored, Floor: m.floor}
}

// runs begins to read and write.
func (m *Machine) runs(e Event) {
	m.stored, m.topic = e.Stored, e.Topic
	m.began.Schemas = e.Stored.Schemas
	m.p.Rules.Limits = e.Topic.Limits
	m.phase, m.sweepAt, m.first, m.resumed, m.wrote = running, m.now, true, m.stored.Sweep != nil, m.now
	m.admitter = admit.New(m.p.Rules, e.Window, m.stored.Mark)
	// A strategy without a mark keeps nothing that says so: an empty topic has to.
	m.admitter.First = m.stored.Mark == "" && (!m.p.Stream.Traits().All || e.Window.Rows() == 0)
	m.batch, m.spare = newBatch(), newBatch()
	m.from = m.p.Report.Board.Get().Counts
	m.countIdle()
	if k := m.kept; k != nil {
		m.kept = nil
		if age := m.now.Sub(k.At); age > keepFor || k.Answer.Cut && age > m.p.Stream.RequestTimeout/4 {
			k.Answer.LetGo()
		} else {
			m.session.Keep(k.Params, k.Answer, k.Parents)
		}
	}
	m.p.Report.Board.Set(func(s *status.Status) { s.State, s.Opened = status.Reading, true })
	m.session.Begin(m.now, m.began)
	if m.paused {
		m.hold()
	}
}
