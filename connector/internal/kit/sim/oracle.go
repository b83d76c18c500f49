package sim

import (
	"fmt"
	"math"

	"tidemark/strategies"
)

// Violation is a promise broken.
type Violation struct {
	Promise string
	What    string
}

func (v *Violation) Error() string { return v.Promise + ": " + v.What }

func broken(promise, format string, args ...any) *Violation {
	return &Violation{promise, fmt.Sprintf(format, args...)}
}

// Oracle judges a history by what a read_committed consumer can read. Its memory is
// reused from one history to the next.
type Oracle struct {
	h        *History
	records  []Record
	cursors  []Stored
	dead     []Record
	first    []int32 // per key: its first event in next order; -1: none
	last     []int32
	next     []int32 // per record: the key's next event
	fell     int     // losses behind which the mark fell
	replayed int     // records that were written once more because an operator wanted it
	lagged   bool    // some answer came from a replica
	chance   bool    // some page was in order by chance
}

// Check returns the first promise that records, dead letters and cursors break, or nil.
// Each stand in the order in which they were committed.
func (o *Oracle) Check(h *History, records, dead []Record, cursors []Stored) *Violation {
	o.h, o.records, o.dead, o.cursors = h, records, dead, cursors
	o.lagged, o.chance, o.replayed = false, false, 0
	for i := range h.Pages {
		o.lagged = o.lagged || h.Pages[i].Seen < h.Pages[i].At
		o.chance = o.chance || h.Pages[i].Cut && o.blind(&h.Pages[i])
		o.chance = o.chance || h.Pages[i].Chance && (h.Learnt == 0 || int32(i) < h.Learnt) && (h.Order == Shuffled || h.Strategy != strategies.Keyset || o.moved(&h.Pages[i]))
	}
	keys := int32(0)
	for i := range h.Versions {
		keys = max(keys, h.Versions[i].Key)
	}
	o.first, o.last, o.next = o.first[:0], o.last[:0], o.next[:0]
	for range keys + 1 {
		o.first, o.last = append(o.first, -1), append(o.last, -1)
	}
	for i := range records {
		k := records[i].Key
		if k < 1 || k > keys {
			return broken("P2", "the topic has key %d, which the API never had", k)
		}
		o.next = append(o.next, -1)
		if o.last[k] >= 0 {
			o.next[o.last[k]] = int32(i)
		} else {
			o.first[k] = int32(i)
		}
		o.last[k] = int32(i)
	}
	for _, check := range []func() *Violation{o.cursorsInOrder, o.together, o.letters, o.served, o.neighbours, o.pageOrder, o.delivered, o.sweeps, o.marks} {
		if v := check(); v != nil {
			return v
		}
	}
	return nil
}

// moved reports whether all rows of a page have changed since: then a second look at its
// values shows nothing either.
func (o *Oracle) moved(p *Page) bool {
	for i := p.From; i < p.To; i++ {
		if o.h.Versions[o.h.Rows[i].Index].Gone == Forever {
			return false
		}
	}
	return true
}

// show is a version in messages.
func show(v *Version) string {
	if v.Deleted {
		return fmt.Sprintf("key %d at %d, deleted", v.Key, v.N)
	}
	if !v.Set {
		return fmt.Sprintf("key %d without value, content %d", v.Key, v.Content)
	}
	return fmt.Sprintf("key %d at %d, content %d", v.Key, v.N, v.Content)
}

// cursorsInOrder is P5 and P6: seq rises by one, an owner that was replaced never
// comes back, the mark never falls.
func (o *Oracle) cursorsInOrder() *Violation {
	mark, seq := int64(math.MinInt64), int64(0)
	o.fell = 0
	for i := range o.cursors {
		c := &o.cursors[i].Cursor
		if o.removed(i) {
			mark, seq = math.MinInt64, 0
			continue
		}
		if seq++; c.Seq != seq {
			return broken("P5", "cursor %d has seq %d", i+1, c.Seq)
		}
		if i > 0 && c.Owner != o.cursors[i-1].Cursor.Owner {
			for j := range i {
				if o.cursors[j].Cursor.Owner == c.Owner {
					return broken("P5", "owner %s commits seq %d although %s came after it", c.Owner, c.Seq, o.cursors[i-1].Cursor.Owner)
				}
			}
		}
		m, err := o.units(c.Mark)
		if err != nil {
			return broken("P6", "seq %d: %v", c.Seq, err)
		}
		if m < mark && !o.mayFall(i) && !o.rewound(i) {
			return broken("P6", "seq %d: the mark falls from %d to %d", c.Seq, mark, m)
		}
		mark = m
	}
	return nil
}

func (o *Oracle) units(text string) (int64, error) {
	if text == "" {
		return math.MinInt64, nil
	}
	v, err := o.h.Format.ParseString(text)
	if err != nil {
		return 0, err
	}
	return o.h.Units(v.N), nil
}

// together is P1: a transaction with records has one cursor.
func (o *Oracle) together() *Violation {
	j := 0
	for i := range o.records {
		if o.records[i].Foreign {
			continue
		}
		for j < len(o.cursors) && o.cursors[j].Txn < o.records[i].Txn {
			j++
		}
		if j == len(o.cursors) || o.cursors[j].Txn != o.records[i].Txn {
			return broken("P1", "%s was committed without a cursor (transaction %d)", show(&o.records[i].Version), o.records[i].Txn)
		}
	}
	for j := 1; j < len(o.cursors); j++ {
		if o.cursors[j].Txn <= o.cursors[j-1].Txn {
			return broken("P1", "transaction %d holds two cursors", o.cursors[j].Txn)
		}
	}
	return nil
}

// letters is P1 and P3 for dead letters: each has a cursor in its transaction, and none
// comes twice.
func (o *Oracle) letters() *Violation {
	for i := range o.dead {
		d := &o.dead[i]
		if !o.committed(d.Txn) {
			return broken("P1", "the dead letter of %s was committed without a cursor (transaction %d)", show(&d.Version), d.Txn)
		}
		for j := range i {
			if e := &o.dead[j]; e.Key == d.Key && e.Same(&d.Version) {
				return broken("P3", "the dead letter of %s comes twice (transactions %d and %d)", show(&d.Version), e.Txn, d.Txn)
			}
		}
	}
	for i := range o.records {
		if o.records[i].Bad {
			return broken("P2", "%s cannot be encoded and is in the topic", show(&o.records[i].Version))
		}
	}
	return nil
}

// served is P9, and what goes without saying: the topic holds nothing that the API has
// not said, tombstones above all.
func (o *Oracle) served() *Violation {
	for i := range o.records {
		r := &o.records[i]
		if r.Foreign || len(o.records) > 1000 && !r.Deleted {
			continue // a long collection, which is there for its length
		}
		said := false
		for j := range o.h.Rows {
			if w := &o.h.Rows[j]; w.Key == r.Key && w.Same(&r.Version) {
				said = true
				break
			}
		}
		switch {
		case said:
		case r.Deleted && o.absent(r):
		case r.Deleted:
			return broken("P9", "key %d has a tombstone (partition %d, offset %d) that the API never asked for", r.Key, r.Partition, r.Offset)
		default:
			return broken("P2", "%s is in the topic and was never served", show(&r.Version))
		}
	}
	return nil
}

// neighbours is P3 and P4: a key's next event differs from its last and is not older, unless
// the row went back, and all lie in one partition.
func (o *Oracle) neighbours() *Violation {
	for i := range o.records {
		if o.next[i] < 0 {
			continue
		}
		a, b := &o.records[i], &o.records[o.next[i]]
		switch {
		case b.Foreign: // what it does is no fault of ours
		case a.Partition != b.Partition:
			return broken("P4", "key %d lies in partitions %d and %d", a.Key, a.Partition, b.Partition)
		case a.Same(&b.Version) && o.again(a, b):
			o.replayed++
		case a.Same(&b.Version) && !o.unaware(b):
			return broken("P3", "%s comes twice (partition %d, offsets %d and %d)", show(&a.Version), a.Partition, a.Offset, b.Offset)
		case a.Set && b.Set && b.N < a.N && !o.wentBack(a, b):
			return broken("P4", "%s follows %s", show(&b.Version), show(&a.Version))
		}
	}
	return nil
}

// pageOrder is P4 again: the records of a transaction that carries one page stand in
// cursor order in each partition.
func (o *Oracle) pageOrder() *Violation {
	i := 0
	for _, d := range o.h.Deliveries {
		if d.Skipped || d.To-d.From != 1 {
			continue
		}
		for i < len(o.records) && o.records[i].Txn < d.Txn {
			i++
		}
		for j := i; j < len(o.records) && o.records[j].Txn == d.Txn; j++ {
			a := &o.records[j]
			if a.Foreign {
				continue
			}
			for k := j + 1; k < len(o.records) && o.records[k].Txn == d.Txn; k++ {
				if b := &o.records[k]; !b.Foreign && b.Partition == a.Partition && a.Set && b.Set && b.N < a.N {
					return broken("P4", "a page's rows are out of order: %s before %s", show(&a.Version), show(&b.Version))
				}
			}
		}
	}
	return nil
}

// holds reports whether by transaction txn the topic held the version, or an event of its
// key that is newer.
func (o *Oracle) holds(v *Version, txn int64) bool {
	if v.Bad {
		for i := range o.dead {
			if r := &o.dead[i]; r.Txn <= txn && r.Key == v.Key && r.Same(v) {
				return true
			}
		}
		return false
	}
	for i := o.first[v.Key]; i >= 0; i = o.next[i] {
		r := &o.records[i]
		if r.Txn > txn {
			return false
		}
		if r.Same(v) || r.Set && v.Set && r.N > v.N {
			return true
		}
	}
	return false
}

// delivered is P2: what was served on a page that a committed cursor stands behind is in
// the topic.
func (o *Oracle) delivered() *Violation {
	for _, d := range o.h.Deliveries {
		if !d.Skipped && !o.committed(d.Txn) || d.Losses < o.h.Losses || o.h.Hidden {
			continue
		}
		for _, p := range o.h.Delivered[d.From:d.To] {
			page := &o.h.Pages[p]
			for i := page.From; i < page.To; i++ {
				if v := &o.h.Rows[i]; !(v.Set && v.N < page.Least) && !o.outdone(i, page.To) && !o.holds(v, d.Txn) {
					return broken("P2", "%s was served on page %d and is not in the topic behind transaction %d", show(v), p, d.Txn)
				}
			}
		}
	}
	return nil
}

// outdone reports whether a row of the page has a second version behind it with the same
// value: only the last one counts, or the two would take turns (P3).
func (o *Oracle) outdone(i, to int32) bool {
	v := &o.h.Rows[i]
	for j := i + 1; j < to; j++ {
		if w := &o.h.Rows[j]; w.Key == v.Key && w.Set == v.Set && w.N == v.N {
			return true
		}
	}
	return false
}

func (o *Oracle) committed(txn int64) bool {
	lo, hi := 0, len(o.cursors)
	for lo < hi {
		if m := (lo + hi) / 2; o.cursors[m].Txn < txn {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo < len(o.cursors) && o.cursors[lo].Txn == txn
}

// timely reports whether every later request has to show the version: it was not older,
// when it arrived, than what any answer had shown.
func (o *Oracle) timely(v *Lifetime) bool {
	if !v.Set {
		return false
	}
	if o.h.Step > 0 && (v.N < v.Top+o.h.Skew-settled || o.h.overlooked(v)) {
		return false
	}
	from := v.Greatest
	if o.lagged && o.h.Order != Ascending {
		// The page that shows the greatest value may be newer than the ones behind it.
		return false
	}
	if o.lagged {
		// A replica may show newer rows that were there before, and not this one.
		from = v.Top
		if o.h.Ties == TiesSorted {
			// Of a group that is counted over several answers, the first ones may be from
			// before the row came to it.
			from++
		}
	}
	// An id below what the sweep has asked for may be passed (rule 18).
	return o.h.Strategy != strategies.StepSize && v.N >= from
}
