package wire

import (
	"encoding/json"
	"fmt"
	"strings"

	"tidemark/strategies"
)

// Layout says what stands in the place of the rows.
type Layout uint8

// The layouts.
const (
	RecordsArray Layout = iota // an array of rows
	RecordsOne                 // an object that is one row
	RecordsByKey               // an object whose members are rows, each with its key for a name
)

// word is what messages call it.
func (l Layout) word() string {
	if l == RecordsArray {
		return "array"
	}
	return "object"
}

// listed reports whether an array stands at the place.
func (p *place) listed(l Layout) bool {
	return p.each != nil || p.role == roleRecords && l == RecordsArray
}

// layName finds the field that members' names become.
func (p *Plan) layName() error {
	p.named.slot = -1
	o := p.opts
	if o.Records != RecordsByKey {
		return nil
	}
	name := o.KeyField
	if _, ok := p.root.index[name]; !ok && p.picks.index[name] == 0 {
		return p.absent("key_field", name, "")
	}
	if strings.Contains(name, ".") {
		return fmt.Errorf("key_field %q is dotted; the name of a member becomes a field at the row's top", name)
	}
	var err error
	p.named, err = p.target("key_field", name)
	return err
}

// meet notes that the place of the rows was met. There is one, and one in each element of an array
// that the path leads through.
func (s *state) meet() error {
	if s.found > s.allowed {
		return s.malformed(fmt.Sprintf("%q is there twice", s.plan.opts.RecordsPath))
	}
	s.found++
	return nil
}

// elements walks over an array in whose elements the path goes on. An element without rows of
// its own, if only an empty array of them, is no page: nothing says that it has none (P8).
func (s *state) elements(p *place, c byte) error {
	if c != '[' {
		return s.malformed(fmt.Sprintf("%q is not an array but %s", p.path, s.quote(s.buf[s.pos:])))
	}
	if err := s.meet(); err != nil {
		return err
	}
	found, allowed := s.found, s.allowed
	s.pos++
	for first := true; ; first = false {
		if first && s.take(']') {
			break
		}
		from := s.pos
		s.allowed, s.within = s.found, s.within+1
		if err := s.place(p.each); err != nil {
			return err
		}
		s.within--
		if s.found == s.allowed {
			s.pos = from
			s.peek()
			return s.malformed(fmt.Sprintf("there is no %s at %q in an element that begins with %s", s.plan.opts.Records.word(), s.plan.opts.RecordsPath, s.quote(s.buf[s.pos:])))
		}
		if s.take(',') {
			continue
		}
		if !s.take(']') {
			return s.broken()
		}
		break
	}
	s.found, s.allowed = found, allowed
	return nil
}

// rowsAt reads the rows at pos, which is where the records path leads.
func (s *state) rowsAt(c byte) error {
	layout := s.plan.opts.Records
	switch {
	case layout == RecordsByKey && c == '[' && s.empty(): // how PHP writes an object without members
		return s.meet()
	case layout == RecordsArray && c != '[', layout != RecordsArray && c != '{':
		return s.malformed(fmt.Sprintf("%q is not an %s but %s", s.plan.opts.RecordsPath, layout.word(), s.quote(s.buf[s.pos:])))
	}
	if err := s.meet(); err != nil {
		return err
	}
	from := s.pos
	if layout != RecordsOne {
		from++
	}
	if len(s.rows) == 0 {
		s.head, s.taken = from, from
	}
	switch layout {
	case RecordsOne:
		return s.one()
	case RecordsByKey:
		return s.members()
	}
	return s.records()
}

// empty walks over an empty array; false: it is not empty, and nothing was done.
func (s *state) empty() bool {
	from := s.pos
	s.pos++
	if s.take(']') {
		return true
	}
	s.pos = from
	return false
}

// records walks over an array of rows.
func (s *state) records() error {
	s.pos++
	if s.take(']') {
		return nil
	}
	for {
		if s.piece {
			s.taken, s.known = s.pos, s.unknown
		}
		if !s.row() {
			return s.broken()
		}
		if s.take(',') {
			continue
		}
		if !s.take(']') {
			return s.broken()
		}
		return nil
	}
}

// one reads an object that is a row. An answer that is an error is an object, too: where nothing
// but the object itself says that there is a row, it has to have what makes it one (P8).
func (s *state) one() error {
	from := s.pos
	if s.piece {
		s.taken, s.known = s.pos, s.unknown
	}
	if !s.row() {
		return s.broken()
	}
	if r := &s.rows[len(s.rows)-1]; s.within == 0 && !s.looksLikeRow(r) {
		why := "it has none of the schema's fields"
		if r.Err != nil {
			why = strings.TrimPrefix(r.Err.Error(), "row 0, ")
		}
		s.pos = from
		return s.malformed(fmt.Sprintf("the object at %q is no row: %s; it begins with %s", s.plan.opts.RecordsPath, why, s.quote(s.buf[from:])))
	}
	return nil
}

// looksLikeRow reports whether a row has its key, or any of the fields that its key is made of.
func (s *state) looksLikeRow(r *strategies.Row) bool {
	if !s.plan.opts.RowHash {
		return r.Key != nil
	}
	var has map[string]json.RawMessage
	if json.Unmarshal(r.JSON, &has) != nil {
		return false
	}
	for name := range has {
		if _, ok := s.plan.root.index[name]; ok || s.plan.picks.index[name] != 0 {
			return true
		}
	}
	return false
}

// members walks over an object whose members are rows. Where the object is the whole answer,
// an empty one says nothing, and one with an error in it says that there is one (P8).
func (s *state) members() error {
	whole := s.plan.opts.RecordsPath == ""
	s.pos++
	if s.take('}') {
		if whole {
			return s.malformed("it is an empty object, which does not say that there are no rows")
		}
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.broken()
		}
		s.nameAt = s.pos
		start, end, _, ok := s.str()
		if !ok || !s.take(':') {
			return s.broken()
		}
		name := s.buf[start:end]
		c := s.peek()
		switch {
		case c == 0 && s.pos == len(s.buf):
			return s.broken()
		case c != '{', whole && (string(name) == "error" || string(name) == "errors"):
			return s.malformed(fmt.Sprintf("member %q of %q is no row but %s", clip(name), s.plan.opts.RecordsPath, s.quote(s.buf[s.pos:])))
		}
		if s.piece {
			s.taken, s.known = s.nameAt, s.unknown
		}
		if !s.row() {
			return s.broken()
		}
		if s.take(',') {
			continue
		}
		if !s.take('}') {
			return s.broken()
		}
		return nil
	}
}

// name gives the row the name that it stands under, where it has not that field itself. It is called
// behind the row's last field; true: it has taken the name.
func (s *state) name() bool {
	t := &s.plan.named
	if t.slot < 0 || s.at[t.slot] >= 0 {
		return false
	}
	s.at[t.slot] = s.nameAt
	if t.field >= 0 && t.field == s.plan.id {
		s.idAt = s.nameAt
	}
	if t.field >= 0 && t.field == s.plan.cursor {
		s.cursorAt = s.nameAt
	}
	return true
}

// nameField encodes the name as the field that it becomes. It leaves pos anywhere.
func (s *state) nameField(row *strategies.Row, refused code) (seg, code) {
	i, at := s.plan.named.field, s.nameAt
	s.plan.drift.saw(i)
	s.pos = at
	from := len(s.out)
	wanted := i == s.plan.id || i == s.plan.cursor
	raw := func() { // what the schema does not take
		if s.pos = at; wanted && s.scalar('"') {
			s.capture(row, i, at, false)
		}
	}
	if refused == bad {
		raw()
		return seg{}, bad
	}
	c := s.value(s.plan.named.typ, 0)
	if c == bad {
		c = s.retypeField(i, at, from)
		s.retyped = false // every name is a text
	}
	if c == good && wanted {
		c = s.capture(row, i, at, true)
	}
	if c == bad {
		s.fault.path = append(s.fault.path, s.plan.named.name)
		s.keepFault()
		raw()
		s.keepFault()
	}
	return seg{from: from, to: len(s.out)}, c
}
