package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// errInjected is what a simulated API or broker says when the script wants it to fail.
var errInjected = errors.New("the script wants it so")

var errBad = &wire.RowError{Field: "createdAt", Reason: "the script wants it so"}

// crashed is thrown where a simulated worker dies.
type crashed struct{}

// simSource is a source over the scripted API.
type simSource struct {
	*world
	w    *simWorker
	rows [][]strategies.Row     // free page buffers
	kept map[string]*sim.Answer // of some variants
	old  map[string]*sim.Answer // of one: asked before the stream was opened, and not folded
}

func (s *simSource) Page(_ context.Context, params []strategies.Param) (*reading.Answer, error) {
	s.between(s.w)
	if s.scanning && s.api.H.Requests-s.scanFrom > 2*simRequests { // carry counts those of sweeps
		return nil, class.Errorf(class.Source, "a scan has no end")
	}
	a := s.serve(params)
	if s.variant == answersKept || s.variant == oneLook && s.scanning {
		a = s.keep(params, a)
	}
	s.trace(func() string { return fmt.Sprintf("worker %d asks %v: %s", s.w.id, params, a) })
	switch {
	case a.Fails:
		return nil, class.Wrap(class.Source, errInjected)
	case a.Status != 0:
		return nil, class.Wrap(class.Source, &rest.StatusError{Status: a.Status, Message: a.Text})
	}
	if a.Broken {
		if s.variant != endOnNothing {
			return nil, class.Wrap(class.Source, errInjected)
		}
		a.Token = strategies.Token{Present: true, Null: true}
	}
	var rows []strategies.Row
	if n := len(s.rows); n > 0 {
		rows, s.rows = s.rows[n-1][:0], s.rows[:n-1]
	}
	for i := range a.Rows {
		rows = append(rows, s.row(&a.Rows[i], s.w.level()))
	}
	switch s.variant {
	case badRowsDropped:
		rows = slices.DeleteFunc(rows, func(r strategies.Row) bool { return r.Err != nil })
	case deleteUnasked:
		if n := len(rows); n > 1 && !rows[0].Deleted && rows[0].Err == nil {
			rows[0].Body, rows[0].Hash, rows[0].Deleted = nil, wire.TombstoneHash, true
		}
	}
	if s.variant == staleWritten {
		for i := range rows {
			if v := &rows[i].Value; v.Set {
				newest := max(s.newest[a.Rows[i].Key], v.N)
				s.newest[a.Rows[i].Key], v.N = newest, newest
			}
		}
	}
	rows = sim.Named(rows, a.Page)
	return &reading.Answer{Page: strategies.Page{Rows: rows, Token: a.Token, Total: a.Total, More: a.More, Link: a.Link}, URL: "sim", Size: int64(1 + len(rows)), Grows: s.w.grown(a.Rows),
		Free: func() { s.rows = append(s.rows, rows) }}, nil
}

// serve asks the API. The mistake is to take an answer that was asked for before the stream was opened
// anew, and that no page was made of.
func (s *simSource) serve(params []strategies.Param) *sim.Answer {
	if s.variant != answersOutlive {
		return s.api.Serve(params)
	}
	question := fmt.Sprint(params)
	if a, ok := s.old[question]; ok {
		delete(s.old, question)
		return a
	}
	a := s.api.Serve(params)
	kept := *a
	kept.Rows = slices.Clone(a.Rows)
	s.kept[question] = &kept
	return a
}

// folded is told the question that a page was the answer to.
func (s *simSource) folded(params []strategies.Param) { delete(s.kept, fmt.Sprint(params)) }

// reopened begins another life.
func (s *simSource) reopened() {
	if s.variant == answersOutlive {
		s.old, s.kept = s.kept, map[string]*sim.Answer{}
	}
}

// keep is the mistake of taking an answer asked for early although the sweep has gone back
// since: a question asked again gets the answer it had before. In a full scan the second look
// shows what the first one did then.
func (s *simSource) keep(params []strategies.Param, a *sim.Answer) *sim.Answer {
	question := fmt.Sprint(params)
	if old, ok := s.kept[question]; ok {
		return old
	}
	kept := *a
	kept.Rows = slices.Clone(a.Rows)
	s.kept[question] = &kept
	return a
}

func (s *simSource) Drift() *wire.Drift { return &wire.Drift{} }

func (s *simSource) Close() {}

func sameValue(rows []sim.Version) bool {
	for i := range rows {
		if !rows[i].Set || rows[i].N != rows[0].N {
			return false
		}
	}
	return true
}

var simKeys = func() (keys [512][]byte) {
	for i := range keys {
		keys[i] = strconv.AppendInt(nil, int64(i), 10)
	}
	return keys
}()

func simKey(k int32) []byte {
	if int(k) < len(simKeys) {
		return simKeys[k]
	}
	return strconv.AppendInt(nil, int64(k), 10)
}

// body is a version's in the world's memory.
func (x *world) body(v *sim.Version) []byte {
	b := x.api.Body(v)
	at := len(x.bodies)
	x.bodies = append(x.bodies, b[:]...)
	return x.bodies[at:len(x.bodies):len(x.bodies)]
}

// row is what a schema of the level makes of a version.
func (x *world) row(v *sim.Version, level int) strategies.Row {
	within := *v
	within.Content = sim.Within(v.Content, level)
	body := x.body(&within)
	_, hash := x.api.ReadBody(body)
	r := strategies.Row{Key: simKey(v.Key), Body: body, Hash: hash}
	if v.Set {
		r.Value = x.api.Value(v.N)
	}
	if v.Deleted {
		r.Body, r.Hash, r.Deleted = nil, wire.TombstoneHash, true
	}
	if r.JSON = r.Body; within.Content != v.Content {
		r.JSON = x.body(v)
	}
	if v.Bad {
		r.Body, r.Hash, r.Err = nil, 0, errBad
	}
	if x.variant == unstableHash {
		x.fresh++
		r.Hash += uint64(x.fresh)
	}
	return r
}
