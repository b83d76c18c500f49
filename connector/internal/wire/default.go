package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// setDefault encodes what a missing field stands for: the schema's default, or null
// where the type allows it and no default is given.
func (s *schema) setDefault(f *field) error {
	if f.missing != nil {
		return nil
	}
	if !f.declared {
		if (f.typ.kind == kOptional || f.typ.kind == kUnion) && f.typ.null >= 0 {
			f.missing = appendLong(nil, int64(f.typ.null))
		} else if f.typ.kind == kNull {
			f.missing = []byte{}
		}
		return nil
	}
	b, err := s.appendDefault([]byte{}, f.typ, f.value, 0)
	if err != nil {
		return err
	}
	f.missing = b
	return nil
}

// appendDefault encodes a default by Avro's own rules, which are not those for rows:
// bytes are text of the code points 0 to 255, and logical types take their base's value.
func (s *schema) appendDefault(out []byte, n *node, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errors.New("the default never ends")
	}
	wrong := func() ([]byte, error) { return nil, fmt.Errorf("%v does not fit %s", v, n.label) }
	switch n.kind {
	case kNull:
		if v != nil {
			return wrong()
		}
		return out, nil
	case kBoolean:
		b, ok := v.(bool)
		if !ok {
			return wrong()
		}
		if b {
			return append(out, 1), nil
		}
		return append(out, 0), nil
	case kInt, kDate, kTimeMillis, kLong, kTimeMicros, kTimestamp:
		num, ok := v.(json.Number)
		if !ok {
			return wrong()
		}
		i, why := exactInt([]byte(num))
		if why != "" || (n.is32() && int64(int32(i)) != i) {
			return wrong()
		}
		return appendLong(out, i), nil
	case kFloat, kDouble:
		num, ok := v.(json.Number)
		if !ok {
			return wrong()
		}
		bits := 64
		if n.kind == kFloat {
			bits = 32
		}
		x, err := strconv.ParseFloat(string(num), bits)
		if err != nil {
			return wrong()
		}
		if n.kind == kFloat {
			return binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(x))), nil
		}
		return binary.LittleEndian.AppendUint64(out, math.Float64bits(x)), nil
	case kString, kUUID:
		t, ok := v.(string)
		if !ok {
			return wrong()
		}
		return append(appendLong(out, int64(len(t))), t...), nil
	case kBytes, kDecimalBytes, kFixed, kDecimalFixed, kUUIDFixed:
		t, ok := v.(string)
		if !ok {
			return wrong()
		}
		var b []byte
		for _, r := range t {
			if r > 255 {
				return wrong()
			}
			b = append(b, byte(r))
		}
		if n.kind == kBytes || n.kind == kDecimalBytes {
			return append(appendLong(out, int64(len(b))), b...), nil
		}
		if len(b) != n.size {
			return wrong()
		}
		return append(out, b...), nil
	case kEnum:
		t, _ := v.(string)
		i, ok := n.symbol[t]
		if !ok {
			return wrong()
		}
		return appendLong(out, int64(i)), nil
	case kArray:
		items, ok := v.([]any)
		if !ok {
			return wrong()
		}
		var err error
		if len(items) > 0 {
			out = appendLong(out, int64(len(items)))
		}
		for _, it := range items {
			if out, err = s.appendDefault(out, n.elem, it, depth+1); err != nil {
				return nil, err
			}
		}
		return append(out, 0), nil
	case kMap:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		var err error
		if len(m) > 0 {
			out = appendLong(out, int64(len(m)))
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			out = append(appendLong(out, int64(len(k))), k...)
			if out, err = s.appendDefault(out, n.elem, m[k], depth+1); err != nil {
				return nil, err
			}
		}
		return append(out, 0), nil
	case kRecord:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		var err error
		for _, f := range n.fields {
			fv, given := m[f.name]
			switch {
			case given:
			case f.declared:
				fv = f.value
			case f.typ.null >= 0 && (f.typ.kind == kOptional || f.typ.kind == kUnion):
				out = appendLong(out, int64(f.typ.null))
				continue
			default:
				return nil, fmt.Errorf("field %s of %s is missing", f.name, n.name)
			}
			if out, err = s.appendDefault(out, f.typ, fv, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case kUnion, kOptional:
		// Avro up to 1.11 wants the first branch; 1.12 any. The first that fits covers both.
		for i, b := range n.branches {
			if r, err := s.appendDefault(appendLong(out, int64(i)), b, v, depth+1); err == nil {
				return r, nil
			}
		}
	}
	return wrong()
}

// is32 reports whether the type's base is int.
func (n *node) is32() bool { return n.kind == kInt || n.kind == kDate || n.kind == kTimeMillis }

// appendLong writes Avro's int and long: zigzag, seven bits a byte.
func appendLong(out []byte, v int64) []byte {
	u := uint64(v)<<1 ^ uint64(v>>63)
	for u >= 0x80 {
		out = append(out, byte(u)|0x80)
		u >>= 7
	}
	return append(out, byte(u))
}
