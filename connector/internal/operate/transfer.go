package operate

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
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
		d.Streams = append(d.Streams, Dumped{s.At, s.Cursor})
		for _, known := range s.Cursor.Schemas {
			if text, ok := texts[known.Fingerprint]; ok {
				d.Schemas[known.Fingerprint] = text
			}
		}
	}
	return d, nil
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

// Import makes a cursor of an export the stream's. The topic has to be the one that the cursor was written for, and
// to hold what it says; with adopt, another one is taken for a copy with all of its records.
func Import(ctx context.Context, p Parts, from Dumped, schemas map[string]string, adopt bool, ask Ask) error {
	c, err := p.adopt(from.Cursor)
	if err != nil {
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
	if _, err := p.onto(c, found, adopt); err != nil {
		return err
	}
	plan := Change{Stream: p.Stream.Name, Strategy: p.Stream.Strategy, Topic: p.Stream.Topic, Was: stored.Mark, Will: c.Mark, Sweep: stored.Sweep != nil, Committed: from.Committed}
	if yes, err := ask(plan); err != nil || !yes {
		return err
	}
	return p.commit(ctx, false, func(_ strategies.Cursor, sink *kafka.Sink) (strategies.Cursor, error) {
		next, err := p.onto(c, sink.Found(), adopt)
		if err != nil {
			return next, err
		}
		sink.Resume(next)
		for _, known := range next.Schemas {
			if text, ok := schemas[known.Fingerprint]; ok {
				sink.Keep(known.Fingerprint, text)
			}
		}
		return next, nil
	})
}

// onto is the cursor for the topic that was found.
func (p Parts) onto(c strategies.Cursor, found kafka.Found, adopt bool) (strategies.Cursor, error) {
	if found.Missing {
		return c, class.Errorf(class.Config, "topic %s does not exist, so it does not hold what the cursor of stream %s says: run the stream without an import, "+
			"which reads everything", p.Stream.Topic, p.Stream.Name)
	}
	lost := kafka.Lost(c, found)
	if lost == "" {
		return c, nil
	}
	if !adopt {
		return c, class.Errorf(class.Config, "topic %s is not as the cursor of stream %s knows it, %s: with that cursor rows would be missing in it. "+
			"Run the stream without an import, which reads everything and writes what the topic has not; or, where the topic is a whole copy of the other one, use --adopt-topic",
			p.Stream.Topic, p.Stream.Name, lost)
	}
	c.Topic, c.ReadBack, c.Written, c.Again = nil, nil, nil, nil
	return c, nil
}
