package sim

import (
	"math"

	"tidemark/strategies"
)

// absent reports whether a tombstone was written by a scan during which the API did not
// have the row, be it for a moment (P9). keyset looks a second time by token; for the others
// nothing tells an API whose cut pages are in order by chance from one that sorts.
func (o *Oracle) absent(r *Record) bool {
	for i := range o.h.Scans {
		if s := &o.h.Scans[i]; s.From < r.Txn && r.Txn <= s.To {
			return o.chance && o.h.Strategy != strategies.Keyset || !o.h.throughout(r.Key, s.Began, s.Ended) || o.h.dodged(r.Key, s)
		}
	}
	return false
}

// throughout reports whether the API had a row of the key all the time. A change takes the
// row out and puts it back in one tick of the clock.
func (h *History) throughout(key, from, to int32) bool {
	at := int32(math.MinInt32)
	for i := range h.Versions { // in the order in which they arrived
		v := &h.Versions[i]
		switch {
		case v.Key != key:
		case at == math.MinInt32:
			if v.Arrived <= from && v.Gone > from {
				at = v.Gone
			}
		case v.Arrived > at+1:
			return false
		default:
			at = v.Gone
		}
	}
	return at >= to
}
