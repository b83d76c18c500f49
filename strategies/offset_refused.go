package strategies

import (
	"fmt"
	"slices"
)

// behindTheEnd are the statuses by which APIs refuse an offset beyond their last row, or
// beyond what they count to.
var behindTheEnd = []int{400, 404, 416, 422}

// page is how many rows a page has that holds no wide group.
func (s *offset) page(c Cursor) int {
	if c.PageLimit > 1 {
		return min(s.spec.PageSize, c.PageLimit)
	}
	return s.spec.PageSize
}

// asks is how many rows the next request asks for. To see whether there is one behind those
// read it asks for no more than is known to be allowed, so that a refusal says something.
func (s *offset) asks(c Cursor) int {
	n, at := s.limit(c), s.at(&c)
	page := s.page(c)
	if at.Probe && at.Look != "" && (n > page || c.Sweep.Restarts > 0 && s.place(at) > int64(page)) {
		return max(1, min(page, n-int(s.place(at)-at.Offset)))
	}
	return n
}

// leastDepth is what the offset alone may be on any API.
const leastDepth = 1000

// ends reports whether a refusal can only mean that the question leads behind the last row.
func (s *offset) ends(c Cursor) bool {
	at := s.at(&c)
	place := s.place(at)
	switch {
	case !at.Probe:
		return false
	case place <= int64(s.page(c)):
		return true
	}
	return at.Look != "" && place+int64(s.asks(c)) <= at.Offset+int64(s.limit(c)) && place < max(leastDepth, int64(s.limit(c)))
}

// Refused takes the refusal of an offset for what it may mean. Some APIs refuse one that is
// behind the last row, others one that is too far from the first (offset and limit of 10,000
// together). Every API that has pages takes the offset of its second one, and what it took
// with one offset and limit it takes with others that lead no further: what is refused there is
// behind the end, and is taken for an empty page, which proves as much as any (see offset).
// Everything else is a list that is counted no further: it is counted anew from the last value
// read.
func (s *offset) Refused(c Cursor, status int) (Verdict, bool, error) {
	place := s.place(s.at(&c))
	configured := s.spec.Ends.status(status)
	if place == 0 || !configured && !slices.Contains(behindTheEnd, status) {
		return Verdict{}, false, nil
	}
	if s.ends(c) {
		v, err := s.Fold(c, Page{Total: -1})
		return v, true, err
	}
	first := c
	c, at := placed[CountPosition](c, byCount)
	sweep := c.Sweep
	sweep.Pages++
	gained, err := s.rebase(&c)
	switch {
	case err != nil:
		return Verdict{}, true, err
	case gained:
		sweep.Restarts, at.Settled = 0, false
	case s.at(&first).Probe && configured:
		v, err := s.Fold(first, Page{Total: -1})
		return v, true, err
	default:
		if sweep.Restarts++; sweep.Restarts > maxRestarts {
			return Verdict{}, true, fmt.Errorf("the API refuses the offset %d, and no value beyond %q was read up to there to count from anew: more rows "+
				"share that value than it lets be counted; raise its limit, or read this collection with another strategy; "+
				"if it refuses what lies behind its last row, say so (end: %d)", place, sweep.Slice().After, status)
		}
		if err := s.lower(&c); err != nil {
			return Verdict{}, true, err
		}
	}
	s.count(at)
	at.Limit = 0 // rows asked for because of a wide group count as depth, too
	return Verdict{Next: c, Restarted: true}, true, nil
}

// clamped reports whether a page asked for behind the rows read is an earlier one, from an API
// that is configured to give its last page again: it has the very rows of the page before, or a
// row in it is older than the last one read, and none is newer.
func (s *offset) clamped(at *CountPosition, last Value, rows []Row) bool {
	if !s.spec.Ends.RepeatedPage || !last.Set {
		return false
	}
	older := fingerprint(rows) == at.Look
	for i := range rows {
		if v := &rows[i].Value; v.Set {
			d := s.spec.Format.compare(v, &last)
			if d > 0 {
				return false
			}
			older = older || d < 0
		}
	}
	return older
}
