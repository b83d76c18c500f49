package sim

import (
	"math"

	"tidemark/strategies"
)

// sweeps is P2 and P8: a sweep ends only on a page that proves its end, and whatever
// the API had all through it and the strategy can see is then in the topic.
func (o *Oracle) sweeps() *Violation {
	for n := range o.h.Sweeps {
		s := &o.h.Sweeps[n]
		if s.Last >= 0 && o.h.Pages[s.Last].Broken {
			return broken("P8", "sweep %d ended on page %d, which proves nothing", n+1, s.Last)
		}
		if s.Resumed || o.chance || s.Losses < o.h.Losses || o.h.Hidden {
			continue
		}
		if o.h.reads() {
			if v := o.all(n, s); v != nil {
				return v
			}
			continue
		}
		if o.h.torn(s.Began, s.Ended) {
			continue
		}
		limit := o.limit(s)
		for i := range o.h.Versions {
			v := &o.h.Versions[i]
			if !v.Set || v.Arrived >= s.Began || v.Gone <= s.Ended || v.N >= limit {
				continue
			}
			if (o.timely(v) || s.Proven && o.reached(v, s)) && !o.holds(&v.Version, s.Txn) {
				return broken("P2", "%s was there from %d on, all through sweep %d (%d to %d), and is not in the topic behind it; the greatest value served before was %d",
					show(&v.Version), v.Arrived, n+1, s.Began, s.Ended, s.Greatest)
			}
		}
	}
	return nil
}

// reached reports whether the sweep's own requests reach back to the version.
func (o *Oracle) reached(v *Lifetime, s *Sweep) bool {
	if o.h.Strategy == strategies.StepSize {
		return v.N > s.Greatest && v.N <= o.h.MaxID
	}
	from := s.Greatest
	if o.h.Step > 0 { // over a span without rows that lies days back, the mark moves further
		from = max(from, s.Mark)
	}
	return from == math.MinInt64 || v.N >= from-o.h.Back
}

// markAt is the mark that a consumer reads up to a transaction.
func (o *Oracle) markAt(txn int64) int64 {
	mark := int64(math.MinInt64)
	for i := range o.cursors {
		if o.cursors[i].Txn > txn {
			break
		}
		if m, err := o.units(o.cursors[i].Cursor.Mark); err == nil {
			mark = m
		}
	}
	return mark
}

// marks is P2's other half: what the last mark has passed is in the topic, whether any
// sweep was proven or not.
func (o *Oracle) marks() *Violation {
	if len(o.cursors) == 0 || o.chance || o.h.Hidden || o.h.torn(0, Forever) {
		return nil
	}
	end := o.cursors[len(o.cursors)-1].Txn
	mark := o.markAt(end)
	for i := range o.h.Versions {
		v := &o.h.Versions[i]
		if v.Set && !v.Returned && v.Gone == Forever && v.N < mark && o.timely(v) && !o.holds(&v.Version, end) && !o.h.unread(v.Key) {
			return broken("P2", "the mark %d has passed %s (there since %d), which is not in the topic", mark, show(&v.Version), v.Arrived)
		}
	}
	return nil
}
