package manifest

import (
	"strconv"
	"strings"

	"tidemark/connector/internal/nodes"
)

// mostRefs is how many references may lead to each other before they are taken for a circle.
const mostRefs = 40

// refusal ends the translation of a stream. It is thrown by refuse and caught by translate, so that the code between the
// two reads as the definition does.
type refusal struct {
	reason string
	at     place
}

// refuse ends the translation of the stream in hand.
func refuse(at place, reason string) { panic(refusal{reason, at}) }

// document is a definition whose references can be followed.
type document struct {
	root   *node
	merged map[*node]*node // objects with $ref, by what they are together with what they refer to
}

// follow returns what a value stands for: itself, or what it refers to. An object that refers to another one has the
// members of both, its own first.
func (d *document) follow(n *node) *node { return d.chase(n, 0) }

func (d *document) chase(n *node, depth int) *node {
	if n == nil {
		return nil
	}
	if depth > mostRefs {
		refuse(n.At, "its references go round in a circle")
	}
	switch {
	case n.Kind == nodes.Text && strings.HasPrefix(n.Text, "#/"):
		return d.chase(d.look(n), depth+1)
	case n.Kind != nodes.Object:
		return n
	}
	ref := n.Find("$ref")
	if ref == nil || ref.Kind != nodes.Text {
		return n
	}
	if m := d.merged[n]; m != nil {
		return m
	}
	base := d.chase(d.look(ref), depth+1)
	out := base
	if base.Kind == nodes.Object {
		out = &node{Kind: nodes.Object, At: n.At}
		for _, e := range n.Entries {
			if e.Key != "$ref" {
				out.Entries = append(out.Entries, e)
			}
		}
		for _, e := range base.Entries {
			if out.Find(e.Key) == nil {
				out.Entries = append(out.Entries, e)
			}
		}
	}
	d.merged[n] = out
	return out
}

// look finds what a reference such as #/definitions/requester names. A key may hold slashes itself.
func (d *document) look(ref *node) *node {
	path, ok := strings.CutPrefix(ref.Text, "#/")
	at := d.root
	for ok && path != "" {
		head, rest, _ := strings.Cut(path, "/")
		at = d.follow(at)
		switch {
		case at.Kind == nodes.List:
			i, err := strconv.Atoi(head)
			if ok = err == nil && i >= 0 && i < len(at.Items); ok {
				at, path = at.Items[i], rest
			}
		case at.Find(path) != nil:
			at, path = at.Find(path), ""
		default:
			if at = at.Find(head); at == nil {
				ok = false
			}
			path = rest
		}
	}
	if !ok {
		refuse(ref.At, "it refers to "+ref.Text+", which is not there")
	}
	return at
}

// part is a component of the definition: an object, and the parameters that reach it.
type part struct {
	doc    *document
	node   *node
	params []entry // of $parameters here and further out, the nearest first
}

// component is the part that a node is, below another one.
func (p part) component(n *node) part {
	out := part{doc: p.doc, node: p.doc.follow(n)}
	if own := p.doc.follow(out.node.Find("$parameters")); own != nil {
		out.params = append(out.params, own.Entries...)
	}
	if old := p.doc.follow(out.node.Find("$options")); old != nil { // as the first versions called it
		out.params = append(out.params, old.Entries...)
	}
	out.params = append(out.params, p.params...)
	return out
}

// param is a parameter that reaches the component.
func (p part) param(key string) *node {
	for i := range p.params {
		if p.params[i].Key == key {
			return p.doc.follow(p.params[i].Value)
		}
	}
	return nil
}

// get is a field of the component. One that is not given, or is empty, has the value of the parameter of its name.
func (p part) get(key string) *node {
	n := p.doc.follow(p.node.Find(key))
	if empty(n) {
		if v := p.param(key); v != nil {
			return v
		}
	}
	return n
}

// has reports whether a field says something.
func (p part) has(key string) bool {
	n := p.get(key)
	return n != nil && n.Kind != nodes.Null
}

// sub is a component in a field; false where there is none.
func (p part) sub(key string) (part, bool) {
	n := p.get(key)
	if n == nil || n.Kind != nodes.Object {
		return part{}, false
	}
	// A parameter of the field's own name does not reach what stands in the field.
	inner := part{doc: p.doc}
	for _, e := range p.params {
		if e.Key != key {
			inner.params = append(inner.params, e)
		}
	}
	return inner.component(n), true
}

// list are the components in a field: those of a list, or one that stands alone.
func (p part) list(key string) (all []part) {
	n := p.get(key)
	switch {
	case n == nil:
	case n.Kind == nodes.Object:
		s, _ := p.sub(key)
		all = append(all, s)
	case n.Kind == nodes.List:
		for _, item := range n.Items {
			if c := p.doc.follow(item); c.Kind == nodes.Object {
				all = append(all, p.component(item))
			}
		}
	}
	return all
}

// kind is the type of the component, or the class that does its work.
func (p part) kind() string {
	if n := p.doc.follow(p.node.Find("type")); n.Scalar() {
		return n.Text
	}
	if n := p.doc.follow(p.node.Find("class_name")); n.Scalar() {
		return n.Text
	}
	return ""
}

// is reports whether a component has the type, which is what stands in its field if nothing is said.
func (p part) is(kind string) bool { return p.kind() == kind || p.kind() == "" }

// at is where a field stands, else the component.
func (p part) at(key string) place {
	for _, e := range p.node.Entries {
		if e.Key == key {
			if e.Value != nil && e.Value.Scalar() {
				return e.Value.At
			}
			return e.At
		}
	}
	return p.node.At
}
