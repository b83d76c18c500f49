package stream

import "tidemark/connector/internal/status"

// An operator may pause a stream, resume it, have it poll at once and let it read again, while it runs. A pause is the
// process's: it is not stored, and another start begins without it. Nothing is asked of the API meanwhile and no life is
// begun by time, but what was read is written, an opening and a full scan that are under way go on to their ends, and the
// producer closes after idle_after as ever. To read again is a change of the cursor: it travels with an opening, whose claim
// commits it, so the life at hand ends first, behind its transaction, in a pause too.

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

// rewind takes the change of the cursor that an operator wants. What the cursor in hand speaks against is refused at once.
func (m *Machine) rewind(want *Change) {
	now := *want
	now.Now = m.now
	if m.phase == running {
		spec, err := m.p.Stream.Spec()
		if err == nil {
			_, _, err = now.of(spec, m.stored)
		}
		if err != nil {
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
	m.wish, m.out.Changed = nil, c
	if c.Err != nil {
		m.p.Report.Log.Warn("the cursor stays as it is", "error", c.Err)
		return
	}
	m.p.Report.Log.Info("an operator lets the stream read again", "mark_was", c.Was, "mark", c.Will, "from", c.From, "keys", c.Keys)
}
