package lz4

import (
	"encoding/binary"
	"slices"
	"sync"
)

// header says: blocks of at most 64 KiB that stand by themselves, no sizes, no checksums but
// its own, which is the last byte.
const header = "\x04\x22\x4d\x18\x60\x40\x82"

// stored marks a block that is as it was.
const stored = 1 << 31

// scratch is what it takes to compress a block.
type scratch struct {
	seen table
	src  block
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// Room is how many bytes Append needs behind what it has written: with as many as src's
// frame takes and these, dst does not grow.
const Room = 4 + room + over

// Append appends a frame of src's bytes to dst.
func Append(dst, src []byte) []byte {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	dst = append(dst, header...)
	for len(src) > 0 {
		n := min(len(src), blockSize)
		b := &s.src
		if len(src) >= len(b) {
			b = (*block)(src) // nothing is written to it
		} else {
			copy(b[:], src)
		}
		dst = slices.Grow(dst, Room)
		at := len(dst)
		body := dst[at+4 : at+Room]
		size := compress((*packed)(body), b, n, &s.seen)
		head := uint32(size)
		if size >= n {
			size, head = copy(body, src[:n]), stored|uint32(n)
		}
		dst = binary.LittleEndian.AppendUint32(dst, head)[:at+4+size]
		src = src[n:]
	}
	return append(dst, 0, 0, 0, 0)
}
