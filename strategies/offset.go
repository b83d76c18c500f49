package strategies

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"time"
)

// offset reads rows changed since a frozen base, counting rows from it. Each page
// begins with the last row of the one before, so that a shift of the list under the
// reader, and an order that is none, show at the seam; then the sweep goes back to the
// last value it is sure of and counts from there (rule 16). It never steps over a row.
//
// One row that leaves while another arrives before the reader keeps the seam. Rows arrive
// only in the newest group, those that share the greatest value. So once the reader has
// come near the end, the last value of each page is the next base, counted from zero: the
// group comes again, whole and in one answer with what lies behind it. A group wider than
// a page has to be counted; it is read once more when something beyond it has been seen,
// and only then left behind. A sweep ends at a base beyond which it read nothing.
//
// What stays open: far from the end, that the newest group is passed because a whole page
// of newer rows arrived between two requests, while a row came to that group and another
// left it; and an API that orders the rows of one value otherwise from one request to the
// next, where more of them than a page holds. Rescans are for that.
type offset struct{ core }

func newOffset(spec Spec) (Strategy, error) {
	k, err := newCore(spec, spec.Lookback)
	if err != nil {
		return nil, err
	}
	switch {
	case spec.PageSize < 2:
		return nil, fmt.Errorf("page_size %d: offset needs one of at least 2, for each page begins with the last row of the one before", spec.PageSize)
	case spec.Params.Offset == "" || spec.Params.Limit == "":
		return nil, fmt.Errorf("offset needs the names of the parameters of a page (params.offset, params.limit)")
	case spec.Params.Since == "":
		return nil, fmt.Errorf("offset needs the name of the parameter that filters by the cursor field (params.since)")
	}
	return offset{k}, nil
}

func (s offset) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep != nil {
		return c, nil
	}
	return s.open(c)
}

func (s offset) limit(c Cursor) int {
	if c.PageLimit > 1 {
		return min(c.PageLimit, s.spec.PageSize)
	}
	return s.spec.PageSize
}

// overlap is how many rows of the page before the next request asks for again.
func (s offset) overlap(c Cursor) int64 {
	if c.Sweep.Offset == 0 || c.Sweep.Probe {
		return 0
	}
	return 1
}

func (s offset) Query(c Cursor) Query {
	p := s.spec.Params
	q := Query{Params: make([]Param, 0, 5)}
	add := func(name, value string) {
		if name != "" && value != "" {
			q.Params = append(q.Params, Param{name, value})
		}
	}
	add(p.OrderBy, s.spec.OrderBy)
	if s.spec.OrderBy != "" {
		add(p.OrderType, "asc")
	}
	add(p.Since, c.Sweep.After)
	add(p.Limit, strconv.Itoa(s.limit(c)))
	add(p.Offset, strconv.FormatInt(c.Sweep.Offset-s.overlap(c), 10))
	return q
}

func (s offset) Fold(c Cursor, p Page) (Verdict, error) {
	overlap := s.overlap(c)
	c = c.clone()
	sweep := c.Sweep
	sweep.Pages++
	if v, again, err := s.based(&c, p.Rows); err != nil || again {
		return v, err
	}
	rows := p.Rows
	if overlap > 0 {
		if len(rows) == 0 || !seam(&rows[0], sweep) {
			return s.again(c, "the list moved under the reader: the row before the page is not the one read last")
		}
		rows = rows[1:]
	}
	if sweep.Probe && len(rows) > 0 {
		// There is more after all. These rows did not come with the one before them, so
		// nothing shows that none was passed over, or that they stand behind it: ask again
		// with the overlap.
		sweep.Probe, sweep.More = false, true
		return Verdict{Next: c, Restarted: true}, nil
	}
	e := s.extent(rows, p.Ceiling)
	last, err := s.value(sweep.LastValue)
	if err != nil {
		return Verdict{}, err
	}
	if !e.sorted || (last.Set && e.first.Set && s.spec.Format.Compare(e.first, last) < 0) {
		return s.unsorted(c, e.at)
	}
	if len(rows) == 0 {
		return s.empty(c, p.Total, overlap)
	}
	sweep.More = false
	_, beyond, err := s.next(c, e.last, e)
	if err != nil {
		return Verdict{}, err
	}
	near := sweep.Near || len(p.Rows) < s.limit(c)
	if p.Total >= 0 {
		near = sweep.Near || p.Total <= sweep.Offset+int64(len(rows))
	}
	switch {
	case !near || !beyond:
		if err := s.saw(&c, e.high); err != nil {
			return Verdict{}, err
		}
		sweep.Offset += int64(len(rows))
		sweep.LastKey = identity(&rows[len(rows)-1])
		if e.last.Set {
			sweep.LastValue = string(e.last.Raw)
		}
		if !beyond {
			return Verdict{Next: c}, nil
		}
		// After stays: offsets count from it. The window need not hold what lies before
		// the seam, for a page whose seam does not fit is not delivered.
		return Verdict{Next: c}, s.raise(&c, e.last, e.fine)
	case sweep.Offset > 0 && !(sweep.Near && sweep.Settled):
		// Once there are greater values, no more rows come to the group of the seam.
		if _, err := s.rebase(&c); err != nil {
			return Verdict{}, err
		}
		sweep.Near, sweep.Settled = true, !last.Set || s.spec.Format.Compare(e.last, last) > 0
		s.count(sweep)
		return Verdict{Next: c}, nil
	}
	if err := s.saw(&c, e.high); err != nil {
		return Verdict{}, err
	}
	if err := s.passed(&c, e.last, e); err != nil {
		return Verdict{}, err
	}
	sweep.Near, sweep.Settled, sweep.Restarts = true, false, 0
	s.count(sweep)
	return Verdict{Next: c}, nil
}

// based looks whether a list that begins at a value just read begins with its row.
func (s offset) based(c *Cursor, rows []Row) (Verdict, bool, error) {
	if c.Sweep.Offset > 0 || c.Sweep.Probe {
		return Verdict{}, false, nil
	}
	seen, err := s.sight(*c, rows)
	if err != nil {
		return Verdict{}, false, err
	}
	return s.doubt(c, seen)
}

// Guess counts on. A page asked for before the one in front of it is as good as one asked
// for behind it: the seam between the two holds a row and its value, and whatever stood
// still between two seams is in one of the pages, whichever was read first. Near the end,
// where each page's last value is the next base, nothing can be guessed.
func (s offset) Guess(c Cursor, rows int, total int64) (Cursor, bool) {
	if c.Sweep == nil || c.Sweep.Near || c.Sweep.Probe {
		return c, false
	}
	size := int64(min(rows, s.limit(c))) // a server-side cap shows in the page before
	next := c.Sweep.Offset + size - s.overlap(c)
	if size < 2 || total >= 0 && total <= next {
		return c, false
	}
	c = c.clone()
	c.Sweep.Offset = next
	return c, true
}

// rebase makes the last value read the base, where it lies beyond the present one.
func (s offset) rebase(c *Cursor) (bool, error) {
	last, err := s.value(c.Sweep.LastValue)
	if err != nil {
		return false, err
	}
	_, beyond, err := s.next(*c, last, extent{})
	if err != nil || !beyond {
		return false, err
	}
	return true, s.passed(c, last, extent{})
}

// lower brings the window back to where it was at the base: the rows counted from there
// raised it, and will come again (rule 9).
func (s offset) lower(c *Cursor) error {
	c.Window, c.ReadBack = c.Sweep.From, c.Sweep.ReadBack
	if c.Sweep.After == c.Sweep.From {
		return nil
	}
	after, err := s.value(c.Sweep.After)
	if err != nil {
		return err
	}
	return s.raise(c, after)
}

// count begins to count rows from the base again.
func (s offset) count(sweep *Sweep) {
	sweep.Offset, sweep.LastKey, sweep.LastValue, sweep.Probe, sweep.More = 0, "", "", false, false
}

// seam says whether row is the last one read. A row without a value, which is a bad one,
// is known by itself: LastValue is then that of the rows before it.
func seam(row *Row, s *Sweep) bool {
	return identity(row) == s.LastKey && (!row.Value.Set || string(row.Value.Raw) == s.LastValue)
}

// identity tells a row from others at the seam: its id or, where it has none, a hash of
// what the API wrote.
func identity(r *Row) string {
	if len(r.Key) > 0 {
		return string(r.Key)
	}
	h := fnv.New64a()
	h.Write(r.JSON)
	return fmt.Sprintf("#%016x", h.Sum64())
}

// empty decides on a page with no row behind the ones read. It ends the sweep unless
// the API's own count contradicts it (P8).
func (s offset) empty(c Cursor, total, overlap int64) (Verdict, error) {
	sweep := c.Sweep
	switch {
	case overlap > 0 && sweep.More && sweep.Restarts == 0:
		// Two live changes between requests look the same; then it does not happen again.
		// From the base, for nothing is sure behind a row that could not be looked behind.
		sweep.Restarts++
		s.count(sweep)
		err := s.lower(&c)
		return Verdict{Next: c, Restarted: true}, err
	case overlap > 0 && sweep.More:
		return Verdict{}, fmt.Errorf("the API gives one row a page although the request asks for %d, and more rows lie behind it: "+
			"pages of one row cannot overlap, so a row that moves would be passed over unseen (P2); raise the API's page size", s.limit(c))
	case overlap > 0 && (total < 0 || total > sweep.Offset):
		// Only the overlapping row came. An API that caps pages at one row would look
		// the same, so the place behind is asked for by itself.
		sweep.Probe = true
		return Verdict{Next: c}, nil
	case total >= 0 && total != sweep.Offset:
		return s.again(c, fmt.Sprintf("the API counts %d rows, but %d were read up to an empty page", total, sweep.Offset))
	}
	if moved, err := s.rebase(&c); err != nil {
		return Verdict{}, err
	} else if moved {
		sweep.Near, sweep.Settled = true, false
		s.count(sweep)
		return Verdict{Next: c}, nil
	}
	c.Unsorted = false
	err := s.end(&c)
	return Verdict{Next: c}, err
}

// again goes back to a place that is sure. Where rows beyond the base were read, that
// is their last value, counted from zero: the rows that share it come again and the window
// drops them. Where nothing was gained the sweep is read once more, then given up
// with a warning and a mark that stands before what could not be proven.
func (s offset) again(c Cursor, why string) (Verdict, error) {
	sweep := c.Sweep
	moved, err := s.rebase(&c)
	if err != nil {
		return Verdict{}, err
	}
	if moved {
		sweep.Settled = false
	} else {
		sweep.Restarts++
	}
	s.count(sweep)
	if sweep.Restarts > 1 {
		v := Verdict{Restarted: true, Warning: why + " (twice); the sweep stops at " + strconv.Quote(sweep.After) + " and the next one goes on from there"}
		err := s.end(&c)
		v.Next = c
		return v, err
	}
	return Verdict{Next: c, Restarted: true}, nil
}

// unsorted restarts from where the sweep was opened (rule 12); an API that does it
// again does not sort.
func (s offset) unsorted(c Cursor, at int) (Verdict, error) {
	if c.Unsorted {
		return Verdict{}, fmt.Errorf("row %d of the page is older than the row before it although the request asks for order %s=%s: "+
			"offset cannot read an API that does not sort; read this collection with timestamp", at+1, s.spec.Params.OrderBy, s.spec.OrderBy)
	}
	c.Unsorted = true
	return Verdict{Next: s.Rewind(c), Restarted: true}, nil
}

// Rewind also forgets the greatest value read: without an order it says nothing about the
// rows before it, and a sweep that is given up later must not make it the mark (P2).
func (s offset) Rewind(c Cursor) Cursor {
	c = s.rewind(c)
	c.Sweep.High = ""
	return c
}

var limitTexts = []*regexp.Regexp{
	regexp.MustCompile(`(?i)between\s+\d+\s+and\s+(\d+)`),
	regexp.MustCompile(`(?i)(?:at most|up to|maximum(?:\s+\w+){0,3}?|max\w*(?:\s+\w+){0,2}?|exceeds?|no more than|less than or equal to|<=)\s*(?:of|is|:|=)?\s*(\d+)`),
}

// LearnLimit reads the page size that an API allows out of the message with which it
// refused a larger one. It reports false where the message does not tell, or where the
// limit it names would not have been exceeded.
func LearnLimit(s Strategy, c Cursor, message string) (Cursor, bool) {
	o, ok := s.(offset)
	if !ok {
		return c, false
	}
	for _, re := range limitTexts {
		m := re.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 2 && n < o.limit(c) {
			c.PageLimit = n
			return c, true
		}
	}
	return c, false
}
