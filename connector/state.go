package connector

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/repartition"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// StreamState is the stored state of a configured stream.
type StreamState struct {
	Stream   string
	Strategy string // the configured one
	Found    bool   // false: the stream has not run yet
	Mark     string
	Sweep    string    // what the open sweep is about; empty: none is open
	At       time.Time // when the cursor was written
	Seq      int64
	Worker   string            // that wrote it: host and process
	Cursor   strategies.Cursor // all of it
	Err      error             // the stored cursor cannot be read; what is in it is empty
	Earlier  []StreamState     // where they were asked for: those before it that the state topic still has
}

// States reads the stored cursors of the configured streams, in their order. It reads
// what is committed and fences nobody (rule 7). Where the configuration names no
// brokers, the broker of the data directory is used, as AttachLocal says.
func States(ctx context.Context, cfg *config.Config, o LocalOptions) ([]StreamState, error) {
	return statesOf(ctx, cfg, false, o)
}

// History is States with the cursors before those, as far as the state topic still has them.
func History(ctx context.Context, cfg *config.Config, o LocalOptions) ([]StreamState, error) {
	return statesOf(ctx, cfg, true, o)
}

func statesOf(ctx context.Context, cfg *config.Config, history bool, o LocalOptions) (_ []StreamState, err error) {
	brokers := cfg.Kafka.Brokers
	if len(brokers) == 0 {
		local, attached := AttachLocal(ctx, o)
		if attached != nil {
			return nil, attached
		}
		defer func() { err = errors.Join(err, local.Close()) }()
		brokers = local.Brokers()
	}
	access := kafka.NewAccess(cfg.Kafka.Access)
	if err := access.Usable(); err != nil {
		return nil, err
	}
	topic := kafka.Options{Brokers: brokers, Access: access, StateTopic: cfg.Kafka.StateTopic}
	byStream, err := cursors(ctx, topic, history)
	if err != nil {
		return nil, err
	}
	states := make([]StreamState, 0, len(cfg.Streams))
	for _, s := range cfg.Streams {
		st := StreamState{Stream: s.Name, Strategy: s.Strategy}
		if all := byStream[s.Name]; len(all) > 0 {
			st = stateOf(s, all[len(all)-1])
			for _, found := range all[:len(all)-1] {
				st.Earlier = append(st.Earlier, stateOf(s, found))
			}
		}
		states = append(states, st)
	}
	return states, nil
}

// cursors are those of all streams of the state topic, by name, each stream's last one last; without history, that one only.
func cursors(ctx context.Context, topic kafka.Options, history bool) (map[string][]kafka.State, error) {
	if history {
		return topic.History(ctx)
	}
	stored, _, err := topic.States(ctx)
	byStream := make(map[string][]kafka.State, len(stored))
	for _, s := range stored {
		byStream[s.Stream] = []kafka.State{s}
	}
	return byStream, err
}

func stateOf(s config.Stream, found kafka.State) StreamState {
	st := StreamState{Stream: s.Name, Strategy: s.Strategy, Found: true, At: found.At}
	c := found.Cursor
	if st.Err = class.Wrap(class.Broker, cmp.Or(found.Err, c.Newer(s.Name))); st.Err == nil {
		st.Mark, st.Seq, st.Sweep, st.Worker, st.Cursor = c.Mark, c.Seq, strategies.SaysSweep(c), c.Worker, c
	}
	return st
}

// Claim lets a stream of the configuration have its output topic as it stands: whichever
// stream it belonged to, and whatever others have written into it. Workers of both streams
// that still run are fenced (P5). The next start reads back what the topic holds. Where the
// configuration names no brokers, the broker of the data directory is used, as AttachLocal
// says.
func Claim(ctx context.Context, cfg *config.Config, name string, log *slog.Logger, o LocalOptions) (err error) {
	s, err := named(cfg, name)
	access := kafka.NewAccess(cfg.Kafka.Access)
	if err == nil {
		err = access.Usable()
	}
	if err != nil {
		return err
	}
	brokers := cfg.Kafka.Brokers
	if len(brokers) == 0 {
		local, attached := AttachLocal(ctx, o)
		if attached != nil {
			return attached
		}
		defer func() { err = errors.Join(err, local.Close()) }()
		brokers = local.Brokers()
	}
	options := sinkOptions(cfg, s, log.With("stream", s.Name), deps{access: access})
	options.Brokers, options.Claim = brokers, true
	sink, err := kafka.NewSink(options)
	if err != nil {
		return err
	}
	defer sink.Close()
	cursor, err := sink.Open(ctx)
	if err == nil {
		cursor, err = stream.Adopt(cursor, s)
	}
	if err == nil {
		_, err = sink.Commit(ctx, nil, stream.Claimed(cursor, sink.Found(), sink.Ends()))
	}
	return err
}

// Repartitioned says what a Repartition has done to one stream's topic.
type Repartitioned = repartition.Done

// ErrNothingToMove is the error of a Repartition of a stream whose keys lie where they belong.
var ErrNothingToMove = repartition.ErrNothing

// Repartition spreads a stream's keys over all the partitions that its topic has now. Each
// key that belongs elsewhere has its last row written there, and a tombstone where it lay, in
// one transaction. A worker of the stream is fenced, as by another worker; until the end
// none can start. One that broke off is run again.
func Repartition(ctx context.Context, cfg *config.Config, name string, o Options) (done Repartitioned, err error) {
	s, err := named(cfg, name)
	if err == nil {
		err = o.enters(cfg)
	}
	if err != nil {
		return done, err
	}
	registry, err := options.Registry(cfg)
	if err != nil {
		return done, err
	}
	o.deps.apis = newAPIs(cfg, o)
	defer o.deps.apis.Close()
	u, err := newUnit(cfg, s, registry, alone(cfg), o)
	if err != nil {
		return done, err
	}
	defer u.driver.Source.Close()
	target := sinkOptions(cfg, s, u.report.Log, o.deps)
	u.scanner.Reading.Rules.Codec.Into(&target)
	return repartition.Run(ctx, repartition.Parts{Stream: s, Kafka: cfg.Kafka, Opener: u.driver.Opener, Sink: target})
}

// named is the stream of the configuration that has the name.
func named(cfg *config.Config, name string) (config.Stream, error) {
	at := slices.IndexFunc(cfg.Streams, func(s config.Stream) bool { return s.Name == name })
	if at < 0 {
		return config.Stream{}, class.Errorf(class.Config, "the configuration has no stream %q", name)
	}
	return cfg.Streams[at], nil
}
