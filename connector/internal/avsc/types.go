package avsc

import (
	"slices"

	"tidemark/connector/internal/nodes"
)

// mostTypes is how many types a schema may have, those of all fields and within them.
const mostTypes = 20_000

// freely is how deep lists and objects of no known shape may nest.
const freely = 2

// typeOf is a type as the branches of a union, without null; nil: the field is left out.
func (b *builder) typeOf(n *nodes.Node, as, path string, depth int) (branches []any) {
	n = b.whole(n)
	if n == nil || n.Kind != nodes.Object {
		return free(freely)
	}
	if b.types++; b.types > mostTypes {
		b.leave(path, "the schema holds more than a schema should")
		return nil
	}
	if depth > b.Depth {
		b.leave(path, "it is nested too deep")
		return nil
	}
	if p := b.Follow(n.Find("properties")); p != nil && slices.Contains(b.open, p) {
		b.leave(path, "it holds objects like the one that it stands in, to any depth")
		return nil
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if list := b.Follow(n.Find(key)); list != nil && n.Find("properties") == nil && !slices.Contains(b.open, list) {
			if all, known := b.oneOf(list, as, path, depth); known {
				return all
			}
		}
	}
	kinds := b.kinds(n)
	// In the order in which a value is tried.
	for _, kind := range []string{"boolean", "integer", "number", "string", "array", "object"} {
		if !slices.Contains(kinds, kind) || kind == "integer" && slices.Contains(kinds, "number") {
			continue
		}
		var branch any
		switch kind {
		case "boolean":
			branch = "boolean"
		case "integer":
			branch = "long"
		case "number":
			branch = "double"
		case "string":
			branch = textType(n, len(kinds) > 1)
		case "array":
			branch = b.array(n, as, path, depth)
		case "object":
			branch = b.object(n, as, path, depth)
		}
		if branch == nil {
			return nil
		}
		branches = append(branches, branch)
	}
	if len(branches) == 0 {
		return free(freely)
	}
	return branches
}

// kinds are the types that a schema names, or that follow from what else it says; null left out.
func (b *builder) kinds(n *nodes.Node) (kinds []string) {
	switch t := b.Follow(n.Find("type")); {
	case t.Scalar():
		kinds = []string{t.Text}
	case t != nil:
		for _, item := range t.Items {
			kinds = append(kinds, b.Follow(item).Word())
		}
	case n.Find("properties") != nil:
		kinds = []string{"object"}
	case n.Find("items") != nil:
		kinds = []string{"array"}
	case n.Find("enum") != nil:
		kinds = []string{"string"}
	}
	return slices.DeleteFunc(kinds, func(kind string) bool { return kind == "null" })
}

// textType is the type of a text by its format. One beside other types stays a text, so that it is taken whatever it says.
func textType(n *nodes.Node, mixed bool) any {
	if mixed {
		return "string"
	}
	switch n.Find("format").Word() {
	case "date-time":
		return Timestamp()
	case "date":
		return logical{"int", "date"}
	case "uuid":
		return logical{"string", "uuid"}
	}
	return "string"
}

// array is the type of a list; nil: it is left out.
func (b *builder) array(n *nodes.Node, as, path string, depth int) any {
	items := free(freely - 1)
	if n.Find("items") != nil {
		items = b.typeOf(n.Find("items"), as+"_item", path, depth+1)
	}
	if items == nil {
		return nil
	}
	return array{"array", orNull(items)}
}

// object is a record, or a map of an object whose properties nobody names; nil: it is left out.
func (b *builder) object(n *nodes.Node, as, path string, depth int) any {
	if p := b.Follow(n.Find("properties")); p != nil && len(p.Entries) > 0 {
		if r := b.record(n, as, path, depth); len(r.Fields) > 0 {
			return r
		}
	}
	values := free(freely - 1)
	if more := b.Follow(n.Find("additionalProperties")); more != nil && more.Kind == nodes.Object && len(more.Entries) > 0 {
		values = b.typeOf(more, as+"_value", path+".*", depth+1)
	}
	if values == nil {
		return nil
	}
	return mapping{"map", orNull(values)}
}

// free is any JSON value, with lists and objects so deep.
func free(depth int) []any {
	out := []any{"boolean", "long", "double", "string"}
	if depth > 0 {
		inner := orNull(free(depth - 1))
		out = append(out, array{"array", inner}, mapping{"map", inner})
	}
	return out
}
