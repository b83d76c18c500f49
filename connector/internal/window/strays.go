package window

import (
	"maps"
	"slices"

	"tidemark/strategies"
)

// LoadStray takes an event of the topic that lies outside of its key's home partition, in
// that partition's order. A topic has such events where it was given partitions while an
// older tidemark wrote it, and keys moved (rule 22).
//
// Partitions are read side by side, so the order in which events are loaded does not tell
// which of a key's came later. The last one of each partition is kept apart until Settle.
//
// An Unknown event says nothing there: what the home partition says of the key stands.
func (w *Window) LoadStray(key []byte, v strategies.Value, hash uint64, partition int32, offset int64) {
	if hash == Unknown {
		w.offsets.load(Everything, partition, offset)
		return
	}
	n := number(v)
	w.offsets.load(n, partition, offset)
	t := w.strays[partition]
	if t == nil {
		if w.strays == nil {
			w.strays = make(map[int32]*table)
		}
		t = &table{limit: w.table.limit}
		w.strays[partition] = t
	}
	id := KeyHash(key)
	if e := t.find(id); e != nil {
		e.hash, e.n = hash, n
	} else if n >= w.start && !t.put(entry{id, hash, n}, w.start) {
		w.forgot++
	}
}

// Settle is called when the topic is read. It takes of a key's stray events the one with
// the greatest cursor value, where that is greater than the home partition's: it was
// written later (P4). Values that are equal or missing prove nothing, and what the home
// partition says stands. It returns how many stray events are no tombstones: as many keys
// lie in more than one partition, or in the wrong one.
func (w *Window) Settle(tombstone uint64) (live int) {
	for _, p := range slices.Sorted(maps.Keys(w.strays)) {
		w.strays[p].each(func(s *entry) {
			if s.hash != tombstone {
				live++
			}
			e := w.table.find(s.key)
			switch {
			case e == nil && s.n >= w.start:
				w.put(s.key, s.hash, s.n)
			case e != nil && e.hash != Unknown && s.n != NoValue && e.n != NoValue && s.n > e.n:
				e.hash, e.n = s.hash, s.n
				if w.outdone == nil {
					w.outdone = make(map[uint64]bool)
				}
				w.outdone[s.key] = true
			}
		})
	}
	w.strays = nil
	return live
}

// Outdone reports whether a stray event of the key has a greater cursor value than the home
// partition's last one, which may all the same have been written later: by a full scan of a
// source that went back.
func (w *Window) Outdone(key []byte) bool { return w.outdone[KeyHash(key)] }

// LastOf is a key's last event, by its KeyHash: its cursor value (NoValue: none) and
// the hash of its body.
func (w *Window) LastOf(key uint64) (n int64, hash uint64, ok bool) {
	if e := w.table.find(key); e != nil {
		return e.n, e.hash, true
	}
	return 0, 0, false
}

func (t *table) each(fn func(*entry)) {
	for i := range t.parts {
		for j := range t.parts[i].slots {
			if e := &t.parts[i].slots[j]; e.key != 0 {
				fn(e)
			}
		}
	}
}
