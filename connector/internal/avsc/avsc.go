// Package avsc makes Avro schemas of JSON Schemas, as connector definitions and descriptions of APIs have them for rows.
// Package infer makes them of rows.
//
// What types become: boolean, long of integer, double of number, string, timestamp-micros, date and uuid of a string's
// format, an array, a record of an object with properties, a map of one without. Each may be null or missing. Several types,
// oneOf and anyOf are a union; objects among them are one record, which has the fields of all, since Avro does not tell
// records of an answer apart. allOf is all of its parts together. Where a schema says nothing a field takes any value, with lists
// and objects two deep.
//
// Files: avsc.go (what is asked for, records), types.go (types of fields), parts.go (schemas that are put together).
package avsc

import (
	"encoding/json"
	"regexp"
	"strings"

	"tidemark/connector/internal/infer"
	"tidemark/connector/internal/nodes"
)

// Options say what a schema is made of.
type Options struct {
	Name   string                           // of the record
	Follow func(*nodes.Node) *nodes.Node    // what a value stands for, which may be a reference; nil of nil
	Skip   func(path string) bool           // fields that the schema is not to have, by dotted paths; nil: none
	Rename func(path string) (renamed bool) // whether a field whose name Avro does not take is given another; nil: it is left out
	Depth  int                              // of records within each other; 0: 30
}

// Schema is what was made.
type Schema struct {
	Renamed []infer.Rename // fields whose names are others in the schema
	Left    []infer.Left   // fields that the schema does not have, Skip's not counted
	Fields  int            // with all that are nested

	root record
}

// The forms of Avro types in JSON.
type (
	record struct {
		Type   string  `json:"type"`
		Name   string  `json:"name"`
		Fields []field `json:"fields"`
	}
	field struct {
		Name    string          `json:"name"`
		Type    any             `json:"type"`
		Default json.RawMessage `json:"default,omitempty"`
	}
	array struct {
		Type  string `json:"type"`
		Items any    `json:"items"`
	}
	mapping struct {
		Type   string `json:"type"`
		Values any    `json:"values"`
	}
	logical struct {
		Type    string `json:"type"`
		Logical string `json:"logicalType"`
	}
)

const deepest = 30

// Of makes the schema of rows of which n is the JSON Schema.
func Of(n *nodes.Node, o Options) *Schema {
	if o.Depth == 0 {
		o.Depth = deepest
	}
	b := &builder{Options: o, names: map[string]bool{}, left: map[infer.Left]bool{}}
	b.out.root = b.record(b.whole(n), infer.Legal(o.Name), "", 0)
	return &b.out
}

// Named counts the fields of a row's top.
func (s *Schema) Named() int { return len(s.root.Fields) }

// Ensure gives a field of the row's top the type that its use asks for, whether it is there or not. typ has its types
// so far, null left out, and none where there is no such field. Fields further down, and names that Avro does not take, stay.
func (s *Schema) Ensure(name string, typ func(old []any) []any) {
	if !legal.MatchString(name) {
		return
	}
	for i := range s.root.Fields {
		if f := &s.root.Fields[i]; f.Name == name {
			old, _ := f.Type.([]any)
			*f = optional(name, typ(old[1:]))
			return
		}
	}
	s.root.Fields = append(s.root.Fields, optional(name, typ(nil)))
}

// KeyType is the type of a field that is a key: a text, or a whole number.
func KeyType(old []any) []any {
	if len(old) == 1 && (old[0] == "double" || old[0] == "long") {
		return []any{"long"}
	}
	return []any{"string"}
}

// Timestamp is the type of times.
func Timestamp() any { return logical{"long", "timestamp-micros"} }

// Text is the schema as it is written.
func (s *Schema) Text() (string, error) {
	out, err := json.MarshalIndent(s.root, "", " ")
	return string(out) + "\n", err
}

// builder makes one schema.
type builder struct {
	Options
	out   Schema
	names map[string]bool // of records
	left  map[infer.Left]bool
	types int           // that were looked at
	open  []*nodes.Node // properties and alternatives that the schema in hand stands in

	joining []*nodes.Node // lists of allOf that are being put together
}

var legal = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// record is the type of an object with properties. at is the path of the object; "": it is the row.
func (b *builder) record(n *nodes.Node, as, at string, depth int) record {
	r := record{Type: "record", Name: infer.Fresh(as, b.names), Fields: []field{}}
	properties := b.Follow(n.Find("properties"))
	if properties == nil {
		return r
	}
	b.open = append(b.open, properties)
	defer func() { b.open = b.open[:len(b.open)-1] }()
	taken := map[string]bool{}
	for _, e := range properties.Entries {
		taken[e.Key] = legal.MatchString(e.Key)
	}
	met := map[string]bool{}
	for _, e := range properties.Entries {
		path := strings.TrimPrefix(at+"."+e.Key, ".")
		if met[e.Key] || b.Skip != nil && b.Skip(path) {
			continue
		}
		met[e.Key] = true
		name := e.Key
		if !legal.MatchString(name) {
			if b.Rename == nil || name == "" || strings.Contains(name, ".") || strings.Contains(path, "*") || !b.Rename(path) {
				b.leave(path, "Avro does not allow its name")
				continue
			}
			name = infer.Fresh(infer.Legal(name), taken)
			b.out.Renamed = append(b.out.Renamed, infer.Rename{Path: path, Name: name})
		}
		branches := b.typeOf(e.Value, r.Name+"_"+name, path, depth+1)
		if branches == nil {
			continue
		}
		b.out.Fields++
		r.Fields = append(r.Fields, optional(name, branches))
	}
	return r
}

func (b *builder) leave(path, reason string) {
	if left := (infer.Left{Path: path, Reason: reason}); !b.left[left] {
		b.left[left] = true
		b.out.Left = append(b.out.Left, left)
	}
}

// optional is a field that may be null, or missing.
func optional(name string, branches []any) field {
	return field{Name: name, Type: orNull(branches), Default: json.RawMessage("null")}
}

func orNull(branches []any) []any { return append([]any{"null"}, branches...) }
