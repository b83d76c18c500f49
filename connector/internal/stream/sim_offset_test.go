package stream

import (
	"strconv"

	"tidemark/strategies"
)

// queryOffset asks for the page of the mistakes about seams: the one behind the rows read,
// or behind all but the last of them.
func (m *mistaken) queryOffset(c strategies.Cursor, q strategies.Query) strategies.Query {
	at, ok := m.blindly(c)
	if !ok {
		return q
	}
	for i := range q.Params {
		if q.Params[i].Role == strategies.RoleOffset {
			q.Params[i].Value = strconv.FormatInt(at, 10)
		}
	}
	return q
}

func (m *mistaken) blindly(c strategies.Cursor) (at int64, ok bool) {
	s := strategies.At[strategies.CountPosition](c.Sweep)
	if s.Offset == 0 || s.Seen == 0 || s.Probe || s.Look != "" || s.LastKey != "" || m.x.script.Strategy != strategies.Offset {
		return 0, false
	}
	switch m.variant {
	case seamUnchecked:
		return s.Seen, true
	case seamOfOneRow:
		return s.Seen - 1, true
	}
	return 0, false
}

// blind makes rows that were asked for without the ones before them look as if those had
// come too.
func (m *mistaken) blind(c strategies.Cursor, rows []strategies.Row) []strategies.Row {
	at, ok := m.blindly(c)
	stood := strategies.At[strategies.CountPosition](c.Sweep)
	if !ok || m.variant == seamOfOneRow && (len(rows) == 0 || string(rows[0].Value.Raw) != stood.LastValue) {
		return rows
	}
	var before []strategies.Row
	for n := stood.Offset; n < at; n++ {
		text := stood.LastValue
		if n < stood.Group {
			text = stood.FirstValue
		}
		v, err := m.x.spec.Format.ParseString(text)
		if err != nil {
			return rows
		}
		before = append(before, strategies.Row{Key: []byte("before " + strconv.FormatInt(n, 10)), Value: v})
	}
	return append(before, rows...)
}
