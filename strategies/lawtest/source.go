package lawtest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"

	"tidemark/strategies"
)

// Source is an API with rows that come, change and go.
type Source struct {
	API
	Rows []Row // in the order of Compare
	Top  int64 // the greatest place that the source's clock has come to
	Skew int64 // how far that clock is ahead of the stream's
	Idle int64 // how long nothing has happened
	Ceil int64 // values beyond this place do not move the mark; 0: all do

	Blind  bool // an answer was cut that nothing tells from a whole one, or nothing when the next question came
	Chance bool // a part of the rows was in order although the API does not sort

	ReadBy  bool // by parents
	Parents Parents
	keys    int32

	shown, left []Row // of the last answer that was cut: its rows, and those that it left out
}

// NewSource makes a source without rows.
func NewSource(t Traits) *Source {
	s := &Source{}
	if t.Value == nil {
		t.Value = Writing{Format: t.Format}.Values()
	}
	s.Begin(t)
	return s
}

// Now is the stream's time.
func (s *Source) Now() time.Time { return Seconds.time(s.Top - s.Skew + s.Idle) }

// Serve answers a question.
func (s *Source) Serve(params []strategies.Param) (strategies.Page, *Answer) {
	s.left = slices.DeleteFunc(s.left, func(r Row) bool { return !slices.Contains(s.Rows, r) })
	s.Blind = s.Blind || len(s.left) > 0 && s.unseen(s.shown, s.left)
	a := s.API.Serve(params, s.Rows)
	s.Chance = s.Chance || a.Chance
	if s.kind.Whole && len(a.Hidden) > 0 {
		s.shown, s.left = slices.Clone(a.Rows), slices.Clone(a.Hidden)
		s.Blind = s.Blind || s.unseen(s.shown, s.left)
	}
	page := strategies.Page{Rows: s.Made(a.Rows...), Token: a.Token, Link: a.Link, Total: a.Total, More: a.More}
	if s.Ceil > 0 {
		page.Ceiling = s.Value(s.Ceil)
	}
	return page, a
}

// Made are rows as a page holds them.
func (s *Source) Made(rows ...Row) []strategies.Row {
	out := make([]strategies.Row, len(rows))
	for i := range rows {
		r := &rows[i]
		out[i] = strategies.Row{Key: []byte(strconv.Itoa(int(r.Key))), Value: s.Value(r.N), Hash: xxh3.HashString(fmt.Sprint(r.Key, r.Content))}
	}
	return out
}

// unseen reports whether nothing tells a cut answer from one that rises, or is whole.
func (s *Source) unseen(shown, hidden []Row) bool {
	up, flat := true, true
	least, second := shown[0].N, int64(math.MaxInt64)
	for i, r := range shown {
		up = up && (i == 0 || shown[i-1].N <= r.N)
		flat = flat && r.N == shown[0].N
		switch {
		case r.N < least:
			least, second = r.N, least
		case r.N > least:
			second = min(second, r.N)
		}
	}
	if s.Order == Ascending { // rows of one value, which fill the answer; only a plain yes tells that there are more
		return flat && s.Says != SaysMore
	}
	return up || !slices.ContainsFunc(hidden, func(r Row) bool { return r.N >= second })
}

// Insert adds a row at a place of the cursor. rank is its place among ties, and in no order.
func (s *Source) Insert(n int64, rank int) {
	r := Row{Key: s.keys + 1, N: n, Rank: int32(rank)*1000 + s.keys + 1}
	switch {
	case s.ReadBy:
		slice := s.Parents.some(int(r.Key))
		if slice < 0 {
			return
		}
		s.Parents.all[slice].version++
		r.Slice = uint8(slice)
	case len(s.Slices) > 0:
		r.Slice = uint8(int(r.Key) % len(s.Slices))
	}
	s.add(r)
	s.Top = max(s.Top, n)
}

func (s *Source) add(r Row) {
	s.keys, r.Set = max(s.keys, r.Key), true
	at, _ := slices.BinarySearchFunc(s.Rows, r, Compare)
	s.Rows = slices.Insert(s.Rows, at, r)
}

// Update moves a row to another place, with another content. rank is as Insert's; below 0: it stays.
func (s *Source) Update(i int, n int64, rank int) {
	r := s.Rows[i]
	if rank >= 0 {
		r.Rank = int32(rank)*1000 + r.Key
	}
	s.touch(r)
	s.Rows = slices.Delete(s.Rows, i, i+1)
	r.N, s.Top = n, max(s.Top, n)
	r.Content++
	s.add(r)
}

// Remove deletes a row.
func (s *Source) Remove(i int) {
	s.touch(s.Rows[i])
	s.Rows = slices.Delete(s.Rows, i, i+1)
}

// touch changes the parent of a row.
func (s *Source) touch(r Row) {
	if s.ReadBy {
		s.Parents.all[r.Slice].version++
	}
}

// Change does one thing to the collection that a live system does between two requests. Without late, new
// values are never below the greatest there ever was.
func (s *Source) Change(t *rapid.T, late int64) {
	if s.ReadBy && rapid.IntRange(0, 2).Draw(t, "of parents") == 0 {
		s.changeParents(t)
		return
	}
	kind := rapid.SampledFrom([]string{"update", "insert", "delete", "late"}).Draw(t, "change")
	rank := rapid.IntRange(0, 50).Draw(t, "rank")
	top := max(s.Top, 1)
	if s.kind.ByID {
		s.Insert(top+rapid.Int64Range(1, 9).Draw(t, "gap"), rank)
		return
	}
	switch {
	case kind == "insert" || len(s.Rows) == 0:
		s.Insert(top+rapid.Int64Range(0, 2).Draw(t, "ahead"), rank)
	case kind == "late" && late > 0:
		s.Insert(max(1, top-rapid.Int64Range(0, late).Draw(t, "late")), rank)
	case kind == "delete":
		s.Remove(rapid.IntRange(0, len(s.Rows)-1).Draw(t, "row"))
	default:
		i := rapid.IntRange(0, len(s.Rows)-1).Draw(t, "row")
		if !s.kind.Walks { // in a way of its own, an API that does not sort has a row where it was
			rank = -1
		}
		s.Update(i, top+rapid.Int64Range(0, 2).Draw(t, "ahead"), rank)
	}
}
