package sim

import (
	"math"

	"tidemark/strategies"
)

// all is P2 for streams that read all of a collection in each sweep: behind one that has read it whole
// the topic has each row that was there all through it, one without a cursor value, too. Where a row that
// comes or goes moves others from page to page, one may be passed by until the next sweep: there it holds
// of sweeps during which nothing changed.
func (o *Oracle) all(n int, s *Sweep) *Violation {
	if !s.Proven || o.h.shifts() && !o.h.still(s) {
		return nil
	}
	for i := range o.h.Versions {
		v := &o.h.Versions[i]
		if v.Arrived < s.Began && v.Gone > s.Ended && !o.holds(&v.Version, s.Txn) {
			return broken("P2", "%s was there from %d on, all through sweep %d (%d to %d), and is not in the topic behind it",
				show(&v.Version), v.Arrived, n+1, s.Began, s.Ended)
		}
	}
	return nil
}

// torn reports whether a page between two times came from a replica that lagged, where rows shift from page to page.
// One that shifted to an earlier page may then be in none: the first pass met the page behind it too late, and the
// second one met the earlier page as it had been. So both agree, and nothing tells it from a list at rest.
func (h *History) torn(from, to int32) bool {
	if !h.shifts() {
		return false
	}
	for i := range h.Pages {
		if p := &h.Pages[i]; p.Seen < p.At && p.At >= from && p.At <= to {
			return true
		}
	}
	return false
}

// overlooked reports whether a replica that lagged served a page without a version that was there. Of spans of time, the next
// one may be served by another: its rows are newer, and the mark is moved by them. A page that is asked for by the last
// row of the one before it begins at or before such a version.
func (h *History) overlooked(v *Lifetime) bool {
	for i := range h.Pages {
		if p := &h.Pages[i]; p.Seen < v.Arrived && p.At >= v.Arrived {
			return true
		}
	}
	return false
}

// still reports whether nothing changed during a sweep.
func (h *History) still(s *Sweep) bool {
	for i := range h.Versions {
		v := &h.Versions[i]
		if v.Arrived >= s.Began && v.Arrived <= s.Ended || v.Gone >= s.Began && v.Gone <= s.Ended {
			return false
		}
	}
	return true
}

// reads reports whether the stream reads all of a collection in each sweep.
func (h *History) reads() bool { return strategies.TraitsOf(h.Strategy).All }

// settled is how far behind the stream's clock, in units, the mark may pass over spans without rows: what
// appears there still is late.
const settled = 26 * 3600

// limit is the value below which a sweep has read what there was: all of it, or, where it does not prove
// that, what the mark has passed.
func (o *Oracle) limit(s *Sweep) int64 {
	limit := int64(math.MaxInt64)
	if !s.Proven {
		limit = o.markAt(s.Txn)
	}
	if o.h.Step > 0 { // of spans of time, up to the last one
		limit = min(limit, s.Until)
	}
	return limit
}
