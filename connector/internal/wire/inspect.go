package wire

import (
	"fmt"

	"github.com/zeebo/xxh3"

	"tidemark/strategies"
)

// Inspect reads back a value that Scan made under the same schema id and returns the
// cursor value and hash that its row had. The value's Raw is the text where the
// schema keeps it (string), else nil. It allocates only on error.
func (p *Plan) Inspect(value []byte) (strategies.Value, uint64, error) {
	id, body, err := header(value)
	if err != nil {
		return strategies.Value{}, 0, err
	}
	if id != p.opts.SchemaID {
		return strategies.Value{}, 0, fmt.Errorf("the value has schema id %d, the plan %d", id, p.opts.SchemaID)
	}
	return p.inspect(body)
}

func (p *Plan) inspect(body []byte) (strategies.Value, uint64, error) {
	r := reader{b: body}
	var v strategies.Value
	var err error
	for i := range p.root.fields {
		if i == p.cursor {
			if v, err = p.readCursor(&r); err != nil {
				return strategies.Value{}, 0, err
			}
			continue
		}
		r.skip(p.root.fields[i].typ, 0)
	}
	if r.err == nil && r.pos != len(body) {
		r.err = fmt.Errorf("%d bytes follow the Avro data", len(body)-r.pos)
	}
	if r.err != nil {
		return strategies.Value{}, 0, r.err
	}
	return v, xxh3.Hash(body), nil
}

// readCursor reads the cursor field; compile has seen to it that its type allows it.
func (p *Plan) readCursor(r *reader) (strategies.Value, error) {
	n := p.root.fields[p.cursor].typ
	if n.kind == kOptional {
		i, b := r.branch(n)
		if i == n.null || r.err != nil {
			return strategies.Value{}, r.err
		}
		n = b
	}
	if n.kind == kString || n.kind == kUUID {
		return p.opts.Format.Parse(r.text())
	}
	v := strategies.Value{N: r.long(), Set: true}
	switch p.opts.Format {
	case strategies.EpochSeconds:
		v.N *= 1e6
	case strategies.EpochMillis:
		v.N *= 1e3
	case strategies.RFC3339:
		switch n.unit {
		case 1e3:
			v.N *= 1e3
		case 1e9:
			nanos := v.N
			v.N = strategies.FloorDiv(nanos, 1e3)
			v.Sub = uint16(nanos - v.N*1e3)
		}
	}
	return v, r.err
}
