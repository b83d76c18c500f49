package value

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// float is a number of seconds since 1970 with a fraction, as JSON number or string.
type float struct{}

func (float) is() string { return "is " }

const noNumber, outOfRange = "not a number of seconds", "out of range"

// read takes the decimal digits as they are: a float in between would round them. Of the
// fraction nine digits count, and what is behind them is rounded down.
func (float) read(text []byte, _ *time.Location) (Instant, string) {
	whole, fraction, exp, negative, ok := splitNumber(text)
	if !ok {
		return Instant{}, noNumber
	}
	var micros uint64
	var nanos uint16
	lost := false
	point := len(whole) + exp
	// Digit i stands for 10^(point-1-i) seconds.
	for i := range max(len(whole)+len(fraction), point+6) {
		d := uint64(0)
		switch {
		case i < len(whole):
			d = uint64(whole[i] - '0')
		case i < len(whole)+len(fraction):
			d = uint64(fraction[i-len(whole)] - '0')
		}
		switch {
		case i < point+6:
			if micros > (math.MaxInt64-d)/10 {
				return Instant{}, outOfRange
			}
			micros = micros*10 + d
		case i < point+9:
			nanos += uint16(d) * [3]uint16{100, 10, 1}[i-point-6]
		default:
			lost = lost || d > 0
		}
	}
	at := Instant{N: int64(micros), Sub: nanos}
	if negative {
		if at.N = -at.N; lost {
			nanos++ // down
		}
		if at.Sub = 0; nanos > 0 {
			at.N--
			if at.Sub = 1000 - nanos; nanos == 1000 {
				at.Sub = 0
			}
		}
		if at.N == math.MinInt64 { // write would have no text for it
			return Instant{}, outOfRange
		}
	}
	return at, ""
}

// splitNumber takes a number of JSON apart.
func splitNumber(b []byte) (whole, fraction []byte, exp int, negative, ok bool) {
	if len(b) > 0 && b[0] == '-' {
		negative, b = true, b[1:]
	}
	if i := bytes.IndexAny(b, "eE"); i >= 0 {
		e, ok := parseExponent(b[i+1:])
		if !ok {
			return nil, nil, 0, false, false
		}
		b, exp = b[:i], e
	}
	whole, fraction, point := bytes.Cut(b, []byte{'.'})
	ok = len(whole) > 0 && (!point || len(fraction) > 0) && len(b) <= 400
	for _, part := range [2][]byte{whole, fraction} {
		for _, c := range part {
			ok = ok && c >= '0' && c <= '9'
		}
	}
	return whole, fraction, exp, negative, ok
}

// step goes by the digits behind the point, which a number without an exponent has.
func (float) step(b []byte) int64 {
	_, fraction, exp, _, _ := splitNumber(b)
	step := int64(1e9)
	for i := len(fraction) - exp; i > 0 && step > 0; i-- {
		step /= 10
	}
	return step
}

// leastOf is how far below 0 a text with n digits behind the point reaches, in microseconds.
func leastOf(n int) int64 {
	step := int64(1e6)
	for range min(n, 6) {
		step /= 10
	}
	return math.MaxInt64 / step * step
}

// write has as many digits behind the point as like, and six where there is none.
func (float) write(like []byte, at Instant, _ *time.Location) string {
	n := 6
	if like != nil {
		_, fraction, exp, _, ok := splitNumber(like)
		if !ok {
			return string(like)
		}
		n = min(max(len(fraction)-exp, 0), maxDigits)
	}
	if least := -leastOf(n); at.N <= least {
		at = Instant{N: least}
	}
	second := FloorDiv(at.N, 1e6)
	nanos := int(at.N-second*1e6)*1000 + int(at.Sub)
	step := 1
	for i := n; i < 9; i++ {
		step *= 10
	}
	nanos -= nanos % step
	// The text of a time before 1970 counts away from it.
	sign := ""
	if second < 0 {
		sign = "-"
		if nanos > 0 {
			second, nanos = second+1, 1e9-nanos
		}
		second = -second
	}
	out := append(append(make([]byte, 0, 40), sign...), strconv.FormatInt(second, 10)...)
	if n > 0 {
		out = appendFraction(append(out, '.'), nanos, n)
	}
	return string(out)
}
