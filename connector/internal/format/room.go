package format

import (
	"math"
	"time"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/wire"
)

// room bounds how long the value of a body gets in any format, by the body's length. It tells of nearly all rows that their
// records are not too large, so they are encoded once, when they are written.
//
// A value of a type that is no record begins with a byte of its own at least, and takes as text no more than perValue bytes and
// six for each of its bytes (a control character: \u0001); so does what stands around it. So a row's values that its
// schema counts are bounded by their number, and those of lists, maps and records that hold themselves by the body's length.
type room struct {
	fixed, each int
	none        bool // values can take no bytes at all, any number of them
}

const (
	perByte  = 6
	perValue = 64 // the longest number, time or UUID, what stands between two values, or the tags and lengths of a message in a message
)

// roomOf is that of the bodies of an Avro schema.
func roomOf(schema string) (room, error) {
	typ, err := wire.TypeOf(schema)
	if err != nil {
		return room{}, err
	}
	m := measure{sizes: map[*wire.Type]int{}, inside: map[*wire.Type]bool{}}
	r := room{fixed: m.of(typ), each: perByte}
	for t := range m.sizes {
		if m.recursive && t.Base == "record" {
			m.record = max(m.record, m.around(t, map[*wire.Type]bool{}))
		}
	}
	if m.many || m.recursive {
		// Any byte may begin a value; and that may be the first one of a record, and that again of one in it.
		r.each += perValue + m.widest + 2*m.record
	}
	r.none = m.none
	return r, nil
}

// measure goes through a type.
type measure struct {
	sizes     map[*wire.Type]int  // of records, lists and maps that were gone through
	inside    map[*wire.Type]bool // records that are being gone through
	many      bool                // values are not counted by the schema: they are in lists and maps
	recursive bool                // nor are those of records that hold themselves
	widest    int                 // the longest text that a value stands for: of an enum, or the zeros of a decimal
	record    int                 // the most that stands in and around a record whose values are not counted
	none      bool
}

const mostFixed = 1 << 30 // records that stand in each other, twice each, have sizes without an end

// of is the most that a value of the type takes beside perByte for each of its bytes, as far as the schema counts its values.
func (m *measure) of(t *wire.Type) int {
	if size, known := m.sizes[t]; known {
		return size
	}
	switch t.Base {
	case "record":
		if m.inside[t] {
			m.recursive = true
			return perValue
		}
		m.inside[t] = true
		size := perValue
		for _, f := range t.Fields {
			size = min(size+perValue+len(f.Name)+m.of(f.Type), mostFixed)
		}
		delete(m.inside, t)
		m.sizes[t] = size
		return size
	case "union":
		most := 0
		for _, b := range t.Branches {
			most = max(most, m.of(b))
		}
		return 2*perValue + most
	case "array", "map":
		m.many = true
		m.none = m.none || t.Base == "array" && empty(t.Elem)
		m.sizes[t] = perValue
		for _, r := range recordsOf(t.Elem, nil) {
			m.record = max(m.record, m.around(r, map[*wire.Type]bool{}))
		}
		m.of(t.Elem)
		return perValue
	}
	wide := t.Scale
	for _, s := range t.Symbols {
		wide = max(wide, len(s))
	}
	m.widest = max(m.widest, wide)
	return perValue + wide
}

// around is what stands in a record and around its fields, and in those that stand right in it.
func (m *measure) around(t *wire.Type, inside map[*wire.Type]bool) int {
	if inside[t] {
		return 0
	}
	inside[t] = true
	size := perValue
	for _, f := range t.Fields {
		size += perValue + len(f.Name)
		for _, r := range recordsOf(f.Type, nil) {
			size += m.around(r, inside)
		}
	}
	return size
}

// recordsOf are the records that a value of the type can be.
func recordsOf(t *wire.Type, all []*wire.Type) []*wire.Type {
	if t.Base == "record" {
		return append(all, t)
	}
	for _, b := range t.Branches {
		all = recordsOf(b, all)
	}
	return all
}

// empty reports whether values of the type take no bytes.
func empty(t *wire.Type) bool {
	switch t.Base {
	case "null":
		return true
	case "fixed":
		return t.Size == 0
	case "record":
		for _, f := range t.Fields {
			if !empty(f.Type) {
				return false
			}
		}
		return true
	}
	return false
}

// Size is how many bytes key and value of a row's record take: at the most, where that is no more than limit, else exactly. key
// and value are those of the record without the codec.
func (c *Codec) Size(key, value []byte, deleted bool, limit int) (size int, exact bool, err error) {
	most := len(key)
	if c.key != nil {
		if err := c.key.fits(key); err != nil {
			return 0, false, err
		}
		most += c.key.most()
	}
	r := kafka.Record{Key: key, Value: value, Op: kafka.OpUpdate}
	switch {
	case deleted && c.envelope == nil:
	case c.envelope != nil:
		if deleted {
			r.Op = kafka.OpDelete
		}
		if err := c.envelope.key.fits(key); err != nil {
			return 0, false, err
		}
		most += c.room.most(len(value) + c.envelope.most(key))
	default:
		most += c.room.most(len(value))
	}
	if most <= limit {
		return most, false, nil
	}
	if size = len(key); c.key != nil {
		written, err := c.key.write(key)
		if err != nil {
			return 0, false, err
		}
		size = len(written)
	}
	if deleted && c.envelope == nil {
		return size, true, nil
	}
	made, _, err := c.append(nil, nil, &r, time.Now().UnixMilli())
	return size + len(made), true, err
}

// most is the most that the value of a body of so many bytes takes.
func (r room) most(body int) int {
	if r.none {
		return math.MaxInt32
	}
	return headerMost + r.fixed + r.each*body
}

// headerMost is the most that stands before a value: Confluent's header, and the place of the message in its file.
const headerMost = 6
