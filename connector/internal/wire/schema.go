package wire

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	at       []string       // the steps to the type in the schema's text
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
	value    any      // the default as the schema wrote it
	at       []string // the steps to the field in the schema's text
	number   int      // the attribute protobuf.number, which says nothing in Avro; -1: it is no number
}

// schema is a parsed Avro schema.
type schema struct {
	root    *node
	records []*node
	named   map[string]*node
	at      []string // the steps to the place that is being read
}

// parseSchema reads an Avro schema. goavro looks at it, too: what it refuses is no schema,
// whatever this reader thinks. Its errors are *SchemaErrors.
func parseSchema(text string) (*schema, error) {
	v, err := decodeSchema(text)
	if err != nil {
		return nil, err
	}
	s := &schema{named: map[string]*node{}}
	if s.root, err = s.parse(v, ""); err == nil {
		err = s.setDefaults()
	}
	if err != nil {
		return nil, schemaErrorAt(text, locate(text, s.at), err.Error())
	}
	return s, s.accepted(text)
}

// setDefaults comes last: defaults may be of types that are declared further down.
func (s *schema) setDefaults() error {
	for _, r := range s.records {
		for i := range r.fields {
			f := &r.fields[i]
			if err := s.setDefault(f); err != nil {
				s.at = slices.Concat(f.at, []string{"default"})
				return fmt.Errorf("record %s: field %s: default: %w", r.name, f.name, err)
			}
		}
	}
	return nil
}

// into parses what lies a few steps below the place in hand. Where that fails, the place stays
// there.
func (s *schema) into(v any, space string, steps ...string) (*node, error) {
	depth := len(s.at)
	s.at = append(s.at, steps...)
	n, err := s.parse(v, space)
	if err == nil {
		s.at = s.at[:depth]
	}
	return n, err
}

// wrong is the error of a place a step below the one in hand.
func (s *schema) wrong(step, format string, args ...any) error {
	s.at = append(s.at, step)
	return fmt.Errorf(format, args...)
}

var primitives = map[string]kind{
	"null": kNull, "boolean": kBoolean, "int": kInt, "long": kLong, "float": kFloat,
	"double": kDouble, "bytes": kBytes, "string": kString,
}

func (s *schema) parse(v any, space string) (*node, error) {
	switch v := v.(type) {
	case string:
		if k, ok := primitives[v]; ok {
			return &node{kind: k, label: v, at: slices.Clone(s.at)}, nil
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
	return nil, errors.New("a type must be a string, an object or an array")
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
		t, err := s.into(b, space, strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		if t.kind == kUnion || t.kind == kOptional {
			return nil, s.wrong(strconv.Itoa(i), "a union stands directly in a union")
		}
		if t.kind == kNull {
			n.null = i
		}
		n.branches = append(n.branches, t)
		labels = append(labels, t.label)
	}
	if len(v) == 0 {
		return nil, errors.New("a union has at least one type")
	}
	if err := distinct(n.branches); err != nil {
		return nil, err
	}
	n.label = strings.Join(labels, " or ")
	if len(n.branches) == 2 && n.null >= 0 && n.branches[1-n.null].kind != kNull {
		n.kind = kOptional
		n.elem = n.branches[1-n.null]
	}
	return n, nil
}

func (s *schema) parseObject(m map[string]any, space string) (*node, error) {
	if _, ok := m["type"]; !ok {
		return nil, errors.New("an object that stands for a type lacks its type")
	}
	t, ok := m["type"].(string)
	if !ok { // {"type": {...}} or {"type": [...]}: a wrapper around a whole type
		return s.into(m["type"], space, "type")
	}
	if k, ok := primitives[t]; ok {
		n := &node{kind: k, label: t, at: slices.Clone(s.at)}
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
		if !ok || size < 1 {
			return nil, s.wrong("size", "fixed %s: size must be a whole number above 0", n.name)
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
		if _, given := m[key]; !given {
			return nil, fmt.Errorf("type %s lacks its %s", t, key)
		}
		elem, err := s.into(m[key], space, key)
		if err != nil {
			return nil, fmt.Errorf("%s of type %s: %w", key, t, err)
		}
		n.elem = elem
		return n, nil
	}
	if n := s.lookup(t, space); n != nil {
		return n, nil
	}
	return nil, s.wrong("type", "type %q is not declared before it is used", t)
}

// declare gives n its full name and makes it known under it and its aliases.
func (s *schema) declare(n *node, m map[string]any, space string) error {
	name, _ := m["name"].(string)
	if name == "" {
		return errors.New("a named type lacks its name")
	}
	if !fullForm.MatchString(name) {
		return s.wrong("name", "%q: %s", name, nameRule)
	}
	if ns, given := m["namespace"]; given {
		if text, ok := ns.(string); !ok || text != "" && !fullForm.MatchString(text) {
			return s.wrong("namespace", "namespace %v: it is made of names with dots between them; %s", ns, nameRule)
		}
	}
	if ns, ok := m["namespace"].(string); ok && !strings.Contains(name, ".") {
		space = ns
	}
	n.name = name
	if !strings.Contains(name, ".") && space != "" {
		n.name = space + "." + name
	}
	if s.named[n.name] != nil {
		return s.wrong("name", "type %s is declared twice", n.name)
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
	n := &node{kind: kRecord, index: map[string]int{}, at: slices.Clone(s.at)}
	if err := s.declare(n, m, space); err != nil {
		return nil, err
	}
	n.id = len(s.records)
	n.label = "record " + n.name
	s.records = append(s.records, n)
	fields, ok := m["fields"].([]any)
	if !ok {
		return nil, s.wrong("fields", "record %s: fields must be an array", n.name)
	}
	depth := len(s.at)
	for i, raw := range fields {
		s.at = append(s.at[:depth], "fields", strconv.Itoa(i))
		f, ok := raw.(map[string]any)
		name, _ := f["name"].(string)
		if !ok || name == "" {
			return nil, fmt.Errorf("record %s: field %d has no name", n.name, i+1)
		}
		if !nameForm.MatchString(name) {
			return nil, s.wrong("name", "record %s: field %q: %s", n.name, name, nameRule)
		}
		if _, twice := n.index[name]; twice {
			return nil, s.wrong("name", "record %s: field %s is declared twice", n.name, name)
		}
		if _, given := f["type"]; !given {
			return nil, fmt.Errorf("record %s: field %s has no type", n.name, name)
		}
		here := slices.Clone(s.at)
		// A logicalType beside the field's name, not inside its type, says nothing
		// (Avro 1.11, "Logical Types"), so the bare type is what counts.
		typ, err := s.into(f["type"], spaceOf(n.name), "type")
		if t, _ := f["type"].(string); err != nil && slices.Contains([]string{"record", "error", "enum", "fixed", "array", "map"}, t) {
			// goavro also takes {"name": "x", "type": "array", "items": …}.
			s.at = slices.Clone(here)
			typ, err = s.parseObject(f, spaceOf(n.name))
		}
		if err != nil {
			return nil, fmt.Errorf("record %s: field %s: %w", n.name, name, err)
		}
		fd := field{name: name, typ: typ, at: here}
		if as, ok := f["aliases"].([]any); ok {
			for _, a := range as {
				if a, ok := a.(string); ok {
					fd.aliases = append(fd.aliases, a)
				}
			}
		}
		fd.value, fd.declared = f["default"]
		if given, ok := f["protobuf.number"]; ok {
			if fd.number, ok = wholeNumber(given); !ok {
				fd.number = -1
			}
		}
		n.index[name] = len(n.fields)
		n.fields = append(n.fields, fd)
	}
	s.at = s.at[:depth]
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
			return nil, s.wrong("symbols", "enum %s: symbol %d is no string", n.name, i+1)
		}
		if !nameForm.MatchString(sym) {
			return nil, s.wrong("symbols", "enum %s: symbol %q: %s", n.name, sym, nameRule)
		}
		if _, twice := n.symbol[sym]; twice {
			return nil, s.wrong("symbols", "enum %s: symbol %s is declared twice", n.name, sym)
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
