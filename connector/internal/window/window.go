package window

import (
	"math"

	"github.com/zeebo/xxh3"

	"tidemark/strategies"
)

// Verdict says what to do with a row.
type Verdict int

// The verdicts.
const (
	Fresh Verdict = iota // differs from its key's last event: write it
	Same                 // is its key's last event: drop it (P3)
	Stale                // is older than its key's last event: count it, don't write it (P4)
	Below                // older than the window's start and of an unknown key: the window cannot tell
)

// NoValue stands for a missing cursor value. Such a row is in every window.
const NoValue = math.MaxInt64

// Everything is the start of a window without a lower end.
const Everything = math.MinInt64

// Window is used by one goroutine.
type Window struct {
	start   int64
	table   table
	offsets offsets
	strays  map[int32]*table    // per partition, while the topic is read; see LoadStray
	outdone map[uint64]bool     // keys of which a stray event is taken for the last, over one at home
	dead    map[uint64]struct{} // hashes of the rows in the dead-letter topic, or left out
	forgot  int64
	ids     []uint64 // see Seek
	sought  uint64   // what Seek has read, so that it is read
}

// deadLimit bounds the dead letters that are remembered.
const deadLimit = 1 << 20

// New returns an empty window that begins at start (a strategies.Value's N) and holds at
// most limit rows.
func New(start int64, limit int) *Window {
	return &Window{start: start, table: table{limit: limit}}
}

// Seek returns what the window knows the rows' keys by (KeyHash), until it is called again, and brings the places where
// their entries lie into the processor's cache. Looked for row by row each would wait for memory by itself; so they
// wait together. More rows than SeekRows would push one another out again.
func (w *Window) Seek(rows []strategies.Row) []uint64 {
	w.ids = w.ids[:0]
	for i := range rows {
		w.ids = append(w.ids, KeyHash(rows[i].Key))
	}
	w.sought += w.table.touch(w.ids)
	return w.ids
}

// SeekRows is how many rows are best sought at once.
const SeekRows = 256

// Offer judges a row, and remembers it as the last event of its key, of which id is the KeyHash, if it is new. The
// caller writes what is Fresh; if that fails the window is thrown away with the
// transaction.
func (w *Window) Offer(id uint64, v strategies.Value, hash uint64) Verdict {
	n := number(v)
	e := w.table.find(id)
	switch {
	case e == nil && n < w.start:
		return Below
	case e == nil:
		w.put(id, hash, n)
		return Fresh
	case e.hash == hash && e.n == n:
		return Same
	case n < e.n && e.n != NoValue:
		return Stale
	}
	e.hash, e.n = hash, n
	return Fresh
}

// Last is the cursor value of a key's last event, as far as the window knows it.
func (w *Window) Last(key []byte) (int64, bool) {
	e := w.table.find(KeyHash(key))
	if e == nil {
		return 0, false
	}
	return e.n, true
}

// OfferDead judges a row that cannot be written, by its bytes as the API wrote them, and
// remembers it: Fresh or Same.
func (w *Window) OfferDead(raw []byte) Verdict {
	h := xxh3.Hash(raw)
	if _, ok := w.dead[h]; ok {
		return Same
	}
	w.LoadDead(h)
	return Fresh
}

// KnowsDead reports whether OfferDead would find the row Same, and remembers nothing.
func (w *Window) KnowsDead(raw []byte) bool {
	_, ok := w.dead[xxh3.Hash(raw)]
	return ok
}

// LoadDead takes a row of the dead-letter topic, by the hash that DeadHash gives.
func (w *Window) LoadDead(hash uint64) {
	if len(w.dead) >= deadLimit {
		w.forgot++
		return
	}
	if w.dead == nil {
		w.dead = make(map[uint64]struct{})
	}
	w.dead[hash] = struct{}{}
}

// DeadHash is what a dead letter is known by. It is stored with the letter, whose value
// may be a part of the row only.
func DeadHash(raw []byte) uint64 { return xxh3.Hash(raw) }

// Load takes an event of the topic from its key's home partition, in that partition's order;
// the partition's next event stands behind offset. A key's last event is the one that comes
// last, be its cursor value smaller than that of the one before: the source went back, and a full
// scan wrote it (rule 23). The hash Unknown makes the key's version unknown.
func (w *Window) Load(key []byte, v strategies.Value, hash uint64, partition int32, offset int64) {
	if hash == Unknown {
		w.loadUnknown(key, partition, offset)
		return
	}
	n := number(v)
	w.offsets.load(n, partition, offset)
	id := KeyHash(key)
	if e := w.table.find(id); e != nil {
		e.hash, e.n = hash, n
	} else if n >= w.start {
		w.put(id, hash, n)
	}
}

func (w *Window) put(id, hash uint64, n int64) {
	if !w.table.put(entry{id, hash, n}, w.start) {
		w.forgot++
	}
}

// Raise moves the window's start up; a lower one changes nothing.
func (w *Window) Raise(start int64) {
	if start > w.start {
		w.start = start
		w.offsets.drop(start)
	}
}

// Covers reports whether the window answers for a value.
func (w *Window) Covers(v strategies.Value) bool { return number(v) >= w.start }

// Start is the lowest cursor value that the window answers for.
func (w *Window) Start() int64 { return w.start }

// Rows is how many rows the window holds; some of them may lie before its start.
func (w *Window) Rows() int { return w.table.count }

// Bytes is what the rows take in memory.
func (w *Window) Bytes() int { return w.table.bytes() }

// Forgot counts the rows that the window had no room for: each may be written again.
func (w *Window) Forgot() int64 { return w.forgot }

func number(v strategies.Value) int64 {
	if !v.Set {
		return NoValue
	}
	return v.N
}

// KeyHash is what the window knows a key by. It is never 0, which marks a free place. Two keys with the same 64 bits would be
// taken for one; among ten million the odds of any such pair are 1 in 370,000.
func KeyHash(key []byte) uint64 {
	if h := xxh3.Hash(key); h != 0 {
		return h
	}
	return 1
}
