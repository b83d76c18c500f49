package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"unsafe"
)

// encodeInt encodes int and long. Numbers of up to 18 digits are read on the way.
func (s *state) encodeInt(n *node) code {
	at := s.pos
	v, c := s.whole(n)
	if c != good {
		return c
	}
	if n.kind == kInt && int64(int32(v)) != v {
		return s.refuse(n, at, "is out of range")
	}
	s.out = appendLong(s.out, v)
	return good
}

// whole reads a number that must be whole and fit 64 bits.
func (s *state) whole(n *node) (int64, code) {
	buf, i := s.buf, s.pos
	negative := buf[i] == '-'
	if negative {
		i++
	}
	first := i
	var v int64
	for i < len(buf) && buf[i]-'0' <= 9 && i-first < 18 {
		v = v*10 + int64(buf[i]-'0')
		i++
	}
	if i == first {
		s.pos = i
		return 0, broken
	}
	if i < len(buf) {
		if c := buf[i]; c-'0' > 9 && c != '.' && c|0x20 != 'e' && (buf[first] != '0' || i-first == 1) {
			s.pos = i
			if negative {
				v = -v
			}
			return v, good
		}
	}
	at := s.pos
	start, end, _, ok := s.number()
	if !ok {
		return 0, broken
	}
	v, why := exactInt(buf[start:end])
	if why != "" {
		return 0, s.refuse(n, at, why)
	}
	return v, good
}

// decimal is a number taken apart: ±digits × 10^exp, without leading or trailing
// zeros; zero has no digits.
type decimal struct {
	negative bool
	digits   []byte // may hold one '.', see point
	point    int    // its position in digits, -1
	count    int    // digits without the point
	exp      int64
}

// takeApart reads a JSON number. Exponents are held within ±2^40, far beyond any range.
func takeApart(t []byte) decimal {
	d := decimal{point: -1}
	if t[0] == '-' {
		d.negative = true
		t = t[1:]
	}
	if i := bytes.IndexAny(t, "eE"); i >= 0 {
		e := t[i+1:]
		t = t[:i]
		sign := int64(1)
		if e[0] == '-' || e[0] == '+' {
			if e[0] == '-' {
				sign = -1
			}
			e = e[1:]
		}
		for _, c := range e {
			d.exp = min(d.exp*10+int64(c-'0'), 1<<40)
		}
		d.exp *= sign
	}
	if i := bytes.IndexByte(t, '.'); i >= 0 {
		d.exp -= int64(len(t) - i - 1)
	}
	for len(t) > 0 && (t[len(t)-1] == '0' || t[len(t)-1] == '.') {
		if t[len(t)-1] == '0' {
			d.exp++
		}
		t = t[:len(t)-1]
	}
	for len(t) > 0 && (t[0] == '0' || t[0] == '.') {
		t = t[1:]
	}
	d.digits, d.count = t, len(t)
	if d.point = bytes.IndexByte(t, '.'); d.point >= 0 {
		d.count--
	}
	if d.count == 0 {
		d.exp = 0
	}
	return d
}

// uint64 is digits × 10^shift; false if it does not fit.
func (d decimal) uint64(shift int64) (uint64, bool) {
	if d.count == 0 {
		return 0, true
	}
	if shift < 0 || int64(d.count)+shift > 20 {
		return 0, false
	}
	var u uint64
	step := func(digit uint64) bool {
		if u > (math.MaxUint64-digit)/10 {
			return false
		}
		u = u*10 + digit
		return true
	}
	for _, c := range d.digits {
		if c != '.' && !step(uint64(c-'0')) {
			return 0, false
		}
	}
	for ; shift > 0; shift-- {
		if !step(0) {
			return 0, false
		}
	}
	return u, true
}

// exactInt is the value of a JSON number that must be whole; why is empty on success.
func exactInt(t []byte) (v int64, why string) {
	d := takeApart(t)
	if d.exp < 0 {
		return 0, "is not whole"
	}
	u, ok := d.uint64(d.exp)
	switch {
	case ok && !d.negative && u <= math.MaxInt64:
		return int64(u), ""
	case ok && d.negative && u <= 1<<63:
		return -int64(u), ""
	}
	return 0, "is out of range"
}

// tens are the powers of ten that shortDouble divides by.
var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// shortDouble reads a number of up to 15 digits without an exponent in one pass. Its digits and the power of ten are both
// doubles, so their quotient is the double nearest to the number. Where it is false it has done nothing.
func (s *state) shortDouble() (x float64, ok bool) {
	buf, i := s.buf, s.pos
	if buf[i] == '-' {
		i++
	}
	first, point := i, -1
	var digits int64
	for ; i < len(buf) && i-first < len(tens); i++ {
		c := buf[i]
		if c == '.' && point < 0 {
			point = i
			continue
		}
		if c-'0' > 9 {
			break
		}
		digits = digits*10 + int64(c-'0')
	}
	whole, below := i-first, 0
	if point >= 0 {
		whole, below = point-first, i-point-1
	}
	if i == len(buf) || i-first == len(tens) || whole == 0 || whole > 1 && buf[first] == '0' || point >= 0 && below == 0 || buf[i]|0x20 == 'e' {
		return 0, false
	}
	if x = float64(digits) / tens[below]; first > s.pos {
		x = -x
	}
	s.pos = i
	return x, true
}

// encodeFloat encodes float and double.
func (s *state) encodeFloat(n *node) code {
	if n.kind == kDouble {
		if x, ok := s.shortDouble(); ok {
			s.out = binary.LittleEndian.AppendUint64(s.out, math.Float64bits(x))
			return good
		}
	}
	at := s.pos
	start, end, plain, ok := s.number()
	if !ok {
		return broken
	}
	bits := 64
	if n.kind == kFloat {
		bits = 32
	}
	t := s.buf[start:end]
	// The text is only read; ParseFloat copies it for its errors.
	x, err := strconv.ParseFloat(unsafe.String(&t[0], len(t)), bits)
	if err != nil {
		return s.refuse(n, at, "is out of range")
	}
	// Fractions are rounded, as binary floats must; whole numbers are often ids and
	// would silently become other ids. Two forms are whole: all digits of the float,
	// and the shortest that reads back as it, which JavaScript writes.
	if plain && len(t) > 7 && (bits == 32 || len(t) > 15) {
		s.scratch = strconv.AppendFloat(s.scratch[:0], x, 'f', 0, 64)
		exact := bytes.Equal(s.scratch, t)
		s.scratch = strconv.AppendFloat(s.scratch[:0], x, 'f', -1, bits)
		if !exact && !bytes.Equal(s.scratch, t) {
			return s.refuse(n, at, "would lose digits")
		}
	}
	if bits == 32 {
		s.out = binary.LittleEndian.AppendUint32(s.out, math.Float32bits(float32(x)))
	} else {
		s.out = binary.LittleEndian.AppendUint64(s.out, math.Float64bits(x))
	}
	return good
}
