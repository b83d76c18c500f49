package nodes

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

	"tidemark/connector/internal/text"
)

const checkQuotes = "check the indentation and the quotes"

// YAML reads one document. Anchors, aliases and merge keys work; of tags only !!str means something.
func YAML(data []byte, l Limits) (root *Node, fault *Error) {
	r := &yamlReader{limits: l, anchors: map[string]*Node{}}
	for line := range strings.SplitSeq(string(data), "\n") {
		r.widths = append(r.widths, utf8.RuneCountInString(line))
	}
	defer func() {
		// The parser is not ours and has panicked on broken input before; whatever
		// it trips over is the file's fault to the user.
		if cause := recover(); cause != nil {
			root, fault = nil, r.fault(nil, Syntax, "the file is not YAML", checkQuotes)
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if t := r.tooMany(tokens); t != nil {
		return nil, r.fault(t, Large, "the file holds too much in one section", "is this the right file?")
	}
	if t := r.tooDeep(tokens); t != nil {
		return nil, r.fault(t, Deep, "the file nests too deep", "")
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, r.fault(syntax.Token, Syntax, "the file is not YAML: "+syntax.Message, checkQuotes+"; a value that has { [ : # in it needs quotes")
	case err != nil:
		return nil, r.fault(nil, Syntax, "the file is not YAML", checkQuotes)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case body == nil:
			body = doc.Body
		case !l.Lenient:
			return nil, r.fault(doc.Body.GetToken(), Second, "the file holds a second document", "remove it and the --- before it")
		}
	}
	if body == nil {
		return nil, r.fault(nil, Empty, "the file is empty", "")
	}
	return r.convert(body, 0)
}

// yamlReader turns the library's nodes into ours.
type yamlReader struct {
	limits  Limits
	widths  []int // characters in each line
	anchors map[string]*Node
	copied  int // entries copied by merge keys
}

// tooMany finds the token at which a section has more keys than it may.
func (r *yamlReader) tooMany(tokens token.Tokens) *token.Token {
	n := 0
	for _, t := range tokens {
		if n++; t.Type == token.SequenceEntryType {
			n = 0
		}
		if r.limits.Tokens > 0 && n > r.limits.Tokens {
			return t
		}
	}
	return nil
}

// indent is how far a level of nesting may be indented, on average.
const indent = 20

// tooDeep finds the token at which sections nest deeper than they may; the parser, which calls itself, takes
// quadratic time over them.
func (r *yamlReader) tooDeep(tokens token.Tokens) *token.Token {
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
		if brackets > r.limits.Depth || entries > r.limits.Depth || t.Position.IndentNum > indent*r.limits.Depth {
			return t
		}
	}
	return nil
}

// at is a token's place. It is held inside the file: the library's count is off by a
// little after some kinds of broken input.
func (r *yamlReader) at(t *token.Token) Place {
	if t == nil || t.Position == nil {
		return Place{1, 1}
	}
	line := max(1, min(t.Position.Line, len(r.widths)))
	return Place{line, max(1, min(t.Position.Column, r.widths[line-1]+1))}
}

func (r *yamlReader) fault(t *token.Token, f Fault, what, hint string) *Error {
	return &Error{r.at(t), f, what, hint}
}

func (r *yamlReader) convert(from ast.Node, depth int) (*Node, *Error) {
	if from == nil {
		return nil, r.fault(nil, Syntax, "the file is not YAML", checkQuotes)
	}
	n := &Node{At: r.at(from.GetToken())}
	if depth > r.limits.Depth {
		return nil, r.fault(from.GetToken(), Deep, "the file nests too deep", "")
	}
	switch t := from.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		n.Kind, n.Text = Bool, t.Token.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.Kind, n.Text = Number, from.GetToken().Value
	case *ast.StringNode:
		n.Kind, n.Text = Text, t.Value
	case *ast.LiteralNode:
		n.Kind, n.Text = Text, t.Value.Value
	case *ast.SequenceNode:
		n.Kind = List
		for _, v := range t.Values {
			item, err := r.convert(v, depth+1)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, item)
		}
	case *ast.MappingValueNode:
		return r.object(n, []*ast.MappingValueNode{t}, depth)
	case *ast.MappingNode:
		return r.object(n, t.Values, depth)
	case *ast.AnchorNode:
		value, err := r.convert(t.Value, depth+1)
		if err == nil {
			r.anchors[t.Name.GetToken().Value] = value
		}
		return value, err
	case *ast.AliasNode:
		name := t.Value.GetToken().Value
		if value, ok := r.anchors[name]; ok {
			return value, nil
		}
		return nil, r.fault(t.GetToken(), Strange, fmt.Sprintf("there is no anchor &%s before this alias", text.Clip(name, 60)), "quote the value if it is no alias")
	case *ast.TagNode:
		return r.tagged(t, depth)
	default:
		return nil, r.fault(from.GetToken(), Strange, "this kind of YAML node is not read", "")
	}
	return n, nil
}

func (r *yamlReader) tagged(t *ast.TagNode, depth int) (*Node, *Error) {
	if t.Start.Value != "!!str" && !r.limits.Lenient {
		return nil, r.fault(t.Start, Strange, "tags are not read here", "remove the tag, or quote the value to make it a string")
	}
	n, err := r.convert(t.Value, depth+1)
	if err == nil && t.Start.Value == "!!str" && (n.Scalar() || n.Kind == Null) {
		n.Kind = Text
	}
	return n, err
}

func (r *yamlReader) object(n *Node, values []*ast.MappingValueNode, depth int) (*Node, *Error) {
	n.Kind = Object
	var merged []*Node
	for i, v := range values {
		value, err := r.convert(v.Value, depth+1)
		if err != nil {
			return nil, err
		}
		key := v.Key.GetToken()
		if k, ok := v.Key.(*ast.MappingKeyNode); ok && k.Value != nil { // "? key"
			key = k.Value.GetToken()
		}
		at := r.at(key)
		if i == 0 && n.At != at && (n.At.Line > at.Line || n.At.Column > at.Column) {
			n.At = at // a block's own token is its first colon; its first key is what a reader sees
		}
		if v.Key.IsMergeKey() {
			list := []*Node{value}
			if value.Kind == List {
				list = value.Items
			}
			for _, m := range list {
				if m.Kind != Object {
					return nil, &Error{m.At, Strange, "only a section can be merged with <<", "point it at an anchored section"}
				}
				merged = append(merged, m)
			}
			continue
		}
		n.Entries = append(n.Entries, Entry{key.Value, at, value})
	}
	return n, r.merge(n, merged)
}

// merge copies what sections have that are merged into one: what is written there wins, then the first merged.
func (r *yamlReader) merge(n *Node, merged []*Node) *Error {
	if len(merged) == 0 {
		return nil
	}
	has := map[string]bool{}
	for _, e := range n.Entries {
		has[e.Key] = true
	}
	for _, m := range merged {
		for _, e := range m.Entries {
			if !has[e.Key] {
				has[e.Key] = true
				n.Entries = append(n.Entries, e)
				r.copied++
			}
		}
		if r.copied > r.limits.Merged {
			return &Error{n.At, Large, "the merges add up to too many keys", ""}
		}
	}
	return nil
}
