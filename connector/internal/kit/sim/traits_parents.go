package sim

import (
	"math/rand/v2"
	"slices"
	"strconv"

	"tidemark/connector/config"
	"tidemark/strategies"
	"tidemark/strategies/lawtest"
)

// ParentTraits are what an API is like whose rows are asked for by those of another stream.
type ParentTraits struct {
	Parents int   // there are at the most; 0: the rows are one list
	Absent  uint8 // those that are not there at the start, a bit each
	Changed bool  // the stream asks for the rows of those only that have changed
}

// mostParents bounds ParentTraits.Parents.
const mostParents = 5

// parents is what the API knows of the rows that others are asked for by. One that is not there keeps its own for when it
// is back; they are then as they were, and behind the mark.
type parents struct {
	away     [mostParents]bool
	versions [mostParents]uint64
	kept     []Lifetime // rows of those that are away
}

// parents makes half of the scripts that go by a pager ones whose stream reads slices. It draws from numbers
// of its own. A replica that lags is left out, and an answer without the rows it could have, be it that one that comes twice or old takes
// the room of another: a slice that is read so counts as read.
func (s *Script) parents() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x706172656e7473))}
	if s.Pager == "" || s.Pinned || !g.one(2) {
		return
	}
	s.Parents, s.Absent = 1+g.n(mostParents), uint8(g.n(1<<mostParents))
	s.Absent &= uint8(g.n(1 << mostParents)) // a quarter of them
	if s.Step > 0 {
		s.Parents = min(s.Parents, 2)
	}
	s.Changed = strategies.TraitsOf(s.Strategy).All && g.one(2)
	s.Events = slices.DeleteFunc(s.Events, func(e Event) bool {
		return e.Kind == Lag || e.Kind == Snapshot || e.Kind == SetBack || e.Kind == Short || e.Kind == Blank || e.Kind == Double && s.Changed
	})
	s.Events = g.strewn(s.Events, 1+g.n(8), Kin)
}

// among configures the slices.
func (t *Traits) among(s *config.Stream) {
	if t.Parents == 0 {
		return
	}
	parent := newStream("parents", strategies.Snapshot, "http://sim/parents")
	s.ForEach = config.ForEach{Stream: parent.Name, Parent: &parent, When: config.WhenAlways, Gone: config.GoneSkip, Most: mostParents}
	if t.Changed {
		s.ForEach.When = config.WhenChanged
	}
}

// parentOf is the parent of a row, by its key.
func (t *ParentTraits) parentOf(key int32) int { return int(key) % t.Parents }

// keeps takes a new version of a row whose parent is away.
func (a *API) keeps(v Version) {
	a.kept = append(a.kept, Lifetime{Version: v, Greatest: a.high, Top: a.top})
	a.risen(&v)
}

// lacks reports whether the parent of a key is away.
func (a *API) lacks(key int32) bool { return a.Parents > 0 && a.away[a.parentOf(key)] }

// touched changes the parent of a row with the row.
func (a *API) touched(key int32) {
	if a.Parents > 0 {
		a.versions[a.parentOf(key)]++
	}
}

// kin lets a parent go, with all its rows, or come back.
func (a *API) kin(n int) {
	if a.Parents == 0 {
		return
	}
	n %= a.Parents
	if a.away[n] = !a.away[n]; a.away[n] {
		for i := len(a.rows) - 1; i >= 0; i-- {
			if v := a.rows[i]; a.parentOf(v.Key) == n {
				a.take(i)
				a.kept = append(a.kept, a.H.Versions[v.Index])
			}
		}
		return
	}
	a.H.Came[n] = max(a.clock, 1)
	back := slices.Clone(a.kept)
	a.kept = slices.DeleteFunc(a.kept, func(v Lifetime) bool { return a.parentOf(v.Key) == n })
	for _, v := range back {
		if a.parentOf(v.Key) == n {
			a.put(v.Version)
			at := &a.H.Versions[len(a.H.Versions)-1]
			at.Greatest, at.Top, at.Returned = v.Greatest, v.Top, true
		}
	}
}

// Kindred are the parents that there are, with what tells that they have changed; false: there is no answer.
func (a *API) Kindred() (keys []string, versions []uint64, ok bool) {
	a.clock++
	if a.down > 0 {
		a.down--
		return nil, nil, false
	}
	for n := range a.Parents {
		if !a.away[n] {
			keys, versions = append(keys, strconv.Itoa(n)), append(versions, a.versions[n])
		}
	}
	return keys, versions, !a.troubled(Fail)
}

// unknown reports whether a question is about a parent that is away.
func (a *API) unknown(q *lawtest.Question) bool {
	return a.Parents > 0 && (q.Slice < 0 || a.away[q.Slice])
}

// unread reports whether a key's parent has come back and no sweep has begun and ended since: the next one reads
// all of its rows, wherever the mark is by then.
func (h *History) unread(key int32) bool {
	if h.Parents == 0 {
		return false
	}
	came := h.Came[h.parentOf(key)]
	return came > 0 && !slices.ContainsFunc(h.Sweeps, func(s Sweep) bool { return !s.Resumed && s.Began > came })
}
