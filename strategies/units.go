package strategies

import "time"

// What Cursor.Filter says of the API's filter.
const (
	FilterInclusive = "inclusive" // a row at the very value asked from came
	FilterStrict    = "strict"    // one did not come, and came when asked one granule before
	FilterCoarse    = "coarse"    // it came only when asked a whole second before
	FilterMinutes   = "minutes"   // only a minute before
	FilterDays      = "days"      // only a day before
)

const micro = int64(time.Second / time.Microsecond) // a second, in units of N

// unit is one in which a filter compares values that are written more finely.
type unit struct {
	filter     string
	n          int64 // how far below a value a request has to begin to be in the unit before its
	within     int64 // no unit ends between two values of one such stretch, by whatever clock
	name, step string
}

var coarser = []unit{
	{FilterCoarse, micro, micro, "seconds", "a second"},
	{FilterMinutes, 60 * micro, 60 * micro, "minutes", "a minute"},
	{FilterDays, 25 * 3600 * micro, 900 * micro, "days", "a day"}, // the longest one; clocks differ by quarters of an hour
}

// Unit is one in which a filter may compare values that are written more finely.
type Unit struct {
	Filter string // what Cursor.Filter says of such a filter
	N      int64  // how far below a value, in microseconds, a request has to begin to be in the unit before its
}

// Units are those units, the finest first.
func Units() []Unit {
	all := make([]Unit, len(coarser))
	for i, u := range coarser {
		all[i] = Unit{u.filter, u.n}
	}
	return all
}

// unitOf is what c says the filter compares in; zero where that is as fine as rows are written.
func unitOf(c *Cursor) unit {
	for _, u := range coarser {
		if c.Filter == u.filter {
			return u
		}
	}
	return unit{}
}

// unitAt is the unit that a request from so far below a value is to tell; zero where it is
// one of a granule.
func unitAt(doubt int64) unit {
	for _, u := range coarser {
		if doubt == u.n {
			return u
		}
	}
	return unit{}
}

// finer says whether a row at v, in an answer asked from after, is one that a filter which
// compares in units of u, or is strict, leaves out.
func (k *core) finer(u unit, learnt bool, v, after *Value) bool {
	if u.n > micro && v.N > after.N && FloorDiv(v.N, u.within) == FloorDiv(after.N, u.within) {
		return true
	}
	return learnt && k.spec.Format.compare(v, after) == 0
}
