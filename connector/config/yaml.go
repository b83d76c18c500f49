package config

import "tidemark/connector/internal/nodes"

// maxTokens bounds what a file holds between two entries of a list: the parser's time grows
// with the square of a section's keys, but not with that of a list's entries.
const maxTokens = 100_000

var limits = nodes.Limits{Depth: maxDepth, Tokens: maxTokens, Merged: maxMerged}

// parseYAML reads one YAML document. Anchors, aliases and merge keys work; other
// tags than !!str do not.
func parseYAML(name string, data []byte) (*node, *Problem) {
	root, fault := nodes.YAML(data, limits)
	return planted(name, root, fault, "give it a list of streams")
}

// parseJSON reads JSON with // and /* */ comments and trailing commas.
func parseJSON(name string, data []byte) (*node, *Problem) {
	root, fault := nodes.JSON(data, limits)
	return planted(name, root, fault, "start from connector/config/testdata/configuration.json")
}

// planted makes a configuration's nodes, or its problem. start is what to do about an empty file.
func planted(name string, root *nodes.Node, fault *nodes.Error, start string) (*node, *Problem) {
	if fault == nil {
		return plant(name, root, map[*nodes.Node]*node{}), nil
	}
	message, hint := fault.What, fault.Hint
	switch fault.Fault {
	case nodes.Deep:
		hint = "a configuration needs four levels"
	case nodes.Empty:
		hint = start
	case nodes.Second:
		hint += "; one file is one configuration"
	}
	return nil, &Problem{Position{name, fault.At.Line, fault.At.Column}, "", message, hint}
}

// plant makes nodes of what was read. One that anchors repeat stays one.
func plant(name string, from *nodes.Node, made map[*nodes.Node]*node) *node {
	if n := made[from]; n != nil {
		return n
	}
	n := &node{kind: kindOf(from.Kind), pos: Position{name, from.At.Line, from.At.Column}, text: from.Text}
	made[from] = n
	for _, item := range from.Items {
		n.items = append(n.items, plant(name, item, made))
	}
	for _, e := range from.Entries {
		n.entries = append(n.entries, entry{e.Key, Position{name, e.At.Line, e.At.Column}, plant(name, e.Value, made)})
	}
	return n
}
