package wire

import "math/big"

// encodeDecimal encodes a decimal from a number or its text: the unscaled value in two's
// complement, most significant byte first, as few bytes as hold it (bytes) or as many
// as the type has (fixed).
func (s *state) encodeDecimal(n *node, c byte) code {
	at := s.pos
	var t []byte
	if c == '"' {
		start, end, flags, ok := s.str()
		if !ok {
			return broken
		}
		if t, ok = s.text(start, end, flags); !ok {
			return s.refuse(n, at, notUnicode)
		}
		inner := scanner{buf: t}
		if _, end, _, ok := inner.number(); !ok || end != len(t) {
			return s.refuse(n, at, "is not a number")
		}
	} else {
		start, end, _, ok := s.number()
		if !ok {
			return broken
		}
		t = s.buf[start:end]
	}
	d := takeApart(t)
	shift := d.exp + int64(n.scale)
	switch {
	case d.count == 0:
		shift = 0
	case shift < 0:
		return s.refuse(n, at, "has more digits behind the point than the scale")
	case int64(d.count)+shift > int64(n.digits):
		return s.refuse(n, at, "has more digits than the precision")
	}
	if int64(d.count)+shift <= 18 {
		u, _ := d.uint64(shift)
		v := int64(u)
		if d.negative {
			v = -v
		}
		return s.putUnscaled(n, at, v)
	}
	digits := make([]byte, 0, int64(d.count)+shift)
	for _, c := range d.digits {
		if c != '.' {
			digits = append(digits, c)
		}
	}
	for ; shift > 0; shift-- {
		digits = append(digits, '0')
	}
	v, _ := new(big.Int).SetString(string(digits), 10)
	if d.negative {
		v.Neg(v)
	}
	return s.putBytes(n, at, twosComplement(v), d.negative)
}

func (s *state) putUnscaled(n *node, at int, v int64) code {
	var b [8]byte
	for i := range b {
		b[i] = byte(v >> (56 - 8*i))
	}
	i := 0
	for i < 7 && ((b[i] == 0 && b[i+1] < 0x80) || (b[i] == 0xff && b[i+1] >= 0x80)) {
		i++
	}
	return s.putBytes(n, at, b[i:], v < 0)
}

// putBytes writes the shortest two's complement b, widened to a fixed type's size.
func (s *state) putBytes(n *node, at int, b []byte, negative bool) code {
	if n.kind == kDecimalBytes {
		s.out = append(appendLong(s.out, int64(len(b))), b...)
		return good
	}
	if len(b) > n.size {
		return s.refuse(n, at, "does not fit into the fixed type's bytes")
	}
	fill := byte(0)
	if negative {
		fill = 0xff
	}
	for i := len(b); i < n.size; i++ {
		s.out = append(s.out, fill)
	}
	s.out = append(s.out, b...)
	return good
}

// twosComplement is the shortest big-endian two's complement of v.
func twosComplement(v *big.Int) []byte {
	if v.Sign() >= 0 {
		b := v.Bytes()
		if len(b) == 0 || b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	// ^v = -v-1 has the same bits, inverted.
	b := new(big.Int).Not(v).Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}
