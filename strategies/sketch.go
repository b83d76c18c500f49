package strategies

import (
	"encoding/base64"
	"encoding/binary"
)

// sketch is a set of 64-bit elements in a few kilobytes, however many there are: it cannot tell its elements, but
// what two sets do not have in common, as long as that is little (an invertible Bloom lookup table). A cursor
// knows by it which parents its mark holds for.
//
// Each element is added to one cell of each part. Of two sketches that are taken from each other only the
// elements are left that one of the two has; a cell that holds a single one shows it, and taking that out
// of its other cells lays the next ones bare. Either all cells come to be empty, and all elements are known, or the
// sets differ in too much, which shows. That a cell of several looks like one of a single one takes two
// hashes that meet, and then the other cells do not come out empty.
type sketch struct {
	cells [sketchParts * sketchPart]sketchCell
}

type sketchCell struct {
	n     int64  // elements
	sum   uint64 // of them, by exclusive or
	check uint32 // of their checks
}

const (
	sketchParts = 4
	sketchPart  = 48
	// mostApart is how many elements two sets may differ in for these to be told as good as always.
	mostApart = 100
)

// scrambled is a hash of an element (splitmix64).
func scrambled(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// cellsOf are an element's cells, and its check.
func cellsOf(element uint64) (at [sketchParts]int, check uint32) {
	h := scrambled(element)
	for i := range at {
		at[i] = i*sketchPart + int(h>>(16*i)&0xffff%sketchPart)
	}
	return at, uint32(scrambled(h))
}

func (s *sketch) put(element uint64, n int64) {
	at, check := cellsOf(element)
	for _, i := range at {
		c := &s.cells[i]
		c.n, c.sum, c.check = c.n+n, c.sum^element, c.check^check
	}
}

// add takes up an element, which must not be in the set.
func (s *sketch) add(element uint64) { s.put(element, 1) }

// lacks are the elements of t that are not in s; false: the two differ in too much.
func (s *sketch) lacks(t *sketch) (elements []uint64, ok bool) {
	rest := *t
	for i := range rest.cells {
		c, d := &rest.cells[i], &s.cells[i]
		c.n, c.sum, c.check = c.n-d.n, c.sum^d.sum, c.check^d.check
	}
	for found := true; found; {
		found = false
		for i := range rest.cells {
			c := rest.cells[i]
			at, check := cellsOf(c.sum)
			if c.n != 1 && c.n != -1 || c.check != check || at[i/sketchPart] != i {
				continue
			}
			if c.n == 1 {
				elements = append(elements, c.sum)
			}
			if len(elements) > len(rest.cells) {
				return nil, false
			}
			rest.put(c.sum, -c.n)
			found = true
		}
	}
	return elements, rest == sketch{}
}

// text is the sketch as a cursor holds it; "" of an empty set.
func (s *sketch) text() string {
	if *s == (sketch{}) {
		return ""
	}
	out := []byte{sketchParts, sketchPart}
	before := -1
	for i := range s.cells {
		c := &s.cells[i]
		if *c == (sketchCell{}) {
			continue
		}
		out = binary.AppendUvarint(out, uint64(i-before)) // cells that are empty are passed over
		out = binary.AppendVarint(out, c.n)
		out = binary.BigEndian.AppendUint64(out, c.sum)
		out = binary.BigEndian.AppendUint32(out, c.check)
		before = i
	}
	return base64.RawStdEncoding.EncodeToString(out)
}

// readSketch reads what text wrote; false: that cannot be read, or is of other sizes.
func readSketch(text string) (s sketch, ok bool) {
	in, err := base64.RawStdEncoding.DecodeString(text)
	if text == "" {
		return s, true
	}
	if err != nil || len(in) < 2 || in[0] != sketchParts || in[1] != sketchPart {
		return s, false
	}
	at := -1
	for in = in[2:]; len(in) > 0; {
		step, n := binary.Uvarint(in)
		if n <= 0 || step == 0 || step > uint64(len(s.cells)) {
			return sketch{}, false
		}
		in = in[n:]
		count, n := binary.Varint(in)
		if at += int(step); n <= 0 || len(in) < n+12 || at >= len(s.cells) {
			return sketch{}, false
		}
		in = in[n:]
		s.cells[at] = sketchCell{count, binary.BigEndian.Uint64(in), binary.BigEndian.Uint32(in[8:])}
		in = in[12:]
	}
	return s, true
}
