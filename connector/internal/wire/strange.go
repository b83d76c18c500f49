package wire

import "bytes"

// NewFields says what becomes of a field that a row has and the schema does not.
type NewFields uint8

// What becomes of it. It is counted in any case.
const (
	LeftOut NewFields = iota // the row is written without it
	Refused                  // the row is a bad one
	Learnt                   // the page says so (Page.Grows), for the schema to get it: see Plan.Grow
)

// Drifted says whether a row is a bad one because it and the schema do not have the same fields.
type Drifted uint8

// How they differ.
const (
	NoDrift      Drifted = iota
	NewField             // the row has one that the schema has not (Refused)
	MissingField         // the row lacks one of the schema's, which has no default, or with Options.AllFields
)

// strange looks at a field that the record n does not have, whose key stands at keyAt, behind a delimiter, and whose
// value at at. It reports whether the row is a bad one for it.
func (s *state) strange(n *node, keyAt, at int) bool {
	if s.plan.opts.NewFields == Learnt {
		s.grows = s.grows || tells(s.buf[at:s.pos]) && !s.plan.drift.isLeft(n, s.keyBetween(keyAt, at))
		return false
	}
	s.refuse(n, at, "the schema has no such field")
	s.fault.drift = NewField
	s.fault.path = append(s.fault.path, s.keyBetween(keyAt, at))
	return true
}

// tells reports whether a type can be told of a JSON value: not of null, and not of what is empty.
func tells(value []byte) bool {
	switch value[0] {
	case 'n':
		return false
	case '{', '[':
		return len(bytes.TrimSpace(value[1:len(value)-1])) > 0
	}
	return true
}

// overflows reports whether a row is a bad one for a number that a wider type may hold.
func (s *state) overflows() bool {
	f := &s.fault
	if f.want == nil || f.want.kind != kInt && f.want.kind != kLong && f.want.kind != kFloat || f.at < 0 || f.at >= len(s.buf) {
		return false
	}
	c := s.buf[f.at]
	return c == '-' || c-'0' <= 9
}

// keyBetween is the object's key that stands between a delimiter and a colon.
func (s *state) keyBetween(from, to int) string {
	text := s.buf[from:to]
	text = text[bytes.IndexByte(text, '"')+1 : bytes.LastIndexByte(text, '"')]
	if bytes.IndexByte(text, '\\') >= 0 {
		text, _ = unescape(nil, text)
	}
	return clip(text)
}

// lacks is the fault of a row without a field.
func (s *state) lacks(f *field) {
	why := "the field is missing and has no default"
	if f.missing != nil {
		why = "the field is missing"
	}
	s.refuse(f.typ, -1, why)
	s.fault.drift = MissingField
}
