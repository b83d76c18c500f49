package format

import (
	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/wire"
)

// plainJSON is JSON as the schema has the types: the fields in its order, times in RFC 3339, bytes in
// base64, decimals as texts. Nothing stands before it, and nothing is registered.
type plainJSON struct {
	bodies *wire.Bodies
	exact  bool
}

func newJSON(schema string, bodies *wire.Bodies) (Format, error) {
	typ, err := wire.TypeOf(schema)
	if err != nil {
		return nil, err
	}
	return plainJSON{bodies, !typ.Wide()}, nil
}

func (plainJSON) Schema() (sr.Schema, bool) { return sr.Schema{}, false }

func (plainJSON) Name() string { return "" }

// Under is not asked: nothing is registered.
func (j plainJSON) Under(string) (Format, error) { return j, nil }

func (j plainJSON) Append(dst []byte, _ int, body []byte) ([]byte, error) {
	return j.bodies.AppendJSON(dst, body)
}

// Body reads a value by the schema of now: JSON names its fields, so the writer's is not needed.
func (j plainJSON) Body(value []byte, _ string) ([]byte, error) { return j.bodies.FromJSON(value) }

func (j plainJSON) Exact() bool { return j.exact }
