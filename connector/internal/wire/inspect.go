package wire

import (
	"fmt"

	"github.com/zeebo/xxh3"

	"tidemark/strategies"
)

// Inspect reads back a value that Scan made under the same schema id and returns the
// cursor value and hash that its row had. The value's Raw is the text where the
// schema keeps it (string), else nil. It allocates only on error, and for a cursor of type
// double or date.
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
