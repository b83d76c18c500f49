package manifest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"tidemark/connector/internal/class"
)

const (
	largest = 16 << 20 // bytes of a definition
	deepest = 100      // sections within each other
	widest  = 1 << 20  // values that anchors and merges may add up to
)

// place is where something stands in the definition, line and column counted from 1.
type place struct{ line, column int }

func (p place) String() string { return fmt.Sprintf("%d:%d", p.line, p.column) }

type kind uint8

const (
	isNull kind = iota
	isBool
	isNumber
	isText
	isList
	isObject
)

// node is a value of the definition.
type node struct {
	kind    kind
	text    string // of a scalar, as it is written
	at      place
	items   []*node
	entries []entry
}

type entry struct {
	key   string
	at    place
	value *node
}

// find returns a member of an object, nil where there is none.
func (n *node) find(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.entries {
		if n.entries[i].key == key {
			return n.entries[i].value
		}
	}
	return nil
}

// empty reports whether a value is what templates take for false.
func (n *node) empty() bool {
	switch {
	case n == nil:
		return true
	case n.kind == isBool:
		return !n.yes()
	case n.kind == isNumber:
		return strings.Trim(n.text, "0.+-") == ""
	case n.kind == isText:
		return n.text == ""
	}
	return len(n.items)+len(n.entries) == 0
}

// yes reports whether a value is a plain true.
func (n *node) yes() bool { return n != nil && n.kind == isBool && strings.EqualFold(n.text, "true") }

// scalar reports whether a value can be written as a text.
func (n *node) scalar() bool {
	return n != nil && n.kind != isList && n.kind != isObject && n.kind != isNull
}

func textNode(s string) *node { return &node{kind: isText, text: s} }

// parse reads YAML, or JSON, which is YAML, too.
func parse(data []byte) (root *node, err error) {
	defer func() {
		// The library has panicked on broken input before; whatever it trips over is the file's fault to the user.
		if cause := recover(); cause != nil {
			root, err = nil, errNotYAML
		}
	}()
	if len(data) > largest {
		return nil, class.Errorf(class.Config, "it has more than %d MiB: is this the right file?", largest>>20)
	}
	tokens := lexer.Tokenize(string(data))
	if t := tooDeep(tokens); t != nil {
		return nil, class.Errorf(class.Config, "%d:%d: it nests deeper than any definition", t.Position.Line, t.Position.Column)
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil:
		return nil, class.Errorf(class.Config, "%d:%d: it is not YAML: %s", syntax.Token.Position.Line, syntax.Token.Position.Column, syntax.Message)
	case err != nil:
		return nil, errNotYAML
	}
	r := reader{anchors: map[string]*node{}}
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			return r.convert(doc.Body, 0)
		}
	}
	return nil, class.Errorf(class.Config, "it is empty")
}

var errNotYAML = class.Errorf(class.Config, "it is not YAML: check the indentation and the quotes")

// tooDeep finds the token at which sections nest deeper than the parser, which calls itself, can stand.
func tooDeep(tokens token.Tokens) *token.Token {
	brackets, entries, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, entries = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType, token.MappingValueType:
			if brackets == 0 {
				entries++
			}
		}
		if brackets > deepest || entries > deepest || t.Position.IndentNum > 20*deepest {
			return t
		}
	}
	return nil
}

// reader turns the library's nodes into ours.
type reader struct {
	anchors map[string]*node
	nodes   int
}

func at(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{max(1, t.Position.Line), max(1, t.Position.Column)}
}

func (r *reader) convert(from ast.Node, depth int) (*node, error) {
	if from == nil {
		return &node{at: place{1, 1}}, nil
	}
	n := &node{at: at(from.GetToken())}
	if r.nodes++; depth > deepest || r.nodes > widest {
		return nil, class.Errorf(class.Config, "%s: it nests deeper, or holds more, than any definition", n.at)
	}
	switch t := from.(type) {
	case *ast.BoolNode:
		n.kind, n.text = isBool, t.Token.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.kind, n.text = isNumber, from.GetToken().Value
	case *ast.StringNode:
		n.kind, n.text = isText, t.Value
	case *ast.LiteralNode:
		n.kind, n.text = isText, t.Value.Value
	case *ast.SequenceNode:
		n.kind = isList
		for _, v := range t.Values {
			item, err := r.convert(v, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	case *ast.MappingValueNode:
		return n, r.object(n, []*ast.MappingValueNode{t}, depth)
	case *ast.MappingNode:
		return n, r.object(n, t.Values, depth)
	case *ast.AnchorNode:
		value, err := r.convert(t.Value, depth+1)
		if err == nil {
			r.anchors[t.Name.GetToken().Value] = value
		}
		return value, err
	case *ast.AliasNode:
		if value := r.anchors[t.Value.GetToken().Value]; value != nil {
			return value, nil
		}
		return nil, class.Errorf(class.Config, "%s: there is no anchor of this name before it", n.at)
	case *ast.TagNode:
		return r.convert(t.Value, depth+1)
	}
	return n, nil
}

func (r *reader) object(n *node, values []*ast.MappingValueNode, depth int) error {
	n.kind = isObject
	var merged []*node
	for i, v := range values {
		value, err := r.convert(v.Value, depth+1)
		if err != nil {
			return err
		}
		key := v.Key.GetToken()
		if k, ok := v.Key.(*ast.MappingKeyNode); ok && k.Value != nil { // "? key"
			key = k.Value.GetToken()
		}
		pos := at(key)
		if i == 0 {
			n.at = pos // a block's own token is its first colon
		}
		if v.Key.IsMergeKey() {
			merged = append(merged, append([]*node{value}, value.items...)...)
			continue
		}
		n.entries = append(n.entries, entry{key.Value, pos, value})
	}
	for _, m := range merged { // what is written here stands before it, and find takes the first
		if r.nodes += len(m.entries); r.nodes > widest {
			return class.Errorf(class.Config, "%s: the merges add up to more than any definition holds", n.at)
		}
		n.entries = append(n.entries, m.entries...)
	}
	return nil
}
