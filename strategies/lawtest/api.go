package lawtest

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"tidemark/strategies"
)

// Row is one state of one row of the collection.
type Row struct {
	Key     int32
	Content uint32
	N       int64 // its place along the cursor, of which Traits.Value is the text; meaningless where Set is false
	Set     bool
	Bad     bool  // cannot be encoded: a dead letter
	Deleted bool  // marked as deleted: a tombstone, whose content nobody sees
	Slice   uint8 // in which it is, by its place in Traits.Slices
	Rank    int32 // the row's place among ties
	Arrived int32 // by the API's clock, where that is told
	Index   int32 // in a history, where one is kept
}

// Place is where the row stands in the order of values.
func (r *Row) Place() int64 {
	if r.Set {
		return r.N
	}
	return math.MinInt64
}

// Same reports whether nobody can tell two versions of a row apart; of one that is marked as deleted nobody sees the content.
func (r *Row) Same(o *Row) bool {
	return r.Deleted == o.Deleted && (r.Deleted || r.Content == o.Content) && r.Set == o.Set && (!r.Set || r.N == o.N)
}

// Compare is the order in which an API has its rows: ascending, those without a value first.
func Compare(x, y Row) int {
	if c := cmp.Compare(x.Place(), y.Place()); c != 0 || x.Set != y.Set {
		return cmp.Or(c, -1)
	}
	return cmp.Compare(x.Rank, y.Rank)
}

// API answers questions by role about rows that it is handed. It is used by one goroutine at a time, and an
// answer's rows are good until the next one.
type API struct {
	Traits
	kind   strategies.Traits
	tokens []place
	order  []Row
	page   []Row
}

// Begin makes the API one with the traits that has given no token yet.
func (a *API) Begin(t Traits) {
	a.Traits, a.kind = t, strategies.TraitsOf(t.Strategy)
	a.tokens = append(a.tokens[:0], place{})
}

// place is what a token stands for: a question, and where the row before stands.
type place struct {
	since strategies.Value
	from  bool
	until strategies.Value
	to    bool
	n     int64
	rank  int32
	key   int32
	edge  edge
}

type edge uint8

const (
	behindRow  edge = iota
	beforeAll       // it leads to the first page
	behindRows      // it leads to no row, however many come
)

// filter returns the rows that the question is about, in the API's order.
func (a *API) filter(rows []Row, q *Question) []Row {
	out := a.order[:0]
	lowest := a.Value(0)
	since, nulls := q.Since, !q.From || a.Format.Compare(q.Since, lowest) < 0
	if q.From && !nulls && a.Leak > 0 {
		since.N -= a.Value(a.Leak).N - lowest.N
	}
	for i := range rows {
		r := &rows[i]
		if len(a.Slices) > 0 && int(r.Slice) != q.Slice {
			continue
		}
		if q.Ranged {
			if r.N >= q.Start && r.N <= q.End {
				out = append(out, *r)
			}
			continue
		}
		if !r.Set {
			if nulls {
				out = append(out, *r)
			}
			continue
		}
		if (q.From || q.To) && !a.within(a.Value(r.N), &since, q) {
			continue
		}
		out = append(out, *r)
	}
	switch a.Order {
	case Descending:
		slices.SortFunc(out, func(x, y Row) int {
			if c := cmp.Compare(a.stands(&y), a.stands(&x)); c != 0 {
				return c
			}
			return cmp.Compare(x.Rank, y.Rank)
		})
	case Shuffled:
		slices.SortFunc(out, func(x, y Row) int { return cmp.Compare(x.Rank, y.Rank) })
	case ByKey:
		slices.SortFunc(out, func(x, y Row) int { return cmp.Compare(x.Key, y.Key) })
	}
	a.order = out
	return out
}

// within reports whether a value lies in the bounds of a question, of which since is the lower one as the API takes it.
func (a *API) within(v strategies.Value, since *strategies.Value, q *Question) bool {
	if q.To && !a.Endless {
		if c := a.Format.Compare(v, q.Until); c > 0 || c == 0 && a.Strict {
			return false
		}
	}
	if !q.From {
		return true
	}
	c := a.Format.Compare(v, *since)
	return c > 0 || c == 0 && !a.Strict
}

// stands is where a row stands in the order of values, as the API sorts.
func (a *API) stands(r *Row) int64 {
	if a.Pinned && r.Key == 1 {
		return math.MaxInt64
	}
	return r.Place()
}

// behind reports whether a row stands behind a token's place.
func (a *API) behind(r *Row, t *place) bool {
	switch {
	case t.edge != behindRow:
		return t.edge == beforeAll
	case a.ByValue:
		return r.Place() > t.n
	case a.Order == Shuffled:
		return r.Rank > t.rank
	case a.Order == ByKey:
		return r.Key > t.key
	case a.stands(r) == t.n:
		return r.Rank > t.rank
	}
	return (a.stands(r) > t.n) != (a.Order == Descending)
}

// beyond reports whether a row stands behind the one that a question names.
func (a *API) beyond(r *Row, row string) bool {
	if a.LastRow == strategies.LastCursor {
		at, err := a.Format.ParseString(row)
		return err == nil && r.Set && a.Format.Compare(a.Value(r.N), at) > 0
	}
	key, err := strconv.Atoi(row)
	return err == nil && int(r.Key) > key
}
