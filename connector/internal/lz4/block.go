package lz4

import (
	"encoding/binary"
	"math/bits"
)

// blockSize is how many bytes a block holds at most: any distance within it fits 16 bits.
const blockSize = 1 << 16

const (
	over      = 16      // bytes behind a block that may be read with its last ones
	room      = 1 << 17 // for a compressed block: a power of two above 1.01 times its size
	shortest  = 4       // a match's least length
	tail      = 5       // a block's last bytes are literals
	margin    = 16      // no match begins in a block's last bytes; the format asks for 12
	tableBits = 14      // the table takes 32 KiB, what the processor's nearest cache has
	patience  = 5       // steps grow by one with each 2^patience bytes that match nothing
)

type (
	block  [blockSize + over]byte
	packed [room + over]byte

	// table is where the bytes with some hash were last seen. Where none were is 0, a
	// position to try like any other.
	table [1 << tableBits]uint16
)

// The masks of the accessors change no index that is in a block; they tell the compiler that
// all are, which takes a third off the time.

func (b *block) at(i int) byte { return b[i&(blockSize-1)] }

func (b *block) four(i int) uint32 {
	i &= blockSize - 1
	return binary.LittleEndian.Uint32(b[i : i+4])
}

func (b *block) eight(i int) uint64 {
	i &= blockSize - 1
	return binary.LittleEndian.Uint64(b[i : i+8])
}

func (p *packed) set(i int, c byte) { p[i&(room-1)] = c }

// hash is of u's lower six bytes: to look for matches that are shorter costs more than it
// saves.
func hash(u uint64) int { return int(u << 16 * 0x9e3779b185ebca87 >> (64 - tableBits)) }

// compress writes the first n bytes of src to dst and returns how many bytes they take
// there, which can be more than n.
func compress(dst *packed, src *block, n int, seen *table) int {
	*seen = table{}
	d, from := 0, 0 // where to write, and the first byte that is not written yet
	last := n - margin
	for s := 1; ; s++ {
		// Two positions at a time.
		var cand int
		for next := s; ; {
			s = next
			next += 2 + (s-from)>>patience
			if next > last {
				return literals(dst, d, src, from, n)
			}
			u := src.eight(s)
			h, g := hash(u), hash(u>>8)
			c0, c1 := int(seen[h]), int(seen[g])
			seen[h], seen[g] = uint16(s), uint16(s+1)
			if here := uint32(u); here == src.four(c0) {
				cand = c0
				break
			}
			if here := uint32(u >> 8); here == src.four(c1) {
				s, cand = s+1, c1
				break
			}
		}
		for s > from && cand > 0 && src.at(s-1) == src.at(cand-1) {
			s, cand = s-1, cand-1
		}
		token := d
		d = literals(dst, d, src, from, s)
		for {
			stop := same(src, s+shortest, cand+shortest, n-tail)
			d = match(dst, token, d, s-cand, stop-s-shortest)
			s, from = stop, stop
			if s > last {
				return literals(dst, d, src, from, n)
			}
			u := src.eight(s - 2)
			seen[hash(u)] = uint16(s - 2)
			u >>= 16
			h := hash(u)
			cand, seen[h] = int(seen[h]), uint16(s)
			if here := uint32(u); here != src.four(cand) {
				break
			}
			token = d
			dst.set(d, 0)
			d++
		}
	}
}

// same is the end, at most limit, of the bytes from s that are those from c.
func same(src *block, s, c, limit int) int {
	for ; s+8 <= limit; s, c = s+8, c+8 {
		if x := src.eight(s) ^ src.eight(c); x != 0 {
			return s + bits.TrailingZeros64(x)>>3
		}
	}
	for s < limit && src.at(s) == src.at(c) {
		s, c = s+1, c+1
	}
	return s
}

// literals writes a token and the bytes from from to s behind it.
func literals(dst *packed, d int, src *block, from, s int) int {
	n := s - from
	if n < 15 {
		dst.set(d, byte(n<<4))
		d = (d + 1) & (room - 1)
		copy(dst[d:d+16], src[from&(blockSize-1):][:16])
		return d + n
	}
	dst.set(d, 0xf0)
	d = more(dst, d+1, n-15)
	copy(dst[d:], src[from:s])
	return d + n
}

// match writes how far back a match is, and how much longer than the shortest one.
func match(dst *packed, token, d, back, n int) int {
	d &= room - 1
	binary.LittleEndian.PutUint16(dst[d:d+2], uint16(back))
	d += 2
	if n < 15 {
		dst[token&(room-1)] |= byte(n)
		return d
	}
	dst[token&(room-1)] |= 15
	return more(dst, d, n-15)
}

// more writes what a token has no room for.
func more(dst *packed, d, n int) int {
	for ; n >= 255; n -= 255 {
		dst.set(d, 255)
		d++
	}
	dst.set(d, byte(n))
	return d + 1
}
