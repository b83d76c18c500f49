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
	if !p.Continued {
		sweep.Part = nil
	}
	e, rows, err := s.whole(sweep.Part, p)
	if err != nil {
		return Verdict{}, err
	}
	seen, err := s.sight(c, p.Rows)
	if err != nil {
		return Verdict{}, err
	}
	if sweep.Part != nil {
		seen = seen.or(sight{sweep.Part.Shown, sweep.Part.Below, sweep.Part.Equal})
	}
	sweep.Pages++
	if !p.Cut {
		if v, again, err := s.doubt(&c, seen); err != nil || again {
			sweep.Part = nil
			return v, err
		}
	}
	if err := s.saw(&c, e.high); err != nil {
		return Verdict{}, err
	}
	if p.Cut {
		// The cursor stays before the answer until all of it has come: only then is it known
		// what the rows behind these are (rules 8 and 12).
		sweep.Part = &Part{Max: string(e.max.Raw), Fine: string(e.fine.Raw), Rows: rows, Unsorted: !e.sorted,
			Shown: seen.shown, Below: seen.below, Equal: seen.equal}
		return Verdict{Next: c}, nil
	}
	sweep.Part = nil
	full := s.spec.PageSize > 0 && rows == s.spec.PageSize
	if full && s.spec.Unsorted {
		return Verdict{}, fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and the API does not sort (sorted: false), "+
			"so what was cut cannot be told: set page_size to the API's real limit, or leave it out if it has none", s.spec.PageSize)
	}
	if full && !e.sorted {
		return Verdict{}, fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and row %d is older than the row "+
			"before it, so what was cut cannot be told: set page_size to the API's real limit, or leave it out if it has none",
			s.spec.PageSize, e.at+1)
	}
	if !e.max.Set {
		if rows > 0 && full {
			return Verdict{}, fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and none has a cursor value "+
				"to go on from", s.spec.PageSize)
		}
		err := s.end(&c) // an empty data array: nothing at or behind the value asked with
		return Verdict{Next: c}, err
	}
	_, beyond, err := s.next(c, e.max, e)
	if err != nil {
		return Verdict{}, err
	}
	stays := !beyond
	if full && stays {
		return Verdict{}, fmt.Errorf("the answer holds exactly page_size (%d) rows, so it may be cut, and none is newer than %q, the value "+
			"it was asked with: what lies behind them cannot be reached (P7); set page_size to the API's real limit, or leave it out if it has none",
			s.spec.PageSize, sweep.After)
	}
	if err := s.passed(&c, e.max, e); err != nil {
		return Verdict{}, err
	}
	// On a source that changes faster than it answers, every answer holds something
	// newer. One much shorter than an earlier answer was not cut, so it is an end too.
	short := !full && rows < sweep.Largest/2
	sweep.Largest = max(sweep.Largest, rows)
	if stays || short {
		err := s.end(&c)
		return Verdict{Next: c}, err
	}
	return Verdict{Next: c}, nil
}

// whole is the extent of the answer so far, and how many rows it has shown: those of the
// page and, where the answer comes in pieces, of the pieces before it.
func (s timestamp) whole(before *Part, p Page) (extent, int, error) {
	e := s.extent(p.Rows, p.Ceiling)
	if before == nil {
		return e, len(p.Rows), nil
	}
	last, err := s.value(before.Max)
	if err != nil {
		return e, 0, err
	}
	fine, err := s.value(before.Fine)
	if err != nil {
		return e, 0, err
	}
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

func (s timestamp) Rewind(c Cursor) Cursor { return s.rewind(c) }
