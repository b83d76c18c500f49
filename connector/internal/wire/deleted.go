package wire

import (
	"bytes"

	"tidemark/strategies"
)

// TombstoneHash is the hash of every deleted row: all that a tombstone says of a row is
// that it is gone, so two of them never differ (P3).
const TombstoneHash uint64 = 0x746f6d6273746f6e

// marked reports whether the value that begins at at and ends at pos is the one by which
// the API marks a deleted row. Texts are compared; null, objects and arrays mark nothing.
func (s *state) marked(at int) bool {
	text := s.buf[at:s.pos]
	switch text[0] {
	case 'n', '{', '[':
		return false
	case '"':
		text = text[1 : len(text)-1]
		if bytes.IndexByte(text, '\\') >= 0 {
			var ok bool
			if s.scratch, ok = unescape(s.scratch[:0], text); !ok {
				return false
			}
			text = s.scratch
		}
	}
	return string(text) == s.plan.opts.DeletedValue
}

// tombstone is the outcome of a row that is marked as deleted, pos being behind it. Its
// other columns may be missing or anything; id and cursor value are read as in any row,
// except that a cursor value may always be null or missing. clean says that no column
// was refused: then both have been read.
func (s *state) tombstone(row *strategies.Row, clean bool) code {
	if clean && row.Key != nil {
		return deleted
	}
	end := s.pos
	c := s.reread(row, s.plan.id, s.idAt)
	if at := s.cursorAt; c == good && s.plan.cursor != s.plan.id && at >= 0 && s.buf[at] != 'n' {
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
		if c = s.value(f.typ, 0); c == good {
			c = s.capture(row, i, at, true)
		}
	}
	if c == bad {
		s.fault.path = append(s.fault.path, f.name)
	}
	return c
}
