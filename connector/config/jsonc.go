package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// parseJSON reads JSON with // and /* */ comments and trailing commas.
func parseJSON(name string, data []byte) (*node, *Problem) {
	fail := func(offset int, message, hint string) (*node, *Problem) {
		return nil, &Problem{positionAt(name, data, offset), "", message, hint}
	}
	plain, open := blankComments(data)
	if open >= 0 {
		return fail(open, "the comment has no end", "close it with */")
	}
	if len(bytes.TrimSpace(plain)) == 0 {
		return fail(0, "the file is empty", "start from connector/config/testdata/configuration.json")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(plain, &whole); err != nil {
		var syntax *json.SyntaxError
		if !errors.As(err, &syntax) {
			return fail(0, "the file is not JSON: "+err.Error(), "")
		}
		if strings.Contains(syntax.Error(), "unexpected end") {
			return fail(len(bytes.TrimRight(plain, " \t\r\n")), "the file ends too early", "is a closing brace, bracket or quote missing?")
		}
		return fail(int(syntax.Offset)-1, "the file is not JSON: "+syntax.Error(), "look for a missing comma or quote here or just before")
	}
	r := &jsonReader{name: name, data: data, plain: plain, dec: json.NewDecoder(bytes.NewReader(plain)), line: 1, column: 1}
	r.dec.UseNumber()
	return r.value(0)
}

// jsonReader turns json's tokens into nodes. The syntax was checked before.
type jsonReader struct {
	name        string
	data, plain []byte
	dec         *json.Decoder

	offset, line, column int // how far positions were counted
}

// next returns the next token and where it begins. Json only tells where the last one
// ended, but nothing stands between two tokens save blanks, commas and colons.
func (r *jsonReader) next() (json.Token, Position, error) {
	start := int(r.dec.InputOffset())
	for start < len(r.plain) && strings.IndexByte(" \t\r\n,:", r.plain[start]) >= 0 {
		start++
	}
	for r.offset < start {
		c, size := utf8.DecodeRune(r.data[r.offset:])
		r.column++
		if c == '\n' {
			r.line, r.column = r.line+1, 1
		}
		r.offset += size
	}
	token, err := r.dec.Token()
	return token, Position{r.name, r.line, r.column}, err
}

func (r *jsonReader) value(depth int) (*node, *Problem) {
	token, pos, err := r.next()
	if err != nil {
		return nil, &Problem{pos, "", "the file is not JSON: " + err.Error(), ""}
	}
	return r.rest(token, pos, depth)
}

// rest reads what follows a value's first token.
func (r *jsonReader) rest(token json.Token, pos Position, depth int) (*node, *Problem) {
	if depth > maxDepth {
		return nil, &Problem{pos, "", "the file nests too deep", "a configuration needs four levels"}
	}
	n := &node{pos: pos}
	switch t := token.(type) {
	case nil:
	case bool:
		n.kind, n.text = isBool, "false"
		if t {
			n.text = "true"
		}
	case json.Number:
		n.kind, n.text = isNumber, t.String()
	case string:
		n.kind, n.text = isText, t
	case json.Delim:
		n.kind = isObject
		if t == '[' {
			n.kind = isList
		}
		return n, r.members(n, depth)
	}
	return n, nil
}

// members reads a list's or an object's inside, to its closing bracket.
func (r *jsonReader) members(n *node, depth int) *Problem {
	for {
		token, pos, err := r.next()
		if err != nil {
			return &Problem{pos, "", "the file is not JSON: " + err.Error(), ""}
		}
		if d, ok := token.(json.Delim); ok && (d == '}' || d == ']') {
			return nil
		}
		if n.kind == isList {
			item, p := r.rest(token, pos, depth+1)
			if p != nil {
				return p
			}
			n.items = append(n.items, item)
			continue
		}
		key, _ := token.(string)
		value, p := r.value(depth + 1)
		if p != nil {
			return p
		}
		n.entries = append(n.entries, entry{key, pos, value})
	}
}

// blankComments replaces comments and trailing commas by blanks, byte for byte, so
// that every offset stays what it was. A comment without an end gives its offset,
// otherwise -1.
func blankComments(data []byte) (plain []byte, open int) {
	plain = bytes.Clone(data)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if plain[i] != '\n' && plain[i] != '\r' {
				plain[i] = ' '
			}
		}
	}
	comma := -1       // offset of a comma that nothing has followed yet
	last := byte('{') // the last character that counts
	for i := 0; i < len(plain); {
		end := i + 1
		switch c := plain[i]; {
		case c == '"':
			for end < len(plain) && plain[end] != '"' {
				if plain[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(plain))
			comma, last = -1, c
		case bytes.HasPrefix(plain[i:], []byte("//")):
			for end < len(plain) && plain[end] != '\n' {
				end++
			}
			blank(i, end)
		case bytes.HasPrefix(plain[i:], []byte("/*")):
			length := bytes.Index(plain[i+2:], []byte("*/"))
			if length < 0 {
				return plain, i
			}
			end = i + 2 + length + 2
			blank(i, end)
		case c == ',':
			comma = -1
			if last != '{' && last != '[' && last != ',' { // "[,]" stays an error
				comma = i
			}
			last = c
		case c == '}' || c == ']':
			if comma >= 0 {
				blank(comma, comma+1)
			}
			comma, last = -1, c
		case strings.IndexByte(" \t\r\n", c) < 0:
			comma, last = -1, c
		}
		i = end
	}
	return plain, -1
}
