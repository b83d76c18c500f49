package format

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/bufbuild/protocompile"
	"github.com/twmb/franz-go/pkg/sr"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"tidemark/connector/internal/wire"
)

// Decoder makes plain JSON of values in Confluent's wire format, whatever the type of their schema. It is
// safe for concurrent use.
type Decoder struct {
	registry *wire.Registry
	avro     *wire.Decoder
	mu       sync.Mutex
	types    map[int]sr.SchemaType
	files    map[int]protoreflect.FileDescriptor // of ids whose schema is Protobuf
}

// NewDecoder returns a decoder that looks schemas up in reg.
func NewDecoder(reg *wire.Registry) *Decoder {
	return &Decoder{registry: reg, avro: wire.NewDecoder(reg), types: map[int]sr.SchemaType{}, files: map[int]protoreflect.FileDescriptor{}}
}

var errNotJSON = errors.New("its schema is one of JSON, and it is no JSON")

// Decode is wire.Decoder's for values of any type; those of JSON are as they stand, those of
// Protobuf in its own form of JSON. A *wire.NoSchemaError says that the value's id has no schema
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
		var file protoreflect.FileDescriptor
		if typ == sr.TypeProtobuf {
			if file, err = compiled(ctx, s.Schema); err != nil {
				return nil, id, fmt.Errorf("reading schema %d: %w", id, err)
			}
		}
		d.mu.Lock()
		d.types[id], d.files[id] = typ, file
		d.mu.Unlock()
	}
	switch typ {
	case sr.TypeAvro:
		return d.avro.Decode(ctx, value)
	case sr.TypeProtobuf:
		d.mu.Lock()
		file := d.files[id]
		d.mu.Unlock()
		text, err = fromProtobuf(file, value[5:])
		return text, id, err
	}
	text, err = wire.Bare(value)
	if err == nil && !json.Valid(text) {
		err = errNotJSON
	}
	return text, id, err
}

// compiled is what a Protobuf file says. Of other files it may import Google's own only.
func compiled(ctx context.Context, text string) (protoreflect.FileDescriptor, error) {
	const name = "schema.proto"
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{name: text}),
	})}
	files, err := c.Compile(ctx, name)
	if err != nil {
		return nil, err
	}
	return files[0], nil
}

var errNoMessage = errors.New("the value names a message that its Protobuf file does not have")

// fromProtobuf is a message of the file as JSON. Before it stands where the message is in the file: how many steps lead to it, and
// which one each step takes; a zero alone is the first message.
func fromProtobuf(file protoreflect.FileDescriptor, b []byte) ([]byte, error) {
	next := func() int {
		n, size := binary.Varint(b)
		if size <= 0 {
			return -1
		}
		b = b[size:]
		return int(n)
	}
	steps := next()
	path := []int{0}
	if steps < 0 || steps > len(b) {
		return nil, errNoMessage
	}
	if steps > 0 {
		path = path[:0]
		for range steps {
			path = append(path, next())
		}
	}
	all := file.Messages()
	var of protoreflect.MessageDescriptor
	for _, at := range path {
		if at < 0 || at >= all.Len() {
			return nil, errNoMessage
		}
		of = all.Get(at)
		all = of.Messages()
	}
	m := dynamicpb.NewMessage(of)
	if err := proto.Unmarshal(b, m); err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Compact(&out, text) // it has blanks by chance, so that nobody relies on its form
	return out.Bytes(), err
}
