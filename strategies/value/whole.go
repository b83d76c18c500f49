package value

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// whole is a whole number of 64 bits, as JSON number or string, that counts units of an Instant's N.
type whole struct{ unit int64 }

func (whole) is() string { return "is " }

func (w whole) read(text []byte, _ *time.Location) (Instant, string) {
	n, ok := parseInt(text)
	switch {
	case !ok:
		return Instant{}, "not a whole number of 64 bits"
	case w.unit > 1 && (n > math.MaxInt64/w.unit || n < math.MinInt64/w.unit):
		return Instant{}, "out of range"
	}
	return Instant{N: n * w.unit}, ""
}

func (w whole) step([]byte) int64 { return w.unit * 1e3 }

// write never gives a text that read refuses: it becomes a stored mark.
func (w whole) write(_ []byte, at Instant, _ *time.Location) string {
	return strconv.FormatInt(max(FloorDiv(at.N, w.unit), math.MinInt64/w.unit), 10)
}

// parseInt reads a whole number of 64 bits, in any way that JSON can write one: 7, 7.0 and
// 7e0 are one value. It allocates nothing.
func parseInt(b []byte) (int64, bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 18 { // what cannot overflow
		return parseWhole(b)
	}
	n := int64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return parseWhole(b)
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, true
}

// parseExponent reads what stands behind the e of a number, as far as 400.
func parseExponent(b []byte) (int, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > 400 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if negative {
		n = -n
	}
	return n, len(b) > 0 && n <= 400 && n >= -400
}

// parseWhole reads a number that has a point or an exponent, exactly: floats would round.
func parseWhole(b []byte) (int64, bool) {
	exp := 0
	if i := bytes.IndexAny(b, "eE"); i >= 0 {
		e, ok := parseExponent(b[i+1:])
		if !ok {
			return 0, false
		}
		b, exp = b[:i], e
	}
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	whole, fraction, point := bytes.Cut(b, []byte{'.'})
	if len(whole) == 0 || point && len(fraction) == 0 {
		return 0, false
	}
	var n uint64
	const most = 1 << 63
	// The digits before the place where the exponent puts the point make the number; those
	// behind it, and digits that are not there, are zeros.
	for i := range max(len(whole)+len(fraction), len(whole)+exp) {
		c := byte('0')
		switch {
		case i < len(whole):
			c = whole[i]
		case i < len(whole)+len(fraction):
			c = fraction[i-len(whole)]
		}
		d := uint64(c - '0')
		switch {
		case d > 9 || i >= len(whole)+exp && d != 0:
			return 0, false
		case i >= len(whole)+exp:
		case n > (most-d)/10:
			return 0, false
		default:
			n = n*10 + d
		}
	}
	switch {
	case negative:
		return -int64(n), true // of 2^63 that is the least number there is
	case n == most:
		return 0, false
	}
	return int64(n), true
}
