package sim

// maxParts is as many partitions as a transaction can note.
const maxParts = 8

// TopicID is the output topic's id, which changes when it is made anew.
func (l *Log) TopicID() int { return l.made }

// Losses counts how often the topic lost something.
func (l *Log) Losses() int { return l.losses }

// Starts are the first offsets that the partitions still have.
func (l *Log) Starts() []int64 { return append([]int64(nil), l.starts...) }

// Happen lets something happen to the topic.
func (l *Log) Happen(e Event) {
	switch e.Kind {
	case Remake:
		for p := range l.parts {
			l.parts[p], l.starts[p] = l.parts[p][:0], 0
		}
		l.made++
		l.losses++
	case Trim:
		l.each(e, func(p, at int) bool {
			fresh := int64(at) > l.starts[p]
			l.starts[p] = max(l.starts[p], int64(at))
			return fresh
		})
	case PutBack:
		l.each(e, func(p, at int) bool {
			at = max(at, int(l.starts[p]))
			fresh := at < len(l.parts[p])
			l.parts[p] = l.parts[p][:at]
			l.uncompact(p)
			if fresh {
				l.back |= 1 << p
			}
			return fresh
		})
	case Widen:
		for range 1 + e.A%3 {
			if len(l.parts) < maxParts {
				l.parts, l.starts = append(l.parts, nil), append(l.starts, 0)
			}
		}
	case Stray:
		l.stray(e)
	}
}

// Looked says that a worker looks at where the partitions end, and whether it has met a loss
// before: of that, others know when it has committed something.
func (l *Log) Looked(aware bool) {
	if l.aware = aware; aware {
		return
	}
	l.hidden = l.hidden || l.filled != 0
	l.back, l.filled = 0, 0
}

// Hidden reports whether a loss cannot be told: the worker that wrote to a partition which had
// been put back died with its transaction aborted, and what it left there fills the gap.
func (l *Log) Hidden() bool { return l.hidden }

// each calls fn with one partition, or all, and an offset in it.
func (l *Log) each(e Event, fn func(p, at int) bool) {
	lost := false
	for p := range l.parts {
		if n := len(l.parts[p]); e.A%4 == 0 || p == int(e.A>>2)%len(l.parts) {
			lost = fn(p, int(e.B)%(n+1)) || lost
		}
	}
	if !lost {
		return
	}
	l.losses++
	// Of a key whose records are gone a stray would be all that is left.
	for p := range l.parts {
		for o := range l.parts[p] {
			l.parts[p][o].gone = l.parts[p][o].gone || l.parts[p][o].stray
		}
	}
}

// Claimed says that an operator lets the stream go on with the topic as it stands: whatever is
// written from now on has the schema ids of now.
func (l *Log) Claimed() { l.claimed = int64(len(l.txns)) }

// stray leaves an old record of a key in another partition too, as an older version of the
// connector did where a topic was given partitions.
func (l *Log) stray(e Event) {
	if len(l.parts) < 2 {
		return
	}
	home := int(e.A) % len(l.parts)
	records := l.parts[home][l.starts[home]:]
	for i := len(records) - 1; i >= 0; i-- {
		for j := range i {
			old := records[j]
			if old.key == 0 || old.key != records[i].key || old.txn <= l.claimed || !l.stands(&old) || !l.stands(&records[i]) || l.strayed(old.key) {
				continue
			}
			old.stray = true
			p := (home + 1 + int(e.B)%(len(l.parts)-1)) % len(l.parts)
			l.parts[p] = append(l.parts[p], old)
			return
		}
	}
}

// uncompact brings back what was removed for a later record of its key that is no longer
// there: where that one never was, the record was not compacted either.
func (l *Log) uncompact(p int) {
	last := map[int32]bool{}
	for o := len(l.parts[p]) - 1; o >= 0; o-- {
		e := &l.parts[p][o]
		if e.stray || !l.shown(e) {
			continue
		}
		e.gone = e.gone && last[e.key]
		last[e.key] = true
	}
}

func (l *Log) stands(e *entry) bool {
	return !e.gone && !e.stray && e.rival == 0 && l.shown(e)
}

func (l *Log) strayed(key int32) bool {
	for p := range l.parts {
		for i := range l.parts[p] {
			if s := &l.parts[p][i]; s.stray && s.key == key {
				return true
			}
		}
	}
	return false
}
