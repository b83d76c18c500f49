package manifest

import (
	"strings"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/nodes"
)

// The values of a definition.
type (
	node  = nodes.Node
	entry = nodes.Entry
	place = nodes.Place
)

const largest = 16 << 20 // bytes of a definition

// empty reports whether a value is what templates take for false.
func empty(n *node) bool {
	switch {
	case n == nil:
		return true
	case n.Kind == nodes.Bool:
		return !n.True()
	case n.Kind == nodes.Number:
		return strings.Trim(n.Text, "0.+-") == ""
	case n.Kind == nodes.Text:
		return n.Text == ""
	}
	return len(n.Items)+len(n.Entries) == 0
}

func textNode(s string) *node { return &node{Kind: nodes.Text, Text: s} }

// parse reads YAML, or JSON.
func parse(data []byte) (*node, error) {
	if len(data) > largest {
		return nil, class.Errorf(class.Config, "it has more than %d MiB: is this the right file?", largest>>20)
	}
	root, fault := nodes.Any(data, nodes.Limits{Depth: 100, Merged: 1 << 20, Lenient: true})
	if fault != nil {
		return nil, class.Wrap(class.Config, fault)
	}
	return root, nil
}
