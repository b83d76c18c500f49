package strategies

import (
	"fmt"
	"time"
)

// timestamp reads everything changed since the mark. The API has no pages, but it may
// cut an answer silently, so the sweep goes on from the greatest value read until an
// answer holds nothing beyond what it was asked with (rule 17). replay is timestamp
// with a first request that reaches back a buffer behind the mark. What an answer that does
// not rise has to prove before it is believed is whole.go's.
type timestamp struct{ core }

// AnswerPosition is what timestamp and replay know of the answer before the next one, which is asked from the slice's value.
type AnswerPosition struct {
	Largest int `json:"largest,omitempty"` // rows of the longest answer
	// Part is what an answer that is taken in pieces has shown so far.
	Part *Part `json:"part,omitempty"`
	// Proof is what the next answer has to hold to prove the one before it whole; Promise is
	// what said, in the answer before, that there is more, Ties how many of its rows had the
	// greatest value, Passed how many a smaller one, and Left what its count says of the rows
	// that are not among these.
	Proof   *Proof `json:"proof,omitempty"`
	Promise string `json:"promise,omitempty"`
	Ties    int    `json:"ties,omitempty"`
	Left    int64  `json:"left,omitempty"`
	Passed  int    `json:"passed,omitempty"`
}

func (p *AnswerPosition) wrong(below func(name string, n, least int64)) {
	below("largest", int64(p.Largest), 0)
	below("ties", int64(p.Ties), 0)
	below("passed", int64(p.Passed), 0)
	if p.Proof != nil {
		below("proof.rows.rows", int64(p.Proof.Rows.Rows), 0)
	}
	if p.Part == nil {
		return
	}
	below("part.rows", int64(p.Part.Rows), 0)
	if t := p.Part.Tally; t != nil {
		below("part.tally.rises", int64(t.Rises), 0)
		below("part.tally.falls", int64(t.Falls), 0)
		below("part.tally.tied.rows", int64(t.Tied.Rows), 0)
		below("part.tally.rest.rows", int64(t.Rest.Rows), 0)
	}
}

// Proving reports whether a sweep asks on only because an answer is not proven whole, or promised more.
func (s *Sweep) Proving() bool {
	at := At[AnswerPosition](s)
	return at.Proof != nil || at.Promise != ""
}

// at is the sweep's position. It can be changed where placed has made it.
func (s *timestamp) at(c *Cursor) *AnswerPosition { return position[AnswerPosition](c.Sweep) }

func newTimestamp(spec Spec) (Strategy, error) {
	back := spec.Lookback
	if spec.Strategy == Replay {
		if spec.Buffer < 0 {
			return nil, fmt.Errorf("buffer %v: must not be negative", spec.Buffer)
		}
		back = max(spec.Buffer, spec.Lookback)
	}
	k, err := newCore(spec, back)
	if err != nil {
		return nil, err
	}
	if spec.Params.Since == "" {
		return nil, fmt.Errorf("%s needs the name of the parameter that filters by the cursor field (params.since)", spec.Strategy)
	}
	if spec.Strategy == Replay && !spec.Format.Temporal() {
		return nil, fmt.Errorf("replay goes back by hours, and a cursor of format %s is no time", spec.Format)
	}
	return &timestamp{k}, nil
}

func (s *timestamp) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep != nil {
		return c, nil
	}
	return s.open(c)
}

func (s *timestamp) Query(c Cursor) Query {
	from := c.Sweep.Slice().After
	if p := s.at(&c).Proof; p != nil {
		from = p.Since
	}
	if from == "" {
		return Query{}
	}
	return Query{Params: []Param{{RoleSince, from}}}
}

func (s *timestamp) Fold(c Cursor, p Page) (Verdict, error) {
	c, at := placed[AnswerPosition](c, byAnswer)
	sweep := c.Sweep
	if !p.Continued {
		at.Part = nil
	}
	e, rows, err := s.whole(at.Part, p)
	if err != nil {
		return Verdict{}, err
	}
	sweep.Pages++
	var seen sight
	if at.Proof == nil { // a proof is asked from a value of its own
		if seen, err = s.sight(&c, p.Rows); err != nil {
			return Verdict{}, err
		}
		if at.Part != nil {
			seen = seen.or(sight{at.Part.Shown, at.Part.Below, at.Part.Near, at.Part.Equal})
		}
		if !p.Cut {
			if v, again, err := s.doubt(&c, seen); err != nil || again {
				at.Part = nil
				return v, err
			}
		}
	}
	if !p.Cut { // an answer that is doubted, or breaks off, has been asked from no sure place
		if err := s.saw(&c, e.high, ""); err != nil {
			return Verdict{}, err
		}
	}
	var tally *Tally
	switch {
	case s.spec.Unsorted || c.Unsorted || at.Proof != nil:
		tally, err = s.tally(at.Part, at.Proof, p.Rows)
	case !e.sorted && !p.Cut && !p.Continued:
		tally, err = s.tally(nil, nil, p.Rows)
	}
	if err != nil {
		return Verdict{}, err
	}
	if p.Cut {
		// The cursor stays before the answer until all of it has come: only then is it known
		// what the rows behind these are (rules 8 and 12).
		at.Part = &Part{Max: string(e.max.Raw), High: string(e.high.Raw), Fine: string(e.fine.Raw), Rows: rows, Unsorted: !e.sorted, Tally: tally,
			Shown: seen.shown, Below: seen.below, Near: seen.near, Equal: seen.equal}
		return Verdict{Next: c}, nil
	}
	at.Part = nil
	if at.Proof != nil {
		return s.proved(c, e, rows, tally, &p.More)
	}
	full := s.spec.PageSize > 0 && rows == s.spec.PageSize
	if full {
		if err := s.full(e, rows); err != nil {
			return Verdict{}, err
		}
	}
	warning := ""
	if !e.sorted || s.spec.Unsorted && tally.Second != "" {
		var proven bool
		if proven, warning, err = s.unrisen(&c, e, rows, &p.More); err != nil {
			return Verdict{}, err
		}
		if !proven {
			return s.unproven(c, e, rows, tally, &p.More)
		}
	}
	longest, text, beyond := c.Longest, "", false
	c.Longest = max(c.Longest, rows)
	if e.max.Set {
		if text, beyond, err = s.next(&c, e.max, e); err != nil {
			return Verdict{}, err
		}
	}
	if !beyond {
		return s.stays(c, e, rows, longest, full, &p.More)
	}
	at.Promise, at.Ties, at.Left, at.Passed = s.promise(&p.More, rows), 0, 0, 0
	if at.Promise != "" {
		at.Ties = s.ties(p.Rows, e.max)
		if p.More.Kind >= CountRows {
			at.Passed = rows - at.Ties
			at.Left = p.More.Total - int64(at.Passed)
		}
	}
	if err := s.moved(&c, e.max, e, text); err != nil {
		return Verdict{}, err
	}
	// On a source that changes faster than it answers, every answer holds something
	// newer. One much shorter than an earlier answer was not cut, so it is an end too.
	short := !full && rows < at.Largest/2 && !p.More.Flag
	at.Largest = max(at.Largest, rows)
	if short {
		err := s.end(&c)
		return Verdict{Next: c, Warning: warning}, err
	}
	return Verdict{Next: c, Warning: warning}, nil
}

// full judges an answer of exactly page_size rows.
func (s *timestamp) full(e extent, rows int) error {
	const remedy = "set page_size to the API's real limit, or leave it out if it has none"
	switch {
	case s.spec.Unsorted:
		return fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and the API does not sort (sorted: false), "+
			"so what was cut cannot be told: "+remedy, rows)
	case !e.sorted:
		return fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and row %d is older than the row "+
			"before it, so what was cut cannot be told: "+remedy, rows, e.at+1)
	case !e.max.Set:
		return fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and none has a cursor value "+
			"to go on from", rows)
	}
	return nil
}

// stays judges an answer that shows nothing beyond what it was asked with: the end, unless
// the answer says otherwise, or the one before it promised more (rule 20).
func (s *timestamp) stays(c Cursor, e extent, rows, longest int, full bool, more *Evidence) (Verdict, error) {
	sweep, at := c.Sweep, s.at(&c)
	if full {
		return Verdict{}, fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and none is newer than %q, the value "+
			"it was asked with: what lies behind them cannot be reached; set page_size to the API's real limit, or leave it out if it has none",
			s.spec.PageSize, sweep.Slice().After)
	}
	promise := s.promise(more, rows)
	// An address of a next page may come with every page but an empty one, and a count may be
	// of all that the API has, whatever was asked for: then they prove nothing. An API that
	// cuts shows as many rows as ever, and its counts fall with what was left behind. Of rows
	// none of which has a value, no later request shows what comes behind them.
	asFull := rows > 1 && (longest > 0 && rows >= longest || !e.max.Set)
	tied := e.sorted && e.max.Set && s.spec.Format.Compare(e.first, e.max) == 0
	counts := promise != "" && more.beyond(rows) &&
		(more.Kind == CountFilter || asFull && tied && at.Passed > 0 && near(more.Total, at.Left, int64(at.Passed)/2))
	if said := promise; more.Flag || counts || said != "" && more.More != "" && asFull {
		if counts && !more.Flag {
			said = more.counted()
		}
		return Verdict{}, fmt.Errorf("the answer says that there is more (%s), and none of its %d rows is newer than %q, the value it was asked "+
			"with: more rows share that value than a page holds, or the API does not honour the filter, and what lies behind them cannot be "+
			"reached; raise the API's page size, or read this collection with keyset or offset; where all its answers say so, set page_size "+
			"to the most rows it gives", said, rows, sweep.Slice().After)
	}
	if more.more(rows) == "" && at.Promise != "" && rows <= at.Ties { // not even rows that share the value
		if sweep.Restarts > 0 {
			return Verdict{}, fmt.Errorf("the answer before said that there is more (%s), and asked from its greatest value, %q, the API "+
				"shows nothing newer and says that this is all: what was promised lies behind, so the API does not sort ascending, and the answer "+
				"is not proven whole; make it sort ascending by the cursor field (query), read it with a strategy that pages (keyset, offset), "+
				"or, if it gives everything at once, set page_size: none", at.Promise, sweep.Slice().After)
		}
		return Verdict{Next: s.rewind(c), Restarted: true}, nil // it may have been deleted meanwhile
	}
	if e.max.Set {
		if err := s.passed(&c, e.max, e); err != nil {
			return Verdict{}, err
		}
	}
	err := s.end(&c)
	return Verdict{Next: c}, err
}

// near reports whether two counts differ by no more than what changes meanwhile.
func near(a, b, by int64) bool { return a-b <= by && b-a <= by }

// promise is what says that there is more than the answer's rows; empty: nothing that holds
// against the configuration.
func (s *timestamp) promise(more *Evidence, rows int) string {
	if !more.Flag && (s.spec.Unpaged || s.spec.PageSize > 0 && rows != s.spec.PageSize) {
		return ""
	}
	return more.more(rows)
}

// ties counts the rows at v.
func (s *timestamp) ties(rows []Row, v Value) (n int) {
	for i := range rows {
		if rows[i].Value.Set && s.spec.Format.Compare(rows[i].Value, v) == 0 {
			n++
		}
	}
	return n
}

// whole is the extent of the answer so far, and how many rows it has shown: those of the
// page and, where the answer comes in pieces, of the pieces before it.
func (s *timestamp) whole(before *Part, p Page) (extent, int, error) {
	e := s.extent(p.Rows, p.Ceiling)
	if before == nil {
		return e, len(p.Rows), nil
	}
	last, err := s.value(before.Max)
	if err != nil {
		return e, 0, err
	}
	if e.high, err = s.greatest(before.High, string(e.high.Raw)); err != nil {
		return e, 0, err
	}
	fine, err := s.value(before.Fine)
	if err != nil {
		return e, 0, err
	}
	e.at += before.Rows
	if before.Unsorted || last.Set && e.first.Set && s.spec.Format.Compare(e.first, last) < 0 {
		e.sorted = false
	}
	if last.Set && (!e.max.Set || s.spec.Format.Compare(last, e.max) > 0) {
		e.max = last
	}
	if fine.Set {
		e.fine = s.spec.Format.finer(fine, e.fine)
	}
	return e, before.Rows + len(p.Rows), nil
}

func (s *timestamp) Rewind(c Cursor) Cursor { return s.rewind(c) }
