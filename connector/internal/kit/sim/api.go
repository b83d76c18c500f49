package sim

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/zeebo/xxh3"

	"tidemark/strategies"
	"tidemark/strategies/lawtest"
)

// API is the scripted one. Its rows stand in ascending order, those without a value
// first. It is used by one goroutine at a time.
type API struct {
	Traits
	H       *History
	rows    []Version
	prev    map[int32]Version // what a row was before its last change
	slow    []slow            // changes that are stamped and not committed
	clock   int32
	keys    int32
	last    uint32 // content
	top     int64
	high    int64 // greatest value in any answer
	base    int64 // how long the source was quiet
	rest    bool  // nothing changes any more
	emptied bool  // it had rows, and had none then

	replica   []Version // rows as of replicaAt
	replicaAt int32
	next      [kinds]bool // what the next answer is like
	down      int         // requests that the outage still swallows
	arg       [kinds]uint16
	Seen      [kinds]int // how often each trouble took effect
	model     lawtest.API
	answer    Answer
	parents
}

// NewAPI returns one that Reset makes ready.
func NewAPI() *API { return &API{H: &History{}, prev: map[int32]Version{}} }

// Reset starts the API of a script. The history of the last one is gone.
func (a *API) Reset(s *Script) {
	a.Traits = s.Traits
	a.H.Reset(s.Traits)
	a.model.Begin(*s.model())
	a.rows, a.replica, a.slow = a.rows[:0], a.replica[:0], a.slow[:0]
	clear(a.prev)
	a.clock, a.keys, a.last, a.top, a.high, a.replicaAt = 0, 0, 0, 0, math.MinInt64, 0
	a.next, a.down, a.Seen = [kinds]bool{}, 0, [kinds]int{}
	a.base, a.rest, a.emptied = 0, false, false
	a.parents = parents{kept: a.kept[:0]}
	for n := range a.Parents {
		a.away[n] = s.Absent>>n&1 == 1
	}
	for _, n := range s.Initial {
		a.insert(int64(n), true)
	}
}

// farAway is where values lie that no row may have yet (rule 13).
const farAway = 4_000_000_000

// Now is the API's clock: it ticks with every change and every request.
func (a *API) Now() int32 { return a.clock }

// Greatest is the greatest value that any answer has held.
func (a *API) Greatest() int64 { return a.high }

func (a *API) put(v Version) {
	a.clock++
	a.touched(v.Key)
	if a.Parents > 0 {
		v.Slice = uint8(a.parentOf(v.Key))
	}
	if a.lacks(v.Key) {
		a.keeps(v)
		return
	}
	v.Arrived, v.Index = a.clock, int32(len(a.H.Versions))
	at, _ := slices.BinarySearchFunc(a.rows, v, lawtest.Compare)
	a.rows = slices.Insert(a.rows, at, v)
	a.H.Versions = append(a.H.Versions, Lifetime{Version: v, Gone: Forever, Greatest: a.high, Top: a.top})
	a.risen(&v)
}

// risen takes note of a row's value.
func (a *API) risen(v *Version) {
	if v.Set && v.N < farAway {
		a.top = max(a.top, v.N)
	}
}

func (a *API) take(i int) {
	a.clock++
	a.touched(a.rows[i].Key)
	a.H.Versions[a.rows[i].Index].Gone = a.clock
	a.rows = slices.Delete(a.rows, i, i+1)
	a.emptied = a.emptied || len(a.rows) == 0
}

func (a *API) insert(n int64, set bool) {
	a.keys++
	a.last++
	a.put(Version{Key: a.keys, Content: a.last, N: n, Set: set, Rank: (a.keys*7919%1009)*1024 + a.keys})
}

func (a *API) used(n int64) bool {
	if a.Strategy == strategies.StepSize { // an id is never given again
		return slices.ContainsFunc(a.H.Versions, func(v Lifetime) bool { return v.N == n })
	}
	return slices.ContainsFunc(a.rows, func(v Version) bool { return v.Set && v.N == n }) ||
		slices.ContainsFunc(a.kept, func(v Lifetime) bool { return v.Set && v.N == n })
}

// Change is one of the live writers' events; it reports whether it happened.
func (a *API) Change(e Event) bool {
	unique := a.Distinct || a.Strategy == strategies.StepSize
	ahead := func(by uint16) int64 {
		if unique {
			by++
		}
		return min(a.top+int64(by), a.base+tabled-1)
	}
	if len(a.slow) > 0 {
		a.commit(ahead(max(e.A, e.B)))
	}
	kind := e.Kind
	if kind == Update && a.Strategy == strategies.StepSize {
		kind = Touch // an id does not change
	}
	switch kind {
	case Insert:
		a.insert(ahead(e.A), true)
		return true
	case Late:
		n := max(a.top-int64(e.A), 1)
		if unique && a.used(n) {
			return false
		}
		a.insert(n, true)
		return true
	case Null:
		a.insert(0, false)
		return true
	case Slow:
		a.start(e, ahead(e.B))
		return true
	case Far:
		a.insert(farAway+int64(a.keys), true)
		return true
	case SetBack:
		return a.setBack()
	case Still:
		a.still()
		return true
	case Kin:
		a.kin(int(e.A))
		return true
	case Lose:
		a.lose()
		return true
	}
	if len(a.rows) == 0 {
		return false
	}
	i := int(e.A) % len(a.rows)
	v := a.rows[i]
	old := v
	switch kind {
	case Update:
		v.N, v.Set, v.Bad, v.Deleted = ahead(e.B), true, false, false
		a.last++
		v.Content = a.last
	case Touch, Spoil:
		a.last++
		v.Content, v.Bad, v.Deleted = a.last, kind == Spoil, false
	case Retire:
		if a.Strategy != strategies.StepSize {
			v.N, v.Set = ahead(e.B), true
		}
		a.last++
		v.Content, v.Bad, v.Deleted = a.last, false, true
	case Restore:
		p, ok := a.prev[v.Key]
		if !ok || p.N != v.N || p.Set != v.Set {
			return false
		}
		v.Content, v.Bad, v.Deleted = p.Content, p.Bad, p.Deleted
	case Delete:
		a.take(i)
		return true
	case Gain:
		a.gain(&v, e.B, ahead)
	case Back:
		return a.back(i, e.B)
	default:
		return false
	}
	a.prev[v.Key] = old
	a.take(i)
	a.put(v)
	return true
}

// Arm makes the next fitting answer a troubled one.
func (a *API) Arm(e Event) {
	if e.Kind == Down {
		a.down = e.Times()
		return
	}
	if e.Kind == Snapshot {
		if a.Parents == 0 { // see parents
			a.replica, a.replicaAt = append(a.replica[:0], a.rows...), a.clock
		}
		return
	}
	a.next[e.Kind], a.arg[e.Kind] = true, e.A
}

// Calm forgets what was armed: from now on the API is on its best behaviour, as far as its
// traits allow.
func (a *API) Calm() {
	a.next, a.down = [kinds]bool{}, 0
	a.commit(a.base + tabled + a.Back)
}

func (a *API) troubled(k Kind) bool {
	if !a.next[k] {
		return false
	}
	a.next[k] = false
	a.Seen[k]++
	return true
}

// BodySize is the length of the bodies of the model tier.
const BodySize = 16

// Body writes a version the way a record of the model tier holds it.
func (t *Traits) Body(v *Version) (b [BodySize]byte) {
	binary.BigEndian.PutUint32(b[:], v.Content)
	if v.Deleted {
		b[5] = 1
	}
	if v.Set {
		b[4] = 1
		binary.BigEndian.PutUint64(b[8:], uint64(v.N))
	}
	return b
}

// ReadBody is the inverse of Body; the hash is that of the body.
func (t *Traits) ReadBody(b []byte) (Version, uint64) {
	v := Version{Content: binary.BigEndian.Uint32(b), Set: b[4] == 1, Deleted: b[5] == 1}
	if v.Set {
		v.N = int64(binary.BigEndian.Uint64(b[8:]))
	}
	return v, xxh3.Hash(b)
}
