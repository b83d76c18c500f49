package sim

import (
	"slices"

	"tidemark/strategies"
)

// observe draws what the configuration says of the API and the API does not keep to, and
// rows that are committed later than their stamp. It has chance of its own, so that the
// rest of a seed's script is what it was.
func (s *Script) observe(g gen) {
	s.Believed = s.Strict && g.one(2)
	if s.Strategy == strategies.Keyset {
		s.Bound = pick(g, BoundKept, BoundNeeded, BoundRefused)
		s.Repeat = s.Bound == BoundNeeded || s.Bound == BoundKept && g.one(2)
	}
	if s.Strategy == strategies.StepSize || s.Back == 0 || !g.one(2) {
		return
	}
	for i := range s.Events {
		if e := &s.Events[i]; e.Kind == Late || (e.Kind == Insert || e.Kind == Update) && g.one(4) {
			*e = Event{Kind: Slow, W: e.W, A: g.u(1 << 16), B: g.u(3)}
		}
	}
}

// slow is a change that has its stamp and is not committed yet. Others, with later stamps,
// are seen before it.
type slow struct {
	Version
	was int32 // the version it takes the place of; -1: none
	due int32 // by the API's clock
}

// start begins a slow change.
func (a *API) start(e Event, n int64) {
	a.last++
	v := slow{Version: Version{Content: a.last, N: n, Set: true}, was: -1, due: a.clock + 1 + int32(e.A%7)}
	if i := int(e.A) % (len(a.rows) + 1); i < len(a.rows) {
		v.Key, v.Rank, v.was = a.rows[i].Key, a.rows[i].Rank, a.rows[i].Index
	} else {
		a.keys++
		v.Key, v.Rank = a.keys, (a.keys*7919%1009)*1024+a.keys
	}
	a.top = max(a.top, n)
	a.slow = append(a.slow, v)
}

// commit makes the slow changes seen whose time has come, and those that would otherwise lie
// further than the stream looks back behind a row with the value next.
func (a *API) commit(next int64) {
	for i := 0; i < len(a.slow); i++ {
		v := a.slow[i]
		if v.due > a.clock && v.N >= next-a.Back {
			continue
		}
		a.slow = slices.Delete(a.slow, i, i+1)
		i--
		if v.was >= 0 {
			at := slices.IndexFunc(a.rows, func(r Version) bool { return r.Index == v.was })
			if at < 0 {
				continue // another change of the row came first, and this one fails
			}
			a.prev[v.Key] = a.rows[at]
			a.take(at)
		}
		a.put(v.Version)
	}
}
