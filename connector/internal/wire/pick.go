package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"tidemark/connector/internal/text"
	"tidemark/strategies"
)

// pick is a place in a row that the plan wants and that is no plain field of the schema's top:
// one further down, or one that the schema does not have. While a row is read, only where the
// places begin is written down; what they hold is read at the row's end, by the few that want it.
type pick struct {
	key  string
	slot int // in state.at; -1: only on the way to others
	kids []*pick
}

// firstStrange and what lies below it is what field returns for root keys that the schema does
// not have and that lead to a pick.
const firstStrange = -8

// noField is Plan.id or Plan.cursor where that is no field of the schema's top.
const noField = -5

// picks are all of a plan's. The zero value has none.
type picks struct {
	slots   int
	top     pick
	fields  []*pick        // by root field; nil where there is none
	strange []*pick        // of root keys that the schema does not have
	index   map[string]int // their names
}

// slot is that of a dotted path, which it adds where it is new.
func (p *picks) slot(root *node, path string) (int, error) {
	at := &p.top
	for key := range strings.SplitSeq(path, ".") {
		if key == "" {
			return 0, fmt.Errorf("%q has an empty part", path)
		}
		next := at.kid([]byte(key))
		if next == nil {
			next = &pick{key: key, slot: -1}
			at.kids = append(at.kids, next)
			if at == &p.top {
				p.hang(root, next)
			}
		}
		at = next
	}
	if at.slot < 0 {
		at.slot = p.slots
		p.slots++
	}
	return at.slot, nil
}

func (p *picks) hang(root *node, at *pick) {
	if i, ok := root.index[at.key]; ok {
		if p.fields == nil {
			p.fields = make([]*pick, len(root.fields))
		}
		p.fields[i] = at
		return
	}
	if p.index == nil {
		p.index = map[string]int{}
	}
	p.index[at.key] = firstStrange - len(p.strange)
	p.strange = append(p.strange, at)
}

// of is the pick of what field has returned; nil: there is none.
func (p *picks) of(i int) *pick {
	switch {
	case i >= 0 && p.fields != nil:
		return p.fields[i]
	case i <= firstStrange:
		return p.strange[firstStrange-i]
	}
	return nil
}

func (p *pick) kid(key []byte) *pick {
	for _, k := range p.kids {
		if k.key == string(key) {
			return k
		}
	}
	return nil
}

// forget takes back what was found below, for a key that is given twice counts as last written.
func (p *pick) forget(at []int) {
	if p.slot >= 0 {
		at[p.slot] = -1
	}
	for _, k := range p.kids {
		k.forget(at)
	}
}

// met writes down the places within the value of the row's field i, which begins at at and ends at pos.
func (s *state) met(i, at int) {
	p := s.plan.picks.of(i)
	if p == nil {
		return
	}
	if s.retyped { // a part of the key, which is captured at the row's end
		s.adjusted.Retyped.note(s.buf[at:s.pos])
		s.retyped = false
	}
	s.pick(p, at)
}

// pick writes down the places within the value that begins at at and ends at pos. The scanner
// has walked over it, so it is JSON.
func (s *state) pick(p *pick, at int) {
	p.forget(s.at)
	if p.slot >= 0 {
		s.at[p.slot] = at
	}
	if len(p.kids) == 0 || s.buf[at] != '{' {
		return
	}
	end := s.pos
	s.pos = at + 1
	for s.peek() == '"' {
		start, stop, flags, _ := s.str()
		key := s.buf[start:stop]
		if flags&hasEscape != 0 {
			s.scratch, _ = unescape(s.scratch[:0], key)
			key = s.scratch
		}
		kid := p.kid(key)
		s.take(':')
		s.peek()
		here := s.pos
		s.skip()
		if kid != nil {
			s.pick(kid, here)
		}
		s.take(',')
	}
	s.pos = end
}

// target is a place whose value becomes a part of the key, or the cursor value.
type target struct {
	name string // dotted
	slot int
	typ  *node
	// field is the root field that it is; noField for one that is further down or not in the schema.
	field int
}

// anyText is the type of keys and cursor values that the schema does not have.
var anyText = &node{kind: kString, label: "a text or a whole number"}

// target is that of a path. Its type is the schema's where the path leads to one of the schema's
// fields.
func (p *Plan) target(what, path string) (target, error) {
	slot, err := p.picks.slot(p.root, path)
	if err != nil {
		return target{}, fmt.Errorf("%s %w", what, err)
	}
	t := target{path, slot, anyText, noField}
	at := p.root
	for key := range strings.SplitSeq(path, ".") {
		if at == nil || at.kind != kRecord {
			if at != nil && at.kind != kMap && at.kind != kUnion {
				return t, fmt.Errorf("%s %q leads through %s, which has no fields", what, path, at.label)
			}
			return t, nil
		}
		i, ok := at.index[key]
		if !ok {
			return t, nil
		}
		if t.typ = at.fields[i].typ; key == path {
			t.field = i
		}
		if at = plainType(t.typ); at == nil {
			at = t.typ
		}
		if at.kind == kMap || at.kind == kUnion || at.kind == kRecord {
			t.typ = anyText
		}
	}
	return t, nil
}

// picked reports whether rows have their key or their cursor value in picks.
func (p *Plan) picked() bool { return len(p.parts) > 0 || p.cursor == noField }

// isPart reports whether the root field is a part of the key by itself.
func (p *Plan) isPart(i int) bool {
	for k := range p.parts {
		if p.parts[k].field == i {
			return true
		}
	}
	return false
}

// near is the schema's field that is spelt most like the name; "": none is.
func (p *Plan) near(name string) string {
	names := make([]string, 0, len(p.root.fields))
	for i := range p.root.fields {
		names = append(names, p.root.fields[i].name)
	}
	return text.Nearest(name, names)
}

// absent is the error of an undotted field that the schema does not have.
func (p *Plan) absent(what, name, remedy string) error {
	if near := p.near(name); near != "" {
		remedy = "did you mean " + near + "?" + remedy
	}
	if remedy != "" {
		remedy = "; " + strings.TrimPrefix(remedy, "; ")
	}
	return fmt.Errorf("%s %q is not in the schema; it has %s%s", what, name, fieldList(p.root), remedy)
}

// read encodes the value of a target as its type has it, and throws away what it has encoded: that
// checks it, and takes one of the other JSON type as the schema would (see retype). The text is that
// of the value; nil for null.
func (s *state) read(t *target, key bool) (text []byte, c code) {
	at, from, before := s.at[t.slot], len(s.out), s.adjusted
	s.pos = at
	if c = s.value(t.typ, 0); c == bad {
		c = s.retype(t.typ, at, from, key, !key && s.plan.opts.Format == strategies.Opaque)
		s.retyped = false
	}
	s.out = s.out[:from]
	if c == good {
		text, _, c = s.textAt(t.typ, at, true)
	}
	s.adjusted = before
	return text, c
}

// pickKey makes the row's key of its parts. One part is its own key, as a plain id is.
func (s *state) pickKey(row *strategies.Row) code {
	row.Key = nil
	s.joined = append(s.joined[:0], '[')
	for i := range s.plan.parts {
		text, c := s.keyPart(&s.plan.parts[i])
		switch {
		case c != good:
			s.fault.path = append(s.fault.path, s.plan.parts[i].name)
			return c
		case len(s.plan.parts) == 1:
			row.Key = text
			return good
		case i > 0:
			s.joined = append(s.joined, ',')
		}
		s.joined = appendQuoted(s.joined, text)
	}
	from := len(s.side)
	s.side = append(append(s.side, s.joined...), ']')
	row.Key = s.side[from:len(s.side):len(s.side)]
	return good
}

// picked makes the key and the cursor value of a row that has them in picks. Those of a row that is
// refused already are wanted all the same.
func (s *state) picked(row *strategies.Row) code {
	c := good
	if len(s.plan.parts) > 0 {
		c = s.pickKey(row)
	}
	switch {
	case s.plan.cursor != noField:
		return c
	case c == good:
		return s.pickValue(row)
	}
	first, name := s.fault, s.fault.path[0]
	s.pickValue(row)
	s.fault = first
	s.fault.path = append(s.fault.path[:0], name)
	return c
}

// keyPart is the text of one part of the row's key. An empty text may be one of several parts,
// for the key is not empty then.
func (s *state) keyPart(part *target) ([]byte, code) {
	what := "the id is "
	if len(s.plan.parts) > 1 {
		what = "the part of the key is "
	}
	at := s.at[part.slot]
	switch {
	case at < 0:
		return nil, s.refuse(part.typ, -1, what+"missing")
	case s.buf[at] == 'n':
		return nil, s.refuse(part.typ, at, what+"null")
	}
	text, c := s.read(part, true)
	if c != good || len(text) == 0 && len(s.plan.parts) > 1 {
		return text, c
	}
	return s.keyText(part.typ, text, at, true)
}

// hashKey makes the key of a row that has no id: 32 hexadecimal digits of the SHA-256 of its body,
// and of its cursor value where that is not in the body. Two rows with the same values are one. It
// goes by the body, so that neither the order of a row's fields nor a field that the API adds makes
// it another row.
func (s *state) hashKey(row *strategies.Row) {
	s.joined = append(s.joined[:0], row.Body[headerLen:]...)
	if s.plan.CursorBeside() {
		s.joined = append(s.joined, row.Value.Raw...)
	}
	sum := sha256.Sum256(s.joined)
	from := len(s.side)
	s.side = hex.AppendEncode(s.side, sum[:16])
	row.Key = s.side[from:len(s.side):len(s.side)]
}

// appendQuoted writes a text as a JSON string in the one form that keys have it in: only quotes,
// backslashes and control characters are escaped.
func appendQuoted(out, text []byte) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

// pickValue reads the cursor value that is no field of the schema's top. A missing one is null.
func (s *state) pickValue(row *strategies.Row) code {
	t := &s.plan.beside
	row.Value = strategies.Value{}
	if t.slot < 0 {
		return good
	}
	at := s.at[t.slot]
	if at < 0 || s.buf[at] == 'n' {
		return good
	}
	text, c := s.read(t, false)
	if c == good {
		c = s.captureValue(row, t.typ, text, at, true)
	}
	if c != good {
		s.fault.path = append(s.fault.path, t.name)
	}
	return c
}
