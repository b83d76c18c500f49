package strategies

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// offset reads rows changed since a frozen base, counting rows from it (rule 16).
//
// Rows that share a cursor value stand in no order that could be relied on: a database that
// sorts for one page gives them another order for each offset and limit. So a group of
// rows with one value is known to be read whole only where one answer shows a smaller row
// before it (or the start of the list) and a greater row behind it. Each page therefore
// begins with the row before the last group of the page before, or further back, and what is
// held against each other at the seam are values: an answer whose first row is smaller than
// the last group shows that group from its start, whatever moved meanwhile. All groups
// below the last one of the answers so far have been read whole, and as rows that change get
// values no smaller than those read, no row comes to them unseen. Where the seam does
// not fit, the value of the last group is the new base, and counting begins anew.
//
// A group that fills a page from its first row to its last is asked for with a greater
// limit, until it fits. Where order_by names a second field the ties have an order, and such
// a group is counted: then its last row is looked for again at the seam (LastKey).
//
// An empty page proves an end only together with the rows before it. Where the API counts
// its rows, a page that ends at the count is the end if its last row, asked for again, comes
// alone. Where it does not, the same rows have to be seen before and after the empty page:
// they were there when it was asked for, so there was room for no other. On a source that
// changes between any two requests neither comes about; a sweep that has reached the end of
// the list often enough is over all the same.
type offset struct {
	core
	breaks bool // order_by has a field that orders rows of one value
}

// CountPosition is where offset stands, counted from the value that its slice is asked from.
type CountPosition struct {
	Offset int64 `json:"offset,omitempty"` // where the next page begins
	Seen   int64 `json:"seen,omitempty"`   // and the place behind the rows read

	// Group is the place of the last group of rows that share a value, LastValue that value, and FirstValue the one that
	// the next page begins with at the least. LastKey is the last row read, as identity has it, where a group is counted over
	// several pages.
	Group      int64  `json:"group,omitempty"`
	FirstValue string `json:"first_value,omitempty"`
	LastValue  string `json:"last_value,omitempty"`
	LastKey    string `json:"last_key,omitempty"`

	Look    string `json:"look,omitempty"`    // a hash of the rows between Offset and Seen, which have to come again to prove the end
	Overlap int64  `json:"overlap,omitempty"` // rows that a page shares with the one before it
	Limit   int    `json:"limit,omitempty"`   // rows to ask for, where a group is wider than a page
	Largest int    `json:"largest,omitempty"` // rows of the longest answer
	Busy    int    `json:"busy,omitempty"`    // pages that reached the end of a list that went on growing
	Probe   bool   `json:"probe,omitempty"`   // the next request asks what lies behind Seen
	More    bool   `json:"more,omitempty"`    // that request found rows
	Settled bool   `json:"settled,omitempty"` // a value beyond the one asked from was seen before counting began
}

func (p *CountPosition) wrong(below func(name string, n, least int64)) {
	below("offset", p.Offset, 0)
	below("seen", p.Seen, 0)
	below("group", p.Group, 0)
	below("overlap", p.Overlap, 0)
	below("limit", int64(p.Limit), 0)
	below("largest", int64(p.Largest), 0)
	below("busy", int64(p.Busy), 0)
}

// Widened is how many rows a request asks for in the place of page_size, because a group of rows that share a value is wider
// than a page; 0: none is.
func (c Cursor) Widened() int {
	if c.Sweep == nil {
		return 0
	}
	return At[CountPosition](c.Sweep).Limit
}

// at is the sweep's position. It can be changed where placed has made it.
func (s *offset) at(c *Cursor) *CountPosition { return position[CountPosition](c.Sweep) }

// busyEnds is how many pages have to reach the end of the list, as far as can be told, and
// each bring something newer, before one of them is taken for the end.
const busyEnds = 4

func newOffset(spec Spec) (Strategy, error) {
	k, err := newCore(spec, spec.Lookback)
	if err != nil {
		return nil, err
	}
	switch {
	case spec.PageSize < 2:
		return nil, fmt.Errorf("page_size %d: offset needs one of at least 2, for each page begins with a row of the one before", spec.PageSize)
	case spec.Params.Offset == "" || spec.Params.Limit == "":
		return nil, fmt.Errorf("offset needs the names of the parameters of a page (params.offset, params.limit)")
	case spec.Params.Since == "":
		return nil, fmt.Errorf("offset needs the name of the parameter that filters by the cursor field (params.since)")
	}
	return &offset{k, BreaksTies(spec.OrderBy)}, nil
}

// BreaksTies reports whether order_by names more than one field, so that rows which share
// the first one's value have an order among themselves.
func BreaksTies(orderBy string) bool { return strings.ContainsAny(orderBy, ",;") }

func (s *offset) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep == nil {
		return s.open(c)
	}
	if at := s.at(&c); at.Offset > 0 && at.Seen == 0 {
		// An earlier version counted, whose seams say less. It is read again from its start.
		restarts := c.Sweep.Restarts
		c = s.Rewind(c)
		c.Sweep.Restarts = restarts
	}
	return c, nil
}

// limit is how many rows a request asks for: page_size, or as many as a wide group needs,
// and no more than the API allows.
func (s *offset) limit(c Cursor) int {
	n := s.spec.PageSize
	if c.Sweep != nil {
		n = max(n, s.at(&c).Limit)
	}
	if c.PageLimit > 1 {
		n = min(n, c.PageLimit)
	}
	return n
}

func (s *offset) Query(c Cursor) Query {
	q := Query{Params: make([]Param, 0, 5)}
	add := func(r Role, value string) {
		if value != "" && s.spec.Params.Of(r) != "" {
			q.Params = append(q.Params, Param{r, value})
		}
	}
	add(RoleOrderBy, s.spec.OrderBy)
	if s.spec.OrderBy != "" {
		add(RoleOrderType, "asc")
	}
	add(RoleSince, c.Sweep.Slice().After)
	add(RoleLimit, strconv.Itoa(s.asks(c)))
	add(RoleOffset, strconv.FormatInt(s.place(s.at(&c)), 10))
	return q
}

// place is where the next page begins.
func (s *offset) place(at *CountPosition) int64 {
	switch {
	case !at.Probe:
		return at.Offset
	case s.tail(at):
		return at.Seen - 1
	}
	return at.Seen
}

// tail says that the last row is asked for once more, with what lies behind it. That is
// enough where the API's count said that nothing does; but not where no page has more than
// one row.
func (s *offset) tail(at *CountPosition) bool { return at.Look == "" && at.Largest > 1 }

// Guess counts on. A page asked for before the one in front of it is as good as one asked
// for behind it: it shows by itself that the group at the seam is whole, and whatever stood
// still is in one of the pages, whichever was read first. The rows that a page shares with
// the one before it are as many as the widest group of the pages so far needs, so that
// their number can be told before the page is there.
func (s *offset) Guess(c Cursor, rows int, total int64) (Cursor, bool) {
	if c.Sweep == nil {
		return c, false
	}
	at := s.at(&c)
	if at.Probe || at.Look != "" {
		return c, false
	}
	end := at.Offset + int64(min(rows, s.limit(c))) // a server-side cap shows in the page before
	next := end - max(at.Overlap, 2)
	if at.LastKey != "" {
		next = end - 1
	}
	if next <= at.Offset || total >= 0 && total <= end {
		return c, false
	}
	c, at = placed[CountPosition](c, byCount)
	at.Offset = next
	return c, true
}

// Rewind also forgets the greatest value read: without an order it says nothing about the
// rows before it, and a sweep that is given up later must not make it the mark (P2).
func (s *offset) Rewind(c Cursor) Cursor {
	c = s.rewind(c)
	c.Sweep.High = ""
	return c
}
