package sim

import "tidemark/strategies"

// wentBack reports whether an event may be older than the one before it (rule 23): a full
// scan wrote it, while the API, not a replica of it, really had an older version, which had come
// after the other one. That it is the very version written is not asked for: the first look may
// have shown it and the second one an answer from a replica, which the next scan mends.
func (o *Oracle) wentBack(a, b *Record) bool {
	for i := range o.h.Scans {
		s := &o.h.Scans[i]
		if b.Txn <= s.From || b.Txn > s.To {
			continue
		}
		first := int32(Forever) // when a was there first
		for j := range o.h.Versions {
			v := &o.h.Versions[j]
			switch {
			case v.Key != a.Key:
			case v.Same(&a.Version), a.Deleted && v.Set && v.N == a.N: // a scan that missed the row wrote it
				first = min(first, v.Arrived)
			case v.Set && v.N < a.N && v.Arrived > first && v.Arrived <= s.Ended && v.Gone > s.Began:
				return true
			}
		}
	}
	return false
}

// Level checks that behind a full scan of an API at rest the topic's last event of each row
// is what the API has. It comes after Check, with the same history. A source that changes
// with every request is never at rest: of it, what was there when the scan began counts.
func (o *Oracle) Level() *Violation {
	if o.chance {
		return nil
	}
	began := int32(Forever)
	if n := len(o.h.Scans); n > 0 && o.h.Busy > 0 {
		began = o.h.Scans[n-1].Began
	}
	for i := range o.h.Versions {
		v := &o.h.Versions[i]
		if v.Gone != Forever || v.Arrived > began || v.Bad || o.h.Strategy == strategies.StepSize && v.N > o.h.MaxID {
			continue
		}
		switch at := o.last[v.Key]; {
		case at < 0:
			return broken("P2", "%s is in an API at rest, and behind a full scan not in the topic", show(&v.Version))
		case !o.records[at].Same(&v.Version):
			return broken("P2", "%s is in an API at rest, and behind a full scan the topic has %s", show(&v.Version), show(&o.records[at].Version))
		}
	}
	return nil
}

// dodged reports whether a row may have been in neither of a scan's two looks although the API
// had it. Where the API sorts, one that moves forwards meets the reader further on; one that
// moves backwards from before the reader to behind it is missed, and no other row tells of it.
// Where the API does not sort, a row that changes may be missed as well, and is found by what
// has changed since the mark, unless it goes back. So P9 does not cover a row that moves twice
// within one scan, and backwards; nor, where tokens are strictly greater, one that moves
// backwards once, to a value over which the second look passes because a page ends with it.
func (h *History) dodged(key int32, s *Scan) bool {
	moved, back, before := 0, 0, (*Lifetime)(nil)
	for i := range h.Versions {
		v := &h.Versions[i]
		if v.Key != key {
			continue
		}
		if before != nil && v.Arrived > s.Began && v.Arrived <= s.Ended && v.Place() != before.Place() {
			if moved++; v.Place() < before.Place() {
				back++
			}
		}
		before = v
	}
	return back > 1 || back == 1 && (h.ByValue || moved > 1 && h.Order != Ascending)
}
