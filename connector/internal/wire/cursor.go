package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"

	"tidemark/strategies"
)

// checkCursor sees to it that the cursor's value can be had from a row and again from
// its Avro body, and that both are the same.
func (p *Plan) checkCursor() error {
	f := p.root.fields[p.cursor]
	t := plainType(f.typ)
	format := p.opts.Format
	refuse := func(remedy string) error {
		return fmt.Errorf("cursor field %q is %s, which cannot be read as %s; %s", f.name, f.typ.label, format, remedy)
	}
	if t == nil {
		return refuse("use a type that is no union but with null")
	}
	if f.declared && f.value != nil && f.typ.kind != kNull {
		return fmt.Errorf("cursor field %q has a default; only null may stand for a missing cursor value", f.name)
	}
	switch t.kind {
	case kString, kUUID:
	case kInt, kLong:
		if format.Unit() == 0 {
			return refuse("use cursor format integer, epoch_seconds, epoch_millis or epoch_micros, or the type string")
		}
	case kDouble:
		if format != strategies.EpochFloat {
			return refuse("use string, int, long or a timestamp; double is for cursor format epoch_float")
		}
		p.double = true
	case kDate:
		if format.String() != strategies.Date.String() { // in whatever zone
			return refuse("use cursor format date")
		}
	case kTimestamp:
		switch {
		case format == strategies.RFC3339:
			p.stampCursor, p.stamp = true, t
		case format == strategies.Integer:
		case format.Unit() > 0 && format.Unit() == 1e6/t.unit:
		case format.Temporal() && !format.Numbers() && !t.local:
			p.stampCursor, p.stamp, p.written = true, t, t
		default:
			return refuse("use cursor format rfc3339, or integer for numbers in the type's own unit, or the type string")
		}
	default:
		return refuse("use string, int, long, date or a timestamp")
	}
	return nil
}

// readCursor reads the cursor field; compile has seen to it that its type allows it. One of a
// string, double or date allocates what the format reads.
func (p *Plan) readCursor(r *reader) (strategies.Value, error) {
	n := p.root.fields[p.cursor].typ
	if n.kind == kOptional {
		i, b := r.branch(n)
		if i == n.null || r.err != nil {
			return strategies.Value{}, r.err
		}
		n = b
	}
	switch n.kind {
	case kString, kUUID:
		return p.opts.Format.Parse(r.text())
	case kDouble:
		b := r.take(8)
		if r.err != nil {
			return strategies.Value{}, r.err
		}
		v, err := p.opts.Format.Parse(appendDouble(nil, b))
		v.Raw = nil
		return v, err
	case kDate:
		days := r.long()
		if r.err != nil {
			return strategies.Value{}, r.err
		}
		v, err := p.opts.Format.ParseString(time.Unix(days*86400, 0).UTC().Format(time.DateOnly))
		v.Raw = nil
		return v, err
	}
	v := strategies.Value{N: r.long(), Set: true}
	if !p.stampCursor {
		v.N *= p.opts.Format.Unit()
		return v, r.err
	}
	switch n.unit {
	case 1e3:
		v.N *= 1e3
	case 1e9:
		nanos := v.N
		v.N = strategies.FloorDiv(nanos, 1e3)
		v.Sub = uint16(nanos - v.N*1e3)
	}
	return v, r.err
}

// appendDouble writes a double of Avro as the shortest number that reads as it.
func appendDouble(out, avro []byte) []byte {
	return strconv.AppendFloat(out, math.Float64frombits(binary.LittleEndian.Uint64(avro)), 'f', -1, 64)
}

// keeps reports whether a cursor value comes back from the double that was encoded of it last: of
// more than some sixteen digits it holds the first.
func (s *state) keeps(v strategies.Value) bool {
	s.scratch = appendDouble(s.scratch[:0], s.out[len(s.out)-8:])
	w, err := s.plan.opts.Format.Parse(s.scratch)
	return err == nil && w.N == v.N && w.Sub == v.Sub
}
