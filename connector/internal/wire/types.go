package wire

import "fmt"

// Type is a type of an Avro schema as packages see it that write its values in another form. Types may
// refer to themselves.
type Type struct {
	Base     string // Avro's name: null, boolean, int, long, float, double, bytes, string, fixed, enum, record, array, map or union
	Logical  string // date, time-millis, timestamp-micros, decimal, uuid and so on; "": none
	Name     string // full name of a record, an enum or a fixed type
	Fields   []Field
	Symbols  []string
	Elem     *Type   // of an array or a map
	Branches []*Type // of a union
	Null     int     // of a union: the place of null among its branches; -1: it has none
	Size     int     // of a fixed type
	Scale    int     // of a decimal
}

// Field is a field of a record.
type Field struct {
	Name     string
	Type     *Type
	Optional bool // it has a default, or may be null
	Number   int  // in Protobuf, as the attribute protobuf.number says; 0: it does not, -1: that is no number
}

// TypeOf is the type that an Avro schema describes. Errors are *SchemaErrors.
func TypeOf(schema string) (*Type, error) {
	sc, err := parseSchema(schema)
	if err != nil {
		return nil, fmt.Errorf("reading the Avro schema: %w", err)
	}
	return sc.root.export(map[*node]*Type{}), nil
}

// Type is the type of the plan's rows.
func (p *Plan) Type() *Type { return p.root.export(map[*node]*Type{}) }

func (n *node) export(known map[*node]*Type) *Type {
	if t := known[n]; t != nil {
		return t
	}
	t := &Type{Name: n.name, Symbols: n.symbols, Size: n.size, Scale: n.scale, Logical: n.logicalName()}
	known[n] = t
	switch base := n.base(); base {
	case kRecord:
		t.Base = "record"
		for i := range n.fields {
			f := &n.fields[i]
			t.Fields = append(t.Fields, Field{f.name, f.typ.export(known), f.missing != nil, f.number})
		}
	case kUnion, kOptional:
		t.Base, t.Null = "union", n.null
		for _, b := range n.branches {
			t.Branches = append(t.Branches, b.export(known))
		}
	case kArray, kMap:
		t.Base, t.Elem = n.label, n.elem.export(known)
		if t.Base = "array"; base == kMap {
			t.Base = "map"
		}
	case kEnum:
		t.Base = "enum"
	case kFixed:
		t.Base = "fixed"
	default:
		t.Base = primitiveNames[base]
	}
	return t
}

// logicalName is the name of the type's logical type; "" where it has none.
func (n *node) logicalName() string {
	switch n.kind {
	case kDate:
		return "date"
	case kTimeMillis:
		return "time-millis"
	case kTimeMicros:
		return "time-micros"
	case kTimestamp:
		name := "timestamp-" + map[int64]string{1e3: "millis", 1e6: "micros", 1e9: "nanos"}[n.unit]
		if n.local {
			name = "local-" + name
		}
		return name
	case kUUID, kUUIDFixed:
		return "uuid"
	case kDecimalBytes, kDecimalFixed:
		return "decimal"
	}
	return ""
}

// Wide reports whether somewhere in the type a value's JSON may not tell its type: whether there is a union of
// more than null and one other type.
func (t *Type) Wide() bool { return t.wide(map[*Type]bool{}) }

func (t *Type) wide(met map[*Type]bool) bool {
	if t == nil || met[t] {
		return false
	}
	met[t] = true
	if t.Base == "union" && (len(t.Branches) > 2 || len(t.Branches) == 2 && t.Null < 0) {
		return true
	}
	for _, b := range t.Branches {
		if b.wide(met) {
			return true
		}
	}
	for _, f := range t.Fields {
		if f.Type.wide(met) {
			return true
		}
	}
	return t.Elem.wide(met)
}
