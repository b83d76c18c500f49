package sim

import (
	"math"

	"tidemark/strategies"
)

// Log is Kafka in memory as far as one stream meets it: an output topic with partitions,
// a state topic with one key, and one transactional id, whose owner may have one open
// transaction. Offsets are taken by aborted records and by markers too.
type Log struct {
	Traits
	parts   [][]entry
	cursors []cursorEntry
	dead    []deadEntry
	txns    []txn // by number - 1
	epoch   int
	rivals  rivals

	starts []int64 // per partition: what lies before is gone
	made   int     // times the topic was made anew
	losses int     // times it lost something
	back   uint8   // partitions that were put back since a worker has looked at them
	filled uint8   // of these, those in which an aborted transaction has written since
	aware  bool    // the worker that looked last had met the loss
	hidden bool    // a loss cannot be told any more

	claimed int64 // the last transaction before an operator's claim
}

// Entry kinds are told by key: 0 is a marker.
type entry struct {
	key  int32
	body [BodySize]byte
	txn  int64
	gone bool // compacted away

	rival int  // of another writer: its transaction; txn is then the last that was begun here
	stray bool // an older version of the connector has left it in another partition

	schema Schema
}

// deadEntry is a dead letter; extra is what its writer wants back.
type deadEntry struct {
	entry
	extra any
}

type cursorEntry struct {
	cursor strategies.Cursor
	txn    int64
	losses int
}

type txnState uint8

const (
	txnOpen txnState = iota
	txnCommitted
	txnAborted
)

type txn struct {
	state   txnState
	epoch   int
	pending bool // a commit is on its way
	parts   uint8
}

// Reset empties the log.
func (l *Log) Reset(t Traits) {
	l.Traits = t
	for len(l.parts) < t.Partitions {
		l.parts = append(l.parts, nil)
	}
	l.parts = l.parts[:t.Partitions]
	for p := range l.parts {
		l.parts[p] = l.parts[p][:0]
	}
	clear(l.cursors)
	clear(l.dead)
	l.cursors, l.txns, l.dead, l.epoch = l.cursors[:0], l.txns[:0], l.dead[:0], 0
	l.rivals.reset()
	l.starts, l.made, l.losses = append(l.starts[:0], make([]int64, t.Partitions)...), 0, 0
	l.back, l.filled, l.aware, l.hidden, l.claimed = 0, 0, false, false, 0
}

// Epoch is the present owner's.
func (l *Log) Epoch() int { return l.epoch }

// Fence bars the owner before and ends what it left open: by abort, or by commit where
// one was on its way and is in time.
func (l *Log) Fence(inTime bool) int {
	l.epoch++
	if n := int64(len(l.txns)); n > 0 && l.txns[n-1].state == txnOpen {
		l.end(n, inTime && l.txns[n-1].pending)
	}
	return l.epoch
}

// Begin opens a transaction; false says that the epoch is stale.
func (l *Log) Begin(epoch int) (int64, bool) {
	if epoch != l.epoch {
		return 0, false
	}
	if n := int64(len(l.txns)); n > 0 && l.txns[n-1].state == txnOpen {
		l.end(n, false)
	}
	l.txns = append(l.txns, txn{epoch: epoch})
	return int64(len(l.txns)), true
}

// Append writes a record of the transaction to a partition and returns its offset.
func (l *Log) Append(n int64, p int, key int32, body []byte) int64 {
	e := entry{key: key, txn: n}
	copy(e.body[:], body)
	l.parts[p] = append(l.parts[p], e)
	l.txns[n-1].parts |= 1 << p
	return int64(len(l.parts[p]) - 1)
}

// Bury writes a dead letter of the transaction.
func (l *Log) Bury(n int64, key int32, body []byte, extra any) {
	d := deadEntry{entry{key: key, txn: n}, extra}
	copy(d.body[:], body)
	l.dead = append(l.dead, d)
}

// ScanDead calls fn with the committed dead letters.
func (l *Log) ScanDead(fn func(key int32, body []byte, extra any) error) error {
	for i := range l.dead {
		d := &l.dead[i]
		if l.txns[d.txn-1].state != txnCommitted {
			continue
		}
		if err := fn(d.key, d.body[:], d.extra); err != nil {
			return err
		}
	}
	return nil
}

// Dead are the committed dead letters as a consumer sees them.
func (l *Log) Dead(out []Record) []Record {
	for i := range l.dead {
		if d := &l.dead[i]; l.txns[d.txn-1].state == txnCommitted {
			v, _ := l.ReadBody(d.body[:])
			v.Key, v.Bad = d.key, true
			out = append(out, Record{Version: v, Txn: d.txn})
		}
	}
	return out
}

// Store writes a cursor of the transaction.
func (l *Log) Store(n int64, c strategies.Cursor) {
	l.cursors = append(l.cursors, cursorEntry{c, n, l.losses})
}

// Hold leaves the transaction's commit on its way.
func (l *Log) Hold(n int64) { l.txns[n-1].pending = true }

// End commits or aborts the transaction, unless another owner has ended it.
func (l *Log) End(n int64, commit bool) bool {
	if l.txns[n-1].state != txnOpen || l.txns[n-1].epoch != l.epoch {
		return false
	}
	l.end(n, commit)
	return true
}

func (l *Log) end(n int64, commit bool) {
	t := &l.txns[n-1]
	if t.state = txnAborted; commit {
		t.state = txnCommitted
	}
	switch {
	case !commit:
		l.filled |= t.parts & l.back
	case l.aware:
		l.back, l.filled, l.aware = 0, 0, false
	}
	for p := range l.parts {
		if t.parts&(1<<p) != 0 {
			l.parts[p] = append(l.parts[p], entry{txn: n})
		}
	}
}

// Cursor is the last committed one; its Version is 0 where there is none.
func (l *Log) Cursor() strategies.Cursor {
	for i := len(l.cursors) - 1; i >= 0; i-- {
		if l.txns[l.cursors[i].txn-1].state == txnCommitted {
			return l.cursors[i].cursor
		}
	}
	return strategies.Cursor{}
}

// Committed is the number of the last transaction that was committed.
func (l *Log) Committed() int64 {
	for n := int64(len(l.txns)); n > 0; n-- {
		if l.txns[n-1].state == txnCommitted {
			return n
		}
	}
	return 0
}

// IsCommitted reports how a transaction ended.
func (l *Log) IsCommitted(n int64) bool { return n == 0 || l.txns[n-1].state == txnCommitted }

// Ends are the partitions' ends.
func (l *Log) Ends() []int64 {
	ends := make([]int64, len(l.parts))
	for p := range ends {
		ends[p] = int64(len(l.parts[p]))
	}
	return ends
}

// Scan calls fn with the committed records from the given offsets up to the given ends.
func (l *Log) Scan(from, ends []int64, fn func(partition int32, offset int64, key int32, body []byte) error) error {
	for p := range l.parts {
		if p >= len(ends) {
			break // added since
		}
		at := l.starts[p]
		if p < len(from) {
			at = max(at, from[p])
		}
		for o := at; o < min(ends[p], int64(len(l.parts[p]))); o++ {
			e := &l.parts[p][o]
			if e.gone || !l.shown(e) {
				continue
			}
			if err := fn(int32(p), o, e.key, e.body[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Compact removes what has a later committed record of its key.
func (l *Log) Compact() {
	for p := range l.parts {
		last := map[int32]bool{}
		for o := len(l.parts[p]) - 1; o >= 0; o-- {
			e := &l.parts[p][o]
			if !l.shown(e) {
				continue
			}
			if last[e.key] {
				e.gone = true
			}
			last[e.key] = true
		}
	}
}

// Record is an event of the output topic as a read_committed consumer sees it.
type Record struct {
	Version
	Txn       int64 // rises with the order of commits
	Partition int32
	Offset    int64
	Foreign   bool // another writer's
}

// Stored is a cursor that such a consumer sees.
type Stored struct {
	Txn    int64
	Cursor strategies.Cursor
	Losses int // of the topic, when it was written
}

// Read appends all that is committed and was not lost, compacted or not, to records and
// cursors. Strays are nobody's to judge.
func (l *Log) Read(records []Record, cursors []Stored) ([]Record, []Stored) {
	at := make([]int, len(l.parts))
	for p := range at {
		at[p] = int(l.starts[p])
	}
	for {
		// In the order of transactions; within one, partition by partition.
		best, txn := -1, int64(math.MaxInt64)
		for p := range l.parts {
			for at[p] < len(l.parts[p]) {
				e := &l.parts[p][at[p]]
				if !e.stray && l.shown(e) {
					break
				}
				at[p]++
			}
			if at[p] < len(l.parts[p]) && l.parts[p][at[p]].txn < txn {
				best, txn = p, l.parts[p][at[p]].txn
			}
		}
		if best < 0 {
			break
		}
		e := &l.parts[best][at[best]]
		v, _ := l.ReadBody(e.body[:])
		v.Key = e.key
		records = append(records, Record{v, e.txn, int32(best), int64(at[best]), e.rival > 0})
		at[best]++
	}
	for _, c := range l.cursors {
		if l.txns[c.txn-1].state == txnCommitted {
			cursors = append(cursors, Stored{c.txn, c.cursor, c.losses})
		}
	}
	return records, cursors
}
