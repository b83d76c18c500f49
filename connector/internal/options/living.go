package options

import (
	"context"
	"fmt"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
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
	Use      func(*wire.Plan) // hands a plan to whoever scans by it

	format  strategies.Format
	text    string
	plan    *wire.Plan
	latest  wire.Version // where schemas are not registered
	settled bool         // the registry has been asked
	used    bool         // the plan was handed to Use
}

// NewLiving returns the schema of a stream whose plan was compiled as it is configured, and is scanned by.
func NewLiving(s config.Stream, format strategies.Format, registry *wire.Registry, plan *wire.Plan, use func(*wire.Plan)) *Living {
	return &Living{Stream: s, Registry: registry, Use: use, format: format, text: Schema(s), plan: plan, used: true}
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
		plan, err := Plan(s, l.format)
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

// ID is the id that the schema has in the registry; 0: it has none yet.
func (l *Living) ID(ctx context.Context) (int, error) {
	if !l.Stream.AutoRegister {
		return l.latest.ID, nil
	}
	return l.Registry.Lookup(ctx, Subject(l.Stream), l.text)
}

// Register gives the plan the schema's id, under which it is registered where that is wanted.
func (l *Living) Register(ctx context.Context) (id int, err error) {
	if id = l.latest.ID; l.Stream.AutoRegister {
		id, err = l.Registry.Register(ctx, Subject(l.Stream), l.text)
	}
	if err == nil {
		err = l.plan.SetSchemaID(id)
	}
	if err == nil && !l.used {
		l.used = true
		l.Use(l.plan)
	}
	return id, err
}
