package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"unicode/utf8"

	"tidemark/strategies"
)

// shape remembers the keys of the last object of a record type in their order, so that
// the next object's keys are mostly recognised by one comparison.
type shape struct{ keys []shapeKey }

type shapeKey struct {
	text  []byte // as it stands in the answer, from the delimiter before to the value
	field int    // or notInSchema
}

// shapeKeys bounds a shape; keys beyond it are looked up one by one.
const shapeKeys = 256

// What field returns beside a field's index.
const (
	notInSchema = -1
	endOfObject = -2
	markField   = -3 // Options.DeletedField, where the schema has none of that name
	noMark      = -4 // in Plan.mark: rows are never deleted; field does not return it
)

// field walks over the k-th key of an object, from the brace or comma before it to the
// colon behind it, and says which field it is. Where the last object of this type had
// the same bytes there, one comparison does.
func (s *state) field(n *node, sh *shape, k int) (int, bool) {
	if k < len(sh.keys) {
		known := &sh.keys[k]
		if begins(s.buf[s.pos:], known.text) {
			s.pos += len(known.text)
			if known.field == notInSchema {
				s.unknown.Count++
			}
			return known.field, true
		}
	}
	c := s.peek()
	from := s.pos
	switch {
	case k == 0: // c is the brace
		s.pos++
		if s.take('}') {
			return endOfObject, true
		}
	case c == ',':
		s.pos++
	case c == '}':
		s.pos++
		return endOfObject, true
	default:
		return 0, false
	}
	if s.peek() != '"' {
		return 0, false
	}
	start, end, flags, ok := s.str()
	if !ok || !s.take(':') {
		return 0, false
	}
	s.peek()
	key := s.buf[start:end]
	if flags&hasEscape != 0 {
		s.scratch, _ = unescape(s.scratch[:0], key)
		key = s.scratch
	}
	i, ok := n.index[string(key)]
	switch {
	case ok && n == s.plan.root:
		s.plan.drift.saw(i)
	case ok:
	case n == s.plan.root && s.plan.mark == markField && string(key) == s.plan.opts.DeletedField:
		i = markField
	default:
		if i = s.plan.picks.index[string(key)]; i == 0 || n != s.plan.root {
			i = notInSchema
			s.countUnknown(n, key)
		}
	}
	entry := shapeKey{text: s.buf[from:s.pos], field: i}
	if k < len(sh.keys) {
		sh.keys[k] = entry
	} else if k == len(sh.keys) && k < shapeKeys {
		sh.keys = append(sh.keys, entry)
	}
	return i, true
}

// begins is bytes.HasPrefix, for texts of which most are as long as two words.
func begins(b, text []byte) bool {
	n := len(text)
	if n < 8 || n > 16 || len(b) < n {
		return bytes.HasPrefix(b, text)
	}
	return binary.LittleEndian.Uint64(b) == binary.LittleEndian.Uint64(text) &&
		binary.LittleEndian.Uint64(b[n-8:]) == binary.LittleEndian.Uint64(text[n-8:])
}

// countUnknown counts a key of n that is dropped.
func (s *state) countUnknown(n *node, key []byte) {
	if s.unknown.Count == 0 {
		s.unknown.First = n.keyName(s.plan.root, key)
	}
	s.unknown.Count++
	if d := s.plan.drift; !d.knows(n, key) {
		d.met(n, key, n.keyName(s.plan.root, key))
	}
}

// countBelow counts a key of the nested record n that says something only at the top of a row: what
// field has returned for it is i.
func (s *state) countBelow(n *node, i int) {
	switch {
	case i == markField:
		s.countUnknown(n, []byte(s.plan.opts.DeletedField))
	case i <= firstStrange:
		s.countUnknown(n, []byte(s.plan.picks.of(i).key))
	}
}

// keyName is what people read of a key of the record n.
func (n *node) keyName(root *node, key []byte) string {
	if n == root {
		return clip(key)
	}
	return n.name + "." + clip(key)
}

// capture takes down the row's key or cursor value from the value that begins at at and
// ends at pos. encoded says that the schema took the value.
func (s *state) capture(row *strategies.Row, i, at int, encoded bool) code {
	if i == s.plan.id {
		s.idAt = at
	}
	if i == s.plan.cursor {
		s.cursorAt = at
	}
	typ := s.plan.root.fields[i].typ
	text, c := s.buf[at+1:max(s.pos-1, at+1)], good
	if s.buf[at] != '"' || !encoded || s.flags&hasEscape != 0 {
		var known bool
		text, known, c = s.textAt(typ, at, encoded)
		if c == bad { // a body may hold a replacement; two ids or values must not become one by it
			s.adjusted.Halves.undo()
		}
		if !known {
			return c
		}
	}
	if i == s.plan.id {
		if encoded && s.buf[at] == '"' && len(text) > 0 {
			row.Key = text[:len(text):len(text)]
		} else {
			row.Key, c = s.keyText(typ, text, at, encoded)
		}
		if i != s.plan.cursor {
			return c
		}
	}
	if s.plan.stampCursor && encoded && s.buf[at] == '"' {
		row.Value = strategies.Value{Raw: text, N: s.stampMicros, Sub: s.stampNanos, Set: true}
		return c
	}
	if v := s.captureValue(row, typ, text, at, encoded && c == good); c == good {
		c = v
	}
	return c
}

// textAt is the text of the value that begins at at and ends at pos, nil where it is none: null, for
// instance. It is not known where the schema has refused it already, or refuses it now.
func (s *state) textAt(typ *node, at int, encoded bool) (text []byte, known bool, c code) {
	switch first := s.buf[at]; {
	case first == '"':
		text = s.buf[at+1 : s.pos-1]
		if !encoded || s.flags&hasEscape != 0 {
			from := len(s.side)
			var ok bool
			if s.side, ok = unescape(s.side, text); !ok {
				if encoded {
					return nil, false, s.refuse(typ, at, notUnicode)
				}
				return nil, false, good // no text; the schema refused it already
			}
			text = s.side[from:len(s.side):len(s.side)]
		}
		if !encoded && !utf8.Valid(text) {
			return nil, false, good
		}
	case first == '-' || first-'0' <= 9:
		text = s.buf[at:s.pos]
	}
	return text, true, good
}

// captureValue makes the row's cursor value of its text.
func (s *state) captureValue(row *strategies.Row, typ *node, text []byte, at int, encoded bool) code {
	row.Value = strategies.Value{}
	if text == nil { // null
		return good
	}
	if len(text) > strategies.LongestValue {
		if encoded {
			return s.refuse(typ, at, fmt.Sprintf("the cursor value has %d bytes, more than a request can carry (%d)", len(text), strategies.LongestValue))
		}
		return good
	}
	v, err := s.plan.opts.Format.Parse(text)
	if err != nil {
		if encoded {
			return s.refuse(typ, at, "the cursor value "+err.Error())
		}
		return good
	}
	if s.plan.double && encoded && !s.keeps(v) { // rule 9
		return s.refuse(typ, at, "the cursor value has more digits than a double keeps; use the type string")
	}
	row.Value = v
	return good
}

// keyText makes the record key of the id's text: numbers in their plain decimal form, so that 1e3
// and 1000 are one key.
func (s *state) keyText(typ *node, text []byte, at int, encoded bool) ([]byte, code) {
	switch {
	case text == nil:
		if s.buf[at] == 'n' {
			return nil, s.refuse(typ, at, "the id is null")
		}
		return nil, good // refused as what it is
	case len(text) == 0:
		return nil, s.refuse(typ, at, "the id is empty")
	case encoded && s.buf[at] != '"' && !plainDecimal(text):
		v, _ := exactInt(text)
		from := len(s.side)
		s.side = strconv.AppendInt(s.side, v, 10)
		text = s.side[from:len(s.side):len(s.side)]
	}
	return text[:len(text):len(text)], good
}

// plainDecimal reports whether a JSON number is written as strconv would write it.
func plainDecimal(b []byte) bool {
	for i, c := range b {
		if c-'0' > 9 && (c != '-' || i > 0) {
			return false
		}
	}
	return len(b) != 2 || b[0] != '-' || b[1] != '0'
}
