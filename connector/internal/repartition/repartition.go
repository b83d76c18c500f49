// Package repartition moves a stream's keys to the partitions where they belong, after partitions were added
// to its topic. A key's partition goes by the number in the cursor until then (P4).
package repartition

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// Done says what a repartition has done to one stream's topic.
type Done struct {
	Stream, Topic string
	From, To      int   // partitions over which the keys were and are spread
	Moved         int64 // rows written to the partition where they belong now
	Buried        int64 // tombstones written to those where they lay
}

// ErrNothing is the error of a repartition of a stream whose keys lie where they belong.
var ErrNothing = class.Wrap(class.Config, errors.New("there is nothing to move"))

// Parts are the stream whose keys are moved, and what a worker would open it by.
type Parts struct {
	Stream config.Stream
	Kafka  config.Kafka
	Opener *stream.Opener
	Sink   kafka.Options
}

// Run spreads a stream's keys over all the partitions that its topic has now. Each key that
// belongs elsewhere has its last row written there, and a tombstone where it lay, in one
// transaction. A worker of the stream is fenced, as by another worker; until the end none can
// start. One that broke off is run again.
func Run(ctx context.Context, p Parts) (done Done, err error) {
	done = Done{Stream: p.Stream.Name, Topic: p.Stream.Topic}
	opts := p.Sink
	opts.Agrees = func(c strategies.Cursor, f kafka.Found) error { return p.Opener.Agrees(c, kafka.Remade(c, f)) }
	opts.Fits = func(stored strategies.Cursor) error {
		_, err := stream.Adopt(stored, p.Stream)
		return err
	}
	if err := p.Opener.Prepare(ctx); err != nil {
		return done, err
	}
	m := &mover{stream: p.Stream, kafka: p.Kafka, opener: p.Opener, done: &done}
	if err := m.worth(ctx, opts); err != nil {
		return done, err
	}
	if m.sink, err = kafka.NewSink(opts); err != nil {
		return done, err
	}
	defer m.sink.Close()
	if err := m.move(ctx); err != nil {
		return done, fmt.Errorf("moving the keys of stream %s: %w", p.Stream.Name, err)
	}
	return done, nil
}

// mover moves keys. It takes them in shards by hash, and reads the topic twice for each, so
// that memory keeps to window_rows whatever the topic's size (P10).
type mover struct {
	stream config.Stream
	kafka  config.Kafka
	opener *stream.Opener
	sink   *kafka.Sink
	stored strategies.Cursor
	done   *Done
	to     int // partitions
	shards uint64

	records []kafka.Record // of the next transaction
	placed  []int32
	bytes   int64
}

// headerMoved is in a tombstone that only says that the key has moved: the partition where
// its row is now.
const headerMoved = "tidemark.moved"

// worth fails where nothing has to be moved, before anybody is fenced.
func (m *mover) worth(ctx context.Context, o kafka.Options) error {
	stored, err := o.Stored(ctx)
	if err != nil {
		return err
	}
	if stored.Version == 0 {
		return fmt.Errorf("%w: stream %s has not run yet", ErrNothing, o.Stream)
	}
	found, err := o.Look(ctx, []string{o.Topic})
	if err != nil {
		return class.Wrap(class.Broker, fmt.Errorf("looking at topic %s: %w", o.Topic, err))
	}
	f := found[o.Topic]
	f.Forgets = true // what retention has removed need not be moved
	if lost := kafka.Lost(stored, f); lost != "" || f.Missing {
		return class.Errorf(class.Broker, "topic %s, %s: run the stream first, which reads again what the topic has lost", o.Topic, lost)
	}
	if err := m.opener.Agrees(stored, false); err != nil {
		return err
	}
	if err := m.opener.Back.Bodies.Lexicon().Adopt(stored.Schemas); err != nil {
		return err
	}
	m.done.From, m.done.To = kafka.Spread(stored, f), len(f.Ends)
	m.to = m.done.To
	if m.done.From != m.done.To || stream.Moving(stored) {
		return nil
	}
	m.count(f)
	for shard := range m.shards {
		plans, err := m.survey(ctx, shard, o.Read)
		if err != nil || len(plans) > 0 {
			return err
		}
	}
	return fmt.Errorf("%w: topic %s has %d partitions, and every key of stream %s lies where it belongs", ErrNothing, o.Topic, m.to, o.Stream)
}

// count decides in how many shards the keys are taken. A key costs up to eight entries of a
// window.
func (m *mover) count(f kafka.Found) {
	var records int64
	for p := range f.Ends {
		records += f.Ends[p] - f.Starts[p]
	}
	m.shards = uint64(8*records/int64(m.stream.WindowRows)) + 1
}

func (m *mover) move(ctx context.Context) error {
	c, err := m.sink.Open(ctx)
	if err != nil {
		return err
	}
	found := m.sink.Found()
	if lost := kafka.Lost(c, found); lost != "" {
		return class.Errorf(class.Broker, "topic %s, %s: run the stream first, which reads again what the topic has lost", m.stream.Topic, lost)
	}
	m.sink.Respread()
	m.to = m.sink.Spread()
	m.done.To = m.to
	m.count(found)
	// The window's rows lie elsewhere now: the next start reads the topic from its beginning.
	if c.ReadBack = nil; c.Sweep != nil {
		sweep := *c.Sweep
		sweep.ReadBack, c.Sweep = nil, &sweep
	}
	m.opener.Sink, m.opener.Back.Topic = m.sink, m.sink
	if c, err = m.opener.Speak(c); err != nil {
		return err
	}
	if m.stored, err = m.sink.Commit(ctx, nil, c); err != nil {
		return err
	}
	scan := func(ctx context.Context, fn func(*kgo.Record) error) error { return m.sink.Scan(ctx, nil, fn) }
	for shard := range m.shards {
		plans, err := m.survey(ctx, shard, scan)
		if err != nil {
			return err
		}
		if len(plans) == 0 {
			continue
		}
		if err := scan(ctx, func(rec *kgo.Record) error { return m.carry(ctx, rec, plans) }); err != nil {
			return err
		}
		if err := m.flush(ctx); err != nil {
			return err
		}
	}
	m.sink.Settled()
	_, err = m.sink.Commit(ctx, nil, m.opener.Learnt(m.stored))
	return err
}

// carry writes what has to be done for a key when its last event comes by.
func (m *mover) carry(ctx context.Context, rec *kgo.Record, plans map[uint64]*plan) error {
	p := plans[window.KeyHash(rec.Key)]
	if p == nil || p.partition != rec.Partition || p.offset != rec.Offset {
		return nil
	}
	v, _, err := m.opener.Back.Inspect(ctx, rec)
	if err != nil {
		return err
	}
	v.Raw = []byte(readback.Render(m.opener.Format, v))
	home := kafka.Home(rec, m.to)
	if !p.dead && !p.home {
		m.add(kafka.Record{Key: rec.Key, Value: rec.Value, Headers: rec.Headers}, home)
		m.done.Moved++
	}
	if p.dead && !p.home && p.both {
		m.add(admit.Tombstone(&strategies.Row{Key: rec.Key, Value: v}), home)
		m.done.Buried++
	}
	for _, at := range p.live {
		t := admit.Tombstone(&strategies.Row{Key: rec.Key, Value: v})
		t.Headers = append(t.Headers, kgo.RecordHeader{Key: headerMoved, Value: strconv.AppendInt(nil, int64(home), 10)})
		m.add(t, at)
		m.done.Buried++
	}
	if m.bytes < m.kafka.MaxInFlight/2 && len(m.records) < 10_000 {
		return nil
	}
	return m.flush(ctx)
}

func (m *mover) add(r kafka.Record, partition int32) {
	r.Ready = true // an envelope has nothing to say of a key that moves
	m.records, m.placed = append(m.records, r), append(m.placed, partition)
	m.bytes += int64(len(r.Key) + len(r.Value))
}

// flush commits what was carried: a key's row in its new place and the tombstones in its old
// ones are in one transaction.
func (m *mover) flush(ctx context.Context) error {
	if len(m.records) == 0 {
		return nil
	}
	stored, err := m.sink.Place(ctx, m.records, m.placed, m.stored)
	if err != nil {
		return err
	}
	m.stored = stored
	m.records, m.placed, m.bytes = m.records[:0], m.placed[:0], 0
	return nil
}
