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

// strange looks at a field that the record n does not have, whose value begins at at. It reports whether the row is a bad
// one for it.
func (s *state) strange(n *node, at int) bool {
	if s.plan.opts.NewFields == Learnt {
		s.grows = s.grows || tells(s.buf[at:s.pos]) && !s.plan.drift.isLeft(n, s.keyBefore(at))
		return false
	}
	s.refuse(n, at, "the schema has no such field")
	s.fault.drift = NewField
	s.fault.path = append(s.fault.path, s.keyBefore(at))
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

// keyBefore is the key of the object's value that begins at at. It is looked for backwards, so that other keys cost nothing.
func (s *state) keyBefore(at int) string {
	text := bytes.TrimRight(s.buf[:at], " \t\r\n:")
	end := len(text) - 1 // the closing quote
	from := end
	for found := false; !found; {
		from = bytes.LastIndexByte(text[:from], '"')
		slashes := len(text[:from]) - len(bytes.TrimRight(text[:from], `\`))
		found = slashes%2 == 0 // else it is escaped, and one of the key's
	}
	text = text[from+1 : end]
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
