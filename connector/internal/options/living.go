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

// Subject is the name of the stream's schema in the registry, where values are rows in Avro.
func Subject(s config.Stream) string { return format.SubjectOf(s, wire.RecordName(Schema(s))) }

// Living is the schema that a stream writes with, and its plan: the configured one; with on_new_field: evolve that with what
// rows have taught an earlier life of the stream, which the subject's latest version has, or where values are not rows in Avro the
// state topic; with auto_register: false that version itself, which other values have to be held by. It is used by one goroutine at a time.
type Living struct {
	Stream   config.Stream
	Registry *wire.Registry
	Codec    *format.Codec
	Use      func(*wire.Plan) // hands a plan to whoever scans by it
	Kept     Kept

	cursor  strategies.Format
	text    string
	before  string // the schema that was settled, which rows may since have taught something
	plan    *wire.Plan
	rows    map[string]bool // the schemas of rows that are in it, by fingerprint: that of the cursor it was settled by, and its own ones
	latest  map[string]int  // ids by subject, where schemas are not registered
	settled bool            // the registry has been asked
	sure    bool            // and once more, when nobody else could write
	used    bool            // the plan was handed to Use
}

// Kept reads the fingerprint of the schema of rows that a stream's cursor has, and the text that the state topic keeps of it; "": none.
type Kept func(ctx context.Context) (fingerprint, text string, err error)

// NewLiving returns the schema of a stream whose plan was compiled as it is configured, and is scanned by.
func NewLiving(s config.Stream, cursor strategies.Format, registry *wire.Registry, plan *wire.Plan, codec *format.Codec, use func(*wire.Plan),
	kept Kept) *Living {
	return &Living{Stream: s, Registry: registry, Codec: codec, Use: use, Kept: kept, cursor: cursor, text: Schema(s), before: Schema(s), plan: plan, used: true, rows: map[string]bool{}}
}

// Plan is the schema's plan.
func (l *Living) Plan() *wire.Plan { return l.plan }

// Text is the schema.
func (l *Living) Text() string { return l.text }

// Subject is the name of the values' schema in the registry; "": they have none.
func (l *Living) Subject() string {
	for _, of := range l.Subjects() {
		if of.Value {
			return of.Name
		}
	}
	return ""
}

// Behind reports whether an earlier worker has written with a schema that Settle did not see, because it was at work until it was
// fenced. rows is the cursor's, which nobody else changes any more; where values are rows in Avro the registry tells, which is asked
// once behind each Settle. Then Settle asks again; the stream is to be opened anew. Records of the later schema would be read by the
// earlier one, and a row that has lost a field again would be taken for the one that has it.
func (l *Living) Behind(ctx context.Context, rows string) (bool, error) {
	if l.Stream.OnNewField != admit.OnNewEvolve {
		return false, nil
	}
	if l.Codec == nil {
		if l.sure || !l.Stream.AutoRegister {
			return false, nil
		}
		text, _, err := l.settle(ctx)
		if err != nil {
			return false, err
		}
		if rows, err = wire.Fingerprint(text); err != nil {
			return false, class.Wrap(class.Config, err)
		}
		l.sure = true
	}
	if rows == "" || l.rows[rows] {
		return false, nil
	}
	l.settled = false
	return true, nil
}

// has takes a text for one of its own.
func (l *Living) has(text string) {
	if own, err := wire.Fingerprint(text); err == nil {
		l.rows[own] = true
	}
	l.text = text
}

// Settle asks the registry, or the state topic, what it has to say of the schema, once. It registers nothing.
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
		if err == nil {
			err = l.Codec.Use(text, plan)
		}
		if err != nil {
			return fmt.Errorf("taking the schema that stream %s has written with last: %w", s.Name, err)
		}
		l.before, l.plan = text, plan
		l.Use(plan)
	}
	l.has(text)
	l.latest, l.settled, l.sure = latest, true, false
	return nil
}

func (l *Living) settle(ctx context.Context) (text string, latest map[string]int, err error) {
	s := l.Stream
	switch {
	case !s.AutoRegister:
		return l.under(ctx)
	case s.OnNewField != admit.OnNewEvolve:
		return l.text, nil, nil
	}
	var known, where string
	if l.Codec != nil {
		where = "the schema that the state topic keeps for it"
		var of string
		of, known, err = l.Kept(ctx)
		l.rows[of] = true
	} else {
		where = "the latest schema of subject " + Subject(s)
		var version wire.Version
		version, err = l.Registry.Latest(ctx, Subject(s))
		known = version.Schema
	}
	if err != nil {
		return "", nil, err
	}
	if text, err = wire.Merged(Schema(s), known); err != nil {
		return "", nil, class.Errorf(class.Config, "stream %s: on_new_field is evolve, so what %s has besides belongs to the stream's: %w; "+
			"give the fields to the schema's file, or use another on_new_field", s.Name, where, err)
	}
	return text, nil, nil
}

// under takes the subjects' latest schemas: that of values which are rows in Avro is the stream's, others have to hold what is written.
func (l *Living) under(ctx context.Context) (text string, latest map[string]int, err error) {
	text, latest = l.text, map[string]int{}
	for _, of := range l.Subjects() {
		version, err := l.Registry.LatestOf(ctx, of.Name, of.Schema.Type)
		switch {
		case err != nil:
			return "", nil, err
		case version.Schema == "":
			return "", nil, class.Errorf(class.Config, "stream %s: auto_register is false, and subject %s has no schema: register one, or set auto_register: true", l.Stream.Name, of.Name)
		case l.Codec == nil:
			text = version.Schema
		default:
			if err := l.Codec.Under(of, version.Schema); err != nil {
				return "", nil, err
			}
		}
		latest[of.Name] = version.ID
	}
	return text, latest, nil
}

// Learn makes the schema one that has grown. scans says that answers are scanned by it from now on; else they are once it
// is registered. Errors have class Config.
func (l *Living) Learn(g *wire.Growth, scans bool) error {
	if err := l.Codec.Use(g.Text, g.Plan); err != nil {
		return err
	}
	l.has(g.Text)
	l.plan, l.used = g.Plan, scans
	if scans {
		l.Use(l.plan)
	}
	return nil
}

// Subjects are the schemas that the stream registers: that of its values, where they have one, and that of its keys.
func (l *Living) Subjects() []format.Subject {
	if l.Codec == nil {
		return []format.Subject{{Name: Subject(l.Stream), Schema: wire.Avro(l.text), Value: true}} // of the record's name in the file
	}
	return l.Codec.Subjects()
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
		id, err := l.latest[of.Name], error(nil)
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
	news := wire.Differences(l.before, l.text)
	for _, of := range l.Subjects() {
		n := l.latest[of.Name]
		if l.Stream.AutoRegister {
			n, err = l.Registry.RegisterAs(ctx, of.Name, of.Schema, news)
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
