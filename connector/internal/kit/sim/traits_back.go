package sim

import (
	"math/rand/v2"
	"slices"

	"tidemark/strategies"
)

// goingBack puts events into a quarter of the scripts that make an API's rows older than they
// were: a row is set back, or all of them are, as when a backup is restored.
func goingBack(s *Script) {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x6261636b))}
	if g.one(4) {
		s.Events = g.strewn(s.Events, 1+g.n(4), Back, Back, SetBack, Snapshot)
	}
}

// GoBack puts n events among the others that make rows go back, or one answer come from a
// replica that lags.
func GoBack(s *Script, n int) {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x6261636c))}
	s.Events = g.strewn(s.Events, n, Back, Back, Back, SetBack, Snapshot, Lag, Lag)
}

func (g gen) strewn(events []Event, n int, kinds ...Kind) []Event {
	for range n {
		events = slices.Insert(events, g.n(len(events)+1), Event{Kind: pick(g, kinds...), A: g.u(1 << 16), B: g.u(16)})
	}
	return events
}

// back makes row i older than it is: what it was, or something new with a smaller value.
func (a *API) back(i int, by uint16) bool {
	v := a.rows[i]
	unique := a.Distinct
	p, known := a.prev[v.Key]
	switch {
	case a.Strategy == strategies.StepSize || !v.Set: // an id does not change
		return false
	case known && by%2 == 0 && p.Set && p.N < v.N && !(unique && a.used(p.N)):
		v.N, v.Content, v.Bad, v.Deleted = p.N, p.Content, p.Bad, p.Deleted
	default:
		n := max(1, min(v.N, a.top)-int64(by))
		if n >= v.N || unique && a.used(n) {
			return false
		}
		a.last++
		v.N, v.Content, v.Bad, v.Deleted = n, a.last, false, false
	}
	a.prev[v.Key] = a.rows[i]
	a.take(i)
	a.put(v)
	return true
}

// setBack makes all rows what they were when the replica fell behind.
func (a *API) setBack() bool {
	if a.replicaAt == 0 || a.Strategy == strategies.StepSize {
		return false
	}
	then := map[int32]Version{}
	for _, v := range a.replica {
		then[v.Key] = v
	}
	for i := len(a.rows) - 1; i >= 0; i-- {
		if _, ok := then[a.rows[i].Key]; !ok {
			a.take(i)
		}
	}
	for _, v := range slices.Clone(a.rows) {
		was := then[v.Key]
		delete(then, v.Key)
		if was.Same(&v) && was.Bad == v.Bad {
			continue
		}
		a.prev[v.Key] = v
		a.take(slices.IndexFunc(a.rows, func(w Version) bool { return w.Key == v.Key }))
		a.put(was)
	}
	for _, v := range a.replica { // those that had gone since
		if _, ok := then[v.Key]; ok {
			a.put(v)
		}
	}
	return true
}
