package wire

import (
	"bytes"

	"tidemark/strategies"
)

// TombstoneHash is the hash of every deleted row: all that a tombstone says of a row is
// that it is gone, so two of them never differ (P3).
const TombstoneHash uint64 = 0x746f6d6273746f6e

// Marks counts what the rows of a page hold in the deleted field: evidence of whether it was
// configured as the API means it. Without a deleted field all is zero.
type Marks struct {
	Rows    int    // rows that have the field, null or not
	Deleted int    // rows that it marks as deleted
	Other   int    // rows in which it says something (see says) that marks nothing
	Sample  string // the first such value, as the API wrote it
}

// Add counts the rows of a further page.
func (m *Marks) Add(n Marks) {
	m.Rows, m.Deleted, m.Other = m.Rows+n.Rows, m.Deleted+n.Deleted, m.Other+n.Other
	if m.Sample == "" {
		m.Sample = n.Sample
	}
}

// marked reports whether the value that begins at at and ends at pos is one by which the API
// marks a deleted row: any that says something, or else the configured one. Texts are
// compared; null, objects and arrays are no text.
func (s *state) marked(at int) bool {
	m := &s.marks
	m.Rows++
	text := s.buf[at:s.pos]
	kind := text[0]
	if kind == '"' {
		text = text[1 : len(text)-1]
		if bytes.IndexByte(text, '\\') >= 0 {
			var ok bool
			if s.scratch, ok = unescape(s.scratch[:0], text); !ok {
				return false
			}
			text = s.scratch
		}
	}
	said := kind != 'n' && kind != 'f' && says(kind, text)
	gone := said
	if !s.plan.opts.DeletedPresent {
		gone = kind != 'n' && kind != '{' && kind != '[' && string(text) == s.plan.opts.DeletedValue
	}
	switch {
	case gone:
		m.Deleted++
	case said:
		if m.Other++; m.Sample == "" {
			m.Sample = clip(s.buf[at:s.pos])
		}
	}
	return gone
}

// says reports whether a value of the deleted field says something: true; a number but 0; a text
// that is not blank, does not read null, false or 0, and is no time that was never set, as SQL
// (0000-00-00), Go and .NET (0001-01-01) write it; an object or array that is not empty.
func says(kind byte, text []byte) bool {
	switch kind {
	case 'n', 'f':
		return false
	case 't':
		return true
	case '{', '[':
		return len(bytes.TrimSpace(text[1:len(text)-1])) > 0
	case '"':
		text = bytes.TrimSpace(text)
		return len(text) > 0 && !isZero(text) && !bytes.EqualFold(text, []byte("null")) && !bytes.EqualFold(text, []byte("false")) &&
			!bytes.HasPrefix(text, []byte("0000-00-00")) && !bytes.HasPrefix(text, []byte("0001-01-01"))
	}
	return !isZero(text)
}

// isZero reports whether a number as JSON writes it is 0; text that is no number is not.
func isZero(number []byte) bool {
	if number[0] == '-' {
		number = number[1:]
	}
	zeros := 0
	for i, c := range number {
		switch {
		case c == '0':
			zeros++
		case c == '.' && i > 0:
		case (c == 'e' || c == 'E') && zeros > 0:
			return true // 0e5
		default:
			return false
		}
	}
	return zeros > 0
}

// tombstone is the outcome of a row that is marked as deleted, pos being behind it. Its
// other columns may be missing or anything; id and cursor value are read as in any row,
// except that a cursor value may always be null or missing. clean says that no column
// was refused: then both have been read.
func (s *state) tombstone(row *strategies.Row, clean bool) code {
	if clean && row.Key != nil && !s.plan.picked() {
		return deleted
	}
	end := s.pos
	c := good
	switch {
	case len(s.plan.parts) > 0:
		c = s.pickKey(row)
	case !clean || row.Key == nil:
		c = s.reread(row, s.plan.id, s.idAt)
	}
	switch at := s.cursorAt; {
	case c != good:
	case s.plan.cursor == noField:
		c = s.pickValue(row)
	case !clean && s.plan.cursor != s.plan.id && at >= 0 && s.buf[at] != 'n':
		c = s.reread(row, s.plan.cursor, at)
	}
	s.pos = end
	if c == good {
		return deleted
	}
	return c
}

// reread reads the id or cursor value at at once more, for when it was passed over the
// row was refused already, or refused itself. What it encodes is thrown away with the row.
func (s *state) reread(row *strategies.Row, i, at int) code {
	f := &s.plan.root.fields[i]
	c := bad
	if at < 0 {
		s.refuse(f.typ, -1, "the id is missing")
	} else {
		s.pos = at
		from := len(s.out)
		if c = s.value(f.typ, 0); c == bad {
			c = s.retypeField(i, at, from)
		}
		if c == good {
			c = s.capture(row, i, at, true)
		}
		s.retyped = false
	}
	if c == bad {
		s.fault.path = append(s.fault.path, f.name)
	}
	return c
}
