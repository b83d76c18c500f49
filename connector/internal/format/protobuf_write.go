package format

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Append appends the header, which ends in the place of the message in its file: the first one.
func (p protobuf) Append(dst []byte, id int, body []byte) ([]byte, error) {
	r := avroReader{rest: body}
	dst = p.root.write(append(framed(dst, id), 0), &r)
	if !r.short && len(r.rest) > 0 {
		return dst, fmt.Errorf("%d bytes follow the Avro data", len(r.rest))
	}
	if r.short {
		return dst, errShort
	}
	return dst, nil
}

var errShort = errors.New("the Avro data ends early")

// avroReader reads a body that the scanner made.
type avroReader struct {
	rest  []byte
	short bool
}

func (r *avroReader) long() int64 {
	n, rest, ok := readLong(r.rest)
	if !ok {
		r.short, rest = true, nil
	}
	r.rest = rest
	return n
}

func (r *avroReader) take(n int64) []byte {
	if n < 0 || n > int64(len(r.rest)) {
		r.short, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// write appends the message of the Avro value that r stands before.
func (m *message) write(dst []byte, r *avroReader) []byte {
	if m.union {
		at := r.long()
		if at < 0 || at >= int64(len(m.fields)) {
			r.short = true
			return dst
		}
		if f := m.fields[at]; f != nil {
			dst = f.one(dst, r)
		}
		return dst
	}
	for _, f := range m.fields {
		if r.short {
			break
		}
		dst = f.write(dst, r)
	}
	return dst
}

// write appends the field with the value that r stands before; nothing where that is null.
func (f *slot) write(dst []byte, r *avroReader) []byte {
	if f.null >= 0 && r.long() == int64(f.null) {
		return dst
	}
	if !f.repeated && !f.mapped {
		return f.one(dst, r)
	}
	for n := r.long(); n != 0 && !r.short; n = r.long() {
		if n < 0 { // the block's size in bytes follows
			n = -n
			r.long()
		}
		for ; n > 0 && !r.short; n-- {
			if f.repeated {
				dst = f.one(dst, r)
				continue
			}
			entry := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), r.take(r.long()))
			value := *f
			value.number = 2
			dst = protowire.AppendTag(dst, f.number, protowire.BytesType)
			dst = protowire.AppendBytes(dst, value.one(entry, r))
		}
	}
	return dst
}

// one appends one value with its tag.
func (f *slot) one(dst []byte, r *avroReader) []byte {
	bytes := func(b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(dst, f.number, protowire.BytesType), b)
	}
	switch {
	case f.msg != nil:
		return bytes(f.msg.write(nil, r))
	case strings.Contains(f.typ.Logical, "timestamp-"):
		v, unit := r.long(), unitOf(f.typ.Logical)
		at := strategies.FloorDiv(v, unit)
		var inside []byte
		inside = protowire.AppendVarint(protowire.AppendTag(inside, 1, protowire.VarintType), uint64(at))
		inside = protowire.AppendVarint(protowire.AppendTag(inside, 2, protowire.VarintType), uint64((v-at*unit)*(1e9/unit)))
		return bytes(inside)
	case f.text():
		return bytes([]byte(f.words(r)))
	}
	number := func(v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(dst, f.number, protowire.VarintType), v)
	}
	switch f.typ.Base {
	case "boolean":
		b := r.take(1)
		return number(protowire.EncodeBool(len(b) > 0 && b[0] != 0))
	case "int", "long":
		return number(uint64(r.long()))
	case "float":
		return append(protowire.AppendTag(dst, f.number, protowire.Fixed32Type), r.take(4)...)
	case "double":
		return append(protowire.AppendTag(dst, f.number, protowire.Fixed64Type), r.take(8)...)
	case "fixed":
		return bytes(r.take(int64(f.typ.Size)))
	}
	return bytes(r.take(r.long()))
}

// words is a value that is a text.
func (f *slot) words(r *avroReader) string {
	raw := func() []byte {
		if f.typ.Base == "fixed" {
			return r.take(int64(f.typ.Size))
		}
		return r.take(r.long())
	}
	switch f.typ.Logical {
	case "date":
		return time.Unix(r.long()*86400, 0).UTC().Format("2006-01-02")
	case "time-millis", "time-micros":
		return time.Unix(0, r.long()*(1e9/unitOf(f.typ.Logical))).UTC().Format("15:04:05.999999999")
	case "decimal":
		return wire.DecimalText(raw(), f.typ.Scale)
	case "uuid":
		b := raw()
		if f.typ.Base != "fixed" || len(b) != 16 {
			return string(b)
		}
		h := hex.EncodeToString(b)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	switch f.typ.Base {
	case "null":
		return ""
	case "enum":
		at := r.long()
		if at < 0 || at >= int64(len(f.typ.Symbols)) {
			r.short = true
			return ""
		}
		return f.typ.Symbols[at]
	}
	return string(raw())
}

// unitOf is how many units of a time or timestamp a second has.
func unitOf(logical string) int64 {
	switch {
	case strings.HasSuffix(logical, "-millis"):
		return 1e3
	case strings.HasSuffix(logical, "-micros"):
		return 1e6
	}
	return 1e9
}
