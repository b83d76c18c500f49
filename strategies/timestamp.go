package strategies

import (
	"fmt"
	"time"
)

// timestamp reads everything changed since the mark. The API has no pages, but it may
// cut an answer silently, so the sweep goes on from the greatest value read until an
// answer holds nothing beyond what it was asked with (rule 17). replay is timestamp
// with a first request that reaches back a buffer behind the mark.
type timestamp struct{ core }

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
	return timestamp{k}, nil
}

func (s timestamp) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep != nil {
		return c, nil
	}
	return s.open(c)
}

func (s timestamp) Query(c Cursor) Query {
	if c.Sweep.After == "" {
		return Query{}
	}
	return Query{Params: []Param{{s.spec.Params.Since, c.Sweep.After}}}
}

func (s timestamp) Fold(c Cursor, p Page) (Verdict, error) {
	c = c.clone()
	sweep := c.Sweep
	e := s.extent(p.Rows, p.Ceiling)
	if p.Cut || p.Continued {
		return s.piece(c, p, e)
	}
	full := s.spec.PageSize > 0 && len(p.Rows) == s.spec.PageSize
	if full && s.spec.Unsorted {
		return Verdict{}, fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and the API does not sort (sorted: false), "+
			"so what was cut cannot be told: set page_size to the API's real limit, or leave it out if it has none", s.spec.PageSize)
	}
	if full && !e.sorted {
		return Verdict{}, fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and row %d is older than the row "+
			"before it, so what was cut cannot be told: set page_size to the API's real limit, or leave it out if it has none",
			s.spec.PageSize, e.at+1)
	}
	if err := s.saw(&c, e.high); err != nil {
		return Verdict{}, err
	}
	sweep.Pages++
	if !e.max.Set {
		if len(p.Rows) > 0 && full {
			return Verdict{}, fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and none has a cursor value "+
				"to go on from", s.spec.PageSize)
		}
		c.Unsorted = false
		err := s.end(&c) // an empty data array: nothing at or behind the value asked with
		return Verdict{Next: c}, err
	}
	_, beyond, err := s.next(c, e.max, e)
	if err != nil {
		return Verdict{}, err
	}
	stays := !beyond
	if full && stays {
		return Verdict{}, s.hidden(c)
	}
	if err := s.passed(&c, e.max, e); err != nil {
		return Verdict{}, err
	}
	// On a source that changes faster than it answers, every answer holds something
	// newer. One much shorter than an earlier answer was not cut, so it is an end too.
	short := !full && len(p.Rows) < sweep.Largest/2
	sweep.Largest = max(sweep.Largest, len(p.Rows))
	if stays || short {
		c.Unsorted = false
		err := s.end(&c)
		return Verdict{Next: c}, err
	}
	return Verdict{Next: c}, nil
}

// hidden is the error of a full answer that leads no further.
func (s timestamp) hidden(c Cursor) error {
	return fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and none is newer than %q, the value "+
		"it was asked with: what lies behind them cannot be reached (P7); set page_size to the API's real limit, or leave it out if it has none",
		s.spec.PageSize, c.Sweep.After)
}

// piece folds a part of an answer that is too long for memory (rule 8). Rows in ascending
// order can be left behind piece by piece, as if the API had cut its answer there; the
// end is for the next question to prove. Out of order, they show nothing of those still
// to come: the sweep goes back to its base (rule 12), and needs the answer whole.
func (s timestamp) piece(c Cursor, p Page, e extent) (Verdict, error) {
	sweep := c.Sweep
	after, err := s.value(sweep.After)
	if err != nil {
		return Verdict{}, err
	}
	older := p.Continued && e.first.Set && after.Set && s.spec.Format.Compare(e.first, after) < 0
	switch {
	case c.Unsorted || (!e.sorted || older) && sweep.Pages == 0:
		return Verdict{}, fmt.Errorf("the answer is too long to be held as a whole, and its rows do not stand in the order of the cursor, " +
			"so it cannot be taken in pieces: set sorted: false, and it is held whole, up to max_body; or raise kafka.max_in_flight (rule 8)")
	case !e.sorted || older:
		c.Unsorted = true
		return Verdict{Next: s.Rewind(c), Restarted: true,
			Warning: fmt.Sprintf("the rows of a long answer do not stand in the order of the cursor; reading the sweep again from %q", sweep.From)}, nil
	}
	if err := s.saw(&c, e.high); err != nil {
		return Verdict{}, err
	}
	sweep.Pages++
	before := sweep.After
	if !p.Continued {
		sweep.Asked, sweep.AskedRows = before, 0
	}
	sweep.AskedRows += len(p.Rows)
	if e.max.Set {
		if err := s.passed(&c, e.max, e); err != nil {
			return Verdict{}, err
		}
	}
	switch {
	case sweep.After != before:
		sweep.Restarts = 0
	case !p.Continued:
		// The rest of the answer leads on, unless it breaks off each time.
		if sweep.Restarts++; sweep.Restarts > maxRestarts {
			return Verdict{}, fmt.Errorf("the answers asked with %q broke off %d times before they came to a greater value (P7): "+
				"raise kafka.max_in_flight, so that more of an answer is taken at once", before, sweep.Restarts)
		}
	}
	if !p.Cut && sweep.After == sweep.Asked { // the whole of the answer showed nothing newer
		if sweep.AskedRows == s.spec.PageSize {
			return Verdict{}, s.hidden(c)
		}
		sweep.Restarts = 0
		err := s.end(&c)
		return Verdict{Next: c}, err
	}
	return Verdict{Next: c}, nil
}

func (s timestamp) Rewind(c Cursor) Cursor { return s.rewind(c) }
