package format

import (
	"cmp"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Codec is what one stream's records are written and read as. A nil Codec is that of a stream whose values are the
// plan's and whose keys are texts.
type Codec struct {
	stream config.Stream
	cursor strategies.Format
	made
}

// made is what a codec makes of the schema of the stream's rows.
type made struct {
	plan     *wire.Plan
	format   Format
	envelope *envelope  // nil: values are rows
	key      *recordKey // nil: keys are texts
	room     room
}

// New returns the codec of a stream; nil, where it needs none. Errors have class Config.
func New(s config.Stream, schema string, cursor strategies.Format, plan *wire.Plan) (*Codec, error) {
	if s.Plain() {
		return nil, nil
	}
	c := &Codec{stream: s, cursor: cursor}
	if err := c.Use(schema, plan); err != nil {
		return nil, err
	}
	return c, nil
}

// Use makes the codec one of rows of another schema, which is that of the plan. It is called while nobody else uses the
// codec, and before the plan scans. Errors have class Config, and leave the codec as it was.
func (c *Codec) Use(schema string, plan *wire.Plan) error {
	if c == nil {
		return nil
	}
	m, err := c.make(schema, plan)
	if err != nil {
		return class.Errorf(class.Config, "stream %s: %w", c.stream.Name, err)
	}
	c.made = m
	return nil
}

func (c *Codec) make(schema string, plan *wire.Plan) (m made, err error) {
	s := c.stream
	m.plan = plan
	rows, err := wire.NewBodies(schema)
	if err != nil {
		return m, err
	}
	bodies, typ := rows, plan.Type()
	if s.Envelope == config.Debezium {
		key, err := newKey(s, typ)
		if err != nil {
			return m, err
		}
		if m.envelope, err = newEnvelope(schema, key, sourceOf(s)); err != nil {
			return m, err
		}
		schema, bodies = m.envelope.schema, m.envelope.bodies
	}
	if m.format, err = formats[cmp.Or(s.ValueFormat, config.Avro)](schema, bodies); err != nil {
		return m, err
	}
	if s.KeyFormat == config.Avro {
		if m.key, err = newKey(s, typ); err != nil {
			return m, err
		}
	}
	if m.room, err = roomOf(schema); err != nil {
		return m, err
	}
	if !m.format.Exact() {
		// What is read back may be of another branch of a union than what was written: both count as what is read back.
		plan.HashBy(func(body []byte) uint64 {
			if text, err := rows.AppendJSON(nil, body); err == nil {
				if again, err := rows.FromJSON(text); err == nil {
					return wire.HashOf(again)
				}
			}
			return wire.HashOf(body)
		})
	}
	return m, nil
}

func sourceOf(s config.Stream) Source {
	of := Source{Name: s.TopicPrefix, Table: s.Name, Version: "unknown"}
	if of.Name == "" {
		of.Name = s.Name
	}
	if u, err := url.Parse(s.URL); err == nil {
		of.DB = u.Hostname()
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		of.Version = info.Main.Version
	}
	return of
}

// Schema is the text of the values' schema, as the registry has it, by what it is known, and whether it is an Avro schema;
// ok is false where values have no schema.
func (c *Codec) Schema() (text, fingerprint string, avro, ok bool) {
	schema, ok := c.format.Schema()
	if !ok {
		return "", "", false, false
	}
	if schema.Type == sr.TypeAvro {
		fingerprint, err := wire.Fingerprint(schema.Schema)
		return schema.Schema, fingerprint, true, err == nil
	}
	return schema.Schema, wire.TextFingerprint(schema.Schema), false, true
}

// Reads fails if Avro values of a writer's schema may be such that the schema of now cannot read them back.
func (c *Codec) Reads(writerSchema string) error {
	if a, ok := c.format.(avro); ok {
		return a.bodies.Reads(writerSchema)
	}
	return nil
}

// Into makes records be written and keys be read by the codec.
func (c *Codec) Into(o *kafka.Options) {
	if c == nil {
		return
	}
	o.Values = c.values
	if c.key != nil { // it may become another one, see Use
		o.WriteKey = func(text []byte) ([]byte, error) { return c.key.write(text) }
		o.ReadKey = func(key []byte) ([]byte, error) { return c.key.read(key) }
	}
}

// values makes the records that a transaction writes of those that were admitted, in memory of its own.
func (c *Codec) values(records []kafka.Record) ([]kafka.Record, error) {
	out := make([]kafka.Record, 0, len(records))
	now := time.Now().UnixMilli()
	var room, body []byte
	for i := range records {
		r := records[i]
		if r.Dead || r.Ready || r.Value == nil && c.envelope == nil {
			out = append(out, r)
			continue
		}
		if room == nil {
			room = make([]byte, 0, 64<<10)
		}
		from := len(room)
		var err error
		if room, body, err = c.append(room, body[:0], &r, now); err != nil {
			return nil, class.Errorf(class.Unexpected, "writing the row with id %.60q as %s: %w", r.Key, c.stream.ValueFormat, err)
		}
		tombstone := r
		r.Value = room[from:len(room):len(room)]
		if cap(room)-len(room) < 32<<10 {
			room = nil
		}
		if out = append(out, r); r.Op == kafka.OpDelete { // what compaction goes by
			out = append(out, tombstone)
		}
	}
	return out, nil
}

// append appends the value of a record that was admitted; scratch is memory for it.
func (c *Codec) append(dst, scratch []byte, r *kafka.Record, now int64) (value, used []byte, err error) {
	var row []byte
	if r.Value != nil {
		if row, err = wire.Bare(r.Value); err != nil {
			return dst, scratch, err
		}
	}
	if c.envelope != nil {
		if scratch, err = c.envelope.wrap(scratch, r.Key, row, change{op: r.Op, at: now, version: c.version(row, r, now)}); err != nil {
			return dst, scratch, err
		}
		row = scratch
	}
	value, err = c.format.Append(dst, c.plan.SchemaID(), row)
	return value, scratch, err
}

// version is when a row's version was made: its cursor value, where that is a time.
func (c *Codec) version(row []byte, r *kafka.Record, now int64) int64 {
	if !c.cursor.Temporal() {
		return now
	}
	var v strategies.Value
	if row != nil {
		v, _, _ = c.plan.InspectBare(row)
	}
	for _, h := range r.Headers {
		if !v.Set && h.Key == HeaderCursor {
			v, _ = c.cursor.Parse(h.Value)
		}
	}
	if !v.Set {
		return now
	}
	return strategies.FloorDiv(v.N, 1000)
}

// HeaderCursor is the header that holds a row's cursor value where no body does.
const HeaderCursor = "tidemark.cursor"

// SchemaID is the id of the values' schema.
func (c *Codec) SchemaID() int { return c.plan.SchemaID() }

// Inspect is what the window compares of a value: its row's cursor value and hash. Of a row that is deleted the hash
// is wire.TombstoneHash.
func (c *Codec) Inspect(value []byte) (strategies.Value, uint64, error) { return c.Resolve(value, "") }

// Resolve is Inspect for an Avro value that was written with another schema.
func (c *Codec) Resolve(value []byte, writer string) (strategies.Value, uint64, error) {
	body, err := c.format.Body(value, writer)
	if err == nil && c.envelope != nil {
		body, err = c.envelope.unwrap(body)
		if err == nil && body == nil {
			return strategies.Value{}, wire.TombstoneHash, nil
		}
	}
	if err != nil {
		return strategies.Value{}, 0, err
	}
	return c.plan.InspectBare(body)
}

// Show is the value of a record that was admitted as JSON, for people.
func (c *Codec) Show(r kafka.Record) ([]byte, error) {
	row, err := []byte(nil), error(nil)
	if r.Value != nil {
		row, err = wire.Bare(r.Value)
	}
	if err != nil {
		return nil, err
	}
	now := time.Now().UnixMilli()
	body, err := c.envelope.wrap(nil, r.Key, row, change{r.Op, now, c.version(row, &r, now)})
	if err != nil {
		return nil, err
	}
	return c.envelope.bodies.AppendJSON(nil, body)
}

// Wraps reports whether values are more than their rows.
func (c *Codec) Wraps() bool { return c != nil && c.envelope != nil }
