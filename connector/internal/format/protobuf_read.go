package format

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"tidemark/connector/internal/wire"
)

// Body makes JSON of a value, and a body of that. Fields whose numbers the schema of now does not have are left out.
func (p protobuf) Body(value []byte, _ string) ([]byte, error) {
	b, err := wire.Bare(value)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || b[0] != 0 {
		return nil, errors.New("the value is not of its schema's first message")
	}
	v, err := p.root.read(b[1:], 0)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return p.bodies.FromJSON(text)
}

var errNotProtobuf = errors.New("the value is not what its Protobuf schema says")

// maxDepth is how deep messages may be nested; those that are written are less deep.
const maxDepth = 1000

// read is a message as JSON has it.
func (m *message) read(b []byte, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errNotProtobuf
	}
	out := make(map[string]any, len(m.fields))
	for _, f := range m.fields {
		switch {
		case f == nil:
		case f.repeated:
			out[f.name] = []any{}
		case f.mapped:
			out[f.name] = map[string]any{}
		case f.null >= 0 || f.wraps():
			out[f.name] = nil
		}
	}
	set := ""
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, errNotProtobuf
		}
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		if size < 0 {
			return nil, errNotProtobuf
		}
		field := b[n : n+size]
		b = b[n+size:]
		for _, f := range m.fields {
			if f == nil || f.number != number {
				continue
			}
			if err := f.read(out, field, kind, depth+1); err != nil {
				return nil, fmt.Errorf("field %s: %w", f.name, err)
			}
			set = f.name
		}
	}
	switch {
	case m.union && set == "":
		return nil, nil
	case m.union:
		return out[set], nil
	case m.single:
		return out["value"], nil
	}
	return out, nil
}

// wraps reports whether the field is a union with null of which nothing is written where it is null.
func (f *slot) wraps() bool { return f.msg != nil && f.typ.Base == "union" }

// read puts the field into the message's members.
func (f *slot) read(out map[string]any, b []byte, kind protowire.Type, depth int) error {
	if packed, of := f.packed(); f.repeated && of && kind == protowire.BytesType { // as other encoders write them
		all, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return errNotProtobuf
		}
		for len(all) > 0 {
			size := protowire.ConsumeFieldValue(f.number, packed, all)
			if size < 0 {
				return errNotProtobuf
			}
			v, err := f.value(all[:size], packed, depth)
			if err != nil {
				return err
			}
			out[f.name], all = append(out[f.name].([]any), v), all[size:]
		}
		return nil
	}
	if !f.mapped {
		v, err := f.value(b, kind, depth)
		if err != nil {
			return err
		}
		if f.repeated {
			out[f.name] = append(out[f.name].([]any), v)
		} else {
			out[f.name] = v
		}
		return nil
	}
	entry, n := protowire.ConsumeBytes(b)
	if kind != protowire.BytesType || n < 0 {
		return errNotProtobuf
	}
	key, value := "", any(nil)
	for len(entry) > 0 {
		number, kind, n := protowire.ConsumeTag(entry)
		if n < 0 {
			return errNotProtobuf
		}
		size := protowire.ConsumeFieldValue(number, kind, entry[n:])
		if size < 0 {
			return errNotProtobuf
		}
		part := entry[n : n+size]
		entry = entry[n+size:]
		switch number {
		case 1:
			text, n := protowire.ConsumeBytes(part)
			if n < 0 {
				return errNotProtobuf
			}
			key = string(text)
		case 2:
			var err error
			if value, err = f.value(part, kind, depth); err != nil {
				return err
			}
		}
	}
	out[f.name].(map[string]any)[key] = value
	return nil
}

// packed is what each of several values in one field begins with, if they may stand so.
func (f *slot) packed() (protowire.Type, bool) {
	if f.msg != nil || f.text() || f.kind() == stamp {
		return 0, false
	}
	switch f.typ.Base {
	case "boolean", "int", "long":
		return protowire.VarintType, true
	case "float":
		return protowire.Fixed32Type, true
	case "double":
		return protowire.Fixed64Type, true
	}
	return 0, false
}

// value is one value as JSON has it.
func (f *slot) value(b []byte, kind protowire.Type, depth int) (any, error) {
	switch kind {
	case protowire.BytesType:
		inside, n := protowire.ConsumeBytes(b)
		switch {
		case n < 0:
			return nil, errNotProtobuf
		case f.msg != nil:
			return f.msg.read(inside, depth)
		case strings.Contains(f.typ.Logical, "timestamp-"):
			return f.stamp(inside)
		case f.text():
			if f.typ.Base == "null" {
				return nil, nil
			}
			return string(inside), nil
		case f.typ.Base == "bytes" || f.typ.Base == "fixed":
			return base64.StdEncoding.EncodeToString(inside), nil
		}
	case protowire.VarintType:
		v, n := protowire.ConsumeVarint(b)
		switch {
		case n < 0:
			return nil, errNotProtobuf
		case f.typ.Base == "boolean":
			return protowire.DecodeBool(v), nil
		case f.typ.Base == "int" || f.typ.Base == "long":
			return int64(v), nil
		}
	case protowire.Fixed32Type:
		if v, n := protowire.ConsumeFixed32(b); n > 0 && f.typ.Base == "float" {
			return json.Number(strconv.FormatFloat(float64(math.Float32frombits(v)), 'g', -1, 32)), nil
		}
	case protowire.Fixed64Type:
		if v, n := protowire.ConsumeFixed64(b); n > 0 && f.typ.Base == "double" {
			return json.Number(strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)), nil
		}
	}
	return nil, errNotProtobuf
}

// stamp is a google.protobuf.Timestamp as a text.
func (f *slot) stamp(b []byte) (any, error) {
	var parts [3]int64
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 || kind != protowire.VarintType {
			return nil, errNotProtobuf
		}
		v, size := protowire.ConsumeVarint(b[n:])
		if size < 0 {
			return nil, errNotProtobuf
		}
		if b = b[n+size:]; number == 1 || number == 2 {
			parts[number] = int64(v)
		}
	}
	layout := "2006-01-02T15:04:05.999999999Z"
	if strings.HasPrefix(f.typ.Logical, "local-") {
		layout = layout[:len(layout)-1]
	}
	return time.Unix(parts[1], parts[2]).UTC().Format(layout), nil
}
