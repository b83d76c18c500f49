package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// value encodes the value at pos, white space before it being passed over already. On
// bad, out and pos are anywhere: the caller goes back.
func (s *state) value(n *node, depth int) code {
	if s.pos >= len(s.buf) {
		return broken
	}
	c := s.buf[s.pos]
	if n.kind == kOptional {
		if c == 'n' {
			if !s.literal("null") {
				return broken
			}
			s.out = append(s.out, byte(n.null)<<1)
			return good
		}
		s.out = append(s.out, byte(1-n.null)<<1)
		n = n.elem
	}
	at := s.pos
	if !firsts[n.kind][c] {
		if n.kind == kUnion {
			return s.union(n, depth)
		}
		if !startsValue(c) {
			return broken
		}
		return s.refuse(n, at, "")
	}
	switch n.kind {
	case kNull:
		if !s.literal("null") {
			return broken
		}
	case kBoolean:
		b := byte(0)
		word := "false"
		if c == 't' {
			b, word = 1, "true"
		}
		if !s.literal(word) {
			return broken
		}
		s.out = append(s.out, b)
	case kString:
		return s.encodeString(n)
	case kInt, kLong:
		return s.encodeInt(n)
	case kFloat, kDouble:
		return s.encodeFloat(n)
	case kTimestamp:
		return s.encodeTimestamp(n, c)
	case kDate, kTimeMillis, kTimeMicros:
		return s.encodeClock(n, c)
	case kDecimalBytes, kDecimalFixed:
		return s.encodeDecimal(n, c)
	case kRecord:
		return s.object(n, depth+1, nil)
	case kArray:
		return s.array(n, depth+1)
	case kMap:
		return s.mapping(n, depth+1)
	default: // bytes, fixed, enum, uuid
		return s.encodeText(n)
	}
	return good
}

// firsts is fits, looked up: it is asked for every value.
var firsts = func() (t [kinds][256]bool) {
	for k := range t {
		for c := range t[k] {
			t[k][c] = fits(kind(k), byte(c))
		}
	}
	return t
}()

// fits reports whether a value that begins with c can be of the kind at all.
func fits(k kind, c byte) bool {
	switch k {
	case kNull:
		return c == 'n'
	case kBoolean:
		return c == 't' || c == 'f'
	case kInt, kLong, kFloat, kDouble:
		return c == '-' || c-'0' <= 9
	case kTimestamp, kDate, kTimeMillis, kTimeMicros, kDecimalBytes, kDecimalFixed:
		return c == '"' || c == '-' || c-'0' <= 9
	case kRecord, kMap:
		return c == '{'
	case kArray:
		return c == '['
	case kUnion, kOptional:
		return false
	}
	return c == '"'
}

func startsValue(c byte) bool {
	return bytes.IndexByte([]byte(`"{[-0123456789ntf`), c) >= 0
}

// text is the text of a string whose inside is buf[start:end]; false if it is not valid
// Unicode. It lies in the answer, or in scratch if there were escapes.
func (s *state) text(start, end int, flags uint8) ([]byte, bool) {
	s.flags = flags
	t := s.buf[start:end]
	if flags&hasUnicode != 0 && !utf8.Valid(t) {
		return nil, false
	}
	if flags&hasEscape == 0 {
		return t, true
	}
	var ok bool
	s.scratch, ok = unescape(s.scratch[:0], t)
	return s.scratch, ok
}

const notUnicode = "is not valid Unicode"

func (s *state) encodeString(n *node) code {
	if s.shortString() {
		return good
	}
	at := s.pos
	start, end, flags, ok := s.str()
	s.flags = flags
	if !ok {
		return broken
	}
	t := s.buf[start:end]
	if flags&hasUnicode != 0 && !utf8.Valid(t) {
		return s.refuse(n, at, notUnicode)
	}
	if flags&hasEscape == 0 {
		s.out = append(appendLong(s.out, int64(len(t))), t...)
		return good
	}
	// The text behind the escapes is shorter, by how much shows at its end; its length
	// stands before it. So room is left as for the longer one and closed if too wide.
	from := len(s.out)
	s.out = appendLong(s.out, int64(len(t)))
	body := len(s.out)
	if s.out, ok = unescapeHalves(s.out, t, true); !ok {
		s.adjusted.Halves.note(t)
	}
	s.setLength(from, body, int64(len(s.out)-body))
	return good
}

// short is one above the longest text whose length Avro writes as one byte.
const short = 64

// shortString encodes the string at pos if it is short and has no escapes but those of one letter, copying each eight
// bytes while it looks at them. Where it is false it has done nothing.
func (s *state) shortString() bool {
	i, o := s.pos+1, len(s.out)
	if len(s.buf)-i < short+8 || cap(s.out)-o < short+8 {
		return false
	}
	src, dst := (*[short + 8]byte)(s.buf[i:]), (*[short + 8]byte)(s.out[o:o+short+8])
	var high uint64
	flags := uint8(0)
	n := 0 // bytes of the text, which is shorter than what it is read from
	for at := 0; at < short; {
		w := binary.LittleEndian.Uint64(src[at : at+8])
		binary.LittleEndian.PutUint64(dst[n+1:n+9], w)
		m := stops(w)
		if m == 0 {
			high |= w
			at, n = at+8, n+8
			continue
		}
		held := bits.TrailingZeros64(m) &^ 7
		high |= w & (1<<held - 1)
		at, n = at+held>>3, n+held>>3
		if src[at] == '\\' && n < short {
			if dst[n+1] = letters[src[at+1]]; dst[n+1] == 0 {
				return false
			}
			at, n, flags = at+2, n+1, hasEscape
			continue
		}
		if src[at] != '"' || n >= short || high&highs != 0 && !utf8.Valid(src[:at]) {
			return false
		}
		dst[0] = byte(n << 1)
		s.out, s.pos = s.out[:o+1+n], i+at+1
		if high&highs != 0 {
			flags |= hasUnicode
		}
		s.flags = flags
		return true
	}
	return false
}

// letters are what escapes of one letter stand for; 0: it makes none, or a longer one.
var letters = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// setLength writes a length into the room out[from:body], moving what follows down if
// the room is too wide.
func (s *state) setLength(from, body int, v int64) {
	var b [10]byte
	l := appendLong(b[:0], v)
	copy(s.out[from:], l)
	if gap := body - from - len(l); gap > 0 {
		copy(s.out[from+len(l):], s.out[body:])
		s.out = s.out[:len(s.out)-gap]
	}
}

// encodeText encodes the types whose JSON is a string with a form of its own.
func (s *state) encodeText(n *node) code {
	at := s.pos
	start, end, flags, ok := s.str()
	if !ok {
		return broken
	}
	t, ok := s.text(start, end, flags)
	if !ok {
		return s.refuse(n, at, notUnicode)
	}
	switch n.kind {
	case kEnum:
		i, ok := n.symbol[string(t)]
		if !ok {
			return s.refuse(n, at, "is none of the symbols")
		}
		s.out = appendLong(s.out, int64(i))
	case kUUID:
		if _, ok := parseUUID(t); !ok {
			return s.refuse(n, at, "is no UUID like 8-4-4-4-12 hexadecimal digits")
		}
		s.out = append(appendLong(s.out, int64(len(t))), t...)
	case kUUIDFixed:
		u, ok := parseUUID(t)
		if !ok {
			return s.refuse(n, at, "is no UUID like 8-4-4-4-12 hexadecimal digits")
		}
		s.out = append(s.out, u[:]...)
	default: // bytes, fixed
		size := base64.StdEncoding.DecodedLen(len(t))
		// DecodeString's own laxness: it passes over line breaks.
		if bytes.IndexByte(t, '\n') >= 0 || bytes.IndexByte(t, '\r') >= 0 {
			return s.refuse(n, at, "is not base64")
		}
		if n.kind == kFixed && (size < n.size || size > n.size+2) {
			return s.refuse(n, at, "does not hold as many bytes as wanted in base64")
		}
		from := len(s.out)
		if n.kind == kBytes {
			s.out = appendLong(s.out, int64(size))
		}
		body := len(s.out)
		s.out = slices.Grow(s.out, size)[:body+size]
		m, err := base64.StdEncoding.Strict().Decode(s.out[body:], t)
		if err != nil {
			return s.refuse(n, at, "is not base64")
		}
		s.out = s.out[:body+m]
		if n.kind == kBytes {
			s.setLength(from, body, int64(m))
		} else if m != n.size {
			return s.refuse(n, at, "does not hold as many bytes as wanted in base64")
		}
	}
	return good
}

// parseUUID reads 8-4-4-4-12 hexadecimal digits.
func parseUUID(t []byte) (u [16]byte, ok bool) {
	if len(t) != 36 || t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-' {
		return u, false
	}
	i := 0
	for p := 0; p < 36; {
		if t[p] == '-' {
			p++
			continue
		}
		hi, lo := hexDigit(t[p]), hexDigit(t[p+1])
		if hi > 15 || lo > 15 {
			return u, false
		}
		u[i] = hi<<4 | lo
		i++
		p += 2
	}
	return u, true
}

func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
