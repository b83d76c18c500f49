package stream

import "tidemark/connector/internal/status"

// An operator may pause a stream, resume it, have it poll at once, let it read again, let it go on from the cursor of an export,
// and remove its state, while it runs. A pause is the process's: it is not stored, and another start begins without it. Nothing
// is asked of the API meanwhile and no life is begun by time, but what was read is written, an opening and a full scan that are
// under way go on to their ends, and the producer closes after idle_after as ever. What concerns the cursor is a change that
// travels with an opening, whose claim commits it, so the life at hand ends first, behind its transaction, in a pause too. A
// stream whose state is removed ends: were it to begin anew, that would be a reset.

// phases are the words for the phases of a life.
var phases = [...]string{"opening", "loading", "running", "closing", "rescanning", "waiting", "ended"}

// State is the word for the phase.
func (m *Machine) State() string { return phases[m.phase] }

// show shows the phase, where it is another one than before.
func (m *Machine) show() {
	if m.shown != m.phase {
		m.shown = m.phase
		m.p.Report.Board.Set(func(s *status.Status) { s.Phase = m.State() })
	}
}

// pause makes the stream ask nothing until it is resumed.
func (m *Machine) pause() {
	if m.paused || m.phase == ended {
		return
	}
	m.paused = true
	m.p.Report.Board.Set(func(s *status.Status) { s.Held = true })
	m.p.Report.Log.Info("paused: nothing is asked of the API until the stream is resumed")
	if m.phase == running && m.reading == asking {
		m.hold()
	}
}

// hold forgets what is being asked; the page in turn is asked for again when the stream goes on.
func (m *Machine) hold() {
	m.session.Drop()
	m.reading, m.until, m.forgive = holding, m.now, false
}

// resume ends a pause: what was waited for and is over is done at once.
func (m *Machine) resume() {
	if !m.paused {
		return
	}
	m.paused = false
	state := status.Starting
	switch {
	case m.phase == running && m.reading == resting:
		state = status.Idle
	case m.phase == running || m.phase == rescanning:
		state = status.Reading
	}
	m.p.Report.Board.Set(func(s *status.Status) { s.Held, s.State = false, state })
	m.p.Report.Log.Info("resumed")
	m.tick()
}

// hurry ends the wait for the next sweep, or for another try. Where there is none, or the stream is paused,
// nothing is to be hurried.
func (m *Machine) hurry() {
	if m.paused {
		return
	}
	switch {
	case m.phase == waiting:
		m.reopenAt = m.now
	case m.phase == running && !m.until.IsZero():
		m.until = m.now
	}
	m.tick()
}

// alter takes the change of the cursor that an operator wants. What the cursor in hand speaks against is refused at once.
func (m *Machine) alter(want *Change) {
	now := *want
	now.Now = m.now
	if m.phase == running {
		if err := now.refused(m.p.Stream, m.stored); err != nil {
			m.changed(&Outcome{Err: err})
			return
		}
	}
	m.wish, m.fresh = want, true
}

// heed begins a life for the change that an operator wants, where nothing is under way that has to end first. If that life
// cannot be opened the change waits with the stream.
func (m *Machine) heed() {
	switch {
	case m.wish == nil || !m.fresh || m.stopping:
	case m.phase == running:
		m.fail(ErrReopen)
	case m.phase == waiting:
		m.open()
	}
}

// wished hands the change to the opening that begins.
func (m *Machine) wished() {
	if m.wish == nil {
		return
	}
	want := *m.wish
	want.Now = m.now
	m.out.Change, m.fresh = &want, false
}

// changed takes what came of the change, and hands it on.
func (m *Machine) changed(c *Outcome) {
	if c == nil {
		return
	}
	want := m.wish
	m.wish, m.out.Changed = nil, c
	log := m.p.Report.Log
	switch {
	case c.Err != nil:
		log.Warn("the cursor stays as it is", "error", c.Err)
	case c.Deleted:
		log.Info("an operator has removed the stream's state: the stream ends, and another start begins it anew")
		m.p.Report.Drop(m.now)
		m.done(nil)
	case want.Import != nil:
		log.Info("an operator lets the stream go on from another cursor", "mark_was", c.Was, "mark", c.Will)
	default:
		log.Info("an operator lets the stream read again", "mark_was", c.Was, "mark", c.Will, "from", c.From, "keys", c.Keys)
	}
}
