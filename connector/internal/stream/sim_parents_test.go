package stream

import (
	"context"
	"slices"
	"testing"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// parents makes the parts that read the rows of another stream by which those of the scripted API are asked for; nil
// where they are not.
func (x *world) parents(rules *admit.Rules) *reading.Parents {
	s := x.stream.ForEach.Parent
	if s == nil {
		return nil
	}
	spec, err := s.Spec()
	if err != nil {
		panic(err)
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		panic(err)
	}
	report := status.NewReporter(status.Status{Stream: s.Name}, x.logger, false)
	return &reading.Parents{Parts: reading.Parts{Stream: *s, Strategy: strategy, Format: spec.Format, Rules: rules, Report: report,
		Notes: &reading.Notes{}, Drift: func() *wire.Drift { return &wire.Drift{} }}}
}

// simParents is the source of the parents.
type simParents struct{ *simSource }

func (s *simSource) Parent() reading.Source { return simParents{s} }

func (s simParents) Page(context.Context, []strategies.Param) (*reading.Answer, error) {
	s.between(s.w)
	keys, versions, ok := s.api.Kindred()
	s.trace(func() string { return "the parents are listed" })
	if !ok {
		return nil, class.Wrap(class.Source, errInjected)
	}
	a := &reading.Answer{Page: strategies.Page{Total: -1}, URL: "sim", Size: 1}
	for i, key := range keys {
		a.Rows = append(a.Rows, strategies.Row{Key: []byte(key), Hash: versions[i], JSON: []byte("{}")})
	}
	return a, nil
}

// Within reads by the parents, and notes where that ends the sweep.
func (s *watched) Within(c strategies.Cursor, all []strategies.Parent) (_ strategies.Strategy, next strategies.Cursor, err error) {
	s.Strategy, next, err = strategies.Within(s.whole, c, all)
	if err == nil && next.Sweep == nil {
		s.ends(strategies.Verdict{Next: next}, -1, true)
	}
	return s, next, err
}

// ParentGone goes on behind a parent that is away.
func (s *watched) ParentGone(c strategies.Cursor) (strategies.Verdict, bool, error) {
	v, ok, err := strategies.Gone(s.Strategy, c)
	if ok && err == nil {
		s.ends(v, -1, true)
	}
	if v.Restarted {
		s.last = s.x.api.Now()
	}
	return v, ok, err
}

// Within makes the mistakes of slices.
func (m *walkMistaken) Within(c strategies.Cursor, all []strategies.Parent) (strategies.Strategy, strategies.Cursor, error) {
	if m.variant == placeByNumber && c.Sweep.Slice().Parent != "" && len(all) > 0 {
		c = walking(c, func(at *strategies.Slice) { at.Parent = all[min(m.x.places[at.Parent], len(all)-1)].Key })
	}
	clear(m.x.places)
	for i, p := range all {
		m.x.places[p.Key] = i
	}
	in, next, err := strategies.Within(m.Strategy, c, all)
	return &walkMistaken{in, m.variant, m.x}, next, err
}

func (m *walkMistaken) ParentGone(c strategies.Cursor) (strategies.Verdict, bool, error) {
	if m.variant == awayIsEmpty {
		v, err := m.Strategy.Fold(c, strategies.Page{Total: -1, Token: strategies.Token{Present: true, Null: true}})
		return v, true, err
	}
	return strategies.Gone(m.Strategy, c)
}

// byMark is the question with the bound of the slices that were read before.
func (m *walkMistaken) byMark(c strategies.Cursor, q strategies.Query) strategies.Query {
	q.Params = slices.Clone(q.Params)
	at := slices.IndexFunc(q.Params, func(p strategies.Param) bool { return p.Role == strategies.RoleSince })
	switch {
	case c.Sweep.From == "" || m.x.spec.Params.Since == "":
	case at >= 0:
		q.Params[at].Value = m.higher(q.Params[at].Value, c.Sweep.From)
	case c.Sweep.Slice().Position == nil:
		q.Params = append(q.Params, strategies.Param{Role: strategies.RoleSince, Value: c.Sweep.From})
	}
	return q
}

// newerThanMark drops what a feed has of a new parent from behind the mark.
func (m *walkMistaken) newerThanMark(c strategies.Cursor, v strategies.Verdict) strategies.Verdict {
	if from, err := m.x.spec.Format.ParseString(c.Sweep.From); err == nil && m.variant == newByMark && !v.From.Set {
		v.From = from
	}
	return v
}

// A parent that goes while its rows are read, in a sweep that went back too often before, stops the stream with that reason (a
// model run found the bare refusal).
func TestSimParentGoesTooOften(t *testing.T) {
	if broken := newWorld().run(sim.Generate(90085226), none); broken != nil {
		t.Fatal(broken)
	}
}
