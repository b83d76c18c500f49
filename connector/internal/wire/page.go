package wire

import (
	"fmt"
	"strings"
	"sync"

	"tidemark/connector/internal/text"
	"tidemark/strategies"
)

// Page is a scanned answer. Its rows point into the answer's bytes and into buffers
// that the page owns, so both must be left alone until Release.
type Page struct {
	strategies.Page
	// Unknown tells of keys that the schema does not know; they were dropped.
	Unknown Unknown
	// Marks tells what the deleted field holds.
	Marks Marks
	// Adjusted tells what was changed in the rows so that the schema takes them.
	Adjusted Adjusted
	// Bad counts the rows whose Err is set.
	Bad int
	// Grows says that rows have fields that the schema could get, or numbers that a wider type of it would hold
	// (Learnt).
	Grows bool
	// Of a page that is Cut: the answer's first Head bytes lead to the rows, and the rows
	// that are not in the page begin at byte Taken.
	Head, Taken int
	// Shaped is how many bytes the rows take that Options.Shape has written anew.
	Shaped int64

	state *state
}

// Unknown counts dropped keys.
type Unknown struct {
	First string // the first one, "record.key" within nested records
	Count int    // all of them, row by row
}

// keepBytes is the size up to which a page's buffers are kept for the next page. One
// huge page shall not raise the process's memory for good (P10).
const keepBytes = 8 << 20

var states = sync.Pool{New: func() any { return new(state) }}

// Release hands the page's buffers back. Rows must not be used behind it. A second
// call does nothing.
func (pg *Page) Release() {
	s := pg.state
	if s == nil {
		return
	}
	pg.state = nil
	pg.Rows = nil
	s.release()
}

func (s *state) release() {
	s.plan = nil
	s.buf = nil
	s.pos = 0
	clear(s.rows)
	s.rows = s.rows[:0]
	if cap(s.out) > keepBytes || cap(s.shaped)+cap(s.names)+cap(s.got.slots)*slotBytes > keepBytes || cap(s.rows)*rowBytes > keepBytes || cap(s.side) > keepBytes ||
		cap(s.scratch) > keepBytes || cap(s.segs)*segBytes > keepBytes || cap(s.open)*8 > keepBytes {
		return
	}
	for i := range s.shapes {
		// The shapes' texts lie in the answer that goes now.
		clear(s.shapes[i].keys)
		s.shapes[i].keys = s.shapes[i].keys[:0]
	}
	states.Put(s)
}

// Malformed is the error of an answer that is no page: not JSON, cut off, or without
// the places the plan needs. The same request may well be answered better: it is
// retried, and no sweep ends on it (P8).
type Malformed struct {
	Reason string // what is wrong, in words
	Offset int    // the byte of the answer where it shows
}

func (e *Malformed) Error() string {
	return fmt.Sprintf("the answer is no page: %s (at byte %d)", e.Reason, e.Offset)
}

// Retryable is what package rest asks before it sends a request again.
func (e *Malformed) Retryable() bool { return true }

// RowError says why one row cannot be keyed or encoded.
type RowError struct {
	Index  int    // position in the page, from 0
	ID     string // the row's id; empty where it has none
	Field  string // dotted path of the field; empty if the row as a whole is at fault
	Reason string // what arrived and what the schema wants
	Drift  Drifted
}

func (e *RowError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "row %d", e.Index)
	if e.ID != "" {
		fmt.Fprintf(&b, " (id %q)", clip(e.ID))
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ", field %s", e.Field)
	}
	return b.String() + ": " + e.Reason
}

// clip is as much of an answer as a message quotes, on one line.
func clip[T string | []byte](s T) string { return text.OneLine(s, 120) }
