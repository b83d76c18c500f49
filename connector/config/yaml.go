package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxTokens bounds what a file holds between two entries of a list: the parser's time grows
// with the square of a section's keys, but not with that of a list's entries.
const maxTokens = 100_000

// parseYAML reads one YAML document. Anchors, aliases and merge keys work; other
// tags than !!str do not.
func parseYAML(name string, data []byte) (root *node, problem *Problem) {
	r := &yamlReader{name: name, anchors: map[string]*node{}}
	for _, line := range strings.Split(string(data), "\n") {
		r.widths = append(r.widths, utf8.RuneCountInString(line))
	}
	defer func() {
		// The parser is not ours and has panicked on broken input before; whatever
		// it trips over is the file's fault to the user.
		if cause := recover(); cause != nil {
			root, problem = nil, r.problem(nil, "the file is not YAML", "check the indentation and the quotes")
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if t := tooMany(tokens); t != nil {
		return nil, r.problem(t, "the file holds more than any configuration does", "is this the right file?")
	}
	if t := tooDeep(tokens); t != nil {
		return nil, r.problem(t, "the file nests too deep", "a configuration needs four levels")
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			return nil, r.problem(syntax.Token, "the file is not YAML: "+syntax.Message, "check the indentation and the quotes; a value that has { [ : # in it needs quotes")
		}
		return nil, r.problem(nil, "the file is not YAML", "check the indentation and the quotes")
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if body != nil {
			return nil, r.problem(doc.Body.GetToken(), "the file holds a second document", "remove it and the --- before it; one file is one configuration")
		}
		body = doc.Body
	}
	if body == nil {
		return nil, r.problem(nil, "the file is empty", "give it a list of streams")
	}
	return r.convert(body, 0)
}

// tooMany finds the token at which a section has more keys than any configuration's.
func tooMany(tokens token.Tokens) *token.Token {
	n := 0
	for _, t := range tokens {
		if n++; t.Type == token.SequenceEntryType {
			n = 0
		}
		if n > maxTokens {
			return t
		}
	}
	return nil
}

// tooDeep finds the token at which brackets or compact block entries nest deeper than
// any configuration; the parser takes quadratic time over them.
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
		if brackets > maxDepth || entries > maxDepth {
			return t
		}
	}
	return nil
}

// yamlReader turns the library's nodes into ours.
type yamlReader struct {
	name    string
	widths  []int // characters in each line
	anchors map[string]*node
	merged  int // entries copied by merge keys
}

// at is a token's place. It is held inside the file: the library's count is off by a
// little after some kinds of broken input.
func (r *yamlReader) at(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{r.name, 1, 1}
	}
	line := max(1, min(t.Position.Line, len(r.widths)))
	return Position{r.name, line, max(1, min(t.Position.Column, r.widths[line-1]+1))}
}

func (r *yamlReader) problem(t *token.Token, message, hint string) *Problem {
	return &Problem{r.at(t), "", message, hint}
}

func (r *yamlReader) convert(from ast.Node, depth int) (*node, *Problem) {
	if from == nil {
		return nil, r.problem(nil, "the file is not YAML", "check the indentation and the quotes")
	}
	n := &node{pos: r.at(from.GetToken())}
	if depth > maxDepth {
		return nil, r.problem(from.GetToken(), "the file nests too deep", "a configuration needs four levels")
	}
	switch t := from.(type) {
	case *ast.NullNode:
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
			item, p := r.convert(v, depth+1)
			if p != nil {
				return nil, p
			}
			n.items = append(n.items, item)
		}
	case *ast.MappingValueNode:
		return r.object(n, []*ast.MappingValueNode{t}, depth)
	case *ast.MappingNode:
		return r.object(n, t.Values, depth)
	case *ast.AnchorNode:
		value, p := r.convert(t.Value, depth+1)
		if p == nil {
			r.anchors[t.Name.GetToken().Value] = value
		}
		return value, p
	case *ast.AliasNode:
		name := t.Value.GetToken().Value
		if value, ok := r.anchors[name]; ok {
			return value, nil
		}
		return nil, r.problem(t.GetToken(), fmt.Sprintf("there is no anchor &%s before this alias", clip(name)), "quote the value if it is no alias")
	case *ast.TagNode:
		return r.tagged(t, depth)
	default:
		return nil, r.problem(from.GetToken(), "this kind of YAML node has no place in a configuration", "")
	}
	return n, nil
}

func (r *yamlReader) tagged(t *ast.TagNode, depth int) (*node, *Problem) {
	if t.Start.Value != "!!str" {
		return nil, r.problem(t.Start, "tags are not read here", "remove the tag, or quote the value to make it a string")
	}
	n, p := r.convert(t.Value, depth+1)
	if p == nil && (n.kind == isBool || n.kind == isNumber || n.kind == isNull) {
		n.kind = isText
	}
	return n, p
}

func (r *yamlReader) object(n *node, values []*ast.MappingValueNode, depth int) (*node, *Problem) {
	n.kind = isObject
	var merged []*node
	for i, v := range values {
		value, p := r.convert(v.Value, depth+1)
		if p != nil {
			return nil, p
		}
		keyToken := v.Key.GetToken()
		if k, ok := v.Key.(*ast.MappingKeyNode); ok && k.Value != nil { // "? key"
			keyToken = k.Value.GetToken()
		}
		pos := r.at(keyToken)
		if i == 0 && n.pos != pos && (n.pos.Line > pos.Line || n.pos.Column > pos.Column) {
			n.pos = pos // a block's own token is its first colon; its first key is what a reader sees
		}
		if v.Key.IsMergeKey() {
			list := []*node{value}
			if value.kind == isList {
				list = value.items
			}
			for _, m := range list {
				if m.kind != isObject {
					return nil, &Problem{m.pos, "", "only a section can be merged with <<", "point it at an anchored section"}
				}
				merged = append(merged, m)
			}
			continue
		}
		n.entries = append(n.entries, entry{keyToken.Value, pos, value})
	}
	has := map[string]bool{}
	for _, e := range n.entries {
		has[e.key] = true
	}
	for _, m := range merged { // what is written here wins, then the first merged
		for _, e := range m.entries {
			if !has[e.key] {
				has[e.key] = true
				n.entries = append(n.entries, e)
				r.merged++
			}
		}
		if r.merged > maxMerged {
			return nil, &Problem{n.pos, "", "the merges add up to too many keys", ""}
		}
	}
	return n, nil
}
