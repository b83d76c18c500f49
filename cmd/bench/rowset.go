package main

import "bytes"

// rowSet is which rows of a collection were met: a bit for each, so that ten million of
// them take little more than a megabyte.
type rowSet struct {
	rows     int64
	bits     []uint64
	distinct int64
	strange  int64 // ids that no row of the collection has
}

func newRowSet(rows int64) *rowSet { return &rowSet{rows: rows, bits: make([]uint64, rows/64+1)} }

func (s *rowSet) add(id []byte) {
	i, ok := indexOf(id)
	if !ok || i < 0 || i >= s.rows {
		s.strange++
		return
	}
	if bit := uint64(1) << (i % 64); s.bits[i/64]&bit == 0 {
		s.bits[i/64] |= bit
		s.distinct++
	}
}

// addJSON takes the row whose id is the first in a line of compact JSON.
func (s *rowSet) addJSON(line []byte) {
	const key = `"id":"`
	_, rest, ok := bytes.Cut(line, []byte(key))
	id, _, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !closed {
		s.strange++
		return
	}
	s.add(id)
}
