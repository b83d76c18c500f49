package format

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/zeebo/xxh3"
	"google.golang.org/protobuf/encoding/protowire"

	"tidemark/connector/internal/wire"
)

// protobuf is Protobuf in Confluent's wire format, with a file that is made of the Avro schema.
//
// A record is a message, a field that may be null is optional, an array repeated. Timestamps are google.protobuf.Timestamp;
// dates, times of day, decimals, UUIDs and enums are texts, as in JSON. What a field cannot hold as it is, a union of several types or
// a list that may be null, is a message of its own. Read back, a value becomes JSON first, by the schema of now.
type protobuf struct {
	text   string
	name   string
	root   *message
	bodies *wire.Bodies
	exact  bool
}

func newProtobuf(schema string, bodies *wire.Bodies) (Format, error) {
	typ, err := wire.TypeOf(schema)
	if err != nil {
		return nil, err
	}
	b := builder{of: map[*wire.Type]*message{}, names: map[string]bool{}}
	root, err := b.record(typ)
	if err != nil {
		return nil, fmt.Errorf("value_format protobuf: %w", err)
	}
	space := spaceOf(typ.Name)
	return protobuf{b.file(space), space + "." + root.name, root, bodies, !typ.Wide()}, nil
}

func (p protobuf) Name() string { return p.name }

func (p protobuf) Schema() (sr.Schema, bool) {
	return sr.Schema{Schema: p.text, Type: sr.TypeProtobuf}, true
}

func (p protobuf) Exact() bool { return p.exact }

// message is one of the file: a record, or what a field needs a message of its own for.
type message struct {
	name   string
	fields []*slot
	union  bool // one of the fields is set, that of the branch; nil where it is null
	single bool // it stands for the value of its only field
}

// slot is a field of a message.
type slot struct {
	name     string
	number   protowire.Number
	typ      *wire.Type // of its values, those of a repeated one or a map
	null     int        // the place of null in the union that the values are of; -1: they are none
	msg      *message   // that it is; nil: it is a scalar
	repeated bool
	mapped   bool
}

// mostNumber bounds the numbers that names are hashed to, which take four bytes then.
const mostNumber = 1 << 25

// numberOf is the number of a field that is given none: a hash of its name. So it is the same wherever the field stands in
// the schema, and whatever others come and go; a name that comes back means what it meant.
func numberOf(name string) protowire.Number {
	n := protowire.Number(xxh3.HashString(name)%(mostNumber-2000)) + 1
	if n >= protowire.FirstReservedNumber {
		n += 1 + protowire.LastReservedNumber - protowire.FirstReservedNumber
	}
	return n
}

// builder makes the messages of a schema.
type builder struct {
	of    map[*wire.Type]*message
	all   []*message
	names map[string]bool
}

// named begins a message.
func (b *builder) named(name string) *message {
	for b.names[name] {
		name += "_"
	}
	b.names[name] = true
	m := &message{name: name}
	b.all = append(b.all, m)
	return m
}

func (b *builder) record(t *wire.Type) (*message, error) {
	if m := b.of[t]; m != nil {
		return m, nil
	}
	name := t.Name[strings.LastIndexByte(t.Name, '.')+1:]
	if b.names[name] {
		name = strings.ReplaceAll(t.Name, ".", "_")
	}
	m := b.named(name)
	b.of[t] = m
	for _, f := range t.Fields {
		number := protowire.Number(f.Number)
		if number == 0 {
			number = numberOf(f.Name)
		}
		if !number.IsValid() || number >= protowire.FirstReservedNumber && number <= protowire.LastReservedNumber {
			return nil, fmt.Errorf("field %s of %s has a protobuf.number that Protobuf does not allow: 1 to 536870911, but for 19000 to 19999", f.Name, t.Name)
		}
		if i := slices.IndexFunc(m.fields, func(o *slot) bool { return o.number == number }); i >= 0 {
			return nil, fmt.Errorf(`fields %s and %s of %s have one number, %d: give one of them another in the schema ("protobuf.number": N beside its name)`, m.fields[i].name, f.Name, t.Name, number)
		}
		made, err := b.field(m.name+"_"+f.Name, f.Name, number, f.Type)
		if err != nil {
			return nil, err
		}
		m.fields = append(m.fields, made)
	}
	return m, nil
}

// field makes a field of a type; within is what a message of its own is called.
func (b *builder) field(within, name string, number protowire.Number, t *wire.Type) (f *slot, err error) {
	f = &slot{name: name, number: number, typ: t, null: -1}
	if optional(t) {
		f.null, f.typ = t.Null, plainOf(t)
	}
	switch {
	case f.typ.Base == "record":
		f.msg, err = b.record(f.typ)
	case f.typ.Base == "union", f.null >= 0 && (f.typ.Base == "array" || f.typ.Base == "map"):
		f.msg, err = b.own(within, f.typ)
	case f.typ.Base == "array", f.typ.Base == "map":
		f.repeated, f.mapped = f.typ.Base == "array", f.typ.Base == "map"
		f.typ = f.typ.Elem
		switch {
		case f.typ.Base == "record":
			f.msg, err = b.record(f.typ)
		case f.typ.Base == "union", f.typ.Base == "array", f.typ.Base == "map":
			f.msg, err = b.own(within+"_item", f.typ)
		}
	}
	return f, err
}

// own makes the message of a type that no field holds as it is.
func (b *builder) own(name string, t *wire.Type) (*message, error) {
	m := b.named(name)
	if t.Base != "union" || optional(t) {
		f, err := b.field(m.name, "value", 1, t)
		m.fields, m.single = []*slot{f}, true
		return m, err
	}
	m.union = true
	for _, branch := range t.Branches {
		if branch.Base == "null" {
			m.fields = append(m.fields, nil)
			continue
		}
		name := branch.Base + "_value"
		if branch.Name != "" {
			name = strings.ReplaceAll(branch.Name, ".", "_") + "_value"
		} else if branch.Logical != "" {
			name = strings.ReplaceAll(branch.Logical, "-", "_") + "_value"
		}
		f := &slot{name: name, number: numberOf(name), typ: branch, null: -1}
		var err error
		switch branch.Base {
		case "record":
			f.msg, err = b.record(branch)
		case "array", "map":
			f.msg, err = b.own(m.name+"_"+branch.Base, branch)
		}
		if err != nil {
			return nil, err
		}
		m.fields = append(m.fields, f)
	}
	return m, nil
}

// optional reports whether a type is one other than null, or null.
func optional(t *wire.Type) bool { return t.Base == "union" && len(t.Branches) == 2 && t.Null >= 0 }

const stamp = "google.protobuf.Timestamp"

// file is the text of the Protobuf file, the root's message first.
func (b *builder) file(space string) string {
	var out strings.Builder
	out.WriteString("syntax = \"proto3\";\npackage " + space + ";\n")
	body, stamped := new(strings.Builder), false
	for _, m := range b.all {
		body.WriteString("\nmessage " + m.name + " {\n")
		indent := "  "
		if m.union {
			body.WriteString("  oneof kind {\n")
			indent = "    "
		}
		for _, f := range m.fields {
			if f == nil {
				continue
			}
			name := f.kind()
			stamped = stamped || name == stamp
			switch {
			case f.repeated:
				name = "repeated " + name
			case f.mapped:
				name = "map<string, " + name + ">"
			case f.null >= 0 && f.msg == nil && name != stamp:
				name = "optional " + name
			}
			fmt.Fprintf(body, "%s%s %s = %d;\n", indent, name, f.name, f.number)
		}
		if m.union {
			body.WriteString("  }\n")
		}
		body.WriteString("}\n")
	}
	if stamped {
		out.WriteString("\nimport \"google/protobuf/timestamp.proto\";\n")
	}
	return out.String() + body.String()
}

// kind is the Protobuf type of the field's values.
func (f *slot) kind() string {
	switch {
	case f.msg != nil:
		return f.msg.name
	case f.text():
		return "string"
	case strings.Contains(f.typ.Logical, "timestamp-"):
		return stamp
	}
	return map[string]string{"boolean": "bool", "int": "int32", "long": "int64", "float": "float", "double": "double", "bytes": "bytes", "fixed": "bytes"}[f.typ.Base]
}

// text reports whether values are texts.
func (f *slot) text() bool {
	switch f.typ.Logical {
	case "date", "time-millis", "time-micros", "decimal", "uuid":
		return true
	}
	return f.typ.Base == "string" || f.typ.Base == "enum" || f.typ.Base == "null"
}
