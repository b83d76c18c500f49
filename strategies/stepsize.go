package strategies

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// stepSize reads ranges of ids up to max_id. Ranges may be empty, so only max_id ends
// a sweep; the mark is the greatest id seen, so that an id that appears behind it is
// found by the next poll (rule 18).
//
// Ids rise while the sweep runs. A range that has rows may show ids whose predecessors
// were inserted after the ranges before it were read, so a range begins right behind the
// last id seen, and where whole ranges between were found empty they are read once more,
// now that a greater id is known (P2). A sweep costs at most twice the ranges and the rows, and
// one that finds nothing new just the ranges from the mark to max_id. An id that appears
// below a greater one is late; it is not found but by a rescan.
type stepSize struct{ core }

// RangePosition is where step_size stands.
type RangePosition struct {
	Next int64 `json:"next"` // the first id of the next range
}

func (*RangePosition) wrong(func(name string, n, least int64)) {}

// next is the first id of the next range.
func (s *stepSize) next(c Cursor) int64 { return position[RangePosition](c.Sweep).Next }

func newStepSize(spec Spec) (Strategy, error) {
	spec.Format, spec.FirstMark, spec.Strict = Integer, "", false
	k, err := newCore(spec, 0)
	if err != nil {
		return nil, err
	}
	switch {
	case spec.InitialID < 0:
		return nil, fmt.Errorf("initial_id %d: must not be negative", spec.InitialID)
	case spec.StepSize < 1:
		return nil, fmt.Errorf("step_size %d: must be at least 1", spec.StepSize)
	case spec.MaxID < spec.InitialID:
		return nil, fmt.Errorf("max_id %d: must not be below initial_id %d", spec.MaxID, spec.InitialID)
	case spec.MaxID > math.MaxInt64-spec.StepSize:
		return nil, fmt.Errorf("max_id %d: too great", spec.MaxID)
	case spec.Params.StartID == "" || spec.Params.EndID == "":
		return nil, fmt.Errorf("step_size needs the names of the parameters that bound the range (params.start_id, params.end_id)")
	}
	return &stepSize{k}, nil
}

func (s *stepSize) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep != nil && s.next(c) <= s.spec.MaxID {
		return c, nil
	}
	next, err := s.afterMark(c)
	if err != nil {
		return c, err
	}
	c.Sweep = &Sweep{From: strconv.FormatInt(next, 10), ReadBack: c.ReadBack, Slices: Slices{{Pager: byRange, Position: &RangePosition{next}}}}
	c.Window = c.Sweep.From
	return c, nil
}

// afterMark is the first id that was not delivered. At max_id it stays there: the last
// id is asked for again, so that every sweep says that the cap is reached.
func (s *stepSize) afterMark(c Cursor) (int64, error) {
	mark, err := s.value(c.Mark)
	if err != nil {
		return 0, err
	}
	if !mark.Set || mark.N < s.spec.InitialID {
		return s.spec.InitialID, nil
	}
	if mark.N >= s.spec.MaxID {
		return s.spec.MaxID, nil
	}
	return mark.N + 1, nil
}

func (s *stepSize) lastOf(c Cursor) int64 {
	return min(s.next(c)+s.spec.StepSize-1, s.spec.MaxID)
}

func (s *stepSize) Query(c Cursor) Query {
	return Query{Params: []Param{
		{RoleStartID, strconv.FormatInt(s.next(c), 10)},
		{RoleEndID, strconv.FormatInt(s.lastOf(c), 10)},
	}}
}

func (s *stepSize) Fold(c Cursor, p Page) (Verdict, error) {
	c, at := placed[RangePosition](c, byRange)
	sweep := c.Sweep
	last := s.lastOf(c)
	for i := range p.Rows {
		v := p.Rows[i].Value
		if v.Set && (v.N < at.Next || v.N > last) {
			return Verdict{}, fmt.Errorf("row %d has id %d, outside the range %d to %d that was asked for: the API does not honour %s and %s",
				i+1, v.N, at.Next, last, s.spec.Params.StartID, s.spec.Params.EndID)
		}
	}
	sweep.Pages++
	found := s.extent(p.Rows, Value{}).max
	known, err := s.value(sweep.High)
	if err != nil {
		return Verdict{}, err
	}
	back, err := s.afterMark(c)
	if err != nil {
		return Verdict{}, err
	}
	if known.Set {
		back = max(back, known.N+1) // what lies below was read after that id was seen
	}
	if err := s.saw(&c, found, ""); err != nil {
		return Verdict{}, err
	}
	if found.Set && back < at.Next {
		at.Next = back
		return Verdict{Next: c, Restarted: true}, nil
	}
	if err := s.lift(&c, found); err != nil {
		return Verdict{}, err
	}
	next, err := s.afterMark(c)
	if err != nil {
		return Verdict{}, err
	}
	c.Window = strconv.FormatInt(next, 10)
	at.Next = last + 1
	if found.Set {
		at.Next = found.N + 1
	}
	if last < s.spec.MaxID {
		return Verdict{Next: c}, nil
	}
	c.Sweep = nil
	v := Verdict{Next: c}
	if mark, err := s.value(c.Mark); err != nil {
		return Verdict{}, err
	} else if mark.Set && mark.N >= s.spec.MaxID {
		v.Warning = fmt.Sprintf("id %d has reached max_id: greater ids are never asked for; raise max_id", mark.N)
	}
	return v, nil
}

// Guess is the next range, which is asked for if the one before ends with its last id, or
// has none. Read too early it shows fewer ids, never later ones: an id that appears in
// the range before, after that was read, is found as it is in ranges read in turn.
func (s *stepSize) Guess(c Cursor, _ int, _ int64) (Cursor, bool) {
	if c.Sweep == nil || s.lastOf(c) >= s.spec.MaxID {
		return c, false
	}
	c, at := placed[RangePosition](c, byRange)
	at.Next = s.lastOf(c) + 1
	return c, true
}

// lift raises the mark to the greatest id of a range: all ids up to there were delivered.
// Under a max_id that was lowered the mark stays (P6).
func (s *stepSize) lift(c *Cursor, v Value) error {
	mark, err := s.greater(c.Mark, v)
	c.Mark = mark
	return err
}

func (s *stepSize) Rewind(c Cursor) Cursor {
	c, at := placed[RangePosition](c, byRange)
	at.Next, c.Window, c.ReadBack = s.spec.InitialID, c.Sweep.From, c.Sweep.ReadBack
	if from, err := s.value(c.Sweep.From); err == nil && from.Set {
		at.Next = from.N
	}
	c.Sweep.Restarts++
	return c
}
