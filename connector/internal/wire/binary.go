package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// headerLen is the length of Confluent's header: a zero byte and the schema id.
const headerLen = 5

// header splits a Confluent-framed value.
func header(value []byte) (id int, body []byte, err error) {
	if len(value) < headerLen || value[0] != 0 {
		return 0, nil, ErrNotFramed
	}
	return int(binary.BigEndian.Uint32(value[1:])), value[headerLen:], nil
}

// ErrNotFramed is the error of a value that does not begin with Confluent's header.
var ErrNotFramed = errors.New("the value does not begin with a zero byte and a schema id")

// SchemaIDOf is the schema id of a Confluent-framed value; false if it is none.
func SchemaIDOf(value []byte) (int, bool) {
	id, _, err := header(value)
	return id, err == nil
}

var errShort = errors.New("the Avro data ends early")

// reader reads Avro's binary form. The first error stays.
type reader struct {
	b     []byte
	pos   int
	err   error
	items int64 // of arrays and maps so far
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.pos = len(r.b)
}

func (r *reader) long() int64 {
	var u uint64
	for shift := uint(0); shift < 70; shift += 7 {
		if r.pos >= len(r.b) {
			r.fail(errShort)
			return 0
		}
		c := r.b[r.pos]
		r.pos++
		if shift == 63 && c > 1 {
			break
		}
		u |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return int64(u>>1) ^ -int64(u&1)
		}
	}
	r.fail(errors.New("a number in the Avro data has over 64 bits"))
	return 0
}

// take is the next n bytes.
func (r *reader) take(n int64) []byte {
	if n < 0 || n > int64(len(r.b)-r.pos) {
		r.fail(errShort)
		return nil
	}
	b := r.b[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// text is the next string or bytes.
func (r *reader) text() []byte { return r.take(r.long()) }

// block reads the head of a block of an array or map and returns its count, 0 at the
// end.
func (r *reader) block() int64 {
	n := r.long()
	if n == math.MinInt64 {
		r.fail(errShort)
		return 0
	}
	if n < 0 {
		n = -n
		r.long() // the block's size in bytes: it is read item by item all the same
	}
	// Items without bytes (null) could be counted without end, so all are bounded.
	const floor, times = 1 << 20, 8
	if n > floor+times*int64(len(r.b))-r.items {
		r.fail(errors.New("the Avro data counts more items than it can hold"))
		return 0
	}
	r.items += n
	return n
}

// branch is the next union branch.
func (r *reader) branch(n *node) (int, *node) {
	i := r.long()
	if i < 0 || i >= int64(len(n.branches)) {
		r.fail(fmt.Errorf("the Avro data names branch %d of a union of %d", i, len(n.branches)))
		return 0, &node{kind: kNull}
	}
	return int(i), n.branches[i]
}

// symbol is the position of the next enum symbol.
func (r *reader) symbol(n *node) int {
	i := r.long()
	if i < 0 || i >= int64(len(n.symbols)) {
		r.fail(fmt.Errorf("the Avro data names symbol %d of %s", i, n.label))
		return 0
	}
	return int(i)
}

// maxReadDepth bounds the nesting of Avro data; Scan writes less.
const maxReadDepth = 4 * maxDepth

func (r *reader) deep(depth int) bool {
	if depth > maxReadDepth {
		r.fail(errors.New("the Avro data is nested too deep"))
		return true
	}
	return false
}

// skip passes over a value.
func (r *reader) skip(n *node, depth int) {
	if r.err != nil || r.deep(depth) {
		return
	}
	switch n.kind {
	case kNull:
	case kBoolean:
		r.take(1)
	case kInt, kLong, kDate, kTimeMillis, kTimeMicros, kTimestamp:
		r.long()
	case kEnum:
		r.symbol(n)
	case kFloat:
		r.take(4)
	case kDouble:
		r.take(8)
	case kBytes, kString, kDecimalBytes, kUUID:
		r.text()
	case kFixed, kDecimalFixed, kUUIDFixed:
		r.take(int64(n.size))
	case kRecord:
		for i := range n.fields {
			r.skip(n.fields[i].typ, depth+1)
		}
	case kArray, kMap:
		for c := r.block(); c > 0 && r.err == nil; c = r.block() {
			for ; c > 0 && r.err == nil; c-- {
				if n.kind == kMap {
					r.text()
				}
				r.skip(n.elem, depth+1)
			}
		}
	case kUnion, kOptional:
		_, b := r.branch(n)
		r.skip(b, depth+1)
	}
}
