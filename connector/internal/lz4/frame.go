package lz4

import (
	"encoding/binary"
	"sync"
)

// header says: blocks of at most 64 KiB that stand by themselves, no sizes, no checksums but
// its own, which is the last byte.
const header = "\x04\x22\x4d\x18\x60\x40\x82"

// stored marks a block that is as it was.
const stored = 1 << 31

// Bound is how many bytes a frame of n bytes takes at most.
func Bound(n int) int { return len(header) + n + 4*(n/BlockSize+1) + 4 }

// scratch is what it takes to compress a block.
type scratch struct {
	seen table
	dst  packed
	src  block
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// Append appends a frame of src's bytes to dst. It does not allocate where dst has Bound
// bytes left.
func Append(dst, src []byte) []byte {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	dst = append(dst, header...)
	for len(src) > 0 {
		n := min(len(src), BlockSize)
		b := &s.src
		if len(src) >= len(b) {
			b = (*block)(src) // nothing is written to it
		} else {
			copy(b[:], src)
		}
		if size := compress(&s.dst, b, n, &s.seen); size < n {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(size))
			dst = append(dst, s.dst[:size]...)
		} else {
			dst = binary.LittleEndian.AppendUint32(dst, stored|uint32(n))
			dst = append(dst, src[:n]...)
		}
		src = src[n:]
	}
	return append(dst, 0, 0, 0, 0)
}
