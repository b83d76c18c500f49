package sim

import (
	"math/rand/v2"
	"slices"

	"tidemark/strategies"
)

// Fields is how many fields rows can come to have beside those that a schema has at first. A row's content says by a bit each which of them it
// has; the schema of level n has the first n of them.
const Fields = 2

const firstField = 24 // the bit of the first one; contents are counted below it

// grows has the rows of a quarter of the scripts get fields, or lose them. It is drawn from numbers of its own, so that the scripts
// without stay what they are.
func (s *Script) grows() {
	g := gen{rand.New(rand.NewPCG(s.Seed, 0x67726f7773))}
	if s.Rival || !g.one(4) {
		return
	}
	s.Grows = true
	s.Kept = s.Registry || g.one(2) // what a registry forgets of a schema is forgotten
	s.Backfill = s.Workers == 1 && g.one(3)
	s.Events = g.strewn(s.Events, 2+g.n(5), Gain, Gain, Lose)
}

// Learnt takes the fields that are new out of the script.
func (s *Script) Learnt() *Script {
	s.Grows, s.Kept, s.Backfill = false, false, false
	s.Events = slices.DeleteFunc(s.Events, func(e Event) bool { return e.Kind == Gain || e.Kind == Lose })
	return s
}

// gain gives a row a field, or takes it away.
func (a *API) gain(v *Version, how uint16, ahead func(by uint16) int64) {
	v.Content ^= 1 << (firstField + how>>1%Fields)
	v.Bad, v.Deleted = false, false
	if how%2 > 0 && a.Strategy != strategies.StepSize { // an id does not change
		v.N, v.Set = ahead(how>>2), true
	}
}

// lose takes all those fields away: the API gives them no longer.
func (a *API) lose() {
	for _, v := range slices.Clone(a.rows) {
		if Level(v.Content) == 0 {
			continue
		}
		a.prev[v.Key] = v
		a.take(slices.IndexFunc(a.rows, func(w Version) bool { return w.Key == v.Key }))
		v.Content = Within(v.Content, 0)
		a.put(v)
	}
}

// Level is the least level of a schema that has all of a content's fields.
func Level(content uint32) (level int) {
	for level = Fields; level > 0 && content>>(firstField+level-1)&1 == 0; {
		level--
	}
	return level
}

// Within is what a schema of the level has of a content.
func Within(content uint32, level int) uint32 { return content & (1<<(firstField+level) - 1) }
