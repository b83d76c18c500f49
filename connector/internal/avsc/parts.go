package avsc

import (
	"slices"

	"tidemark/connector/internal/nodes"
)

// mostParts is how many schemas may be put together by allOf within each other.
const mostParts = 20

// Whole is a schema with what allOf adds to it.
func Whole(n *nodes.Node, follow func(*nodes.Node) *nodes.Node) *nodes.Node {
	return (&builder{Options: Options{Follow: follow}}).whole(n)
}

// whole is a schema with what allOf adds to it.
func (b *builder) whole(n *nodes.Node) *nodes.Node { return b.joined(n, 0) }

func (b *builder) joined(n *nodes.Node, depth int) *nodes.Node {
	n = b.Follow(n)
	parts := b.Follow(n.Find("allOf"))
	if parts == nil || parts.Kind != nodes.List || depth > mostParts || slices.Contains(b.joining, parts) {
		return n
	}
	b.joining = append(b.joining, parts)
	defer func() { b.joining = b.joining[:len(b.joining)-1] }()
	out, properties := &nodes.Node{Kind: nodes.Object, At: n.At}, &nodes.Node{Kind: nodes.Object, At: n.At}
	take := func(from *nodes.Node) {
		for _, e := range from.Entries {
			switch {
			case e.Key == "allOf":
			case e.Key == "properties":
				if p := b.Follow(e.Value); p != nil {
					properties.Entries = append(properties.Entries, p.Entries...)
				}
			case out.Find(e.Key) == nil:
				out.Entries = append(out.Entries, e)
			}
		}
	}
	take(n)
	for _, item := range parts.Items {
		if part := b.joined(item, depth+1); part != nil {
			take(part)
		}
	}
	if len(properties.Entries) > 0 {
		out.Entries = append(out.Entries, nodes.Entry{Key: "properties", At: n.At, Value: b.same(properties)})
	}
	return out
}

// same is the properties that were put together of the same ones before, by which a schema is found to hold itself.
func (b *builder) same(properties *nodes.Node) *nodes.Node {
	for _, p := range b.open {
		if slices.EqualFunc(p.Entries, properties.Entries, func(x, y nodes.Entry) bool { return x.Key == y.Key && x.Value == y.Value }) {
			return p
		}
	}
	return properties
}

// oneOf is the union of alternatives; false: they say nothing.
func (b *builder) oneOf(list *nodes.Node, as, path string, depth int) (branches []any, known bool) {
	b.open = append(b.open, list)
	defer func() { b.open = b.open[:len(b.open)-1] }()
	var others, objects []*nodes.Node
	for _, item := range list.Items {
		item = b.whole(item)
		if item == nil || item.Find("type").Word() == "null" {
			continue
		}
		if p := b.Follow(item.Find("properties")); p != nil && len(p.Entries) > 0 && !slices.Contains(b.kinds(item), "array") {
			objects = append(objects, item)
			continue
		}
		others = append(others, item)
	}
	if len(objects) > 1 {
		objects = []*nodes.Node{b.united(objects)}
	}
	seen := map[string]bool{}
	for _, item := range append(others, objects...) {
		all := b.typeOf(item, as, path, depth+1)
		if all == nil {
			return nil, true
		}
		for _, branch := range all {
			kind := kindOf(branch)
			switch {
			case !seen[kind]:
				branches = append(branches, branch)
			case kind == "map" || kind == "array":
				return free(freely), true
			}
			seen[kind] = true
		}
	}
	if len(branches) > 1 { // of several a text is taken whatever it says
		for i, branch := range branches {
			if _, ok := branch.(logical); ok {
				branches[i] = "string"
			}
		}
		slices.SortStableFunc(branches, func(x, y any) int { return order(x) - order(y) })
		branches = slices.CompactFunc(branches, func(x, y any) bool { return x == "string" && y == "string" })
	}
	return branches, len(branches) > 0
}

// united is an object that has the properties of all. One that several have in another way may be of each.
func (b *builder) united(objects []*nodes.Node) *nodes.Node {
	properties := &nodes.Node{Kind: nodes.Object, At: objects[0].At}
	for _, o := range objects {
		for _, e := range b.Follow(o.Find("properties")).Entries {
			i := slices.IndexFunc(properties.Entries, func(x nodes.Entry) bool { return x.Key == e.Key })
			if i < 0 {
				properties.Entries = append(properties.Entries, e)
				continue
			}
			properties.Entries[i].Value = either(properties.Entries[i].Value, e.Value)
		}
	}
	return &nodes.Node{Kind: nodes.Object, At: objects[0].At, Entries: []nodes.Entry{{Key: "properties", Value: b.same(properties)}}}
}

// either is a schema that takes what one of two takes.
func either(a, b *nodes.Node) *nodes.Node {
	if a == b || alike(a, b) {
		return a
	}
	list := &nodes.Node{Kind: nodes.List, At: a.At, Items: []*nodes.Node{a, b}}
	return &nodes.Node{Kind: nodes.Object, At: a.At, Entries: []nodes.Entry{{Key: "anyOf", At: a.At, Value: list}}}
}

// alike reports whether two values say the same of types, wherever they stand.
func alike(a, b *nodes.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	said := func(n *nodes.Node) (all []nodes.Entry) {
		for _, e := range n.Entries {
			if !slices.Contains([]string{"description", "title", "example", "examples", "enum", "default"}, e.Key) {
				all = append(all, e)
			}
		}
		return all
	}
	return a.Kind == b.Kind && a.Text == b.Text && slices.EqualFunc(a.Items, b.Items, alike) &&
		slices.EqualFunc(said(a), said(b), func(x, y nodes.Entry) bool { return x.Key == y.Key && alike(x.Value, y.Value) })
}

func order(branch any) int {
	return slices.Index([]string{"boolean", "long", "double", "string", "array", "map"}, kindOf(branch))
}

// kindOf is what of a branch Avro tells apart here.
func kindOf(branch any) string {
	switch branch := branch.(type) {
	case string:
		return branch
	case logical:
		return "string"
	case array:
		return "array"
	}
	return "map"
}
