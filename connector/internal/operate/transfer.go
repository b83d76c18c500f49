package operate

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Dump is what an export writes: the cursors of some streams, and the schemas that they name. It holds no credential: what
// APIs have replaced of them is left out, and so are open sweeps, whose tokens and addresses may be some.
type Dump struct {
	Version    int               `json:"tidemark_state"`
	StateTopic string            `json:"state_topic"`
	Streams    []Dumped          `json:"streams"`
	Schemas    map[string]string `json:"schemas"` // by fingerprint
}

// Dumped is one stream of a dump.
type Dumped struct {
	Committed time.Time         `json:"committed"`
	Cursor    strategies.Cursor `json:"cursor"`
}

const dumpVersion = 1

// Export reads the cursors of the streams. Those that have not run yet are left out.
func Export(ctx context.Context, o kafka.Options, streams []string) (Dump, error) {
	d := Dump{Version: dumpVersion, StateTopic: o.StateTopic, Streams: []Dumped{}, Schemas: map[string]string{}}
	states, _, err := o.States(ctx)
	if err != nil {
		return d, err
	}
	byStream := make(map[string]kafka.State, len(states))
	for _, s := range states {
		byStream[s.Stream] = s
	}
	texts, err := o.Schemas(ctx)
	if err != nil {
		return d, err
	}
	for _, name := range streams {
		s, ok := byStream[name]
		if !ok {
			continue
		}
		if s.Err == nil {
			s.Err = class.Wrap(class.Broker, s.Cursor.Newer(name))
		}
		if s.Err != nil {
			return d, s.Err
		}
		s.Cursor.Sweep = nil
		d.add(Dumped{s.At, s.Cursor}, texts)
	}
	return d, nil
}

// add adds a stream, and those of the schemas that it names.
func (d *Dump) add(s Dumped, texts map[string]string) {
	d.Streams = append(d.Streams, s)
	for _, known := range s.Cursor.Schemas {
		if text, ok := texts[known.Fingerprint]; ok {
			d.Schemas[known.Fingerprint] = text
		}
	}
}

// Of is what the dump has of one stream.
func (d Dump) Of(stream string) Dump {
	one := Dump{Version: d.Version, StateTopic: d.StateTopic, Streams: []Dumped{}, Schemas: map[string]string{}}
	for _, s := range d.Streams {
		if s.Cursor.Stream == stream {
			one.add(s, d.Schemas)
		}
	}
	return one
}

// ReadDump reads what Export wrote. Errors have class Config.
func ReadDump(r io.Reader) (d Dump, err error) {
	var raw struct {
		Dump
		Streams []struct {
			Committed time.Time       `json:"committed"`
			Cursor    json.RawMessage `json:"cursor"`
		} `json:"streams"`
	}
	if err := json.NewDecoder(r).Decode(&raw); err != nil {
		return d, class.Errorf(class.Config, "reading the export: %w", err)
	}
	if raw.Version != dumpVersion {
		return d, class.Errorf(class.Config, "reading the export: tidemark_state is %d, this tidemark reads %d", raw.Version, dumpVersion)
	}
	d = raw.Dump
	for i, s := range raw.Streams {
		c, err := strategies.ParseCursor(s.Cursor)
		if err == nil {
			err = c.Newer(c.Stream)
		}
		if err != nil {
			return d, class.Errorf(class.Config, "reading the export, streams[%d].cursor: %w", i, err)
		}
		d.Streams = append(d.Streams, Dumped{s.Committed, c})
	}
	for fingerprint, text := range d.Schemas {
		if !wire.KnownBy(fingerprint, text) {
			return d, class.Errorf(class.Config, "reading the export: the schema under %.12s is another one", fingerprint)
		}
	}
	return d, nil
}

// Exported is what an export has of a stream, for a worker that is to go on from there.
func Exported(from io.Reader, name string) (*stream.Imported, error) {
	d, err := ReadDump(from)
	if err != nil {
		return nil, err
	}
	for _, s := range d.Streams {
		if s.Cursor.Stream == name {
			return &stream.Imported{Cursor: s.Cursor, Schemas: d.Schemas}, nil
		}
	}
	return nil, class.Errorf(class.Config, "the export has no stream %q", name)
}

// Import makes a cursor of an export the stream's. The topic has to be the one that the cursor was written for, and
// to hold what it says; with adopt, another one is taken for a copy with all of its records.
func Import(ctx context.Context, p Parts, from Dumped, schemas map[string]string, adopt bool, ask Ask) error {
	wanted := stream.Imported{Cursor: from.Cursor, Schemas: schemas, Copied: adopt}
	if _, err := wanted.Fits(p.Stream); err != nil {
		return err
	}
	stored, err := p.stored(ctx)
	if err != nil {
		return err
	}
	found, err := p.Sink.LookAt(ctx)
	if err != nil {
		return err
	}
	c, err := wanted.Onto(stored, found, p.Stream)
	if err != nil {
		return err
	}
	plan := Change{Stream: p.Stream.Name, Strategy: p.Stream.Strategy, Topic: p.Stream.Topic, Was: stored.Mark, Will: c.Mark, Sweep: stored.Sweep != nil, Committed: from.Committed}
	if yes, err := ask(plan); err != nil || !yes {
		return err
	}
	return p.commit(ctx, false, func(stored strategies.Cursor, sink *kafka.Sink) (strategies.Cursor, error) {
		next, err := wanted.Onto(stored, sink.Found(), p.Stream)
		if err == nil {
			wanted.Prepare(sink, stored, next)
		}
		return next, err
	})
}
