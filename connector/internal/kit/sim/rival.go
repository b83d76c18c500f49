package sim

import "slices"

// rivals are what the log knows of other writers' transactions, by number - 1, and how far
// the topic reached when each owner of the stream opened it, by epoch.
type rivals struct {
	txns    []txnState
	grounds map[int][]int64
}

func (r *rivals) reset() {
	r.txns = r.txns[:0]
	clear(r.grounds)
}

// shown reports whether a read_committed consumer sees the entry as a record.
func (l *Log) shown(e *entry) bool {
	if e.rival > 0 {
		return e.key != 0 && l.rivals.txns[e.rival-1] == txnCommitted
	}
	return e.key != 0 && l.txns[e.txn-1].state == txnCommitted
}

// Intrude writes a record of another writer into a partition, in one of the ways of an Intrude
// event. It returns its offset.
func (l *Log) Intrude(p int, key int32, body []byte, how uint16) int64 {
	at := int64(len(l.parts[p]))
	l.rivals.txns = append(l.rivals.txns, txnOpen)
	n := len(l.rivals.txns)
	e := entry{key: key, txn: int64(len(l.txns)), rival: n}
	copy(e.body[:], body)
	l.parts[p] = append(l.parts[p], e)
	switch how {
	case Plain:
		l.rivals.txns[n-1] = txnCommitted
	case InTxn:
		l.mark(p, n, txnCommitted)
	case Aborted:
		l.mark(p, n, txnAborted)
	}
	return at
}

// Nobodys is the schema of what is no row.
var Nobodys = Schema{ID: -1, Is: "nobody's"}

// Scrawled is what holds for a key under which another writer wrote what is no row: the row of
// the key that is served next, to a worker that found it when it opened the stream, is written
// behind it, unless the other writer has done so.
func (l *Log) Scrawled(h *History) *Violation {
	for i := range h.Deliveries {
		d := &h.Deliveries[i]
		ground := l.rivals.grounds[d.Epoch]
		if d.Txn < 1 || d.Txn > int64(len(l.txns)) || l.txns[d.Txn-1].state != txnCommitted {
			continue
		}
		for _, page := range h.Delivered[d.From:d.To] {
			for r := h.Pages[page].From; r < h.Pages[page].To; r++ {
				v := &h.Rows[r]
				if v.Set && v.N < h.Pages[page].Least {
					continue
				}
				for p := range min(len(ground), len(l.parts)) {
					if at := l.scrawl(p, v.Key, ground[p]); at >= 0 && !v.Bad && !l.writtenBehind(p, v.Key, at, d.Txn) {
						return broken("P2", "%s was served, and is not written behind the foreign record at offset %d of partition %d", show(v), at, p)
					}
				}
			}
		}
	}
	return nil
}

// scrawl is the offset of the last foreign record of a key that is no row, before an offset; -1:
// there is none.
func (l *Log) scrawl(p int, key int32, before int64) int64 {
	for o := min(before, int64(len(l.parts[p]))) - 1; o >= 0; o-- {
		if e := &l.parts[p][o]; e.key == key && e.schema == Nobodys && l.shown(e) {
			return o
		}
	}
	return -1
}

func (l *Log) writtenBehind(p int, key int32, at, txn int64) bool {
	return slices.ContainsFunc(l.parts[p][at:], func(e entry) bool {
		return e.key == key && e.schema != Nobodys && e.txn <= txn && l.shown(&e)
	})
}

// mark ends another writer's transaction.
func (l *Log) mark(p, n int, state txnState) {
	l.rivals.txns[n-1] = state
	l.parts[p] = append(l.parts[p], entry{txn: int64(len(l.txns)), rival: n})
}

// Decide commits what other writers left open: whoever reads the topic waits for it.
func (l *Log) Decide() {
	for p := range l.parts {
		for o := range l.parts[p] {
			if e := l.parts[p][o]; e.rival > 0 && l.rivals.txns[e.rival-1] == txnOpen {
				l.mark(p, e.rival, txnCommitted)
			}
		}
	}
}

// Intruded reports whether another writer has written anything that was not aborted.
func (l *Log) Intruded() bool {
	return slices.ContainsFunc(l.rivals.txns, func(s txnState) bool { return s != txnAborted })
}

// Foreign reports whether another writer has a record of the key in a stretch of a partition.
func (l *Log) Foreign(p int, from, to int64, key int32) bool {
	return slices.ContainsFunc(l.parts[p][from:to], func(e entry) bool { return e.rival > 0 && e.key == key })
}

// Piece is an entry of the log as its bytes tell it.
type Piece struct {
	Offset        int64
	Producer      int64 // 0: the stream's workers
	Control       bool
	Commit        bool
	Transactional bool
}

// Pieces calls fn with a partition's entries from an offset on, and returns the last stable
// offset.
func (l *Log) Pieces(p int, from int64, fn func(Piece)) (stable int64) {
	stable = int64(len(l.parts[p]))
	for o := from; o < int64(len(l.parts[p])); o++ {
		e := &l.parts[p][o]
		var state txnState
		producer, plain := int64(e.rival), false
		if e.rival > 0 {
			state = l.rivals.txns[e.rival-1]
			plain = state == txnCommitted && !l.marked(p, e.rival)
		} else {
			state = l.txns[e.txn-1].state
		}
		if state == txnOpen {
			stable = min(stable, o)
		}
		fn(Piece{Offset: o, Producer: producer, Control: e.key == 0, Commit: state == txnCommitted, Transactional: !plain})
	}
	return stable
}

// marked reports whether another writer's transaction has a marker.
func (l *Log) marked(p, n int) bool {
	return slices.ContainsFunc(l.parts[p], func(e entry) bool { return e.rival == n && e.key == 0 })
}

// Opened notes how far the topic reaches for the present owner: he has seen what is there.
func (l *Log) Opened() {
	if l.rivals.grounds == nil {
		l.rivals.grounds = make(map[int][]int64)
	}
	l.rivals.grounds[l.epoch] = l.Ends()
}

// Trespass is what exclusive promises: no owner writes behind a record of another writer
// that came after he had opened the stream.
func (l *Log) Trespass() *Violation {
	if l.Shared || len(l.rivals.txns) == 0 {
		return nil
	}
	for p := range l.parts {
		last := int64(-1)
		for o := range l.parts[p] {
			e := &l.parts[p][o]
			switch {
			case !l.shown(e):
			case e.rival > 0:
				last = int64(o)
			default:
				if ground := l.rivals.grounds[l.txns[e.txn-1].epoch]; p < len(ground) && last >= ground[p] {
					return broken("P3", "key %d is written at offset %d of partition %d, behind another writer's record at offset %d", e.key, o, p, last)
				}
			}
		}
	}
	return nil
}

// Row is the nth row of the API, or not where there is none that can be encoded.
func (a *API) Row(n int) (Version, bool) {
	if len(a.rows) == 0 {
		return Version{}, false
	}
	v := a.rows[n%len(a.rows)]
	return v, !v.Bad
}
