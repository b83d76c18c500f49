package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/linkedin/goavro/v2"
)

// kind is a type as the encoder sees it: a primitive, a complex type, or a logical
// type with its base.
type kind uint8

const (
	kNull kind = iota
	kBoolean
	kInt
	kLong
	kFloat
	kDouble
	kBytes
	kString
	kFixed
	kEnum
	kRecord
	kArray
	kMap
	kUnion
	kOptional // a union of null and one other type
	kDate
	kTimeMillis
	kTimeMicros
	kTimestamp // of any unit, local or not
	kDecimalBytes
	kDecimalFixed
	kUUID
	kUUIDFixed
	kinds // how many there are
)

// node is one type of a compiled schema.
type node struct {
	kind     kind
	name     string // full name of a record, enum or fixed
	label    string // for error messages: "long (timestamp-micros)"
	id       int    // records: number within the schema
	fields   []field
	index    map[string]int // records: field by name
	symbols  []string
	symbol   map[string]int // enums: position by symbol
	fallback int            // enums: position of the default symbol, -1: none
	size     int            // fixed
	elem     *node          // array, map, optional
	branches []*node        // unions, optional among them
	null     int            // unions: position of null, -1: none
	unit     int64          // timestamps: units a second
	local    bool           // timestamps: without a zone
	scale    int            // decimals
	digits   int            // decimals: precision
}

// field is one field of a record.
type field struct {
	name    string
	aliases []string
	typ     *node
	// missing is the encoded value of a row that lacks the field; nil: it is required.
	missing []byte
	// declared says that missing is the schema's own default, not the implied null.
	declared bool
	value    any // the default as the schema wrote it
}

// schema is a parsed Avro schema.
type schema struct {
	root    *node
	records []*node
	named   map[string]*node
}

// parseSchema reads an Avro schema. goavro looks at it first: what it refuses is no
// schema, whatever this reader thinks.
func parseSchema(text string) (*schema, error) {
	if _, err := goavro.NewCodec(text); err != nil {
		return nil, err
	}
	var v any
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		// goavro takes a bare primitive's name for a schema.
		v = strings.TrimSpace(text)
	}
	s := &schema{named: map[string]*node{}}
	root, err := s.parse(v, "")
	if err != nil {
		return nil, err
	}
	s.root = root
	// Defaults come last: they may be of types that are declared further down.
	for _, r := range s.records {
		for i := range r.fields {
			if err := s.setDefault(&r.fields[i]); err != nil {
				return nil, fmt.Errorf("field %s of %s: default: %w", r.fields[i].name, r.name, err)
			}
		}
	}
	return s, nil
}

var primitives = map[string]kind{
	"null": kNull, "boolean": kBoolean, "int": kInt, "long": kLong, "float": kFloat,
	"double": kDouble, "bytes": kBytes, "string": kString,
}

func (s *schema) parse(v any, space string) (*node, error) {
	switch v := v.(type) {
	case string:
		if k, ok := primitives[v]; ok {
			return &node{kind: k, label: v}, nil
		}
		if n := s.lookup(v, space); n != nil {
			return n, nil
		}
		return nil, fmt.Errorf("type %q is not declared before it is used", v)
	case []any:
		return s.parseUnion(v, space)
	case map[string]any:
		return s.parseObject(v, space)
	}
	return nil, fmt.Errorf("a type must be a string, an object or an array, not %T", v)
}

func (s *schema) lookup(name, space string) *node {
	if !strings.Contains(name, ".") && space != "" {
		if n := s.named[space+"."+name]; n != nil {
			return n
		}
	}
	return s.named[name]
}

func (s *schema) parseUnion(v []any, space string) (*node, error) {
	n := &node{kind: kUnion, null: -1}
	var labels []string
	for i, b := range v {
		t, err := s.parse(b, space)
		if err != nil {
			return nil, err
		}
		if t.kind == kUnion || t.kind == kOptional {
			return nil, errors.New("a union stands directly in a union")
		}
		if t.kind == kNull {
			n.null = i
		}
		n.branches = append(n.branches, t)
		labels = append(labels, t.label)
	}
	n.label = strings.Join(labels, " or ")
	if len(n.branches) == 2 && n.null >= 0 && n.branches[1-n.null].kind != kNull {
		n.kind = kOptional
		n.elem = n.branches[1-n.null]
	}
	return n, nil
}

func (s *schema) parseObject(m map[string]any, space string) (*node, error) {
	t, ok := m["type"].(string)
	if !ok { // {"type": {...}} or {"type": [...]}: a wrapper around a whole type
		return s.parse(m["type"], space)
	}
	if k, ok := primitives[t]; ok {
		n := &node{kind: k, label: t}
		n.applyLogical(m)
		return n, nil
	}
	switch t {
	case "record", "error":
		return s.parseRecord(m, space)
	case "enum":
		return s.parseEnum(m, space)
	case "fixed":
		n := &node{kind: kFixed}
		if err := s.declare(n, m, space); err != nil {
			return nil, err
		}
		size, ok := wholeNumber(m["size"])
		if !ok || size < 0 {
			return nil, fmt.Errorf("fixed %s: size must be a whole number", n.name)
		}
		n.size = size
		n.label = "fixed " + n.name
		n.applyLogical(m)
		return n, nil
	case "array", "map":
		n := &node{kind: kArray, label: t}
		key := "items"
		if t == "map" {
			n.kind, key = kMap, "values"
		}
		elem, err := s.parse(m[key], space)
		if err != nil {
			return nil, fmt.Errorf("%s of an %s: %w", key, t, err)
		}
		n.elem = elem
		return n, nil
	}
	if n := s.lookup(t, space); n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("type %q is not declared before it is used", t)
}

// declare gives n its full name and makes it known under it and its aliases.
func (s *schema) declare(n *node, m map[string]any, space string) error {
	name, _ := m["name"].(string)
	if name == "" {
		return errors.New("a named type lacks its name")
	}
	if ns, ok := m["namespace"].(string); ok && !strings.Contains(name, ".") {
		space = ns
	}
	n.name = name
	if !strings.Contains(name, ".") && space != "" {
		n.name = space + "." + name
	}
	if s.named[n.name] != nil {
		return fmt.Errorf("type %s is declared twice", n.name)
	}
	s.named[n.name] = n
	return nil
}

func spaceOf(fullName string) string {
	i := strings.LastIndexByte(fullName, '.')
	if i < 0 {
		return ""
	}
	return fullName[:i]
}

func (s *schema) parseRecord(m map[string]any, space string) (*node, error) {
	n := &node{kind: kRecord, index: map[string]int{}}
	if err := s.declare(n, m, space); err != nil {
		return nil, err
	}
	n.id = len(s.records)
	n.label = "record " + n.name
	s.records = append(s.records, n)
	fields, ok := m["fields"].([]any)
	if !ok {
		return nil, fmt.Errorf("record %s: fields must be an array", n.name)
	}
	for i, raw := range fields {
		f, ok := raw.(map[string]any)
		name, _ := f["name"].(string)
		if !ok || name == "" {
			return nil, fmt.Errorf("record %s: field %d has no name", n.name, i)
		}
		if _, twice := n.index[name]; twice {
			return nil, fmt.Errorf("record %s: field %s is declared twice", n.name, name)
		}
		// A logicalType beside the field's name, not inside its type, says nothing
		// (Avro 1.11, "Logical Types"), so the bare type is what counts.
		typ, err := s.parse(f["type"], spaceOf(n.name))
		if _, isObject := f["type"].(string); isObject && err != nil {
			// goavro also takes {"name": "x", "type": "array", "items": …}.
			typ, err = s.parseObject(f, spaceOf(n.name))
		}
		if err != nil {
			return nil, fmt.Errorf("record %s: field %s: %w", n.name, name, err)
		}
		fd := field{name: name, typ: typ}
		if as, ok := f["aliases"].([]any); ok {
			for _, a := range as {
				if a, ok := a.(string); ok {
					fd.aliases = append(fd.aliases, a)
				}
			}
		}
		fd.value, fd.declared = f["default"]
		n.index[name] = len(n.fields)
		n.fields = append(n.fields, fd)
	}
	return n, nil
}

func (s *schema) parseEnum(m map[string]any, space string) (*node, error) {
	n := &node{kind: kEnum, symbol: map[string]int{}, fallback: -1}
	if err := s.declare(n, m, space); err != nil {
		return nil, err
	}
	n.label = "enum " + n.name
	symbols, _ := m["symbols"].([]any)
	for i, raw := range symbols {
		sym, ok := raw.(string)
		if !ok {
			return nil, fmt.Errorf("enum %s: symbol %d is no string", n.name, i)
		}
		if _, twice := n.symbol[sym]; twice {
			return nil, fmt.Errorf("enum %s: symbol %s is declared twice", n.name, sym)
		}
		n.symbol[sym] = i
		n.symbols = append(n.symbols, sym)
	}
	if len(n.symbols) == 0 {
		return nil, fmt.Errorf("enum %s: there are no symbols", n.name)
	}
	if d, ok := m["default"].(string); ok {
		if i, ok := n.symbol[d]; ok {
			n.fallback = i
		}
	}
	return n, nil
}

// applyLogical turns a base type into its logical type. One that does not fit the
// base, or is unknown, is ignored, as Avro asks.
func (n *node) applyLogical(m map[string]any) {
	lt, _ := m["logicalType"].(string)
	base := n.kind
	unit := map[string]int64{"millis": 1e3, "micros": 1e6, "nanos": 1e9}
	switch {
	case base == kInt && lt == "date":
		n.kind = kDate
	case base == kInt && lt == "time-millis":
		n.kind, n.unit = kTimeMillis, 1e3
	case base == kLong && lt == "time-micros":
		n.kind, n.unit = kTimeMicros, 1e6
	case base == kLong && strings.HasPrefix(lt, "timestamp-"):
		if u := unit[lt[len("timestamp-"):]]; u > 0 {
			n.kind, n.unit = kTimestamp, u
		}
	case base == kLong && strings.HasPrefix(lt, "local-timestamp-"):
		if u := unit[lt[len("local-timestamp-"):]]; u > 0 {
			n.kind, n.unit, n.local = kTimestamp, u, true
		}
	case base == kString && lt == "uuid":
		n.kind = kUUID
	case base == kFixed && lt == "uuid" && n.size == 16:
		n.kind = kUUIDFixed
	case (base == kBytes || base == kFixed) && lt == "decimal":
		precision, ok := wholeNumber(m["precision"])
		scale := 0
		if raw, given := m["scale"]; given {
			var whole bool
			scale, whole = wholeNumber(raw)
			ok = ok && whole
		}
		if !ok || precision < 1 || scale < 0 || scale > precision {
			return
		}
		n.kind, n.digits, n.scale = kDecimalBytes, precision, scale
		if base == kFixed {
			n.kind = kDecimalFixed
		}
	}
	if n.kind != base {
		n.label += " (" + lt + ")"
	}
}

func wholeNumber(v any) (int, bool) {
	num, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := num.Int64()
	return int(i), err == nil
}
