package sim

import "slices"

// registry has the schema of some scripts' rows change, and the registry forget what it knew. It
// is drawn from numbers of its own, so that the scripts without it stay what they are.
func (s *Script) registry(g gen) {
	if s.Rival || !g.one(4) {
		return
	}
	s.Registry = true
	for range 2 + g.n(5) {
		e := Event{Kind: pick(g, Evolve, Forget), A: g.u(3)}
		s.Events = slices.Insert(s.Events, g.n(len(s.Events)+1), e)
	}
}

// Remembers takes the forgetful registry out of the script.
func (s *Script) Remembers() *Script {
	s.Registry = false
	s.Events = slices.DeleteFunc(s.Events, func(e Event) bool { return e.Kind.OfRegistry() })
	return s
}

// OfRegistry reports whether the event is one of the schemas.
func (k Kind) OfRegistry() bool { return k == Evolve || k == Forget }

// Schema is a schema as the log knows it: the id that the registry gave it, and what it is. Of an
// entry that has none, the id is 0.
type Schema struct {
	ID int
	Is string
}

// Frame says under which schema an entry was written.
func (l *Log) Frame(p int, offset int64, s Schema) { l.parts[p][offset].schema = s }

// Framed is that schema.
func (l *Log) Framed(p int32, offset int64) (s Schema) {
	if offset < int64(len(l.parts[p])) {
		s = l.parts[p][offset].schema
	}
	return s
}
