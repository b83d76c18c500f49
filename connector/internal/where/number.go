package where

import (
	"bytes"
	"cmp"
)

// numberLen is the length of the number, as JSON writes it, that a text begins with; 0: with none.
func numberLen[T string | []byte](s T) int {
	i := 0
	digits := func() bool {
		from := i
		for i < len(s) && s[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++
	} else if !digits() {
		return 0
	}
	if i+1 < len(s) && s[i] == '.' && s[i+1]-'0' <= 9 {
		i++
		digits()
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		before := i
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return before
		}
	}
	return i
}

// decimal is a number taken apart: ±0.digits × 10^exp, the first digit not being 0. Zero has none.
type decimal struct {
	sign          int
	whole, behind []byte // the digits before and behind the point
	exp           int64
}

// mostExp bounds exponents, far beyond what any number means.
const mostExp = 1 << 40

func takeApart(t []byte) decimal {
	d := decimal{sign: 1}
	if t[0] == '-' {
		d.sign, t = -1, t[1:]
	}
	if i := bytes.IndexAny(t, "eE"); i >= 0 {
		e := t[i+1:]
		t = t[:i]
		negative := e[0] == '-'
		if e[0] == '-' || e[0] == '+' {
			e = e[1:]
		}
		for _, c := range e {
			d.exp = min(d.exp*10+int64(c-'0'), mostExp)
		}
		if negative {
			d.exp = -d.exp
		}
	}
	d.whole = t
	if i := bytes.IndexByte(t, '.'); i >= 0 {
		d.whole, d.behind = t[:i], t[i+1:]
	}
	d.whole = bytes.TrimLeft(d.whole, "0")
	if len(d.whole) == 0 {
		zeros := len(d.behind) - len(bytes.TrimLeft(d.behind, "0"))
		d.behind = d.behind[zeros:]
		d.exp -= int64(zeros)
	}
	d.exp += int64(len(d.whole))
	if len(d.whole)+len(d.behind) == 0 {
		d = decimal{}
	}
	return d
}

// digit is the i-th digit; 0 behind the last.
func (d *decimal) digit(i int) byte {
	switch {
	case i < len(d.whole):
		return d.whole[i]
	case i < len(d.whole)+len(d.behind):
		return d.behind[i-len(d.whole)]
	}
	return '0'
}

// compareNumbers orders two numbers by their exact values.
func compareNumbers(a, b []byte) int {
	x, y := takeApart(a), takeApart(b)
	if x.sign != y.sign {
		return cmp.Compare(x.sign, y.sign)
	}
	c := cmp.Compare(x.exp, y.exp)
	for i := 0; c == 0 && i < max(len(x.whole)+len(x.behind), len(y.whole)+len(y.behind)); i++ {
		c = cmp.Compare(x.digit(i), y.digit(i))
	}
	return c * x.sign
}
