package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"tidemark/connector/internal/nodes"
	txt "tidemark/connector/internal/text"
)

// kindOf says what a node of the file is.
type kindOf nodes.Kind

const (
	isNull   = kindOf(nodes.Null)
	isBool   = kindOf(nodes.Bool)
	isNumber = kindOf(nodes.Number)
	isText   = kindOf(nodes.Text)
	isList   = kindOf(nodes.List)
	isObject = kindOf(nodes.Object)
)

// String names the kind as error messages do.
func (k kindOf) String() string {
	return [...]string{"nothing", "a boolean", "a number", "a string", "a list", "a section"}[k]
}

// node is a value of the file, JSON and YAML alike, with the place it stands in.
type node struct {
	kind    kindOf
	pos     Position
	text    string  // of a scalar: the decoded string, or the number or boolean as written
	items   []*node // of a list
	entries []entry // of an object, in the file's order, duplicates included

	resolved bool // expand has run
	ok       bool // and succeeded
	value    string
	env      [][2]int // the bytes of value, from and up to, that are not in the file
}

type entry struct {
	key   string
	pos   Position
	value *node
}

// unusable reports whether a text in the node could not be expanded, so that what it would have said is not known. That was reported.
func (n *node) unusable() bool {
	return n != nil && (n.resolved && !n.ok || slices.ContainsFunc(n.items, (*node).unusable) ||
		slices.ContainsFunc(n.entries, func(e entry) bool { return e.value.unusable() }))
}

// shown is how a message quotes the node: as the file writes it, never with the
// environment's values in it (P11).
func (n *node) shown() string {
	switch n.kind {
	case isText:
		return fmt.Sprintf("%q", clip(n.text))
	case isNumber, isBool:
		return clip(n.text)
	}
	return n.kind.String()
}

// clip is as much of a text as a message quotes.
func clip(s string) string { return txt.Clip(s, 60) }

// limits of what is read at all. They leave room for some ten thousand streams, and keep a
// wrong file, or a hostile one, from eating the machine.
const (
	maxFile   = 16 << 20
	maxSchema = 1 << 20
	maxMerged = 1 << 17 // keys copied by YAML's merges
	maxDepth  = 32
)

// parseTree reads data as JSON with comments or as YAML: by the name's extension,
// otherwise by the first character.
func parseTree(name string, data []byte) (*node, *Problem) {
	at := func(offset int) Position { return positionAt(name, data, offset) }
	if len(data) > maxFile {
		return nil, &Problem{at(0), "", fmt.Sprintf("the file is %d bytes long", len(data)), "a configuration is at most 16 MiB; is this the right file?"}
	}
	if i := invalidUTF8(data); i >= 0 {
		return nil, &Problem{at(i), "", "the file is not UTF-8 text", "save it as UTF-8"}
	}
	body := data
	if strings.HasPrefix(string(data), "\ufeff") { // a byte order mark: some editors write one
		body = data[3:]
	}
	if looksLikeJSON(name, body) {
		return parseJSON(name, body)
	}
	return parseYAML(name, body)
}

func looksLikeJSON(name string, data []byte) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json", ".jsonc":
		return true
	case ".yaml", ".yml":
		return false
	}
	text := strings.TrimSpace(string(data))
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*")
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

// positionAt is the place of a byte offset.
func positionAt(name string, data []byte, offset int) Position {
	at := nodes.PlaceOf(data, offset)
	return Position{name, at.Line, at.Column}
}
