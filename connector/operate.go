package connector

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/operate"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/rescan"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/verify"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// StateChange is what is to be done to a stream's state.
type StateChange = operate.Change

// StateDump is what ExportState writes.
type StateDump = operate.Dump

// AskState decides about a change that is planned, before anybody is fenced; false: nothing is done.
type AskState = operate.Ask

// ErrNoState is the error of a change of a stream of which the state topic has nothing.
var ErrNoState = kafka.ErrNoState

// Verification is what Verify and Repair have found.
type Verification = verify.Report

// Progress is how far they have come.
type Progress = verify.Progress

// ErrDiffers is the error of a topic that Verify does not prove to be as the API says; exit code 1.
var ErrDiffers = verify.ErrDiffers

// Rewind lets a stream of the configuration read again from a value on: a mark as the API writes it, or a time where
// cursor values are times. A worker of the stream is fenced. What the topic has is not written once more, but where again
// is set: then the rows from there on are.
func Rewind(ctx context.Context, cfg *config.Config, name, to string, again bool, ask AskState, o Options) error {
	return operating(cfg, name, o, func(p operate.Parts) error { return operate.Rewind(ctx, p, to, again, ask) })
}

// Reset lets a stream begin anew on its topic, from its first mark on. A worker of the stream is fenced. What the topic
// has is not written once more, but where again is set.
func Reset(ctx context.Context, cfg *config.Config, name string, again bool, ask AskState, o Options) error {
	return operating(cfg, name, o, func(p operate.Parts) error { return operate.Reset(ctx, p, again, ask) })
}

// DeleteState removes what the state topic has of a stream, which need not be in the configuration any more. Its
// workers are fenced. The output topic stays. secret also removes what the API has replaced of the stream's own credentials.
func DeleteState(ctx context.Context, cfg *config.Config, name string, secret bool, ask AskState, o Options) error {
	if err := o.enters(cfg); err != nil {
		return err
	}
	s, err := named(cfg, name)
	states, owners, failed := sinkOptions(cfg, s, o.Logger, o.deps).States(ctx)
	if failed != nil {
		return failed
	}
	if err != nil {
		s = config.Stream{Name: name}
		for topic, owner := range owners {
			if owner.Stream == name {
				s.Topic = topic
			}
		}
	}
	at := slices.IndexFunc(states, func(s kafka.State) bool { return s.Stream == name })
	if at < 0 {
		return fmt.Errorf("%w: %s", ErrNoState, name)
	}
	return operate.Delete(ctx, sinkOptions(cfg, s, o.Logger, o.deps), states[at].Cursor, states[at].At, secret, ask)
}

// ExportState reads the stored cursors of streams of the configuration; of all of them, where none is named. It fences
// nobody, and holds no credential.
func ExportState(ctx context.Context, cfg *config.Config, names []string, o Options) (StateDump, error) {
	if err := o.enters(cfg); err != nil {
		return StateDump{}, err
	}
	for _, name := range names {
		if _, err := named(cfg, name); err != nil {
			return StateDump{}, err
		}
	}
	if len(names) == 0 {
		for _, s := range cfg.Streams {
			names = append(names, s.Name)
		}
	}
	return operate.Export(ctx, sinkOptions(cfg, config.Stream{}, o.Logger, o.deps), names)
}

// ReadState reads what ExportState has written, as JSON. Errors have class Config.
func ReadState(from io.Reader) (StateDump, error) { return operate.ReadDump(from) }

// ImportState makes the cursors of an export those of the configuration's streams. Streams that the configuration has not
// are returned. With adopt, a topic that is not the one of the export is taken for a copy with all of its records.
func ImportState(ctx context.Context, cfg *config.Config, dump StateDump, adopt bool, ask AskState, o Options) (others []string, err error) {
	for _, d := range dump.Streams {
		name := d.Cursor.Stream
		if _, err := named(cfg, name); err != nil {
			others = append(others, name)
			continue
		}
		err := operating(cfg, name, o, func(p operate.Parts) error { return operate.Import(ctx, p, d, dump.Schemas, adopt, ask) })
		if err != nil {
			return others, fmt.Errorf("importing the state of stream %s: %w", name, err)
		}
	}
	return others, nil
}

// operating hands out the parts of a stream whose state is changed.
func operating(cfg *config.Config, name string, o Options, do func(operate.Parts) error) error {
	return examining(cfg, name, o, func(r *reader, _ Options) error {
		return do(operate.Parts{Stream: r.parts.Stream, Sink: r.target, Back: r.back})
	})
}

// examining hands out what reads a stream's topic and API.
func examining(cfg *config.Config, name string, o Options, do func(*reader, Options) error) error {
	s, err := named(cfg, name)
	if err == nil {
		err = o.enters(cfg)
	}
	if err != nil {
		return err
	}
	o.deps.apis = newAPIs(cfg, o)
	defer o.deps.apis.Close()
	r, err := newReader(cfg, s, o)
	if err != nil {
		return err
	}
	defer r.source.Close()
	return do(r, o)
}

// reader reads a stream's topic and API, and leaves nothing behind: it registers no schema.
type reader struct {
	parts    reading.Parts
	source   *reading.API
	plan     *wire.Plan
	registry *wire.Registry
	target   kafka.Options
	cfg      *config.Config
}

func newReader(cfg *config.Config, s config.Stream, o Options) (*reader, error) {
	registry, err := options.Registry(cfg)
	if err != nil {
		return nil, err
	}
	parts, source, plan, err := newReading(s, cfg.Kafka, alone(cfg).Share(), o)
	if err != nil {
		return nil, err
	}
	target := sinkOptions(cfg, s, parts.Report.Log, o.deps)
	parts.Rules.Codec.Into(&target)
	return &reader{parts, source, plan, registry, target, cfg}, nil
}

// back reads the topic's records as a cursor says what their schema ids mean.
func (r *reader) back(ctx context.Context, c strategies.Cursor) (*readback.Reader, error) {
	s := r.parts.Stream
	living := options.NewLiving(s, r.parts.Format, r.registry, r.plan, r.parts.Rules.Codec, r.source.Use, keeps(r.target))
	err := living.Settle(ctx)
	if err == nil {
		err = living.Identify(ctx)
	}
	if err != nil {
		return nil, err
	}
	bodies, err := readback.NewInspector(living.Codec, living.Plan(), living.Text(), r.registry, r.target.Schema)
	if err == nil {
		err = stream.Disagreement(s, r.cfg.Kafka, bodies.Lexicon().Adopt(c.Schemas))
	}
	return &readback.Reader{Stream: s, Format: r.parts.Format, Bodies: bodies, Rules: r.parts.Rules, Report: r.parts.Report}, err
}

// Verify holds all of a stream's topic against all of its API, and returns what is not as it should be; it changes and
// fences nothing (rule 7), and a worker may be running. The error is of what kept it from that.
func Verify(ctx context.Context, cfg *config.Config, name string, tell func(Progress), o Options) (found Verification, err error) {
	o.Once = true
	err = examining(cfg, name, o, func(r *reader, _ Options) error {
		s := r.parts.Stream
		stored, err := r.target.Stored(ctx)
		if err == nil {
			stored, err = stream.Adopt(stored, s)
		}
		if err != nil {
			return err
		}
		topic, err := r.target.LookAt(ctx)
		if err != nil {
			return err
		}
		if topic.Missing {
			return class.Errorf(class.Broker, "topic %s does not exist: run the stream first", s.Topic)
		}
		back, err := r.back(ctx, stored)
		if err != nil {
			return err
		}
		if r.parts.Rules.Limits.Record, err = r.target.MaxRecord(ctx); err != nil {
			return err
		}
		looks := rescan.Looks{Reading: r.parts, Source: r.source, Once: true, Share: alone(cfg).Share, Hold: pauses,
			Now: time.Now, Hands: reading.Beside, Unsorted: stored.Unsorted || !s.Sorted}
		found, err = verify.Run(ctx, verify.Parts{Looks: looks, Back: back, Stored: stored, Spread: kafka.Spread(stored, topic),
			Read: r.target.ReadFrom, Records: records(topic.Starts, topic.Ends), Progress: tell})
		return err
	})
	return found, err
}

// Repair is Verify that also writes what it finds: rows that are missing or stale, and tombstones for keys that two looks
// at all of the API have not shown, no more of them than max_delete_ratio. A worker of the stream is fenced.
func Repair(ctx context.Context, cfg *config.Config, name string, tell func(Progress), o Options) (found Verification, err error) {
	o.Once = true
	err = examining(cfg, name, o, func(r *reader, o Options) error {
		u, err := newUnit(cfg, r.parts.Stream, r.registry, alone(cfg), o)
		if err != nil {
			return err
		}
		defer u.driver.Source.Close()
		opened, err := u.driver.Opener.Open(ctx, nil)
		if err != nil {
			return err
		}
		if opened.Kept != nil {
			opened.Kept.Answer.LetGo()
		}
		sink := u.driver.Opener.Sink
		defer sink.Close()
		u.scanner.Reading.Grow = nil // what is new the stream's own worker learns
		u.scanner.Reading.Rules.Limits = opened.Topic.Limits
		found, err = verify.Run(ctx, verify.Parts{Looks: u.scanner.Looks(opened.Stored), Back: u.scanner.Back, Stored: opened.Stored, Spread: sink.Spread(),
			Read: func(ctx context.Context, from []int64, fn func(*kgo.Record) error) ([]int64, error) {
				return sink.Ends(), sink.Scan(ctx, from, fn)
			},
			Records: records(sink.Found().Starts, sink.Found().Ends), Repair: u.scanner, Progress: tell})
		return err
	})
	return found, err
}

func records(starts, ends []int64) (n int64) {
	for p := range ends {
		n += ends[p] - starts[p]
	}
	return n
}
