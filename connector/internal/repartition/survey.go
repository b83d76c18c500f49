package repartition

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
)

// spot is where a key has records: one partition, and the last of them.
type spot struct {
	key       uint64
	partition int32
}

// lastOf is what the last record of a key in one partition is.
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

// survey finds the keys of a shard for which something has to be done.
func (m *mover) survey(ctx context.Context, shard uint64, scan func(context.Context, func(*kgo.Record) error) error) (map[uint64]*plan, error) {
	last := make(map[spot]lastOf)
	err := scan(ctx, func(rec *kgo.Record) error {
		id := window.KeyHash(rec.Key)
		if (id>>7)%m.shards != shard {
			return nil
		}
		v, hash, err := m.opener.Back.Inspect(ctx, rec)
		if err != nil {
			return err
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
