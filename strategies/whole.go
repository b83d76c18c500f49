package strategies

import (
	"fmt"

	"github.com/zeebo/xxh3"
)

// An answer that rises may be cut: what lies behind it is asked for next, from its last
// value. One that falls, or is in no order, hides what was cut below the greatest value,
// where no later request looks. So it is taken for whole only where the configuration says
// that the API has no pages, where the answer proves it, or where asking again does: the
// rows from the second smallest value on must be the same ones when they are asked for
// alone. An API that cuts has room then for a row that it left out. Newest first it has
// none, for it leaves out the oldest rows: such an answer is refused (rule 20).

// Digest stands for a set of rows, whatever their order, by their keys: a row that changes
// between two answers moves to a greater value, and both show it. The sum is of 53 bits,
// which any reader of JSON keeps.
type Digest struct {
	Rows int    `json:"rows,omitempty"`
	Keys uint64 `json:"keys,omitempty"`
}

const digestBits = 1<<53 - 1

func (d *Digest) add(r *Row) {
	d.join(Digest{1, xxh3.Hash(r.Key)})
}

func (d *Digest) join(o Digest) {
	d.Rows += o.Rows
	d.Keys = (d.Keys + o.Keys) & digestBits
}

// Tally is what is kept of an answer that does not rise, so that the same rows can be known
// again.
type Tally struct {
	Least  string `json:"least,omitempty"`  // the smallest value
	Second string `json:"second,omitempty"` // the one after it
	Last   string `json:"last,omitempty"`   // the last row's
	Rises  int    `json:"rises,omitempty"`  // rows that are newer than the row before them
	Falls  int    `json:"falls,omitempty"`  // and those that are older
	Tied   Digest `json:"tied,omitzero"`    // the rows at Least
	Rest   Digest `json:"rest,omitzero"`    // the others
}

// Proof is what an answer has to hold that proves an earlier one whole: its rows from From
// on.
type Proof struct {
	Since string `json:"since,omitempty"` // what it is asked with
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"` // the greatest value of the first one
	Rows  Digest `json:"rows,omitzero"`
	Count string `json:"count,omitempty"` // what counted more rows than the first one held
}

// Part is the beginning of one answer. It means nothing to a question that is asked anew.
type Part struct {
	Max      string `json:"max,omitempty"`  // the greatest cursor value
	High     string `json:"high,omitempty"` // the greatest one that may move the mark
	Fine     string `json:"fine,omitempty"` // one written in the finest layout (rule 14)
	Rows     int    `json:"rows,omitempty"`
	Unsorted bool   `json:"unsorted,omitempty"` // the rows do not rise
	Tally    *Tally `json:"tally,omitempty"`    // of an API that is known not to sort
	Shown    bool   `json:"shown,omitempty"`    // the row that is expected came
	Equal    bool   `json:"equal,omitempty"`    // one at the very value asked from did, though the filter was found strict
	Near     bool   `json:"near,omitempty"`     // one below its value did, asked from below
	Below    bool   `json:"below,omitempty"`    // one at or below the value asked from did, where that lies below the row's
}

// tally adds rows of the answer in hand to what the pieces before them have shown.
func (s *timestamp) tally(before *Part, proof *Proof, rows []Row) (*Tally, error) {
	var t Tally
	if before != nil && before.Tally != nil {
		t = *before.Tally
	}
	if proof != nil {
		return &t, s.compare(&t, proof, rows)
	}
	f := s.spec.Format
	var v [3]Value
	for i, text := range [3]string{t.Least, t.Second, t.Last} {
		var err error
		if v[i], err = s.value(text); err != nil {
			return nil, err
		}
	}
	least, second, last := v[0], v[1], v[2]
	for i := range rows {
		r := &rows[i]
		if !r.Value.Set {
			continue
		}
		if last.Set {
			switch d := f.compare(&r.Value, &last); {
			case d > 0:
				t.Rises++
			case d < 0:
				t.Falls++
			}
		}
		last = r.Value
		switch d := below(f, &r.Value, &least); {
		case d > 0:
			if !second.Set || f.compare(&r.Value, &second) < 0 {
				second = r.Value
			}
			t.Rest.add(r)
			continue
		case d < 0:
			t.Rest.join(t.Tied)
			least, second, t.Tied = r.Value, least, Digest{}
		}
		t.Tied.add(r)
	}
	t.Least, t.Second, t.Last = string(least.Raw), string(second.Raw), string(last.Raw)
	return &t, nil
}

// below compares v with the least value so far, which may be unset.
func below(f Format, v, least *Value) int {
	if !least.Set {
		return -1
	}
	return f.compare(v, least)
}

// compare adds rows of the answer that is to be the proof.
func (s *timestamp) compare(t *Tally, p *Proof, rows []Row) error {
	from, err := s.value(p.From)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if !r.Value.Set {
			continue
		}
		switch d := s.spec.Format.compare(&r.Value, &from); {
		case d == 0:
			t.Tied.add(r)
			fallthrough
		case d > 0:
			t.Rest.add(r)
		}
	}
	return nil
}

// unrisen judges an answer of so many rows that does not rise, or whose rising means
// nothing (sorted: false): whether it is proven whole, or may be yet. One that rises is read
// on even where an earlier one did not: by chance that is a short one, and no limit cut it.
func (s *timestamp) unrisen(c *Cursor, e extent, rows int, more *Evidence) (proven bool, warning string, err error) {
	sweep := c.Sweep
	all := sweep.Slice().After == sweep.From && c.Mark == "" // what the API counts besides the request's rows is nothing
	counts := more.beyond(rows) && (all || more.Kind == CountFilter)
	sure := more.Flag || counts && !s.spec.Unpaged
	switch {
	case sure:
		return false, "", s.cut(e, rows, "and says that there is more ("+more.more(rows)+")")
	case s.spec.Unpaged && counts:
		return true, fmt.Sprintf("the answer of %d rows counts more (%s), and is taken for whole because page_size is none", rows, more.counted()), nil
	case s.spec.Unpaged:
		return true, "", nil
	case more.More != "":
		return false, "", s.cut(e, rows, "and leads to a next page ("+more.More+")")
	case s.spec.PageSize > 0: // it would hold that many
		return true, "", nil
	case more.whole(rows):
		return true, "", nil
	case rows < c.Longest: // a limit would have cut that one
		return true, "", nil
	}
	return false, "", nil
}

// cut is the error of an answer that does not rise and may be cut.
func (s *timestamp) cut(e extent, rows int, why string) error {
	order := "is in no order that means anything (sorted: false)"
	switch {
	case e.sorted:
	case e.at > 0:
		order = fmt.Sprintf("does not rise (row %d is older than the row before it)", e.at+1)
	default:
		order = "does not rise"
	}
	remedy := "or, if it gives everything at once, set page_size: none"
	if s.spec.Unpaged {
		remedy = "and remove page_size: none"
	}
	return fmt.Errorf("the answer of %d rows %s, %s, so it is not proven whole, and what it leaves out would be lost: "+
		"make the API sort ascending by the cursor field (query), read it with a strategy that pages (keyset, offset), %s", rows, order, why, remedy)
}

// unproven goes on from an answer that is not proven whole: it asks for what proves it.
func (s *timestamp) unproven(c Cursor, e extent, rows int, t *Tally, more *Evidence) (Verdict, error) {
	c.Unsorted, c.Longest = true, max(c.Longest, rows)
	if t == nil { // its rows are gone, piece by piece: they are tallied when they come again
		return Verdict{Next: c}, nil
	}
	if t.Falls > 2*t.Rises {
		why := "and nothing in it says that it holds all there are"
		if more.beyond(rows) {
			why = "and counts more (" + more.counted() + ")"
		}
		return Verdict{}, s.cut(e, rows, why)
	}
	var v [4]Value
	for i, text := range [4]string{t.Second, t.Least, c.Sweep.Slice().After, c.Window} {
		var err error
		if v[i], err = s.value(text); err != nil {
			return Verdict{}, err
		}
	}
	// Asked from lower down than needed, the first answer's oldest rows would come again, and
	// leave no room for those that a limit left out.
	since, err := s.ask(&c, v[0], 0, e.fine, v[1], v[2], v[3])
	if c.Sweep.Restarts%2 == 1 && c.Filter == "" { // unless the filter leaves out the very value, which is not known yet
		since, err = s.careful(&c, v[0], 0)
	}
	if err != nil {
		return Verdict{}, err
	}
	at := s.at(&c)
	at.Proof = &Proof{Since: since, From: t.Second, To: string(e.max.Raw), Rows: t.Rest}
	if more.beyond(rows) {
		at.Proof.Count = more.counted()
	}
	return Verdict{Next: c}, nil
}

// proved holds the second answer against the first.
func (s *timestamp) proved(c Cursor, e extent, rows int, t *Tally, more *Evidence) (Verdict, error) {
	sweep, at := c.Sweep, s.at(&c)
	p := at.Proof
	at.Proof = nil
	to, err := s.value(p.To)
	if err != nil {
		return Verdict{}, err
	}
	// With as many rows as the first one it may be cut itself. And where its count is that of
	// its own rows, the first one's was too, and was greater.
	honest := p.Count != "" && more.all(rows)
	// Asked with the very value it begins at, an answer that shows no row there may be that of
	// a filter that leaves it out: then it tells nothing of the rows at that value.
	included := p.Since != p.From || t.Tied.Rows > 0 || c.Filter == FilterInclusive
	if rows < c.Longest && t.Rest == p.Rows && !honest && included {
		at.Promise, at.Ties, at.Left, at.Passed = "", 0, 0, 0
		text, beyond, err := s.next(&c, to, e)
		if err != nil {
			return Verdict{}, err
		}
		if !beyond {
			err := s.end(&c)
			return Verdict{Next: c}, err
		}
		return Verdict{Next: c}, s.moved(&c, to, e, text)
	}
	// Rows may have come or gone between the two: both are asked for again.
	sweep.Restarts++
	if sweep.Restarts > maxRestarts {
		return Verdict{}, fmt.Errorf("the answer is in no order, and asked from %q the API shows other rows than it had from there on "+
			"(%d, and there were %d), %d times: it is cut, so it is not proven whole, and what it leaves out would be lost: "+
			"make the API sort ascending by the cursor field (query), read it with a strategy that pages (keyset, offset), "+
			"or, if it gives everything at once and changes all the time, set page_size: none", p.From, t.Rest.Rows, p.Rows.Rows, sweep.Restarts)
	}
	return Verdict{Next: c}, nil
}
