package format

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/wire"
)

// avro is Avro in Confluent's wire format.
type avro struct {
	schema string
	bodies *wire.Bodies
}

func newAvro(schema string, bodies *wire.Bodies) (Format, error) { return avro{schema, bodies}, nil }

func (a avro) Schema() (sr.Schema, bool) { return wire.Avro(a.schema), true }

func (a avro) Append(dst []byte, id int, body []byte) ([]byte, error) {
	return append(framed(dst, id), body...), nil
}

func (a avro) Body(value []byte, writer string) ([]byte, error) {
	body, err := wire.Bare(value)
	if err != nil || writer == "" {
		return body, err
	}
	return a.bodies.Translate(body, writer)
}

func (avro) Exact() bool { return true }

// framed appends Confluent's header: a zero byte and the schema's id.
func framed(dst []byte, id int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, 0), uint32(id))
}
