package wire

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"tidemark/connector/internal/reshape"
)

// redacted is what is left of a text that is masked by redact, or that stands where a masked field's object
// should.
const redacted = `"[redacted]"`

// shaper is the memory of shaping rows. It lives in a scan's state.
type shaper struct {
	shaped []byte // the page's rows as they become, one behind the other
	names  []byte // a stack of the names of the fields that are walked through
	got    names  // names of the row's fields so far
	scopes uint32 // objects written in the row
	added  []byte // what Options.Shape.Add writes in the page's rows, with a comma before each
	macs   []mac  // of the plan that macsOf is
	macsOf *shaping

	wrong      string // why the row in hand cannot be what the configuration wants; "": it can
	wrongField string
}

// mac is the hash of a mask, and where its sums go.
type mac struct {
	hash.Hash
	sum []byte
}

// outlet is where the fields of an object go in the shaped row.
type outlet struct {
	rule     *rule
	scope    uint32 // of the object that is written; 0: the row
	source   uint64 // tells the object that is read from others
	from, to int    // the name in state.names under which flatten takes it apart; the same: it does not
	level    int    // objects around it that were taken apart
	nested   int    // brackets around it

	same, end int // members of the answer that stay as they are and are not written yet
}

// padding stands behind a shaped row while it is scanned, so that short strings at its end need no
// slower way.
var padding = bytes.Repeat([]byte{' '}, short+16)

// shapedRow writes the row at pos anew, and reads it from there.
func (s *state) shapedRow() bool {
	answer, from := s.buf, len(s.shaped)
	if s.plan.opts.Records == RecordsByKey {
		s.shaped = append(append(s.shaped, s.buf[s.nameAt:nameEnd(s.buf, s.nameAt)]...), ':')
	}
	at := len(s.shaped)
	if !s.shapeRow() {
		return false
	}
	end, behind := len(s.shaped), s.pos
	s.shaped = append(s.shaped, padding...)
	s.buf, s.pos = s.shaped, at
	nameAt := s.nameAt
	s.nameAt = from
	ok := s.readRow()
	s.nameAt = nameAt
	s.buf, s.pos, s.shaped = answer, behind, s.shaped[:end]
	return ok
}

// nameEnd is where the string ends that begins at at.
func nameEnd(buf []byte, at int) int {
	sc := scanner{buf: buf, pos: at}
	sc.str()
	return sc.pos
}

// shapeRow writes the row at pos to shaped; false if it is no JSON.
func (s *state) shapeRow() bool {
	sh := s.plan.shape
	s.wrong, s.scopes = "", 0
	s.got.begin()
	if s.peek() != '{' {
		from := s.pos
		if !s.skip() {
			return false
		}
		if sh.spec.Hides() { // nothing says what of it is what must not be seen
			s.shaped = fmt.Appendf(s.shaped, `"[redacted: no object, %d bytes]"`, s.pos-from)
		} else {
			s.shaped = append(s.shaped, s.buf[from:s.pos]...)
		}
		return true
	}
	s.names = s.names[:0]
	s.shaped = append(s.shaped, '{')
	if !s.shapeMembers(&outlet{rule: sh.top}) {
		return false
	}
	for i := range sh.added {
		s.enter(0, sh.names[i], uint64(i+1), false)
	}
	if added := s.added; len(added) > 0 {
		if s.shaped[len(s.shaped)-1] == '{' {
			added = added[1:]
		}
		s.shaped = append(s.shaped, added...)
	}
	s.shaped = append(s.shaped, '}')
	return true
}

// refuseShape notes the row's first fault that shows while it is shaped.
func (s *state) refuseShape(field []byte, why string) {
	if s.wrong == "" {
		s.wrong, s.wrongField = why, string(field)
	}
}

// shapeFault is the outcome of a row that refuseShape was called for.
func (s *state) shapeFault() code {
	s.refuse(s.plan.root, -1, s.wrong)
	s.fault.path = append(s.fault.path, s.wrongField)
	return bad
}

// resetShape makes the state ready for a page of the slice.
func (s *state) resetShape(slice string) {
	sh := s.plan.shape
	s.shaped = likely(s.shaped, &s.plan.last.shaped)
	s.added = s.added[:0]
	for i := range sh.added {
		s.added = append(appendQuoted(append(s.added, ','), []byte(sh.added[i].Name)), ':')
		s.added = append(s.added, sh.added[i].For(slice)...)
	}
	if s.macsOf != sh {
		s.macs, s.macsOf = sh.macs(), sh
	}
}

// shapeMembers writes the members of the object at pos.
func (s *state) shapeMembers(o *outlet) bool {
	s.pos++
	if s.take('}') {
		return true
	}
	for {
		if s.peek() != '"' {
			return false
		}
		from := s.pos
		start, end, flags, ok := s.str()
		if !ok || !s.take(':') {
			return false
		}
		if s.peek(); s.pos == len(s.buf) {
			return false
		}
		depth := len(s.names)
		key := s.buf[start:end]
		if flags&hasEscape != 0 {
			s.names, _ = unescape(s.names, key)
			key = s.names[depth:]
		}
		if !s.shapeMember(o, from, key, flags&hasEscape != 0) {
			return false
		}
		s.names = s.names[:depth]
		if s.take(',') {
			continue
		}
		s.writeSame(o)
		return s.take('}')
	}
}

// writeSame writes the members that stay as they are.
func (s *state) writeSame(o *outlet) {
	if o.end > o.same {
		s.comma()
		s.shaped = append(s.shaped, s.buf[o.same:o.end]...)
		o.end = o.same
	}
}

// comma stands before each member but an object's first.
func (s *state) comma() {
	if s.shaped[len(s.shaped)-1] != '{' {
		s.shaped = append(s.shaped, ',')
	}
}

// shapeMember writes the member that begins at from and whose value is at pos. quoted: its key has to be put
// into quotes as a text.
func (s *state) shapeMember(o *outlet, from int, key []byte, quoted bool) bool {
	sh, r := s.plan.shape, o.rule.kid(key)
	if r != nil && !r.met.Load() {
		r.met.Store(true)
	}
	if r != nil && r.drop {
		s.writeSame(o)
		return s.skip()
	}
	c, name := s.buf[s.pos], key
	source := o.source
	if sh.moves {
		source = xxh3.HashSeed(key, o.source+1)
	}
	switch {
	case r != nil && r.name != nil:
		name, quoted = r.name, true
	case o.to > o.from:
		from := len(s.names)
		s.names = append(append(append(s.names, s.names[o.from:o.to]...), sh.separator...), key...)
		name, quoted = s.names[from:], true
	}
	if o.scope == 0 && o.level < sh.depth && (c == '{' || c == 'n') && (r == nil || r.mask == nil) &&
		(sh.hulls[string(name)] || r != nil && r.lifts && !s.plan.reads(name)) {
		s.writeSame(o)
		s.enter(0, name, source, true)
		if c == 'n' { // an object that there is not has no fields
			return s.literal("null")
		}
		from := len(s.names)
		s.names = append(s.names, name...)
		return s.shapeMembers(&outlet{rule: r, source: source, from: from, to: len(s.names), level: o.level + 1, nested: o.nested + 1})
	}
	if sh.moves && (o.scope == 0 || o.rule.renames) {
		s.enter(o.scope, name, source, false)
	}
	if r == nil && o.to == o.from {
		if o.end <= o.same {
			o.same = from
		}
		if !s.skip() {
			return false
		}
		o.end = s.pos
		return true
	}
	s.writeSame(o)
	s.comma()
	if quoted {
		s.shaped = appendQuoted(s.shaped, name)
	} else {
		s.shaped = append(append(append(s.shaped, '"'), name...), '"')
	}
	s.shaped = append(s.shaped, ':')
	return s.shapeValue(r, key, c, source, o.nested)
}

// shapeValue writes the value at pos, which begins with c and is that of the field named key.
func (s *state) shapeValue(r *rule, key []byte, c byte, source uint64, nested int) bool {
	switch {
	case r == nil || c == 'n':
	case r.mask != nil:
		return s.masked(r.mask, key, c, nested)
	case len(r.kids) == 0:
	case c == '{' && nested < maxDepth:
		s.scopes++
		s.shaped = append(s.shaped, '{')
		if !s.shapeMembers(&outlet{rule: r, scope: s.scopes, source: source, nested: nested + 1}) {
			return false
		}
		s.shaped = append(s.shaped, '}')
		return true
	case c == '[' && nested < maxDepth:
		return s.shapeElements(func(c byte) bool { return s.shapeValue(r, key, c, source, nested+1) })
	case r.hides:
		return s.withhold(key, "the value is no object, and the configuration drops or masks fields of it")
	}
	from := s.pos
	if !s.skip() {
		return false
	}
	s.shaped = append(s.shaped, s.buf[from:s.pos]...)
	return true
}

// shapeElements writes the elements of the array at pos, each by write, which is told how it begins.
func (s *state) shapeElements(write func(c byte) bool) bool {
	s.pos++
	s.shaped = append(s.shaped, '[')
	for first := true; ; first = false {
		if first && s.take(']') {
			break
		}
		c := s.peek()
		if c == 0 || !write(c) {
			return false
		}
		if s.take(',') {
			s.shaped = append(s.shaped, ',')
			continue
		}
		if !s.take(']') {
			return false
		}
		break
	}
	s.shaped = append(s.shaped, ']')
	return true
}

// withhold refuses the row, and leaves nothing of the value at pos.
func (s *state) withhold(key []byte, why string) bool {
	s.refuseShape(key, why)
	s.shaped = append(s.shaped, redacted...)
	return s.skip()
}

// masked writes what the mask leaves of the value at pos.
func (s *state) masked(m *masking, key []byte, c byte, nested int) bool {
	switch {
	case c == 'n':
		s.shaped = append(s.shaped, "null"...)
		return s.literal("null")
	case m.Method == reshape.Redact:
		if m.null {
			s.shaped = append(s.shaped, "null"...)
		} else {
			s.shaped = append(s.shaped, redacted...)
		}
		return s.skip()
	case c == '[' && nested < maxDepth:
		return s.shapeElements(func(c byte) bool { return s.masked(m, key, c, nested+1) })
	case c == '{' || c == '[':
		return s.withhold(key, "the value is an object, and the configuration masks it as a text; mask fields of it, or redact it")
	}
	from := s.pos
	if !s.scalar(c) {
		return false
	}
	text := s.buf[from:s.pos]
	if c == '"' {
		text = text[1 : len(text)-1]
		if bytes.IndexByte(text, '\\') >= 0 {
			s.scratch, _ = unescapeHalves(s.scratch[:0], text, true)
			text = s.scratch
		}
	}
	if m.Method == reshape.Truncate {
		s.shaped = appendQuoted(s.shaped, firstRunes(text, m.Keep))
		return true
	}
	h := &s.macs[m.key]
	h.Reset()
	h.Write(text) //nolint:errcheck // a hash takes all
	h.sum = h.Sum(h.sum[:0])
	s.shaped = append(hex.AppendEncode(append(s.shaped, '"'), h.sum), '"')
	return true
}

// firstRunes is as much of a text as n characters.
func firstRunes(text []byte, n int) []byte {
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return text[:at]
}
