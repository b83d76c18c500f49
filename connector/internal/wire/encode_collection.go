package wire

import (
	"bytes"
	"slices"
)

// array encodes an array as one block. The count is known at the end only: a byte is
// kept for it, and more room made for the rare array of over 63 items.
func (s *state) array(n *node, depth int) code {
	if depth > maxDepth {
		return s.refuse(n, s.pos, "is nested too deep")
	}
	s.pos++
	if s.take(']') {
		s.out = append(s.out, 0)
		return good
	}
	from := len(s.out)
	s.out = append(s.out, 0)
	count := 0
	for {
		if s.peek() == 0 {
			return broken
		}
		if c := s.value(n.elem, depth); c != good {
			return c
		}
		count++
		if s.take(',') {
			continue
		}
		if !s.take(']') {
			return broken
		}
		break
	}
	s.out = append(putCount(s.out, from, count), 0)
	return good
}

// putCount writes a block's count at from, where one byte is kept for it.
func putCount(out []byte, from, count int) []byte {
	var b [10]byte
	l := appendLong(b[:0], int64(count))
	if len(l) > 1 {
		out = append(out, l[1:]...)
		copy(out[from+len(l):], out[from+1:len(out)-len(l)+1])
	}
	copy(out[from:], l)
	return out
}

// mapping encodes an object as a map in key order, so that equal maps have equal bytes
// and hashes (rule 11).
func (s *state) mapping(n *node, depth int) code {
	if depth > maxDepth {
		return s.refuse(n, s.pos, "is nested too deep")
	}
	at := s.pos
	s.pos++
	if s.take('}') {
		s.out = append(s.out, 0)
		return good
	}
	from := len(s.out)
	s.out = append(s.out, 0)
	base := len(s.segs)
	ordered, whole := true, true
	for {
		if s.peek() != '"' {
			return broken
		}
		entry, halves := len(s.out), s.adjusted.Halves.Count
		if c := s.encodeString(n); c != good {
			s.segs = s.segs[:base]
			return c
		}
		whole = whole && s.adjusted.Halves.Count == halves
		mid := len(s.out)
		if !s.take(':') || s.peek() == 0 {
			return broken
		}
		if c := s.value(n.elem, depth); c != good {
			if c == bad {
				s.segs = s.segs[:base]
			}
			return c
		}
		g := seg{entry, mid, len(s.out)}
		if k := len(s.segs); k > base && ordered {
			last := s.segs[k-1]
			ordered = bytes.Compare(keyText(s.out[last.from:last.mid]), keyText(s.out[entry:mid])) < 0
		}
		s.segs = append(s.segs, g)
		if s.take(',') {
			continue
		}
		if !s.take('}') {
			return broken
		}
		break
	}
	count := len(s.segs) - base
	if !ordered {
		s.out, s.scratch, count = orderEntries(s.out, s.scratch, s.segs[base:])
	}
	if !whole && count < len(s.segs)-base {
		s.segs = s.segs[:base]
		return s.refuse(n, at, "has keys that half a surrogate makes one")
	}
	s.segs = s.segs[:base]
	s.out = append(putCount(s.out, from, count), 0)
	return good
}

// orderEntries puts the entries of a map, which end out, into the order of their keys;
// of entries with one key the last stays. It returns how many are left.
func orderEntries(out, scratch []byte, entries []seg) (newOut, newScratch []byte, count int) {
	from := entries[0].from
	slices.SortStableFunc(entries, func(a, b seg) int {
		return bytes.Compare(keyText(out[a.from:a.mid]), keyText(out[b.from:b.mid]))
	})
	scratch = scratch[:0]
	for i, e := range entries {
		if i+1 < len(entries) && bytes.Equal(out[e.from:e.mid], out[entries[i+1].from:entries[i+1].mid]) {
			continue
		}
		scratch = append(scratch, out[e.from:e.to]...)
		count++
	}
	return append(out[:from], scratch...), scratch, count
}

// keyText is the text of an encoded string.
func keyText(b []byte) []byte {
	i := 0
	for b[i] >= 0x80 {
		i++
	}
	return b[i+1:]
}

// union encodes the value as the first branch that takes it. Every refused branch
// costs a second reading; nested unions could double that at each level, so what is
// read again is bounded by the row's length.
func (s *state) union(n *node, depth int) code {
	at, from, base := s.pos, len(s.out), len(s.segs)
	c := s.buf[at]
	if !startsValue(c) {
		return broken
	}
	tried := 0
	for i, b := range n.branches {
		if !fits(b.kind, c) {
			continue
		}
		const floor, times = 64 << 10, 32
		if s.rescanned > floor+times*(at-s.rowStart) {
			return s.refuse(n, at, "needs too many tries to find its branch of the union")
		}
		tried++
		s.out = appendLong(s.out, int64(i))
		r := s.value(b, depth)
		if r != bad {
			return r
		}
		s.rescanned += s.pos - at + 1
		s.pos, s.out, s.segs = at, s.out[:from], s.segs[:base]
	}
	if tried == 1 { // its own complaint says more than ours
		return bad
	}
	return s.refuse(n, at, "")
}
