package reading

import (
	"slices"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// A first sweep that shows no row at all may be the truth about a collection, or a filter that
// means something else than "from here on" (updated_on=V: on that very day), or rows that
// stand in another place than records_path. The first requests of a stream's life are
// cheap, so they are spent on telling which.

// mostLooks is how often a process looks behind a sweep without rows whose rows were there
// when it looked; one that has seen that there are none looks no more.
const mostLooks = 3

// mayDoubt reports whether a sweep that has ended without a row is to be looked behind.
func (n *Notes) mayDoubt(c, next *strategies.Cursor, last *Answer) bool {
	return n.looked < mostLooks && c.Mark == "" && next.Mark == "" && next.Sweep == nil && c.Sweep.Rows+int64(len(last.Rows)) == 0
}

// emptiness holds an answer without rows to a stream's first question against its own count, and
// against an answer to the same question without the filter.
type emptiness struct {
	stream config.Stream
	format strategies.Format
	first  []strategies.Param

	unfiltered []strategies.Param // the same without the filter
	stage      emptyStage
	params     []strategies.Param // the question to ask; nil: there is none, the sweep is empty
	said       string             // what counts rows
	since      strategies.Param   // the filter
	from       strategies.Value
	beyond     string // a row that the API gives without the filter
	all        int64  // rows that it counts without the filter; 0: it does not say

	verdict strategies.Verdict // that ended the sweep
}

// emptyStage is which question is asked.
type emptyStage uint8

const (
	askedCounted    emptyStage = iota // the first one again, because the API counts rows
	askedUnfiltered                   // without the filter
	askedOnce                         // the first one again, because rows may have come meanwhile
	askedStill                        // without the filter again, because the row may have gone meanwhile
)

func newEmptiness(p *Parts, now time.Time, c strategies.Cursor, v strategies.Verdict, a *Answer) (*emptiness, error) {
	c.Sweep = nil
	begun, err := p.Strategy.Begin(c, now)
	if err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	e := &emptiness{stream: p.Stream, format: p.Format, first: p.Strategy.Query(begun).Params, verdict: v}
	return e, e.open(a)
}

// open decides what to ask first.
func (e *emptiness) open(empty *Answer) error {
	said, n := countOf(empty)
	if e.said = said; n > 0 && e.stream.FromStart() {
		e.stage, e.params = askedCounted, e.first
		return nil
	}
	return e.unfilter()
}

// unfilter asks without the filter, where there is one.
func (e *emptiness) unfilter() (err error) {
	e.params = nil
	at := slices.IndexFunc(e.first, func(p strategies.Param) bool { return p.Role == strategies.RoleSince })
	if at < 0 {
		return nil
	}
	e.since = e.first[at]
	if e.from, err = e.format.ParseString(e.since.Value); err != nil {
		return class.Wrap(class.Config, err)
	}
	e.unfiltered = slices.Delete(slices.Clone(e.first), at, at+1)
	e.stage, e.params = askedUnfiltered, e.unfiltered
	return nil
}

// take judges an answer to the question. again says that the first question has rows now; where
// neither that nor an error comes of it, params is the next question or nil. The error has class Source.
func (e *emptiness) take(a *Answer, err error) (again bool, _ error) {
	switch {
	case err != nil && (e.stage == askedUnfiltered || e.stage == askedStill):
		e.params = nil // some APIs want the filter; then there is nothing to hold against
		return false, nil
	case err != nil:
		return false, err
	case e.stage == askedUnfiltered:
		row := slices.IndexFunc(a.Rows, func(r strategies.Row) bool { return r.Value.Set && e.format.Compare(r.Value, e.from) > 0 })
		_, e.all = countOf(a)
		if e.params = nil; row >= 0 { // not none, and not those that the first mark leaves out
			e.beyond = string(a.Rows[row].Value.Raw)
			e.stage, e.params = askedOnce, e.first
		}
		return false, nil
	case e.stage == askedStill:
		e.params = nil
		if !slices.ContainsFunc(a.Rows, func(r strategies.Row) bool { return string(r.Value.Raw) == e.beyond }) {
			return false, nil
		}
		return false, class.Errorf(class.Source, "%s: asked for rows from %q on the API gives none, and without the parameter %s it gives a row at %q: that parameter "+
			"does not filter by %q from a value on (it may mean that very day, or another field); give the right one (params.since)",
			a.URL, e.since.Value, e.stream.Params.Since, e.beyond, e.stream.CursorField)
	}
	switch _, still := countOf(a); {
	case len(a.Rows) > 0:
		return true, nil
	case e.stage == askedOnce && (still == 0 || still >= e.all):
		e.stage, e.params = askedStill, e.unfiltered
		return false, nil
	case still > 0: // and, where there are more without the filter, of those that it leaves: it is not what is wrong
		return false, class.Errorf(class.Source, "%s: the API counts %d rows (%s) and gives none, asked again and again: look at records_path (%q), "+
			"params and query%s", a.URL, still, e.said, e.stream.RecordsPath, e.places())
	}
	return false, e.unfilter()
}

// places are the settings besides that say where the first rows are.
func (e *emptiness) places() string {
	switch {
	case e.stream.Traits().ByID:
		return ", and at initial_id and max_id"
	case e.stream.Traits().Walks && e.stream.Pages == strategies.ByNumber:
		return ", and at first_page"
	}
	return ""
}

// doubted takes an answer behind the sweep's end.
func (s *Session) doubted(got early) (*Page, bool, error) {
	again, err := s.doubt.take(got.answer, got.err)
	if got.answer != nil {
		s.letGo(got.answer, got.weight)
		got.answer.GiveUp() // a piece of it tells enough
	}
	switch {
	case err != nil:
		s.Drop()
		return nil, false, err
	case again:
		s.p.Notes.looked++
		s.Drop()
		return &Page{Next: s.p.Strategy.Rewind(s.at), Asked: true}, false, nil
	case s.doubt.params != nil:
		s.next()
		return nil, true, nil
	}
	return s.believed(), false, nil
}

// believed ends a sweep that is empty indeed.
func (s *Session) believed() *Page {
	v := s.doubt.verdict
	s.doubt, s.p.Notes.looked = nil, mostLooks
	return &Page{Next: v.Next, Warning: v.Warning, Asked: true, Ended: true}
}

// countOf is what an answer says of the number of rows, and how.
func countOf(a *Answer) (string, int64) {
	switch {
	case a.Total > 0:
		return "total_path", a.Total
	case a.More.Kind >= strategies.CountRows:
		return a.More.Count, a.More.Total
	}
	return "", 0
}
