package format

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/wire"
)

// Decoder makes plain JSON of values in Confluent's wire format, whatever the type of their schema. It is
// safe for concurrent use.
type Decoder struct {
	registry *wire.Registry
	avro     *wire.Decoder
	mu       sync.Mutex
	types    map[int]sr.SchemaType
}

// NewDecoder returns a decoder that looks schemas up in reg.
func NewDecoder(reg *wire.Registry) *Decoder {
	return &Decoder{registry: reg, avro: wire.NewDecoder(reg), types: map[int]sr.SchemaType{}}
}

var errNotJSON = errors.New("its schema is one of JSON, and it is no JSON")

// Decode is wire.Decoder's for values of any type; those of JSON are as they stand. A *wire.NoSchemaError says that the value's id has no schema
// that can be used.
func (d *Decoder) Decode(ctx context.Context, value []byte) (text []byte, id int, err error) {
	id, framed := wire.SchemaIDOf(value)
	if !framed {
		return nil, 0, wire.ErrNotFramed
	}
	d.mu.Lock()
	typ, known := d.types[id]
	d.mu.Unlock()
	if !known {
		s, err := d.registry.TypedByID(ctx, id)
		if err != nil {
			return nil, id, err
		}
		typ = s.Type
		d.mu.Lock()
		d.types[id] = typ
		d.mu.Unlock()
	}
	if typ != sr.TypeJSON {
		return d.avro.Decode(ctx, value)
	}
	text, err = wire.Bare(value)
	if err == nil && !json.Valid(text) {
		err = errNotJSON
	}
	return text, id, err
}
