package window

import "math/bits"

// table is a hash table with open addressing in many small parts, each of which grows by
// itself: growing copies one part, so memory never doubles at once.
type table struct {
	parts [partCount]part
	count int
	limit int   // rows; 0: none
	swept bool  // it was full, and searched for room with start at
	at    int64 // that start
	spare []entry
}

const (
	partBits  = 8
	partCount = 1 << partBits
	// entries are 24 bytes; a part filled to between 3/4 and 7/8 costs 27 to 32 a row.
	fillNum, fillDen = 7, 8
	// A part of no more slots keeps its memory when it holds fewer rows: 1.5 MiB in all.
	keepSlots = 256
)

type entry struct {
	key  uint64 // hash of the record key; 0: free
	hash uint64 // of the body
	n    int64  // cursor value
}

type part struct {
	slots []entry
	used  int
}

// slot is where the search for a key begins. The part is chosen by the key's top
// bits, so the place within it comes from the others.
func (p *part) slot(key uint64) int {
	hi, _ := bits.Mul64(key<<partBits, uint64(len(p.slots)))
	return int(hi)
}

func (t *table) part(key uint64) *part { return &t.parts[key>>(64-partBits)] }

// find returns the key's entry, valid until the next put, or nil.
func (t *table) find(key uint64) *entry {
	p := t.part(key)
	if len(p.slots) == 0 {
		return nil
	}
	for i := p.slot(key); ; {
		e := &p.slots[i]
		if e.key == key {
			return e
		}
		if e.key == 0 {
			return nil
		}
		if i++; i == len(p.slots) {
			i = 0
		}
	}
}

// touch reads the places where the search for each key begins. No read waits for the one before it.
func (t *table) touch(keys []uint64) (read uint64) {
	for _, key := range keys {
		if p := t.part(key); len(p.slots) > 0 {
			read += p.slots[p.slot(key)].key
		}
	}
	return read
}

// put adds an entry whose key is not in the table. Entries before start are dropped where
// that makes room. It reports false if there is none.
func (t *table) put(e entry, start int64) bool {
	p := t.part(e.key)
	if t.limit > 0 && t.count >= t.limit && t.swept && t.at == start {
		return false // it was searched for room, which is too dear to do for every row
	}
	if (p.used+1)*fillDen > len(p.slots)*fillNum {
		t.rebuild(p, start)
	}
	if t.limit > 0 && t.count >= t.limit {
		for i := range t.parts {
			t.rebuild(&t.parts[i], start)
		}
		t.swept, t.at = true, start
		if t.count >= t.limit {
			return false
		}
	}
	p.insert(e)
	t.count++
	return true
}

func (p *part) insert(e entry) {
	i := p.slot(e.key)
	for p.slots[i].key != 0 {
		if i++; i == len(p.slots) {
			i = 0
		}
	}
	p.slots[i] = e
	p.used++
}

// rebuild drops the entries before start and makes the part as large as the rest needs.
func (t *table) rebuild(p *part, start int64) {
	live := 0
	for i := range p.slots {
		if e := &p.slots[i]; e.key != 0 && e.n >= start {
			live++
		}
	}
	// A sixth more than live, so that a part is filled to 3/4 at the least once it grows
	// again at 7/8; and some room besides, of which one with a few rows needs little: most windows have fewer rows than parts.
	need := (live + live/6 + min(8, live+2)) * fillDen / fillNum
	old, used := p.slots, p.used
	if len(old) >= need && len(old) <= keepSlots {
		// In its place: a window that moves on with every page would cost garbage otherwise.
		t.spare = append(t.spare[:0], old...)
		old = t.spare
		clear(p.slots)
	} else {
		p.slots = make([]entry, need)
	}
	p.used = 0
	for i := range old {
		if e := old[i]; e.key != 0 && e.n >= start {
			p.insert(e)
		}
	}
	t.count += p.used - used
}

func (t *table) bytes() int {
	n := 0
	for i := range t.parts {
		n += len(t.parts[i].slots) * 24
	}
	return n
}
