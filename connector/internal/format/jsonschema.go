package format

import (
	"encoding/json"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/wire"
)

// jsonSchema is JSON in Confluent's wire format, with a JSON Schema that is made of the Avro schema.
type jsonSchema struct {
	plainJSON
	typ  *wire.Type
	text string
}

func newJSONSchema(schema string, bodies *wire.Bodies) (Format, error) {
	typ, err := wire.TypeOf(schema)
	if err != nil {
		return nil, err
	}
	text, err := JSONSchema(typ)
	return jsonSchema{plainJSON{bodies, !typ.Wide()}, typ, text}, err
}

func (j jsonSchema) Name() string { return j.typ.Name }

// Under writes the same values: JSON has no place for another schema.
func (j jsonSchema) Under(latest string) (Format, error) {
	if err := holdsJSON(latest, j.typ); err != nil {
		return nil, err
	}
	j.text = latest
	return j, nil
}

func (j jsonSchema) Schema() (sr.Schema, bool) {
	return sr.Schema{Schema: j.text, Type: sr.TypeJSON}, true
}

func (j jsonSchema) Append(dst []byte, id int, body []byte) ([]byte, error) {
	return j.plainJSON.Append(framed(dst, id), id, body)
}

func (j jsonSchema) Body(value []byte, writer string) ([]byte, error) {
	text, err := wire.Bare(value)
	if err != nil {
		return nil, err
	}
	return j.plainJSON.Body(text, writer)
}

// object keeps its members in the order in which they were put: the text of a schema must be the same each time.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// JSONSchema is the JSON Schema, draft 7, of what values of a type are as JSON. Objects have no other properties than those
// it names: only so may a registry let a later schema add one. What has a default or may be null is not required.
func JSONSchema(t *wire.Type) (string, error) {
	w := jsonSchemas{inside: map[*wire.Type]bool{}, refers: map[*wire.Type]bool{}}
	w.recursive(t, map[*wire.Type]bool{})
	root := w.of(t)
	out := append(object{{"$schema", "http://json-schema.org/draft-07/schema#"}}, root...)
	if len(w.definitions) > 0 {
		out = append(out, member{"definitions", w.definitions})
	}
	text, err := json.Marshal(out)
	return string(text), err
}

type jsonSchemas struct {
	inside      map[*wire.Type]bool // records that are being gone through
	refers      map[*wire.Type]bool // records that hold themselves: they stand in definitions
	definitions object
}

// recursive finds the records that hold themselves.
func (w *jsonSchemas) recursive(t *wire.Type, done map[*wire.Type]bool) {
	if t == nil {
		return
	}
	if w.inside[t] {
		w.refers[t] = true
		return
	}
	if done[t] {
		return
	}
	w.inside[t] = true
	for _, f := range t.Fields {
		w.recursive(f.Type, done)
	}
	for _, b := range t.Branches {
		w.recursive(b, done)
	}
	w.recursive(t.Elem, done)
	delete(w.inside, t)
	done[t] = true
}

func (w *jsonSchemas) of(t *wire.Type) object {
	if w.refers[t] && t.Base == "record" {
		ref := object{{"$ref", "#/definitions/" + t.Name}}
		if !w.inside[t] {
			w.inside[t] = true
			w.definitions = append(w.definitions, member{t.Name, w.record(t)})
		}
		return ref
	}
	switch t.Base {
	case "null":
		return object{{"type", "null"}}
	case "boolean":
		return object{{"type", "boolean"}}
	case "int", "long":
		if t.Logical != "" {
			return clock(t.Logical)
		}
		return object{{"type", "integer"}, {"connect.type", map[string]string{"int": "int32", "long": "int64"}[t.Base]}}
	case "float", "double":
		return object{{"type", "number"}, {"connect.type", map[string]string{"float": "float32", "double": "float64"}[t.Base]}}
	case "bytes", "fixed":
		switch t.Logical {
		case "decimal":
			return object{{"type", "string"}, {"pattern", `^-?[0-9]+(\.[0-9]+)?$`}}
		case "uuid":
			return object{{"type", "string"}, {"format", "uuid"}}
		}
		return object{{"type", "string"}, {"contentEncoding", "base64"}}
	case "string":
		if t.Logical == "uuid" {
			return object{{"type", "string"}, {"format", "uuid"}}
		}
		return object{{"type", "string"}}
	case "enum":
		return object{{"type", "string"}, {"enum", t.Symbols}}
	case "array":
		return object{{"type", "array"}, {"items", w.of(t.Elem)}}
	case "map":
		return object{{"type", "object"}, {"connect.type", "map"}, {"additionalProperties", w.of(t.Elem)}}
	case "union":
		// A value may be one of several branches, as 1 is an integer and a number.
		name := "anyOf"
		if len(t.Branches) == 2 && t.Null >= 0 {
			name = "oneOf"
		}
		all := make([]object, len(t.Branches))
		for i, b := range t.Branches {
			all[i] = w.of(b)
		}
		return object{{name, all}}
	}
	return w.record(t)
}

func (w *jsonSchemas) record(t *wire.Type) object {
	properties, required := object{}, []string{}
	for i, f := range t.Fields {
		properties = append(properties, member{f.Name, append(w.of(f.Type), member{"connect.index", i})})
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	return object{{"title", t.Name}, {"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}}
}

// clock is the schema of dates and times: texts, and numbers where four digits do not hold the year.
func clock(logical string) object {
	text := object{{"type", "string"}}
	switch {
	case logical == "date":
		text = append(text, member{"format", "date"})
	case strings.HasPrefix(logical, "timestamp-"):
		text = append(text, member{"format", "date-time"})
	}
	return text
}
