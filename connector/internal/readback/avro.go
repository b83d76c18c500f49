package readback

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Registry explains schema ids. SchemaByID gives a *wire.NoSchemaError where an id has no schema.
type Registry interface {
	SchemaByID(ctx context.Context, id int) (string, error)
	// TypedByID is SchemaByID for schemas of any type.
	TypedByID(ctx context.Context, id int) (sr.Schema, error)
}

// Inspector reads records back that have a value: what the window compares of their bodies
// (rule 11). A *ForeignError says that a record is none of the stream's rows.
type Inspector interface {
	Inspect(ctx context.Context, rec *kgo.Record) (strategies.Value, uint64, error)
	// Lexicon is what it knows of the records' schema ids.
	Lexicon() *Lexicon
	// Doubts says which of them the registry does not explain as the topic's records mean them.
	Doubts(ctx context.Context) string
}

// Values read values in Confluent's wire format, of the schema of now and of earlier ones.
type Values interface {
	SchemaID() int
	Inspect(value []byte) (strategies.Value, uint64, error)
	Resolve(value []byte, writerSchema string) (strategies.Value, uint64, error)
}

// NewInspector returns the inspector of a stream whose plan has its schema's id. kept looks schemas up in the state topic, by
// fingerprint.
func NewInspector(codec *format.Codec, plan *wire.Plan, schema string, registry Registry, kept func(context.Context, string) (string, error)) (Inspector, error) {
	if codec == nil {
		return NewAvro(plan, schema, registry, kept)
	}
	text, fingerprint, isAvro, typed := codec.Schema()
	var bodies Inspector
	var err error
	switch {
	case isAvro:
		bodies, err = NewAvro(codec, text, registry, kept)
	case !typed:
		bodies = &Other{codec: codec, lexicon: &Lexicon{Bare: true}}
	default:
		bodies = &Other{codec, registry, NewLexicon(plan.SchemaID(), fingerprint, text)}
	}
	if err != nil {
		return nil, err
	}
	return bodies, bodies.Lexicon().RowsOf(schema)
}

// Avro is an inspector of Avro in Confluent's wire format.
type Avro struct {
	plan     Values
	registry Registry
	lexicon  *Lexicon
	kept     func(ctx context.Context, fingerprint string) (string, error) // the schemas of the state topic
	refused  map[int]error                                                 // ids of which the registry has no schema
}

// NewAvro returns the inspector of a stream whose plan has its schema's id. kept looks schemas up in
// the state topic, by fingerprint.
func NewAvro(plan Values, schema string, registry Registry, kept func(context.Context, string) (string, error)) (*Avro, error) {
	fingerprint, err := wire.Fingerprint(schema)
	if err != nil {
		return nil, err
	}
	return &Avro{plan, registry, NewLexicon(plan.SchemaID(), fingerprint, schema), kept, make(map[int]error)}, nil
}

// Lexicon is what it knows of the records' schema ids.
func (a *Avro) Lexicon() *Lexicon { return a.lexicon }

// Inspect reads a record's body back.
func (a *Avro) Inspect(ctx context.Context, rec *kgo.Record) (strategies.Value, uint64, error) {
	id, framed := wire.SchemaIDOf(rec.Value)
	if !framed {
		return strategies.Value{}, 0, &ForeignError{errNotAvro}
	}
	fingerprint, known := a.lexicon.Meaning(id, rec.Partition, rec.Offset)
	if id == a.plan.SchemaID() && (!known || fingerprint == a.lexicon.Own.Fingerprint) {
		return foreignUnless(a.plan.Inspect(rec.Value))
	}
	if known {
		schema, err := a.schema(ctx, id, fingerprint)
		if err != nil {
			return strategies.Value{}, 0, err
		}
		v, hash, err := a.plan.Resolve(rec.Value, schema)
		if errors.As(err, new(*wire.UnlikeError)) { // an earlier one of the stream's own
			return v, hash, class.Errorf(class.Config, "the record has schema id %d, which the schema of now cannot read: %w; %s", id, err, UnlikeRemedy)
		}
		return foreignUnless(v, hash, err)
	}
	schema, err := a.ask(ctx, id)
	if err != nil {
		return strategies.Value{}, 0, err
	}
	v, hash, err := a.plan.Resolve(rec.Value, schema)
	if err == nil {
		if fingerprint, err := wire.Fingerprint(schema); err == nil {
			a.lexicon.Learn(id, fingerprint, schema)
		}
	}
	return foreignUnless(v, hash, err)
}

// UnlikeRemedy is what to do where the topic holds records that the schema cannot read. A registry
// lets it pass under compatibility NONE.
const UnlikeRemedy = "keep the field's type, or make it a union with the one it had, give new fields a default, or write to another topic (topic)"

var errNotAvro = errors.New("the value is not Avro with a schema id")

// schema is the text of a schema that the stream has met under the id. The registry is asked
// where the state topic does not keep it, and believed only where it means the same one.
func (a *Avro) schema(ctx context.Context, id int, fingerprint string) (string, error) {
	if text, ok := a.lexicon.Texts[fingerprint]; ok {
		return text, nil
	}
	text, err := a.kept(ctx, fingerprint)
	if err != nil {
		return "", err
	}
	if !isSchema(text, fingerprint) {
		if text, err = a.ask(ctx, id); err != nil {
			return "", err
		}
		if !isSchema(text, fingerprint) {
			return "", &ForeignError{fmt.Errorf("its schema %d (%.12s) is kept nowhere, and is another one in the registry", id, fingerprint)}
		}
	}
	a.lexicon.Texts[fingerprint] = text
	return text, nil
}

// ask is the registry's schema of an id; a *foreignError where it has none.
func (a *Avro) ask(ctx context.Context, id int) (string, error) {
	if err := a.refused[id]; err != nil {
		return "", err
	}
	text, err := a.registry.SchemaByID(ctx, id)
	if errors.As(err, new(*wire.NoSchemaError)) {
		err = &ForeignError{err}
		a.refused[id] = err
	}
	return text, err
}

func isSchema(text, fingerprint string) bool {
	if text == "" {
		return false
	}
	is, err := wire.Fingerprint(text)
	return err == nil && is == fingerprint
}

// Doubts says of which ids the registry does not say what they mean in the topic; "": of none,
// or it does not answer.
func (a *Avro) Doubts(ctx context.Context) string {
	return Doubts(ctx, a.registry, a.lexicon.Known, a.lexicon.Own.ID)
}

// asked reports whether the registry is asked for the meaning at a place.
func asked(known []strategies.Schema, i, own int) bool {
	s := &known[i]
	return s.ID != own && s.ID != strategies.RowsID && s.Until == nil && lastMeaning(known, s.ID) == i
}

// Doubts says of which ids the registry does not say what they mean in a topic; own is the stream's.
func Doubts(ctx context.Context, registry Registry, known []strategies.Schema, own int) string {
	var all []string
	for i, s := range known {
		if !asked(known, i, own) {
			continue
		}
		text, err := registry.SchemaByID(ctx, s.ID)
		switch {
		case errors.As(err, new(*wire.NoSchemaError)):
			all = append(all, fmt.Sprintf("%d (unknown there, %.12s here)", s.ID, s.Fingerprint))
		case err == nil && !isSchema(text, s.Fingerprint):
			all = append(all, fmt.Sprintf("%d (another schema there, %.12s here)", s.ID, s.Fingerprint))
		}
	}
	return strings.Join(all, ", ")
}
