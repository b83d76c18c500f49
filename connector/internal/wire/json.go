package wire

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// scanner walks over JSON text. It accepts exactly what RFC 8259 allows, except that
// it does not look at the encoding of strings nobody reads. Its methods leave pos
// where the text goes wrong.
type scanner struct {
	buf  []byte
	pos  int
	open []uint64 // skip: a bit for each open bracket, 1 for an object
}

// What str found in a string.
const (
	hasEscape  = 1 << iota // a backslash
	hasUnicode             // a byte over 127
)

// peek skips white space and returns the byte that follows; 0 at the end of the
// text, which no JSON begins with either.
func (s *scanner) peek() byte {
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		if c > ' ' || (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
			return c
		}
		s.pos++
	}
	return 0
}

// take skips white space and c; false if something else stands there.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

const ones, highs = 0x0101010101010101, 0x8080808080808080

// stops marks, by its highest bit, the first of eight bytes that a string cannot just hold: a
// quote, a backslash or a control character. What is marked above it may be wrong, for a
// borrow can mark bytes above a true one.
func stops(w uint64) uint64 {
	q, b := w^(ones*'"'), w^(ones*'\\')
	return ((q - ones) &^ q & highs) | ((b - ones) &^ b & highs) | ((w - ones*' ') &^ w & highs)
}

// str walks over a string, pos being at its opening quote, and returns where its
// inside begins and ends. Eight bytes are looked at together.
func (s *scanner) str() (start, end int, flags uint8, ok bool) {
	buf := s.buf
	i := s.pos + 1
	start = i
	for {
		var c byte
		for {
			if i+8 > len(buf) {
				if i >= len(buf) {
					s.pos = len(buf)
					return 0, 0, 0, false
				}
				c = buf[i]
				if c == '"' || c == '\\' || c < ' ' {
					break
				}
				if c >= 0x80 {
					flags |= hasUnicode
				}
				i++
				continue
			}
			w := binary.LittleEndian.Uint64(buf[i:])
			m := stops(w)
			if m == 0 {
				if w&highs != 0 {
					flags |= hasUnicode
				}
				i += 8
				continue
			}
			at := bits.TrailingZeros64(m) &^ 7
			if w&highs&(1<<at-1) != 0 {
				flags |= hasUnicode
			}
			i += at >> 3
			c = buf[i]
			break
		}
		switch {
		case c == '"':
			s.pos = i + 1
			return start, i, flags, true
		case c < ' ':
			s.pos = i
			return 0, 0, 0, false
		}
		flags |= hasEscape
		n := escapeLen(buf[i:])
		if n == 0 {
			s.pos = i
			if len(buf)-i < 6 && bytes.IndexByte(buf[i:], '"') < 0 {
				s.pos = len(buf) // cut off within the escape
			}
			return 0, 0, 0, false
		}
		i += n
	}
}

// escapeLen is the length of the escape that b begins with, 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		if _, ok := hex4(b[2:6]); ok {
			return 6
		}
	}
	return 0
}

func hex4(b []byte) (r rune, ok bool) {
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape appends the text of a string's inside, which str has walked over. It is
// false for a surrogate without its other half: such a text has no UTF-8.
func unescape(out, in []byte) ([]byte, bool) { return unescapeHalves(out, in, false) }

// unescapeHalves is unescape. Where that is wanted a surrogate without its other half becomes
// U+FFFD, as encoding/json has it: texts that were cut in the middle of a character have one.
// It is false for these, too.
func unescapeHalves(out, in []byte, replace bool) ([]byte, bool) {
	whole := true
	for {
		i := bytes.IndexByte(in, '\\')
		if i < 0 {
			return append(out, in...), whole
		}
		out = append(out, in[:i]...)
		c := in[i+1]
		n := 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := hex4(in[i+2:])
			n = 6
			if r >= 0xD800 && r < 0xE000 {
				low := rune(0)
				if r < 0xDC00 && escapeLen(in[i+6:]) == 6 {
					low, _ = hex4(in[i+8:])
				}
				switch {
				case low >= 0xDC00 && low < 0xE000:
					r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
					n = 12
				case replace:
					r, whole = utf8.RuneError, false
				default:
					return out, false
				}
			}
			out = utf8.AppendRune(out, r)
			in = in[i+n:]
			continue
		}
		out = append(out, c)
		in = in[i+n:]
	}
}

// number walks over a number; plain: without point and exponent.
func (s *scanner) number() (start, end int, plain, ok bool) {
	buf, i := s.buf, s.pos
	start = i
	digits := func() bool {
		from := i
		for i < len(buf) && buf[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	fail := func() (int, int, bool, bool) {
		s.pos = i
		return 0, 0, false, false
	}
	if i < len(buf) && buf[i] == '-' {
		i++
	}
	if i < len(buf) && buf[i] == '0' {
		i++
	} else if !digits() {
		return fail()
	}
	plain = true
	if i < len(buf) && buf[i] == '.' {
		i++
		plain = false
		if !digits() {
			return fail()
		}
	}
	if i < len(buf) && buf[i]|0x20 == 'e' {
		i++
		plain = false
		if i < len(buf) && (buf[i] == '+' || buf[i] == '-') {
			i++
		}
		if !digits() {
			return fail()
		}
	}
	s.pos = i
	return start, i, plain, true
}

// literal walks over true, false or null.
func (s *scanner) literal(word string) bool {
	rest := s.buf[s.pos:]
	if len(rest) >= len(word) && string(rest[:len(word)]) == word {
		s.pos += len(word)
		return true
	}
	if bytes.HasPrefix([]byte(word), rest) {
		s.pos = len(s.buf) // cut off within the word
	}
	return false
}

// scalar walks over a value that is neither object nor array, c being its first byte.
func (s *scanner) scalar(c byte) bool {
	switch {
	case c == '"':
		_, _, _, ok := s.str()
		return ok
	case c == 'n':
		return s.literal("null")
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == '-' || c-'0' <= 9:
		_, _, _, ok := s.number()
		return ok
	}
	return false
}

// skip walks over any value. It does not recurse, so no depth of nesting hurts it: the
// open brackets cost a bit each.
func (s *scanner) skip() bool {
	c := s.peek()
	if c != '{' && c != '[' {
		return s.scalar(c)
	}
	depth := 0
	for {
		// At a value.
		if c == '{' || c == '[' {
			if depth>>6 == len(s.open) {
				s.open = append(s.open, 0)
			}
			bit := uint64(1) << (depth & 63)
			if c == '{' {
				s.open[depth>>6] |= bit
			} else {
				s.open[depth>>6] &^= bit
			}
			depth++
			s.pos++
			next := s.peek()
			if next != c+2 { // not closed at once: '{'+2 is '}', '['+2 is ']'
				if c == '{' && !s.key() {
					return false
				}
				c = s.peek()
				continue
			}
		} else if !s.scalar(c) {
			return false
		} else if depth == 0 {
			return true
		} else {
			goto after
		}
	closing:
		s.pos++
		depth--
		if depth == 0 {
			return true
		}
	after:
		object := s.open[(depth-1)>>6]>>((depth-1)&63)&1 == 1
		switch c = s.peek(); {
		case c == ',':
			s.pos++
			if object && !s.key() {
				return false
			}
			c = s.peek()
		case (c == '}' && object) || (c == ']' && !object):
			goto closing
		default:
			return false
		}
	}
}

// key walks over an object's key and its colon.
func (s *scanner) key() bool {
	if s.peek() != '"' {
		return false
	}
	if _, _, _, ok := s.str(); !ok {
		return false
	}
	return s.take(':')
}
