package strategies

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Sweep is one pass over the API that has not ended yet: what it began with, what it has learnt, and the slices of the
// collection that it is reading.
type Sweep struct {
	// From is the value the sweep was opened with; it does not change (rule 12). Until, window, is where its last span
	// of time ends.
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
	// High is the greatest cursor value read in this sweep that the mark may move to at
	// its end; Ahead, by token and by pager, one that was read and that it may not.
	High  string `json:"high,omitempty"`
	Ahead string `json:"ahead,omitempty"`

	Pages    int64 `json:"pages,omitempty"`    // answers folded
	Rows     int64 `json:"rows,omitempty"`     // rows read, kept by the connector
	Bad      int64 `json:"bad,omitempty"`      // rows that could not be written as what they are, likewise
	Restarts int   `json:"restarts,omitempty"` // times it went back without having gained anything

	Sure   bool `json:"sure,omitempty"`   // by pager: two passes have to agree, whatever the pager
	Recent bool `json:"recent,omitempty"` // window: a page was read of a span in which rows may appear still

	// Observed is what answers have shown of the rows that they have to show again.
	Observed `json:"observed,omitzero"`
	// Parents is how far a sweep by parents has come with them.
	Parents ParentsRead `json:"parents,omitzero"`

	// Slices are those that were begun and have not been read to their ends. That is one: pages are folded one behind the
	// other, however many questions are under way, and a collection that is read as a whole is one slice.
	Slices Slices `json:"slices"`

	// ReadBack is the cursor's ReadBack when the sweep was opened: what a restart
	// from From has to read again.
	ReadBack *ReadBack `json:"read_back,omitempty"`
}

// Observed is what a sweep has found out, and is finding out, of rows that were just read and that the next answer has to show
// again.
type Observed struct {
	// Expect is the value just read whose row the next answer has to show again. Where one did not, Doubt is how far
	// below it the next request begins, in units of the value, and Confirm says that it is asked once more as before.
	// Back says that the value is the mark, which is asked for from as far back as the sweep looks, Rounds how often
	// the filter has looked like one of minutes or days.
	Expect  string `json:"expect,omitempty"`
	Doubt   int64  `json:"doubt,omitempty"`
	Confirm bool   `json:"confirm,omitempty"`
	Back    bool   `json:"back,omitempty"`
	Rounds  int    `json:"rounds,omitempty"`
	// Doubted is the greatest value so doubted, Doubts how many others were since. Prior is what was asked with before,
	// where that cannot be counted.
	Doubted string `json:"doubted,omitempty"`
	Doubts  int    `json:"doubts,omitempty"`
	Prior   string `json:"prior,omitempty"`
}

// Slices are the open slices of a sweep.
type Slices [1]Slice

// Slice is a part of the collection that is read by itself, and how far that has come.
type Slice struct {
	// After is the value the next request asks from; offsets count from it. To, window, is where the span of time ends
	// that is read.
	After string `json:"after,omitempty"`
	To    string `json:"to,omitempty"`

	Value  int    `json:"value,omitempty"`  // of Spec.Values: the one whose rows are read
	Parent string `json:"parent,omitempty"` // the key of the row whose slice it is
	As     string `json:"as,omitempty"`     // that row as it was when its slice was begun, where it is read for having changed
	Begun  bool   `json:"begun,omitempty"`  // a page of a parent's slice was read

	Pages  int64   `json:"pages,omitempty"`  // by pager: read in this pass
	Pass   Digest  `json:"pass,omitzero"`    // the rows of this pass
	Before *Digest `json:"before,omitempty"` // those of the one before
	Passes int     `json:"passes,omitempty"` // that did not agree

	// Pager is what Position belongs to: the pager's name; none before the first page of a list.
	Pager    string   `json:"pager,omitempty"`
	Position Position `json:"position,omitempty"`
}

// Slice is the open slice, which belongs to the sweep.
func (s *Sweep) Slice() *Slice { return &s.Slices[0] }

// Position is where the reading of one slice stands, in a type of its pager's own, which is in the pager's file; nil is before
// the first page. The value behind it does not change once its cursor has been handed on.
type Position interface {
	// wrong calls below with each number that has to be at least so great.
	wrong(below func(name string, n, least int64))
}

// The names of the pagers of strategies that page in a way of their own.
const (
	byValue  = "value"  // keyset: by the last value of the page before
	byCount  = "count"  // offset: by rows counted from a base
	byAnswer = "answer" // timestamp, replay: by the greatest value of the answer before
	byRange  = "range"  // step_size: by ranges of ids
)

// newPosition is a position of a pager's type; nil: there is no pager of that name, or it needs none.
func newPosition(pager string) Position {
	if kind, ok := pagings[pager]; ok && kind.position != nil {
		return kind.position()
	}
	for _, r := range recipes {
		if r.pager == pager && pager != "" {
			return r.position()
		}
	}
	return nil
}

// PagedBy are the names of the pagers by which a strategy may read.
func (r Recipe) PagedBy() []string {
	if r.Walks {
		return r.Pagers
	}
	return []string{r.pager}
}

// position is the sweep's position in the type of one pager; where it has none of that type, one before the first page, which is
// not the sweep's.
func position[P any](s *Sweep) *P {
	if p, ok := any(s.Slice().Position).(*P); ok {
		return p
	}
	return new(P)
}

// At is the sweep's position in the type of one pager; the zero value where it has none of that type.
func At[P any](s *Sweep) (at P) {
	if p, ok := any(s.Slice().Position).(*P); ok {
		at = *p
	}
	return at
}

// clone returns a copy whose sweep can be changed without touching c's, but not its position.
func (c Cursor) clone() Cursor {
	if c.Sweep != nil {
		s := *c.Sweep
		c.Sweep = &s
	}
	return c
}

// placed is clone with a position of a pager's type that can be changed, too. Both lie in one piece of memory, for each page
// makes them.
func placed[P any, PP interface {
	*P
	Position
}](c Cursor, pager string,
) (Cursor, PP) {
	both := &struct {
		sweep Sweep
		at    P
	}{*c.Sweep, At[P](c.Sweep)}
	slice, at := both.sweep.Slice(), PP(&both.at)
	slice.Pager, slice.Position = pager, at
	c.Sweep = &both.sweep
	return c, at
}

// UnmarshalJSON reads slices as they are stored, each position in the type of its pager's. What it does not know is an error.
func (s *Slices) UnmarshalJSON(data []byte) error {
	type plain Slice
	var stored []struct {
		plain
		Position json.RawMessage `json:"position"`
	}
	if err := strictly(data, &stored); err != nil || stored == nil {
		return err
	}
	if len(stored) != len(s) {
		return fmt.Errorf("sweep.slices has %d slices, and this tidemark reads %d", len(stored), len(s))
	}
	for i := range stored {
		one := Slice(stored[i].plain)
		if text := stored[i].Position; len(text) > 0 && string(text) != "null" {
			if one.Position = newPosition(one.Pager); one.Position == nil {
				return fmt.Errorf("sweep.slices[%d] has a position and the pager %q, which has none", i, one.Pager)
			}
			if err := strictly(text, one.Position); err != nil {
				return fmt.Errorf("sweep.slices[%d].position: %w", i, err)
			}
		}
		s[i] = one
	}
	return nil
}

// strictly reads JSON in which nothing may stand that is not known.
func strictly(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// wrong calls below with each number that has to be at least so great, and says what else no sweep of the strategy has.
func (s *Sweep) wrong(r Recipe, below func(name string, n, least int64)) (wrong []string) {
	below("sweep.pages", s.Pages, 0)
	below("sweep.rows", s.Rows, 0)
	below("sweep.bad", s.Bad, 0)
	below("sweep.restarts", int64(s.Restarts), 0)
	below("sweep.observed.doubt", s.Doubt, 0)
	below("sweep.observed.doubts", int64(s.Doubts), 0)
	below("sweep.observed.rounds", int64(s.Rounds), 0)
	below("sweep.parents.slices", s.Parents.Slices, 0)
	below("sweep.parents.gone", s.Parents.Gone, 0)
	for i := range s.Slices {
		if err := s.Slices[i].wrong(r, func(name string, n, least int64) { below(fmt.Sprintf("sweep.slices[%d].%s", i, name), n, least) }); err != nil {
			wrong = append(wrong, fmt.Sprintf("sweep.slices[%d]: %v", i, err))
		}
	}
	return wrong
}

func (s *Slice) wrong(r Recipe, below func(name string, n, least int64)) error {
	below("value", int64(s.Value), 0)
	below("pages", s.Pages, 0)
	below("passes", int64(s.Passes), 0)
	below("pass.rows", int64(s.Pass.Rows), 0)
	if s.Before != nil {
		below("before.rows", int64(s.Before.Rows), 0)
	}
	switch {
	case s.Position == nil && s.Pager == "":
		return nil
	case s.Position == nil:
		return errors.New("it has a pager and no position")
	}
	s.Position.wrong(func(name string, n, least int64) { below("position."+name, n, least) })
	for _, pager := range r.PagedBy() {
		if pager == s.Pager {
			return nil
		}
	}
	return fmt.Errorf("pager is %q, by which %s does not read", s.Pager, r.Name)
}
