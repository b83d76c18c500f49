package wire

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-faster/jx"

	"tidemark/connector/internal/class"
)

// Decoder makes plain JSON of Confluent-framed Avro values of any schema the registry
// knows. It is safe for concurrent use.
type Decoder struct {
	registry *Registry
	mu       sync.Mutex
	schemas  map[int]*schema
}

// NewDecoder returns a decoder that looks schemas up in reg.
func NewDecoder(reg *Registry) *Decoder {
	return &Decoder{registry: reg, schemas: map[int]*schema{}}
}

// Decode returns a value as JSON, without union wrappers and with the fields in the
// schema's order: timestamps in RFC 3339 with as many digits as they need and a Z,
// bytes in base64, decimals as strings. id is the value's schema id. The error is
// ErrNotFramed for a value that is not Avro as Confluent frames it, and a *NoSchemaError where
// its id has no schema that can be used; those of the registry have class Broker, those of a
// value that is not of its schema have none.
func (d *Decoder) Decode(ctx context.Context, value []byte) (json []byte, id int, err error) {
	id, body, err := header(value)
	if err != nil {
		return nil, 0, err
	}
	sc, err := d.schema(ctx, id)
	if err != nil {
		return nil, id, err
	}
	out, err := renderBody(sc, body)
	if err != nil {
		return nil, id, fmt.Errorf("decoding a value of schema %d: %w", id, err)
	}
	return out, id, nil
}

// JSON returns a body that the plan has made as JSON, in the form that Decoder gives it.
func (p *Plan) JSON(body []byte) ([]byte, error) {
	_, avro, err := header(body)
	if err != nil {
		return nil, err
	}
	return renderBody(p.schema, avro)
}

func renderBody(sc *schema, body []byte) ([]byte, error) {
	var w jx.Writer
	r := reader{b: body}
	render(&w, &r, sc.root, 0)
	if err := r.whole(); err != nil {
		return nil, err
	}
	return w.Buf, nil
}

func (d *Decoder) schema(ctx context.Context, id int) (*schema, error) {
	d.mu.Lock()
	sc := d.schemas[id]
	d.mu.Unlock()
	if sc != nil {
		return sc, nil
	}
	text, err := d.registry.SchemaByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if sc, err = parseSchema(text); err != nil {
		return nil, &NoSchemaError{id, class.Errorf(class.Broker, "reading schema %d from the registry: %w", id, err)}
	}
	d.mu.Lock()
	d.schemas[id] = sc
	d.mu.Unlock()
	return sc, nil
}
