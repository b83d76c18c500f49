package options

import (
	"context"
	"fmt"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// What subject_strategy says beside topic.
const (
	subjectRecord      = "record"
	subjectTopicRecord = "topic_record"
)

// Subject is the name of the stream's schema in the registry.
func Subject(s config.Stream) string {
	switch s.SubjectStrategy {
	case subjectRecord:
		return wire.RecordName(Schema(s))
	case subjectTopicRecord:
		return s.Topic + "-" + wire.RecordName(Schema(s))
	}
	return s.Topic + "-value"
}

// Living is the schema that a stream writes with, and its plan: the configured one; with on_new_field: evolve that with what
// rows have taught an earlier life of the stream, which the subject's latest version has; with auto_register: false
// that version itself. It is used by one goroutine at a time.
type Living struct {
	Stream   config.Stream
	Registry *wire.Registry
	Codec    *format.Codec    // of streams whose schema does not change while they run
	Use      func(*wire.Plan) // hands a plan to whoever scans by it

	cursor  strategies.Format
	text    string
	plan    *wire.Plan
	latest  wire.Version // where schemas are not registered
	settled bool         // the registry has been asked
	used    bool         // the plan was handed to Use
}

// NewLiving returns the schema of a stream whose plan was compiled as it is configured, and is scanned by.
func NewLiving(s config.Stream, cursor strategies.Format, registry *wire.Registry, plan *wire.Plan, codec *format.Codec, use func(*wire.Plan)) *Living {
	return &Living{Stream: s, Registry: registry, Codec: codec, Use: use, cursor: cursor, text: Schema(s), plan: plan, used: true}
}

// Plan is the schema's plan.
func (l *Living) Plan() *wire.Plan { return l.plan }

// Text is the schema.
func (l *Living) Text() string { return l.text }

// Settle asks the registry what it has to say of the schema, once. It registers nothing.
func (l *Living) Settle(ctx context.Context) error {
	if l.settled {
		return nil
	}
	text, latest, err := l.settle(ctx)
	if err != nil {
		return err
	}
	if text != l.text {
		s := l.Stream
		s.Schema, s.SchemaPath = text, ""
		plan, err := Plan(s, l.cursor)
		if err != nil {
			return fmt.Errorf("taking the latest schema of subject %s: %w", Subject(l.Stream), err)
		}
		l.text, l.plan = text, plan
		l.Use(plan)
	}
	l.latest, l.settled = latest, true
	return nil
}

func (l *Living) settle(ctx context.Context) (string, wire.Version, error) {
	s, subject := l.Stream, Subject(l.Stream)
	if s.AutoRegister && s.OnNewField != admit.OnNewEvolve {
		return l.text, wire.Version{}, nil
	}
	latest, err := l.Registry.Latest(ctx, subject)
	if err != nil {
		return "", latest, err
	}
	if s.AutoRegister {
		text, err := wire.Merged(Schema(s), latest.Schema)
		if err != nil {
			return "", latest, class.Errorf(class.Config, "stream %s: on_new_field is evolve, so what the latest schema of subject %s has besides belongs to the stream's: %w; "+
				"give the fields to the schema's file, or use another on_new_field", s.Name, subject, err)
		}
		return text, latest, nil
	}
	if latest.Schema == "" {
		return "", latest, class.Errorf(class.Config, "stream %s: auto_register is false, and subject %s has no schema: register one, or set auto_register: true", s.Name, subject)
	}
	return latest.Schema, latest, nil
}

// Learn makes the schema one that has grown. scans says that answers are scanned by it from now on; else they are once it
// is registered.
func (l *Living) Learn(g *wire.Growth, scans bool) {
	l.text, l.plan, l.used = g.Text, g.Plan, scans
	if scans {
		l.Use(l.plan)
	}
}

// Subjects are the schemas that the stream registers: that of its values, where they have one, and that of its keys.
func (l *Living) Subjects() []format.Subject {
	if l.Codec == nil {
		return []format.Subject{{Name: Subject(l.Stream), Schema: wire.Avro(l.text), Value: true}}
	}
	return l.Codec.Subjects(l.Stream, l.text)
}

// Registered reports whether the registry has all of them.
func (l *Living) Registered(ctx context.Context) (all bool, err error) {
	all = true
	err = l.find(ctx, func(_ format.Subject, id int) error { all = all && id > 0; return nil })
	return all, err
}

// Identify gives the plan and the codec the ids that the schemas have in the registry. No record has that of one which is not
// registered.
func (l *Living) Identify(ctx context.Context) error {
	return l.find(ctx, func(of format.Subject, id int) error {
		if id == 0 {
			return nil
		}
		return l.identify(of, id)
	})
}

// find hands the schemas' ids to fn; 0: the registry has none.
func (l *Living) find(ctx context.Context, fn func(of format.Subject, id int) error) error {
	for _, of := range l.Subjects() {
		id, err := l.latest.ID, error(nil)
		if l.Stream.AutoRegister {
			id, err = l.Registry.Lookup(ctx, of.Name, of.Schema)
		}
		if err == nil {
			err = fn(of, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *Living) identify(of format.Subject, id int) error {
	l.Codec.Identify(of, id)
	if !of.Value {
		return nil
	}
	return l.plan.SetSchemaID(id)
}

// Register gives plan and codec the schemas' ids, under which they are registered where that is wanted. id is that of the
// values; 0: they have none.
func (l *Living) Register(ctx context.Context) (id int, err error) {
	for _, of := range l.Subjects() {
		n := l.latest.ID
		if l.Stream.AutoRegister {
			n, err = l.Registry.RegisterAs(ctx, of.Name, of.Schema)
		}
		if err == nil {
			err = l.identify(of, n)
		}
		if err != nil {
			return 0, err
		}
		if of.Value {
			id = n
		}
	}
	if !l.used {
		l.used = true
		l.Use(l.plan)
	}
	return id, nil
}
