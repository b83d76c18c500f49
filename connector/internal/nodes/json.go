package nodes

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// JSON reads JSON with // and /* */ comments and trailing commas.
func JSON(data []byte, l Limits) (*Node, *Error) {
	fail := func(offset int, f Fault, what, hint string) (*Node, *Error) {
		return nil, &Error{PlaceOf(data, offset), f, what, hint}
	}
	plain, open := blankComments(data)
	if open >= 0 {
		return fail(open, Syntax, "the comment has no end", "close it with */")
	}
	if len(bytes.TrimSpace(plain)) == 0 {
		return fail(0, Empty, "the file is empty", "")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(plain, &whole); err != nil {
		var syntax *json.SyntaxError
		if !errors.As(err, &syntax) {
			return fail(0, Syntax, "the file is not JSON: "+err.Error(), "")
		}
		if strings.Contains(syntax.Error(), "unexpected end") {
			return fail(len(bytes.TrimRight(plain, " \t\r\n")), Syntax, "the file ends too early", "is a closing brace, bracket or quote missing?")
		}
		return fail(int(syntax.Offset)-1, Syntax, "the file is not JSON: "+syntax.Error(), "look for a missing comma or quote here or just before")
	}
	r := &jsonReader{limits: l, data: data, plain: plain, dec: json.NewDecoder(bytes.NewReader(plain)), at: Place{1, 1}}
	r.dec.UseNumber()
	return r.value(0)
}

// PlaceOf counts lines and columns up to a byte offset.
func PlaceOf(data []byte, offset int) Place {
	before := string(data[:max(0, min(offset, len(data)))])
	line := strings.LastIndexByte(before, '\n') + 1
	return Place{strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[line:]) + 1}
}

// jsonReader turns json's tokens into nodes. The syntax was checked before.
type jsonReader struct {
	limits      Limits
	data, plain []byte
	dec         *json.Decoder

	offset int // how far places were counted
	at     Place
}

// next returns the next token and where it begins. Json only tells where the last one
// ended, but nothing stands between two tokens save blanks, commas and colons.
func (r *jsonReader) next() (json.Token, Place, error) {
	start := int(r.dec.InputOffset())
	for start < len(r.plain) && strings.IndexByte(" \t\r\n,:", r.plain[start]) >= 0 {
		start++
	}
	for r.offset < start {
		c, size := utf8.DecodeRune(r.data[r.offset:])
		r.at.Column++
		if c == '\n' {
			r.at = Place{r.at.Line + 1, 1}
		}
		r.offset += size
	}
	token, err := r.dec.Token()
	return token, r.at, err
}

func (r *jsonReader) value(depth int) (*Node, *Error) {
	token, at, err := r.next()
	if err != nil {
		return nil, &Error{at, Syntax, "the file is not JSON: " + err.Error(), ""}
	}
	return r.rest(token, at, depth)
}

// rest reads what follows a value's first token.
func (r *jsonReader) rest(token json.Token, at Place, depth int) (*Node, *Error) {
	if depth > r.limits.Depth {
		return nil, &Error{at, Deep, "the file nests too deep", ""}
	}
	n := &Node{At: at}
	switch t := token.(type) {
	case nil:
	case bool:
		n.Kind, n.Text = Bool, "false"
		if t {
			n.Text = "true"
		}
	case json.Number:
		n.Kind, n.Text = Number, t.String()
	case string:
		n.Kind, n.Text = Text, t
	case json.Delim:
		n.Kind = Object
		if t == '[' {
			n.Kind = List
		}
		return n, r.members(n, depth)
	}
	return n, nil
}

// members reads a list's or an object's inside, to its closing bracket.
func (r *jsonReader) members(n *Node, depth int) *Error {
	for {
		token, at, err := r.next()
		if err != nil {
			return &Error{at, Syntax, "the file is not JSON: " + err.Error(), ""}
		}
		if d, ok := token.(json.Delim); ok && (d == '}' || d == ']') {
			return nil
		}
		if n.Kind == List {
			item, err := r.rest(token, at, depth+1)
			if err != nil {
				return err
			}
			n.Items = append(n.Items, item)
			continue
		}
		key, _ := token.(string)
		value, fault := r.value(depth + 1)
		if fault != nil {
			return fault
		}
		n.Entries = append(n.Entries, Entry{key, at, value})
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
