package reading

// Asks moves the questions that are to be asked now to asks, and those that are no longer wanted
// to cancelled.
func (s *Session) Asks(asks []Ask, cancelled []uint64) ([]Ask, []uint64) {
	if s.family == nil {
		return s.fetch.asks(asks, cancelled)
	}
	from, ended := len(asks), len(cancelled)
	asks, cancelled = s.family.list.Asks(asks, cancelled)
	for i := from; i < len(asks); i++ {
		asks[i].ID += inner
		asks[i].Level++
	}
	for i := ended; i < len(cancelled); i++ {
		cancelled[i] += inner
	}
	from = len(asks)
	asks, cancelled = s.fetch.asks(asks, cancelled)
	for i := from; i < len(asks); i++ {
		asks[i].Params = s.resolved(asks[i].Params)
	}
	return asks, cancelled
}

// First hands out the first question to be asked, where nothing has to end before. Of a stream with parents it hands out none.
func (s *Session) First() (Ask, bool) {
	if s.family != nil {
		return Ask{}, false
	}
	return s.fetch.first()
}

// Wants reports whether there is something to hand out, or a time to wait for. Of a stream with parents there may be.
func (s *Session) Wants() bool { return s.family != nil || s.fetch.wants() || !s.until.IsZero() }

// Need is a wait for room, told once; false: there is none.
func (s *Session) Need() (Need, bool) {
	if s.lists() {
		if n, ok := s.family.list.Need(); ok {
			n.ID += inner
			return n, true
		}
	}
	return s.fetch.needs()
}

// Arrived takes what came of a question. Of one that was cancelled it takes nothing.
func (s *Session) Arrived(id uint64, a *Answer, err error) {
	if s.family != nil && id >= inner {
		s.family.list.Arrived(id-inner, a, err)
		return
	}
	s.fetch.arrived(id, a, err)
}

// Granted takes room that was waited for; false: nobody waits for it any more.
func (s *Session) Granted(id uint64, weight int64) bool {
	if s.family != nil && id >= inner {
		return s.family.list.Granted(id-inner, weight)
	}
	return s.fetch.granted(id, weight)
}
