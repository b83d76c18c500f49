package sim

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"tidemark/strategies"
)

// epoch is where unit 0 lies for formats of time.
const epoch = 1_700_000_000

const tabled = 1024

// formats are those that histories are written in.
var formats = []strategies.Format{strategies.RFC3339, strategies.Integer, strategies.EpochSeconds, strategies.EpochMillis}

var tables = sync.OnceValue(func() [][]strategies.Value {
	all := make([][]strategies.Value, len(formats))
	for i, f := range formats {
		for n := range int64(tabled) {
			all[i] = append(all[i], valueOf(f, n))
		}
	}
	return all
})

// Value is the cursor value of n units as the API writes it.
func (t *Traits) Value(n int64) strategies.Value {
	if i := slices.Index(formats, t.Format); i >= 0 && n >= 0 && n < tabled {
		return tables()[i][n]
	}
	return valueOf(t.Format, n)
}

func valueOf(f strategies.Format, n int64) strategies.Value {
	var text string
	switch f {
	case strategies.RFC3339:
		text = time.Unix(epoch+n, 0).UTC().Format(time.RFC3339)
	case strategies.EpochSeconds:
		text = strconv.FormatInt(epoch+n, 10)
	case strategies.EpochMillis:
		text = strconv.FormatInt((epoch+n)*1000, 10)
	default:
		text = strconv.FormatInt(n, 10)
	}
	v, err := f.ParseString(text)
	if err != nil {
		panic(err)
	}
	return v
}

// Units is the inverse of Value: the number of units that a value's N stands for.
func (t *Traits) Units(n int64) int64 {
	if t.Format == strategies.Integer {
		return n
	}
	return n/1e6 - epoch
}

// MarkOf is a stored mark in units; that of none is the smallest number.
func (t *Traits) MarkOf(mark string) int64 {
	v, err := t.Format.ParseString(mark)
	if mark == "" || err != nil {
		return math.MinInt64
	}
	return t.Units(v.N)
}

// Least is the smallest number of units whose value is not below n, a value's N.
func (t *Traits) Least(n int64) int64 {
	u := t.Units(n)
	for t.Value(u).N < n {
		u++
	}
	return u
}

// FirstMark is the first mark that the stream is configured with.
func (t *Traits) FirstMark() string {
	if t.Step > 0 {
		return string(t.Value(t.Begins).Raw)
	}
	if t.Format == strategies.RFC3339 {
		return "0001-01-01T00:00:00Z"
	}
	return ""
}
