package format

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/wire"
)

// envelope puts a row into the record that Debezium's connectors write: what it was before, what it is now, where it comes
// from, and what has happened. It is an Avro schema around the rows' own, in which a row's body stands as it is.
//
// before has the key of a row that is deleted, and nothing else: of what a row was tidemark keeps no more than a hash.
type envelope struct {
	schema string
	key    *recordKey
	bodies *wire.Bodies
	source []byte // its first fields, encoded: they are the same for all of a stream's records
	table  []byte // and its last ones
}

// Source is what a record's source says of a stream.
type Source struct {
	Version string // of the program
	Name    string // of what the topics of several streams have in common
	DB      string // the API
	Table   string // the stream
}

// newEnvelope returns the envelope of the rows of an Avro schema, a record.
func newEnvelope(schema string, key *recordKey, s Source) (*envelope, error) {
	text, err := envelopeOf(schema, key.schema)
	if err != nil {
		return nil, err
	}
	bodies, err := wire.NewBodies(text)
	if err != nil {
		return nil, fmt.Errorf("the envelope of the schema: %w", err)
	}
	e := &envelope{schema: text, key: key, bodies: bodies}
	for _, t := range []string{s.Version, "tidemark", s.Name} {
		e.source = appendText(e.source, t)
	}
	for _, t := range []string{s.DB, s.Table} {
		e.table = appendText(e.table, t)
	}
	return e, nil
}

// change is what an envelope says beside the row.
type change struct {
	op      kafka.Op
	at      int64 // when it was written, in ms
	version int64 // when the row's version was made, as its cursor value says, in ms
}

// wrap appends the envelope's body around a row's; a row that is deleted has none.
func (e *envelope) wrap(dst, key, row []byte, c change) ([]byte, error) {
	if c.op == kafka.OpDelete {
		var err error
		if dst, err = e.key.append(append(dst, 2), key); err != nil { // the second branch
			return dst, err
		}
		dst = append(dst, 0)
	} else {
		dst = append(append(dst, 0, 2), row...)
	}
	dst = append(dst, e.source...)
	dst = appendLong(dst, c.version)
	snapshot := "false"
	if c.op == kafka.OpRead {
		snapshot = "true"
	}
	dst = append(appendText(dst, snapshot), e.table...)
	dst = append(dst, 2, byte(c.op)) // a text of one letter
	return appendLong(append(dst, 2), c.at), nil
}

// most is the most that wrap puts around a row with the key.
func (e *envelope) most(key []byte) int {
	const numbers = 4 * binary.MaxVarintLen64 // the times, and the places of branches
	return len(key) + e.key.most() + len(e.source) + len(e.table) + len("false") + numbers
}

// unwrap is the row's body; nil where it is deleted.
func (e *envelope) unwrap(body []byte) ([]byte, error) {
	after, err := e.bodies.Field(body, "after")
	switch {
	case err != nil:
		return nil, err
	case len(after) == 0:
		return nil, errNoRow
	case after[0] == 0:
		return nil, nil
	}
	return after[1:], nil
}

var errNoRow = fmt.Errorf("the value has no field after")

// envelopeName is what consumers know such a value by.
const envelopeName = "Envelope"

// envelopeOf is the Avro schema of the envelope around rows of a schema. It is in the rows' namespace, or where they have
// none in one of their name: readers look for a name that ends in .Envelope.
func envelopeOf(schema, key string) (string, error) {
	var row map[string]any
	d := json.NewDecoder(strings.NewReader(schema))
	d.UseNumber()
	if err := d.Decode(&row); err != nil {
		return "", fmt.Errorf("reading the Avro schema: %w", err)
	}
	typ, err := wire.TypeOf(schema)
	if err != nil {
		return "", err
	}
	full, space := typ.Name, spaceOf(typ.Name)
	if !strings.Contains(full, ".") {
		delete(row, "namespace") // "": it is in the envelope's now, and so is what it holds
		full = space + "." + full
	}
	for _, name := range []string{envelopeName, "Source", "Key"} {
		if full == space+"."+name {
			return "", fmt.Errorf("the schema's record has the name %s, which its envelope has for a record of its own: give it another one", name)
		}
	}
	connect(row)
	field := func(name string, typ any, more ...member) object {
		return append(object{{"name", name}, {"type", typ}}, more...)
	}
	null := member{"default", nil}
	source := object{{"type", "record"}, {"name", "Source"}, {"fields", []object{
		field("version", "string"), field("connector", "string"), field("name", "string"), field("ts_ms", "long"),
		field("snapshot", "string"), field("db", "string"), field("table", "string"),
	}}}
	text, err := json.Marshal(object{{"type", "record"}, {"name", envelopeName}, {"namespace", space}, {"fields", []object{
		field("before", []any{"null", json.RawMessage(key)}, null), field("after", []any{"null", row}, null), field("source", source),
		field("op", "string"), field("ts_ms", []string{"null", "long"}, null),
	}}})
	return string(text), err
}

// connectNames are what Debezium calls the types that Connect has no names for: its sinks make columns of them.
var connectNames = map[string]string{
	"timestamp-micros": "io.debezium.time.MicroTimestamp", "timestamp-nanos": "io.debezium.time.NanoTimestamp",
	"local-timestamp-millis": "io.debezium.time.Timestamp", "local-timestamp-micros": "io.debezium.time.MicroTimestamp",
	"local-timestamp-nanos": "io.debezium.time.NanoTimestamp", "time-micros": "io.debezium.time.MicroTime", "uuid": "io.debezium.data.Uuid",
}

// connect gives the types of a schema their names in Connect, where it gives them none itself.
func connect(v any) {
	switch v := v.(type) {
	case map[string]any:
		logical, _ := v["logicalType"].(string)
		if name := connectNames[logical]; name != "" && v["connect.name"] == nil && (v["type"] == "long" || v["type"] == "string") {
			v["connect.name"], v["connect.version"] = name, 1
		}
		for _, x := range v {
			connect(x)
		}
	case []any:
		for _, x := range v {
			connect(x)
		}
	}
}

func appendText(dst []byte, s string) []byte { return append(appendLong(dst, int64(len(s))), s...) }

// appendLong appends a number as Avro has it.
func appendLong(dst []byte, v int64) []byte {
	return binary.AppendUvarint(dst, uint64(v)<<1^uint64(v>>63))
}

// readLong reads a number as Avro has it, and what is behind it.
func readLong(b []byte) (int64, []byte, bool) {
	u, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return int64(u>>1) ^ -int64(u&1), b[n:], true
}

// readText reads a text as Avro has it, and what is behind it.
func readText(b []byte) (string, []byte, bool) {
	n, rest, ok := readLong(b)
	if !ok || n < 0 || n > int64(len(rest)) || n > math.MaxInt32 {
		return "", nil, false
	}
	return string(rest[:n]), rest[n:], true
}

var notName = regexp.MustCompile(`[^A-Za-z0-9_]`)

// avroName makes a name that Avro allows of a field's path.
func avroName(path string) string {
	name := notName.ReplaceAllString(path, "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}
