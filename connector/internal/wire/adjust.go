package wire

import (
	"bytes"
	"strconv"

	"tidemark/strategies"
)

// Adjusted tells what was changed in a page's values so that the schema takes them. Each of
// these means one thing only, so the rows are no bad ones; but it has to be said.
type Adjusted struct {
	// Rounded are times with more digits of a second than their type holds: rounded down.
	Rounded Adjustment
	// Halves are texts with half of a surrogate pair (\ud83d alone), which is what cutting
	// a text in the middle of an emoji leaves: it becomes U+FFFD.
	Halves Adjustment
	// Retyped are ids and cursor values that are texts where the schema has numbers, or
	// the other way round: the schema decides, so that 7 and "7" are one.
	Retyped Adjustment
}

// Adjustment counts one kind of change.
type Adjustment struct {
	Count int
	First string // the first one, as the API writes it
}

func (m *Adjustment) note(text []byte) {
	if m.Count++; m.First == "" {
		m.First = clip(text)
	}
}

// undo takes back the last note.
func (m *Adjustment) undo() {
	if m.Count--; m.Count == 0 {
		m.First = ""
	}
}

// retype encodes the id or cursor value at at once more, which the schema has refused: one of
// the other JSON type is taken as what the schema says it is. from is where it goes in out, and
// retyped says that it was taken until it is captured. key and verbatim say what it is for: a key,
// or a cursor value that has no other form.
func (s *state) retype(n *node, at, from int, key, verbatim bool) code {
	s.pos, s.out = at, s.out[:from]
	if n.kind == kOptional {
		s.out = append(s.out, byte(1-n.null)<<1)
		n = n.elem
	}
	c := bad
	switch first := s.buf[at]; {
	case n.kind == kString && (first == '-' || first-'0' <= 9):
		c = s.numberAsText(n, verbatim)
	case (n.kind == kInt || n.kind == kLong) && first == '"':
		c = s.textAsNumber(n, key)
	}
	s.retyped = c == good
	return c
}

// retypeField is retype for a field of the schema's top.
func (s *state) retypeField(i, at, from int) code {
	return s.retype(s.plan.root.fields[i].typ, at, from, i == s.plan.id || s.plan.isPart(i), i == s.plan.cursor && s.plan.opts.Format == strategies.Opaque)
}

// numberAsText encodes a number as the text of its plain decimal form. One that is not whole
// has none: 7.5 and 7.50 are one number, and two texts. verbatim: no other form will do.
func (s *state) numberAsText(n *node, verbatim bool) code {
	at := s.pos
	start, end, _, ok := s.number()
	if !ok {
		return broken
	}
	text := s.buf[start:end]
	if plainDecimal(text) {
		s.out = append(appendLong(s.out, int64(len(text))), text...)
		return good
	}
	v, why := exactInt(text)
	switch {
	case why != "":
		return s.refuse(n, at, why+" and so has no one form as a text")
	case verbatim:
		return s.refuse(n, at, "has more than one form as a text")
	}
	var b [20]byte
	text = strconv.AppendInt(b[:0], v, 10)
	s.out = append(appendLong(s.out, int64(len(text))), text...)
	return good
}

// textAsNumber encodes the number that a text writes. An id must be written as the number would
// be: 007 and 7 are two texts, and would become one key.
func (s *state) textAsNumber(n *node, id bool) code {
	at := s.pos
	start, end, flags, ok := s.str()
	if !ok {
		return broken
	}
	text, ok := s.text(start, end, flags)
	if !ok {
		return s.refuse(n, at, notUnicode)
	}
	v, err := strategies.Integer.Parse(text)
	var b [20]byte
	switch {
	case err != nil:
		return s.refuse(n, at, "is no whole number of 64 bits")
	case id && !bytes.Equal(strconv.AppendInt(b[:0], v.N, 10), text):
		return s.refuse(n, at, "is not how its number "+strconv.FormatInt(v.N, 10)+" is written, so two ids could become one")
	case n.kind == kInt && int64(int32(v.N)) != v.N:
		return s.refuse(n, at, "is out of range")
	}
	s.out = appendLong(s.out, v.N)
	return good
}

// lost reports whether a timestamp has digits behind its nanoseconds that say something.
func lost(t []byte) bool {
	if len(t) < 30 || (t[19] != '.' && t[19] != ',') {
		return false
	}
	for i, c := range t[20:] {
		switch {
		case c-'0' > 9:
			return false
		case i >= 9 && c != '0':
			return true
		}
	}
	return false
}
