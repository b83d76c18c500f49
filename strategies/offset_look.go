package strategies

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/zeebo/xxh3"
)

// look is what Fold needs to know of one page.
type look struct {
	extent
	rows   []Row
	end    int64 // the position behind its last row
	before int   // the last row with a value smaller than the last one; -1: there is none
	group  int   // the first row with the last value; -1: no row has a value
	widest int   // the rows of its widest group
	full   bool  // as many rows as were asked for
	fresh  bool  // it reaches further than the pages from this base before it
	newer  bool  // it shows what was not there, or not reached, when the page before was asked for
	agrees bool  // it ends where the API's own count does
	short  bool  // it is shorter than another one, so no limit of the API's own has cut it
	near   bool  // it reaches the end, as far as can be told
}

func (s *offset) look(c Cursor, p Page) (look, error) {
	sweep, at := c.Sweep, s.at(&c)
	l := look{extent: s.extent(p.Rows, p.Ceiling), rows: p.Rows, end: at.Offset + int64(len(p.Rows)), before: -1, group: -1}
	var before *Value
	last, run := -1, 0
	for i := range p.Rows {
		v := &p.Rows[i].Value
		if !v.Set { // a row that cannot be written has its place all the same
			continue
		}
		if before == nil || v.N != before.N || s.spec.Format.compare(v, before) != 0 {
			l.before, l.group, run = last, i, 0
		}
		if run++; run > l.widest {
			l.widest = run
		}
		last, before = i, v
	}
	l.full = len(p.Rows) >= s.limit(c)
	l.fresh = l.end > at.Seen
	newer := l.last.Set
	for _, known := range [...]string{sweep.High, sweep.Slice().After, at.LastValue} {
		v, err := s.value(known)
		if err != nil {
			return l, err
		}
		newer = newer && (!v.Set || s.spec.Format.Compare(l.last, v) > 0)
	}
	l.newer = newer || at.Seen > 0 && l.fresh
	// A count that agrees although rows were found behind the page is wrong.
	l.agrees = p.Total == l.end && (l.newer || !at.More) && !twice(p.Rows)
	l.short = !l.full && len(p.Rows) < at.Largest
	first := !l.full && at.Largest == 0 && p.Total < 0 // of the first one nothing is known
	l.near = l.agrees || l.short || first || !l.fresh
	return l, nil
}

// ends reports whether the page has reached the end of a list that goes on growing. Where
// the API does not count, one that is not much shorter than others may lack rows for reasons
// of the API's own.
func (l look) ends(longest, limit int) bool {
	n := len(l.rows)
	return l.newer && (l.agrees || l.short && (2*n <= longest || 8*n <= limit))
}

// twice reports whether a page has a row two times: then its length says nothing of places.
func twice(rows []Row) bool {
	seen := make(map[string]bool, len(rows))
	for i := range rows {
		if k := rows[i].Key; len(k) > 0 {
			if seen[string(k)] {
				return true
			}
			seen[string(k)] = true
		}
	}
	return false
}

// seam says whether a page shows the last group from its start. It does where a row of a
// smaller value comes first. A row smaller than the one that stood there, or more of
// them than there were, tell of a list that has grown before the reader, or is another one.
func (s *offset) seam(at *CountPosition, rows []Row) (bool, error) {
	if at.Offset == 0 {
		return true, nil
	}
	if at.LastKey != "" {
		r := &rows[0]
		first, err := s.value(at.FirstValue)
		return r.is(at.LastKey) && (!r.Value.Set || first.Set && s.spec.Format.compare(&r.Value, &first) == 0), err
	}
	last, err := s.value(at.LastValue)
	if err != nil {
		return false, err
	}
	low, err := s.value(at.FirstValue)
	if err != nil {
		return false, err
	}
	first, smaller := true, int64(len(rows))
	for i := range rows {
		v := &rows[i].Value
		if !v.Set {
			continue
		}
		d := s.spec.Format.compare(v, &last)
		if first && (d >= 0 || s.spec.Format.compare(v, &low) < 0) {
			return false, nil
		}
		if first = false; d >= 0 {
			smaller = int64(i)
			break
		}
	}
	return !first && smaller <= at.Group-at.Offset, nil
}

// longestID is how long an id the cursor holds as it is; of a longer one it holds a hash. The
// state topic refuses a cursor of more than a megabyte, for ever.
const longestID = 128

// identity tells a row from others in the cursor: its id, or a hash of the id where that is long,
// or of what the API wrote where the row has none.
func identity(r *Row) string {
	if n := len(r.Key); n > 0 && n <= longestID {
		return string(r.Key)
	}
	h := xxh3.Hash128(named(r))
	return fmt.Sprintf("#%016x%016x", h.Hi, h.Lo)
}

// is reports whether a cursor means the row. Earlier versions kept long ids as they were.
func (r *Row) is(stored string) bool {
	return identity(r) == stored || len(r.Key) > longestID && string(r.Key) == stored
}

// named is what a row is known by: its id or, where it has none, what the API wrote.
func named(r *Row) []byte {
	if len(r.Key) > 0 {
		return r.Key
	}
	return r.JSON
}

// fingerprint tells rows and their values from others, whatever their order.
func fingerprint(rows []Row) string {
	sum := uint64(len(rows))
	for i := range rows {
		sum += xxh3.HashSeed(rows[i].Value.Raw, xxh3.Hash(named(&rows[i])))
	}
	return strconv.FormatUint(sum, 16)
}

// next is where the page behind l begins: far enough back to show the last group from its
// start. ok is false where that is no further on than l itself.
func (l look) next(at *CountPosition) (to int64, ok bool) {
	if l.before < 1 {
		return 0, false
	}
	to = at.Offset + int64(l.before)
	if back := l.end - at.Overlap; back > at.Offset {
		to = min(to, back)
	}
	return to, true
}

// widen makes pages overlap as the widest group needs. It follows slowly where groups get
// smaller, because each change makes the pages asked for ahead useless.
func (l look) widen(at *CountPosition) {
	switch want := int64(l.widest) + 1; {
	case want > at.Overlap:
		at.Overlap = min(want, max(int64(len(l.rows)/2), at.Overlap))
	case want*4 <= at.Overlap:
		at.Overlap /= 2
	}
	at.Overlap = max(at.Overlap, 2)
}

// valued is the first row from i on that has a value; l has one at or behind each place
// that next returns.
func (l look) valued(i int64) Value {
	rows := l.rows[i:]
	at := slices.IndexFunc(rows, func(r Row) bool { return r.Value.Set })
	if at < 0 {
		return Value{}
	}
	return rows[at].Value
}
