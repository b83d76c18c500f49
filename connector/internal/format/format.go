package format

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/wire"
)

// Format writes values of one Avro schema in one form, and reads them back. Bodies are bare: Avro without
// Confluent's header. It is safe for concurrent use.
type Format interface {
	// Schema is what is registered for the values; ok is false where nothing is.
	Schema() (schema sr.Schema, ok bool)
	// Name is the full name of what that schema describes; "" where there is none.
	Name() string
	// Under is the format that writes the same by another schema of the same type, which has to hold all that values can be.
	Under(schema string) (Format, error)
	// Append appends the value of a body. id is that of the schema.
	Append(dst []byte, id int, body []byte) ([]byte, error)
	// Body is the body of a value. writer is the Avro schema that the value was written with, where the format needs
	// it and it is not this one; else "".
	Body(value []byte, writer string) ([]byte, error)
	// Exact says that Body gives back the very body which Append was given.
	Exact() bool
}

// formats are what makes each format for an Avro schema.
var formats = map[string]func(schema string, bodies *wire.Bodies) (Format, error){
	config.Avro:         newAvro,
	config.JSON:         newJSON,
	config.JSONBySchema: newJSONSchema,
	config.Protobuf:     newProtobuf,
}

// Names are those of all formats.
func Names() []string { return slices.Sorted(maps.Keys(formats)) }
