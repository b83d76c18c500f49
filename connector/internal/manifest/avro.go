package manifest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"tidemark/connector/internal/nodes"
)

const (
	deepestSchema = 30
	mostFields    = 5000 // of a schema with all it nests
	freely        = 2    // how deep lists and sections of no known shape may nest
)

// The forms of Avro types in JSON.
type (
	avroRecord struct {
		Type   string      `json:"type"`
		Name   string      `json:"name"`
		Fields []avroField `json:"fields"`
	}
	avroField struct {
		Name    string          `json:"name"`
		Type    any             `json:"type"`
		Default json.RawMessage `json:"default,omitempty"`
	}
	avroList struct {
		Type  string `json:"type"`
		Items any    `json:"items"`
	}
	avroMap struct {
		Type   string `json:"type"`
		Values any    `json:"values"`
	}
	avroLogical struct {
		Type    string `json:"type"`
		Logical string `json:"logicalType"`
	}
)

// avro makes an Avro schema of a JSON Schema.
type avro struct {
	doc     *document
	names   []string // of records, each once
	fields  int
	removed []string // dotted paths that are left out
	illegal []string // fields whose names Avro does not take
}

var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// legal makes a name that Avro takes.
func legal(of string) string {
	var out strings.Builder
	for i, c := range of {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= '0' && c <= '9' && i > 0:
			out.WriteRune(c)
		case c >= '0' && c <= '9':
			out.WriteString("_" + string(c))
		default:
			out.WriteByte('_')
		}
	}
	if out.Len() == 0 {
		return "row"
	}
	return out.String()
}

func (a *avro) record(n *node, as, at string, depth int) avroRecord {
	for base, i := as, 2; slices.Contains(a.names, as); i++ {
		as = base + "_" + itoa(int64(i))
	}
	a.names = append(a.names, as)
	r := avroRecord{Type: "record", Name: as, Fields: []avroField{}}
	properties := a.doc.follow(a.doc.follow(n).Find("properties"))
	if properties == nil {
		return r
	}
	for _, e := range properties.Entries {
		path := strings.TrimPrefix(at+"."+e.Key, ".")
		if a.fields++; a.fields > mostFields {
			refuse(e.At, "its schema has more fields than a schema should")
		}
		switch {
		case slices.Contains(a.removed, path), slices.ContainsFunc(r.Fields, func(f avroField) bool { return f.Name == e.Key }):
		case !name.MatchString(e.Key):
			a.illegal = append(a.illegal, path)
		default:
			r.Fields = append(r.Fields, optional(e.Key, a.typeOf(e.Value, as+"_"+e.Key, path, depth+1)))
		}
	}
	return r
}

// optional is a field that may be null, or missing.
func optional(name string, branches []any) avroField {
	return avroField{Name: name, Type: append([]any{"null"}, branches...), Default: json.RawMessage("null")}
}

// typeOf is a type as the branches of a union, without null.
func (a *avro) typeOf(n *node, as, path string, depth int) (branches []any) {
	n = a.doc.follow(n)
	if depth > deepestSchema {
		refuse(n.At, "its schema nests too deep")
	}
	if n == nil || n.Kind != nodes.Object {
		return free(freely)
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf"} {
		if list := a.doc.follow(n.Find(key)); list != nil && n.Find("properties") == nil {
			if all := a.oneOf(list, as, path, depth); len(all) > 0 {
				return all
			}
		}
	}
	var kinds []string
	switch t := a.doc.follow(n.Find("type")); {
	case t.Scalar():
		kinds = []string{t.Text}
	case t != nil:
		for _, item := range t.Items {
			kinds = append(kinds, textOf(a.doc.follow(item)))
		}
	case n.Find("properties") != nil:
		kinds = []string{"object"}
	case n.Find("items") != nil:
		kinds = []string{"array"}
	case n.Find("enum") != nil:
		kinds = []string{"string"}
	}
	// In the order in which a value is tried.
	for _, kind := range []string{"boolean", "integer", "number", "string", "array", "object"} {
		if !slices.Contains(kinds, kind) || kind == "integer" && slices.Contains(kinds, "number") {
			continue
		}
		switch kind {
		case "boolean":
			branches = append(branches, "boolean")
		case "integer":
			branches = append(branches, "long")
		case "number":
			branches = append(branches, "double")
		case "string":
			branches = append(branches, stringType(n, len(kinds)-count(kinds, "null") > 1))
		case "array":
			items := free(freely - 1)
			if n.Find("items") != nil {
				items = a.typeOf(n.Find("items"), as+"_item", path+".*", depth+1)
			}
			branches = append(branches, avroList{"array", append([]any{"null"}, items...)})
		case "object":
			branches = append(branches, a.object(n, as, path, depth))
		}
	}
	if len(branches) == 0 {
		return free(freely)
	}
	return branches
}

func count(all []string, word string) (n int) {
	for _, w := range all {
		if w == word {
			n++
		}
	}
	return n
}

// stringType is the type of a text by its format. One beside other types stays a text, so that it is taken whatever it says.
func stringType(n *node, mixed bool) any {
	if mixed {
		return "string"
	}
	switch textOf(n.Find("format")) {
	case "date-time":
		return avroLogical{"long", "timestamp-micros"}
	case "date":
		return avroLogical{"int", "date"}
	case "uuid":
		return avroLogical{"string", "uuid"}
	}
	return "string"
}

func (a *avro) object(n *node, as, path string, depth int) any {
	if p := a.doc.follow(n.Find("properties")); p != nil && len(p.Entries) > 0 {
		if r := a.record(n, as, path, depth); len(r.Fields) > 0 {
			return r
		}
	}
	if more := a.doc.follow(n.Find("additionalProperties")); more != nil && more.Kind == nodes.Object && len(more.Entries) > 0 {
		return avroMap{"map", append([]any{"null"}, a.typeOf(more, as+"_value", path+".*", depth+1)...)}
	}
	return avroMap{"map", append([]any{"null"}, free(freely-1)...)}
}

// oneOf is the union of alternatives. Of those that Avro cannot tell apart it is any value.
func (a *avro) oneOf(list *node, as, path string, depth int) (branches []any) {
	seen := map[string]bool{}
	for _, item := range list.Items {
		item = a.doc.follow(item)
		if item != nil && textOf(item.Find("type")) == "null" {
			continue
		}
		for _, b := range a.typeOf(item, as, path, depth+1) {
			k := branchKind(b)
			switch {
			case !seen[k]:
				branches = append(branches, b)
			case k == "map" || k == "array":
				return free(freely)
			}
			seen[k] = true
		}
	}
	if len(branches) > 1 { // of several a text is taken whatever it says
		for i, b := range branches {
			if _, ok := b.(avroLogical); ok {
				branches[i] = "string"
			}
		}
		slices.SortStableFunc(branches, func(x, y any) int { return order(x) - order(y) })
		branches = slices.CompactFunc(branches, func(x, y any) bool { return x == "string" && y == "string" })
	}
	return branches
}

func order(b any) int {
	return slices.Index([]string{"boolean", "long", "double", "string", "array", "map"}, branchKind(b))
}

func branchKind(b any) string {
	switch b := b.(type) {
	case string:
		return b
	case avroLogical:
		return "string"
	case avroList:
		return "array"
	}
	return "map"
}

// free is any JSON value, with lists and sections so deep.
func free(depth int) []any {
	out := []any{"boolean", "long", "double", "string"}
	if depth > 0 {
		inner := append([]any{"null"}, free(depth-1)...)
		out = append(out, avroList{"array", inner}, avroMap{"map", inner})
	}
	return out
}

// ensure gives a field of the row's top the type that its use asks for, whether the definition has it or not.
func (a *avro) ensure(r *avroRecord, field string, typ func(old []any) []any) {
	if strings.Contains(field, ".") || !name.MatchString(field) {
		return
	}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Name == field {
			old, _ := f.Type.([]any)
			*f = optional(field, typ(old[1:]))
			return
		}
	}
	r.Fields = append(r.Fields, optional(field, typ(nil)))
}

// keyType is the type of a field that is a key: a text, or a whole number.
func keyType(old []any) []any {
	if len(old) == 1 && (old[0] == "double" || old[0] == "long") {
		return []any{"long"}
	}
	return []any{"string"}
}

// cursorType is the type of the field that a stream moves by.
func (s *stream) cursorType(old []any) []any {
	f := s.inc.formats[0]
	numbers := strings.HasPrefix(f, "epoch_")
	switch {
	case numbers && len(s.inc.formats) == 1 && f == "epoch_float" && len(old) == 1 && old[0] == "double":
		return []any{"double"}
	case numbers && len(s.inc.formats) == 1 && f != "epoch_float" && (len(old) == 0 || old[0] == "double" || old[0] == "long"):
		return []any{"long"}
	case len(s.inc.formats) == 1 && f == "rfc3339" && len(old) == 1 && old[0] == (avroLogical{"long", "timestamp-micros"}):
		return old
	}
	return []any{"string"}
}
