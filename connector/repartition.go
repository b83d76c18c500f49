package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Repartitioned says what a Repartition has done to one stream's topic.
type Repartitioned struct {
	Stream, Topic string
	From, To      int   // partitions over which the keys were and are spread
	Moved         int64 // rows written to the partition where they belong now
	Buried        int64 // tombstones written to those where they lay
}

// ErrNothingToMove is the error of a Repartition of a stream whose keys lie where they belong.
var ErrNothingToMove = class.Wrap(class.Config, errors.New("there is nothing to move"))

// Repartition spreads a stream's keys over all the partitions that its topic has now. Each
// key that belongs elsewhere has its last row written there, and a tombstone where it lay, in
// one transaction. A worker of the stream is fenced, as by another worker; until the end
// none can start. One that broke off is run again.
func Repartition(ctx context.Context, cfg *config.Config, stream string, o Options) (done Repartitioned, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for _, s := range cfg.Streams {
		if s.Name == stream {
			return repartition(ctx, cfg, s, o)
		}
	}
	return done, class.Errorf(class.Config, "the configuration has no stream %q", stream)
}

func repartition(ctx context.Context, cfg *config.Config, s config.Stream, o Options) (done Repartitioned, err error) {
	done = Repartitioned{Stream: s.Name, Topic: s.Topic}
	registry, err := wire.NewRegistry(cfg.SchemaRegistry.URL, cfg.SchemaRegistry.Username, cfg.SchemaRegistry.Password.Reveal())
	if err != nil {
		return done, err
	}
	r, err := newRunner(cfg, s, registry, alone(cfg), o)
	if err != nil {
		return done, err
	}
	opts := sinkOptions(cfg, s, r.report.Log, o.deps.client)
	opts.Agrees = func(c strategies.Cursor, f kafka.Found) error { return r.agrees(c, kafka.Remade(c, f)) }
	opts.Fits = func(stored strategies.Cursor) error {
		_, err := adopt(stored, s)
		return err
	}
	source, bodies, err := r.connect(ctx)
	if err != nil {
		return done, err
	}
	defer source.Close()
	r.bodies = bodies
	m := &mover{runner: r, done: &done}
	if err := m.worth(ctx, opts); err != nil {
		return done, err
	}
	if m.sink, err = kafka.NewSink(opts); err != nil {
		return done, err
	}
	defer m.sink.Close()
	if err := m.move(ctx); err != nil {
		return done, fmt.Errorf("moving the keys of stream %s: %w", s.Name, err)
	}
	return done, nil
}

// mover moves keys. It takes them in shards by hash, and reads the topic twice for each, so
// that memory keeps to window_rows whatever the topic's size (P10).
type mover struct {
	*runner
	sink   *kafka.Sink
	stored strategies.Cursor
	done   *Repartitioned
	to     int // partitions
	shards uint64

	records []kafka.Record // of the next transaction
	placed  []int32
	bytes   int64
}

// spot is where a key has records: one partition, and the last of them.
type spot struct {
	key       uint64
	partition int32
}

type lastOf struct {
	n, offset int64
	dead      bool // a tombstone
	home      bool // the partition is where the key belongs
}

// plan is what has to be done for a key: where its last event stands, and in which
// partitions it must have no live row.
type plan struct {
	spot
	lastOf
	live []int32 // outside of its home
	set  bool
	both bool // a live row lies at home, too
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
		return fmt.Errorf("%w: stream %s has not run yet", ErrNothingToMove, o.Stream)
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
	if err := m.agrees(stored, false); err != nil {
		return err
	}
	if err := m.bodies.Lexicon().adopt(stored.Schemas); err != nil {
		return err
	}
	m.done.From, m.done.To = kafka.Spread(stored, f), len(f.Ends)
	m.to = m.done.To
	if m.done.From != m.done.To || moving(stored) {
		return nil
	}
	m.count(f)
	for shard := range m.shards {
		plans, err := m.survey(ctx, shard, o.Read)
		if err != nil || len(plans) > 0 {
			return err
		}
	}
	return fmt.Errorf("%w: topic %s has %d partitions, and every key of stream %s lies where it belongs", ErrNothingToMove, o.Topic, m.to, o.Stream)
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
	m.runner.sink = m.sink
	if c, err = m.speak(c); err != nil {
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
	_, err = m.sink.Commit(ctx, nil, m.learnt(m.stored))
	return err
}

// survey finds the keys of a shard for which something has to be done.
func (m *mover) survey(ctx context.Context, shard uint64, scan func(context.Context, func(*kgo.Record) error) error) (map[uint64]*plan, error) {
	last := make(map[spot]lastOf)
	err := scan(ctx, func(rec *kgo.Record) error {
		id := window.KeyHash(rec.Key)
		if (id>>7)%m.shards != shard {
			return nil
		}
		v, hash, err := m.inspect(ctx, rec)
		if err != nil {
			return class.Errorf(class.Broker, "reading back topic %s, partition %d, offset %d: %w", rec.Topic, rec.Partition, rec.Offset, err)
		}
		if hash == window.Unknown { // it is no row of the stream's, and stays
			return nil
		}
		l := lastOf{n: v.N, offset: rec.Offset, dead: hash == wire.TombstoneHash, home: kafka.Home(rec, m.to) == rec.Partition}
		if !v.Set {
			l.n = window.NoValue
		}
		last[spot{id, rec.Partition}] = l
		return nil
	})
	if err != nil {
		return nil, err
	}
	plans := make(map[uint64]*plan)
	for at, l := range last {
		p := plans[at.key]
		if p == nil {
			p = &plan{}
			plans[at.key] = p
		}
		switch {
		case l.dead:
		case l.home:
			p.both = true
		default:
			p.live = append(p.live, at.partition)
		}
		if p.outdone(at, l) {
			p.spot, p.lastOf, p.set = at, l, true
		}
	}
	for id, p := range plans {
		if len(p.live) == 0 && (p.home || !p.dead || !p.both) {
			delete(plans, id)
		}
	}
	return plans, nil
}

// outdone reports whether the event is a later one of the key than the plan's, by the rule
// of window.Settle.
func (p *plan) outdone(at spot, l lastOf) bool {
	greater := func(a, b lastOf) bool { return a.n != window.NoValue && b.n != window.NoValue && a.n > b.n }
	switch {
	case !p.set:
		return true
	case l.home:
		return !greater(p.lastOf, l)
	case p.home:
		return greater(l, p.lastOf)
	case l.n == p.n:
		return at.partition < p.partition
	}
	return p.n == window.NoValue || greater(l, p.lastOf)
}

// carry writes what has to be done for a key when its last event comes by.
func (m *mover) carry(ctx context.Context, rec *kgo.Record, plans map[uint64]*plan) error {
	p := plans[window.KeyHash(rec.Key)]
	if p == nil || p.partition != rec.Partition || p.offset != rec.Offset {
		return nil
	}
	v, _, err := m.inspect(ctx, rec)
	if err != nil {
		return err
	}
	v.Raw = []byte((&full{runner: m.runner}).render(v))
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
