package format

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tidemark/connector/internal/wire"
)

// holdsJSON fails if not all values of a type, as JSON, are ones of a JSON Schema. What the schema says in words that are not known here
// counts against it.
func holdsJSON(schema string, t *wire.Type) error {
	d := json.NewDecoder(strings.NewReader(schema))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		return fmt.Errorf("reading the JSON Schema: %w", err)
	}
	h := holder{root: root, met: map[holding]bool{}}
	return h.holds(root, t, "", 0)
}

type holder struct {
	root any
	met  map[holding]bool // records that are held, or being looked at, by references to them
}

type holding struct {
	ref string
	of  *wire.Type
}

// says are the words that only describe a schema, or that have a place of their own below.
var says = map[string]bool{"$schema": true, "$id": true, "$comment": true, "title": true, "description": true, "default": true, "examples": true, "definitions": true, "$defs": true,
	"connect.type": true, "connect.index": true, "connect.version": true, "connect.parameters": true, "contentEncoding": true, "readOnly": true, "writeOnly": true, "deprecated": true,
	"type": true, "properties": true, "required": true, "additionalProperties": true, "items": true, "oneOf": true, "anyOf": true, "allOf": true, "enum": true, "pattern": true, "format": true}

// deepest bounds how schemas may lie in each other: references may go round in a circle.
const deepest = 100

func (h *holder) holds(schema any, t *wire.Type, path string, depth int) error {
	no := func(format string, args ...any) error { return &unheldError{path, fmt.Sprintf(format, args...)} }
	if depth > deepest {
		return no("is described by a schema that refers to itself without an end")
	}
	m, ok := schema.(map[string]any)
	switch {
	case schema == true:
		return nil
	case !ok:
		return no("is allowed no value")
	}
	if ref, ok := m["$ref"].(string); ok {
		at := holding{ref, t}
		if t.Base == "record" && h.met[at] {
			return nil
		}
		h.met[at] = true
		return h.holds(h.referred(ref), t, path, depth+1)
	}
	for word := range m {
		if !says[word] {
			return no("is described by %s, of which it is not known whether all rows keep to it", word)
		}
	}
	if t.Base == "union" {
		for _, b := range t.Branches {
			if err := h.holds(schema, b, path, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	for _, all := range list(m["allOf"]) {
		if err := h.holds(all, t, path, depth+1); err != nil {
			return err
		}
	}
	for _, word := range []string{"anyOf", "oneOf"} {
		if err := h.branches(word, m, t, path, depth); err != nil {
			return err
		}
	}
	said := saidOf(t)
	want := fmt.Sprint(said["type"])
	if types := texts(m["type"]); len(types) > 0 && !slices.Contains(types, want) && (want != "integer" || !slices.Contains(types, "number")) {
		return no("may be %s, and there is %s", want, strings.Join(types, " or "))
	}
	for _, word := range []string{"pattern", "format"} {
		if is, limited := m[word]; limited && want == "string" && is != said[word] {
			return no("has a %s (%v) there of which it is not known whether all rows keep to it", word, is)
		}
	}
	if all, limited := m["enum"]; limited {
		symbols := texts(all)
		if t.Base != "enum" && (t.Base != "null" || !slices.Contains(list(all), nil)) {
			return no("is one of an enum there, and any %s here", want)
		}
		for _, s := range t.Symbols {
			if !slices.Contains(symbols, s) {
				return no("may be %s, which is not in the enum there", s)
			}
		}
	}
	switch t.Base {
	case "array":
		if items, limited := m["items"]; limited {
			return h.holds(items, t.Elem, path+"[]", depth+1)
		}
	case "map":
		for name, of := range members(m["properties"]) {
			if err := h.holds(of, t.Elem, below(path, name), depth+1); err != nil {
				return err
			}
		}
		if len(texts(m["required"])) > 0 {
			return no("is a map, and there some of its keys are required")
		}
		if more, limited := m["additionalProperties"]; limited {
			return h.holds(more, t.Elem, path+"[]", depth+1)
		}
	case "record":
		return h.record(m, t, path, depth)
	}
	return nil
}

// branches holds that a value is of one of several schemas, and of no other where only one may take it.
func (h *holder) branches(word string, m map[string]any, t *wire.Type, path string, depth int) error {
	all := list(m[word])
	var wrong error
	fits, meets := false, 0
	for _, branch := range all {
		if h.meets(branch, t) {
			meets++
		}
		err := h.holds(branch, t, path, depth+1)
		fits = fits || err == nil
		wrong = cmp.Or(err, wrong)
	}
	switch {
	case len(all) > 0 && !fits:
		return wrong
	case word == "oneOf" && meets > 1:
		return &unheldError{path, "is to be of one schema there, and of no other, of which several may take it"}
	}
	return nil
}

// meets reports whether a schema may take some value of a type.
func (h *holder) meets(schema any, t *wire.Type) bool {
	m, ok := schema.(map[string]any)
	if !ok {
		return schema != false
	}
	if ref, ok := m["$ref"].(string); ok {
		m, _ = h.referred(ref).(map[string]any)
	}
	is, want := texts(m["type"]), fmt.Sprint(saidOf(t)["type"])
	return len(is) == 0 || slices.Contains(is, want) || want == "integer" && slices.Contains(is, "number") || want == "number" && slices.Contains(is, "integer")
}

func (h *holder) record(m map[string]any, t *wire.Type, path string, depth int) error {
	properties := members(m["properties"])
	for _, f := range t.Fields {
		of, known := properties[f.Name]
		if !known {
			of, known = m["additionalProperties"]
		}
		if !known {
			continue // any is allowed
		}
		if of == false {
			return &unheldError{below(path, f.Name), "is not among the properties, and no others are allowed"}
		}
		if err := h.holds(of, f.Type, below(path, f.Name), depth+1); err != nil {
			return err
		}
	}
	for _, name := range texts(m["required"]) {
		if !slices.ContainsFunc(t.Fields, func(f wire.Field) bool { return f.Name == name }) {
			return &unheldError{below(path, name), "is required there, and the stream's schema does not have it"}
		}
	}
	return nil
}

// referred is what a reference within the schema leads to; false: it leads nowhere.
func (h *holder) referred(ref string) any {
	rest, here := strings.CutPrefix(ref, "#")
	at := h.root
	for _, step := range strings.Split(strings.TrimPrefix(rest, "/"), "/") {
		if step == "" {
			continue
		}
		m, ok := at.(map[string]any)
		if !here || !ok {
			return false
		}
		if at, ok = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]; !ok {
			return false
		}
	}
	return at
}

// saidOf is what JSONSchema says of a type that is no union, but for what is in it.
func saidOf(t *wire.Type) map[string]any {
	switch t.Base {
	case "record", "map":
		return map[string]any{"type": "object"}
	case "array":
		return map[string]any{"type": "array"}
	}
	said := map[string]any{}
	for _, m := range new(jsonSchemas).of(t) {
		said[m.name] = m.value
	}
	return said
}

func list(v any) []any { all, _ := v.([]any); return all }

// texts are the texts of a list, or a text alone.
func texts(v any) (all []string) {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	for _, x := range list(v) {
		if s, ok := x.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

func members(v any) map[string]any { m, _ := v.(map[string]any); return m }
