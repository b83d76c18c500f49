package format

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/wire"
)

// avro is Avro in Confluent's wire format.
type avro struct {
	schema string
	bodies *wire.Bodies
	under  *wire.Bodies // of the schema that values have; nil: of the same one
	text   string       // that schema
}

func newAvro(schema string, bodies *wire.Bodies) (Format, error) {
	return avro{schema: schema, bodies: bodies, text: schema}, nil
}

func (a avro) Schema() (sr.Schema, bool) { return wire.Avro(a.text), true }

func (a avro) Name() string { return wire.RecordName(a.schema) }

// Under makes of each body one of the other schema, by Avro's rules of resolution; what is read back of it has to
// be the body again.
func (a avro) Under(latest string) (Format, error) {
	same, unlike, err := wire.Holds(a.schema, latest)
	switch {
	case err != nil:
		return nil, err
	case len(unlike) > 0:
		return nil, fmt.Errorf("beside the stream's, %s", strings.Join(unlike, ", "))
	}
	if a.text = latest; !same {
		a.under, err = wire.NewBodies(latest)
	}
	return a, err
}

func (a avro) Append(dst []byte, id int, body []byte) ([]byte, error) {
	if a.under != nil {
		var err error
		if body, err = a.under.Translate(body, a.schema); err != nil {
			return dst, err
		}
	}
	return append(framed(dst, id), body...), nil
}

func (a avro) Body(value []byte, writer string) ([]byte, error) {
	body, err := wire.Bare(value)
	if writer == "" && a.under != nil {
		writer = a.text
	}
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
