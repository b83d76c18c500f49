package openapi

import (
	"net/url"
	"strconv"
	"strings"

	"tidemark/connector/internal/nodes"
)

// refusal is why there is no stream of an operation, and where that is said.
type refusal struct {
	reason string
	at     nodes.Place
}

func refuse(at nodes.Place, reason string) *refusal { return &refusal{reason, at} }

// mostRefs is how many references may lead to each other before they are taken for a circle.
const mostRefs = 40

// document is a description whose references can be followed.
type document struct {
	root   *nodes.Node
	broken *refusal // the first reference that leads nowhere since it was looked at last
}

// follow returns what a value stands for: itself, or what its $ref leads to; nil where that is not there.
func (d *document) follow(n *nodes.Node) *nodes.Node {
	at := n
	for range mostRefs {
		ref := at.Find("$ref")
		if ref == nil || ref.Kind != nodes.Text {
			return at
		}
		if at = d.look(ref); at == nil {
			return nil
		}
	}
	d.fail(n.At, "its references go round in a circle")
	return nil
}

func (d *document) fail(at nodes.Place, reason string) {
	if d.broken == nil {
		d.broken = refuse(at, reason)
	}
}

// judge returns what broke since it was asked last.
func (d *document) judge() *refusal {
	was := d.broken
	d.broken = nil
	return was
}

// look finds what a reference such as #/components/schemas/Pet names.
func (d *document) look(ref *nodes.Node) *nodes.Node {
	pointer, ok := strings.CutPrefix(ref.Text, "#/")
	if !ok {
		d.fail(ref.At, "it refers to another file, "+ref.Text+": put all into one")
		return nil
	}
	at := d.root
	for step := range strings.SplitSeq(pointer, "/") {
		if plain, err := url.PathUnescape(step); err == nil {
			step = plain
		}
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		if at != nil && at.Kind == nodes.List {
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at.Items) {
				at = nil
				break
			}
			at = at.Items[i]
			continue
		}
		at = at.Find(step)
	}
	if at == nil {
		d.fail(ref.At, "it refers to "+ref.Text+", which is not there")
	}
	return at
}

// find is a member of an object, references followed.
func (d *document) find(n *nodes.Node, path ...string) *nodes.Node {
	n = d.follow(n)
	for _, step := range path {
		n = d.follow(n.Find(step))
	}
	return n
}

// word is a scalar's text at a path; "": there is none.
func (d *document) word(n *nodes.Node, path ...string) string { return d.find(n, path...).Word() }

// members are those of an object; none of anything else.
func members(n *nodes.Node) []nodes.Entry {
	if n == nil {
		return nil
	}
	return n.Entries
}

// items are those of a list; none of anything else.
func items(n *nodes.Node) []*nodes.Node {
	if n == nil {
		return nil
	}
	return n.Items
}
