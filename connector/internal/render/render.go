// Package render shows a record of a topic as a line of JSON, for people and for jq. It is a package
// of its own because it knows Avro, which internal/kafka, where the records are read, does not.
package render

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/wire"
)

// Decoder makes JSON of an Avro value in Confluent's wire format.
type Decoder interface {
	Decode(ctx context.Context, value []byte) (json []byte, schemaID int, err error)
}

// line is a record as tail shows it.
type line struct {
	Key       any            `json:"key"`
	Value     any            `json:"value"`
	Undecoded string         `json:"undecoded,omitempty"`
	Partition int32          `json:"partition"`
	Offset    int64          `json:"offset"`
	Timestamp string         `json:"timestamp"`
	Headers   map[string]any `json:"headers"`
}

// Line returns a record as one line of JSON with its line break: key, value (null for
// a tombstone), partition, offset, timestamp (RFC 3339, UTC) and headers, an object in
// which a name that occurs more than once has an array. Headers are strings, and keys that no schema explains;
// a value is what its Avro schema says, else JSON as it stands, else a string. Bytes
// that are no UTF-8 become "base64:…". Of a value that begins like Avro and cannot be read as
// such, undecoded says why. d may be nil: then an Avro value is an error of class Config.
func Line(ctx context.Context, d Decoder, r *kgo.Record) ([]byte, error) {
	value, undecoded, err := Value(ctx, d, r.Value)
	if err != nil {
		return nil, fmt.Errorf("decoding the value of topic %s, partition %d, offset %d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	key, err := keyOf(ctx, d, r.Key)
	if err != nil {
		return nil, fmt.Errorf("decoding the key of topic %s, partition %d, offset %d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	l := line{
		Key: key, Value: value, Undecoded: undecoded, Partition: r.Partition, Offset: r.Offset,
		Timestamp: r.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		Headers:   Headers(r.Headers),
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return nil, fmt.Errorf("encoding topic %s, partition %d, offset %d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	return out.Bytes(), nil
}

// keyOf returns a record's key: what its schema says of one in Confluent's wire format, else its text.
func keyOf(ctx context.Context, d Decoder, key []byte) (any, error) {
	if d == nil || len(key) < 5 || key[0] != 0 {
		return Text(key), nil
	}
	decoded, _, err := Value(ctx, d, key)
	return decoded, err
}

// Headers are a record's headers as an object, in which a name that occurs more than once has an array.
func Headers(all []kgo.RecordHeader) map[string]any {
	out := map[string]any{}
	for _, h := range all {
		switch had, again := out[h.Key]; list := had.(type) {
		case []any:
			out[h.Key] = append(list, Text(h.Value))
		default:
			if again {
				out[h.Key] = []any{had, Text(h.Value)}
			} else {
				out[h.Key] = Text(h.Value)
			}
		}
	}
	return out
}

// Value returns a record's value as JSON has it; why says, where it begins like Avro, what keeps it from
// being decoded. An error is one of the registry, which may know better the next time.
func Value(ctx context.Context, d Decoder, value []byte) (decoded any, why string, err error) {
	switch {
	case value == nil:
		return nil, "", nil
	case len(value) >= 5 && value[0] == 0:
		if d == nil {
			return nil, "", class.Errorf(class.Config, "it is Avro with a schema in a registry: give --registry-url")
		}
		body, _, err := d.Decode(ctx, value)
		switch {
		case err == nil:
			return json.RawMessage(body), "", nil
		case class.Of(err) == class.Broker && !errors.As(err, new(*wire.NoSchemaError)):
			return nil, "", err
		}
		return Text(value), err.Error(), nil
	case utf8.Valid(value) && json.Valid(value):
		return json.RawMessage(value), "", nil
	default:
		return Text(value), "", nil
	}
}

// Text returns bytes as a string, nil as null.
func Text(b []byte) any {
	switch {
	case b == nil:
		return nil
	case utf8.Valid(b):
		return string(b)
	default:
		return "base64:" + base64.StdEncoding.EncodeToString(b)
	}
}
