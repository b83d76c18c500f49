package wire

import (
	"bytes"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"tidemark/strategies"
)

// maxDepth is how deep records, arrays and maps may be nested in one row. Deeper rows
// are bad rows.
const maxDepth = 200

// code is the outcome of reading a value.
type code uint8

const (
	good    code = iota
	bad          // JSON, but not what the schema wants: state.fault says why
	broken       // no JSON: pos says where
	deleted      // a row that the API marks as deleted
)

// fault is why a value was refused.
type fault struct {
	why  string // in words; empty: wrong JSON type
	at   int    // the value's first byte
	want *node
	path []string // field names, innermost first

	drift Drifted // rows and schema do not have the same fields
}

// keepFault puts the fault aside, so that what the rest of the row adds does not
// overwrite it. The two swap, and with them their paths' memory.
func (s *state) keepFault() { s.first, s.fault = s.fault, s.first }

// seg is a stretch of out: a field's value, or a map's entry with its key up to mid.
type seg struct{ from, mid, to int }

func (s *state) refuse(n *node, at int, why string) code {
	s.fault.why, s.fault.at, s.fault.want, s.fault.drift = why, at, n, NoDrift
	s.fault.path = s.fault.path[:0]
	return bad
}

// row reads one row and appends it to rows; false if the text is no JSON.
func (s *state) row() bool {
	s.rows = append(s.rows, strategies.Row{})
	if s.plan.shape != nil {
		return s.shapedRow()
	}
	return s.readRow()
}

// readRow reads the row at pos as the last one of rows.
func (s *state) readRow() bool {
	c := s.peek()
	from := s.pos
	s.rowStart, s.rescanned = from, 0
	s.idAt, s.cursorAt = -1, -1
	for i := range s.at {
		s.at[i] = -1
	}
	r := &s.rows[len(s.rows)-1]
	body := len(s.out)
	if c != '{' {
		if !s.skip() {
			return false
		}
		s.refuse(s.plan.root, from, "")
		s.badRow(r, from)
		return true
	}
	s.out = append(s.out, s.plan.header[:]...)
	outcome := s.object(s.plan.root, 0, r)
	if s.plan.shape != nil && s.wrong != "" && (outcome == good || outcome == bad) {
		outcome = s.shapeFault()
	}
	switch outcome {
	case broken:
		return false
	case bad:
		s.out = s.out[:body]
		if s.plan.filter != nil && !s.wanted() {
			s.filter(r, from)
			return true
		}
		s.badRow(r, from)
		return true
	case deleted:
		s.out = s.out[:body]
		r.JSON = s.buf[from:s.pos:s.pos]
		r.Deleted, r.Hash = true, TombstoneHash
		return true
	}
	r.JSON = s.buf[from:s.pos:s.pos]
	r.Body = s.out[body:len(s.out):len(s.out)]
	if s.plan.hash == nil {
		r.Hash = xxh3.Hash(r.Body[headerLen:])
	} else {
		r.Hash = s.plan.hash(r.Body[headerLen:])
	}
	if s.plan.opts.RowHash {
		s.hashKey(r)
	}
	if s.plan.filter != nil && !s.wanted() {
		s.out = s.out[:body]
		s.filter(r, from)
	}
	return true
}

// badRow fills in a row that has no body. Its hash is that of the raw text, by which
// a dead letter is known again (rule 9).
func (s *state) badRow(r *strategies.Row, from int) {
	s.bad++
	s.grows = s.grows || s.plan.opts.NewFields == Learnt && s.overflows()
	if s.plan.opts.Records == RecordsByKey {
		from = s.nameAt // two rows may differ by their names alone
	}
	r.JSON = s.buf[from:s.pos:s.pos]
	r.Hash = xxh3.Hash(r.JSON)
	e := &RowError{Index: len(s.rows) - 1, ID: string(r.Key), Reason: s.reason(), Drift: s.fault.drift}
	for i := len(s.fault.path) - 1; i >= 0; i-- {
		e.Field += s.fault.path[i]
		if i > 0 {
			e.Field += "."
		}
	}
	r.Err = e
}

// reason puts the fault in words.
func (s *state) reason() string {
	f := &s.fault
	got := "nothing"
	if f.at >= 0 && f.at < len(s.buf) {
		switch c := s.buf[f.at]; c {
		case '"':
			got = "a string"
		case '{':
			got = "an object"
		case '[':
			got = "an array"
		case 'n':
			got = "null"
		case 't', 'f':
			got = "a boolean"
		default:
			rest := s.buf[f.at:]
			end := bytes.IndexAny(rest, ",]} \n\r\t")
			if end < 0 {
				end = len(rest)
			}
			got = "the number " + clip(rest[:end])
		}
	}
	if f.why == "" {
		return "got " + got + ", the schema wants " + f.want.label
	}
	if strings.HasPrefix(f.why, "the ") {
		return f.why
	}
	return "got " + got + " that " + f.why + ", the schema wants " + f.want.label
}

// object reads an object as the record n. With row set it is the row itself: key and
// cursor value are taken down, and a bad field does not end the walk, for the row's
// end and its key are still wanted.
func (s *state) object(n *node, depth int, row *strategies.Row) code {
	if depth > maxDepth {
		return s.refuse(n, s.pos, "is nested too deep")
	}
	s.pos++
	start, base := len(s.out), len(s.segs)
	s.segs = slices.Grow(s.segs, len(n.fields))[:base+len(n.fields)]
	next := 0       // fields before it have a seg
	moved := false  // a field came out of the schema's order, or twice
	lacking := 0    // fields that were missing when they were passed over
	refused := good // the row's first fault
	sh := &s.shapes[n.id]
	picking := row != nil && len(s.at) > 0
	gone := false // the row is marked as deleted
	s.pos--       // every key has its delimiter before it, the first one the brace
	for k := 0; ; k++ {
		i, ok := s.field(n, sh, k)
		if !ok {
			return broken
		}
		if i == endOfObject {
			break
		}
		s.peek()
		at := s.pos
		if i < 0 || (refused == bad && i != s.plan.id && i != s.plan.cursor) {
			if !s.skip() {
				return broken
			}
			if row == nil && i < 0 {
				s.countBelow(n, i)
			}
			if i < 0 && (i == notInSchema || row == nil) && s.plan.opts.NewFields != LeftOut && s.strange(n, at) && refused == good {
				if row == nil {
					return bad
				}
				refused = bad
				s.keepFault()
			}
		} else {
			if i < next {
				moved = true
			} else {
				if i > next {
					lacking += s.fill(n, base, next, i)
				}
				next = i + 1
			}
			from := len(s.out)
			c := good
			if refused == good {
				c = s.value(n.fields[i].typ, depth)
			} else if !s.skip() {
				return broken
			}
			if c == bad && row != nil && (i == s.plan.id || i == s.plan.cursor || s.plan.isPart(i)) {
				c = s.retypeField(i, at, from)
			}
			if c == broken {
				return broken
			}
			if c == bad {
				s.fault.path = append(s.fault.path, n.fields[i].name)
				if row == nil {
					return bad
				}
				refused = bad
				s.keepFault()
				s.segs = s.segs[:base+len(n.fields)]
				s.pos = at
				if !s.skip() {
					return broken
				}
			}
			s.segs[base+i] = seg{from: from, to: len(s.out)}
			if row != nil && (i == s.plan.id || i == s.plan.cursor) {
				c := s.capture(row, i, at, refused == good)
				if s.retyped && c == good {
					s.adjusted.Retyped.note(s.buf[at:s.pos])
				}
				s.retyped = false
				if c == bad && refused == good {
					s.fault.path = append(s.fault.path, n.fields[i].name)
					refused = bad
					s.keepFault()
				}
			}
		}
		if row != nil && i == s.plan.mark {
			gone = s.marked(at)
		}
		if picking {
			s.met(i, at)
		}
	}
	named := picking && s.name()
	if gone {
		s.segs = s.segs[:base]
		return s.tombstone(row, refused == good)
	}
	if next < len(n.fields) {
		lacking += s.fill(n, base, next, len(n.fields))
	}
	if named && s.plan.named.field >= 0 {
		end := s.pos
		g, c := s.nameField(row, refused)
		if s.pos = end; c == good {
			s.segs[base+s.plan.named.field], moved = g, true
		} else if refused == good {
			refused = bad
			s.keepFault()
		}
	}
	if refused == good && lacking > 0 {
		for i := range n.fields {
			if s.segs[base+i].from < 0 {
				s.lacks(&n.fields[i])
				s.fault.path = append(s.fault.path, n.fields[i].name)
				refused = bad
				s.keepFault()
				break
			}
		}
	}
	if picking && s.plan.picked() {
		end, out := s.pos, len(s.out)
		if s.picked(row) == bad && refused == good {
			refused = bad
			s.keepFault()
		}
		s.pos, s.out = end, s.out[:out]
	}
	if refused == good && row != nil && row.Key == nil && s.plan.id >= 0 {
		s.refuse(n.fields[s.plan.id].typ, -1, "the id is missing")
		s.fault.path = append(s.fault.path, n.fields[s.plan.id].name)
		refused = bad
		s.keepFault()
	}
	if refused == good && moved {
		s.scratch = s.scratch[:0]
		for _, g := range s.segs[base : base+len(n.fields)] {
			s.scratch = append(s.scratch, s.out[g.from:g.to]...)
		}
		s.out = append(s.out[:start], s.scratch...)
	}
	s.segs = s.segs[:base]
	if refused == bad {
		s.keepFault() // back again
	}
	return refused
}

// fill writes the defaults of the fields from up to, not including, to; it returns how
// many of them have none.
func (s *state) fill(n *node, base, from, to int) (lacking int) {
	for i := from; i < to; i++ {
		g := seg{from: -1}
		if d := n.fields[i].missing; d != nil && (!s.plan.opts.AllFields || n == s.plan.root && i == s.plan.mark) {
			g.from = len(s.out)
			s.out = append(s.out, d...)
			g.to = len(s.out)
		} else {
			lacking++
		}
		s.segs[base+i] = g
	}
	return lacking
}
