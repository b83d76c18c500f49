package kafka

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// exclusive is how a sink notices that somebody else writes into its output topic. Fencing
// is no help there: it bars those who share the transactional id. The window takes the topic
// for what the sink has seen of it and written to it, so a record of somebody else makes it
// wrong: rows would come twice (P3), or an older version behind a newer one (P4).
type exclusive struct {
	holder, deeded Owner        // of the topic: as stored, and as the next commit makes it
	deeds          []kgo.Record // which it writes
	cursor         entry        // the stored one
	barred         []string     // other transactional ids that were fenced by this open
	ids            []int64      // producer ids of the stream's workers
	ground         ground
	outdated       *Trespass // met by the transaction before, which it did not concern; the window does
}

// ground is how far a sink knows its output topic. Nothing of the others' is known where
// sure is nil.
type ground struct {
	topic topicInfo
	sure  []int64 // per partition: what lies before was there at Open, or is its own
	next  []int64 // where its next record goes, if nobody else writes: behind its own marker
}

// lookUp reads the stored cursor; and, where it could have changed since, whom the output
// topic belongs to.
func (s *Sink) lookUp(ctx context.Context, reader *kgo.Client, from int64) (strategies.Cursor, error) {
	keys := []string{s.o.Stream}
	if s.last.topic != s.state || s.holder.TopicID != s.data.id {
		keys = append(keys, OwnerKey(s.o.Topic))
		from = 0
	}
	found, err := s.o.read(ctx, reader, s.state, from, keys...)
	if err != nil {
		return strategies.Cursor{}, err
	}
	if len(keys) > 1 {
		s.holder = Owner{}
		if found[1] != nil {
			if s.holder, err = parseOwner(found[1].value); err != nil {
				return strategies.Cursor{}, err
			}
		}
		if err := s.belongs(ctx, reader); err != nil {
			return strategies.Cursor{}, err
		}
	}
	s.cursor = entry{producer: -1}
	if found[0] == nil {
		return strategies.Cursor{}, nil
	}
	s.cursor = *found[0]
	return s.o.parseCursor(s.o.Stream, found[0])
}

// sole reads the cursor when everybody is fenced who may have written it (P5): a worker with
// another transactional_id_prefix has another transactional id, which the cursor tells.
func (s *Sink) sole(ctx context.Context, reader *kgo.Client) (strategies.Cursor, error) {
	id, _, err := s.client.ProducerID(ctx)
	if err != nil {
		return strategies.Cursor{}, class.Errorf(class.Broker, "reading the producer id: %w", err)
	}
	s.barred, s.ids = append(s.barred[:0], s.o.TransactionalID()), append(s.ids[:0], id)
	for {
		c, err := s.mine(ctx, reader)
		if err != nil {
			return c, err
		}
		other := c.TransactionalID
		if c.Version > 0 && other == "" {
			other = s.o.formerID()
		}
		if s.o.Claim && !s.knows(s.holder.TransactionalID) {
			other = s.holder.TransactionalID
		}
		if c.Version == 0 && s.knows(other) { // another worker's first claim may be on its way
			if other, err = s.o.undecided(ctx, reader, s.state, s.knows); err != nil {
				return c, err
			}
		}
		if s.knows(other) {
			s.ids = append(s.ids, s.cursor.producer)
			return c, nil
		}
		if err := s.bar(ctx, other); err != nil {
			return c, err
		}
	}
}

func (s *Sink) knows(id string) bool { return id == "" || slices.Contains(s.barred, id) }

// bar fences a worker that has another transactional id.
func (s *Sink) bar(ctx context.Context, id string) error {
	client, err := s.o.transactionalAs(id)
	if err != nil {
		return err
	}
	defer client.Close()
	patience, cancel := context.WithTimeout(ctx, s.o.TxnTimeout+dialPatience)
	defer cancel()
	producer, _, err := client.ProducerID(patience)
	if err != nil {
		return class.Errorf(class.Broker, "initialising the producer id %q, under which the cursor or the topic was written before: %w", id, toTransact.of(id, err))
	}
	s.barred, s.ids = append(s.barred, id), append(s.ids, producer)
	if s.o.Logger != nil {
		s.o.Logger.Warn("the cursor, or the topic, was written under another transactional id; whoever has it is fenced", "transactional_id", id)
	}
	return nil
}

// occupy takes note of where the topic ends now, after a look at what lies there that the
// stream does not know.
func (s *Sink) occupy(ctx context.Context, reader *kgo.Client, c strategies.Cursor) error {
	if t := s.outdated; t != nil {
		s.outdated, s.ground = nil, ground{}
		return class.Wrap(class.Broker, t)
	}
	known := s.ground.topic == s.data && s.ground.sure != nil
	if !s.o.Claim {
		t, err := s.o.trespass(ctx, reader, s.unknown(c, known), s.own)
		if err != nil {
			return err
		}
		if t != nil {
			s.ground = ground{}
			switch {
			case !s.o.Shared:
				return t.fenced(s.o)
			case known:
				// The caller's window may not have these records; the next Open is for one that has.
				return class.Wrap(class.Broker, t)
			case s.o.Logger != nil:
				s.o.Logger.Warn("another writer has written into the topic; all of the window is read back", "records", t.Error())
			}
		}
	}
	s.ground = ground{s.data, slices.Clone(s.ends), slices.Clone(s.ends)}
	return s.deed(ctx, reader)
}

func (s *Sink) own(id int64) bool { return slices.Contains(s.ids, id) }

// unknown are the stretches of the topic behind what the sink knows itself, or else behind
// what the stored cursor knew. The records of the cursor's own transaction lie there: they
// have its producer's id.
func (s *Sink) unknown(c strategies.Cursor, known bool) map[int32]stretch {
	out := make(map[int32]stretch)
	if !known && (c.Written == nil || c.Written.TopicID != s.data.id) {
		return out
	}
	for p, end := range s.ends {
		var from stretch
		switch {
		case known:
			if end <= s.ground.next[p] {
				continue
			}
			from = stretch{s.ground.sure[p], end}
		case p < len(c.Written.Ends):
			from = stretch{c.Written.Ends[p], end}
		default: // a partition that was added since
			from = stretch{0, end}
		}
		if from.from < from.to {
			out[int32(p)] = from
		}
	}
	return out
}

// sign writes into a cursor who writes it, and what its writer knows of the topic.
func (s *Sink) sign(c *strategies.Cursor) {
	c.TransactionalID, c.Worker, c.StatePartitions = s.o.TransactionalID(), worker(), s.state.partitions
	c.Written = &strategies.Written{TopicID: s.data.id, Ends: s.ground.sure}
}

// alone looks at where the broker has put the records of the transaction in hand, before it
// is committed. In each partition they follow one another, behind the marker of the one
// before; where there is more room, somebody else's may lie in it.
func (s *Sink) alone(ctx context.Context) error {
	var gaps map[int32]stretch
	for p, end := range s.acks.ends {
		first, sure := s.acks.firsts[p], s.ground.sure[p]
		if end == 0 || first < sure { // nothing was written, or the log is not what it was
			continue
		}
		if first > s.ground.next[p] || end-first != s.acks.counts[p] {
			if gaps == nil {
				gaps = make(map[int32]stretch)
			}
			gaps[int32(p)] = stretch{sure, end}
		}
	}
	if gaps == nil {
		return nil
	}
	reader, err := s.o.client()
	if err != nil {
		return err
	}
	defer reader.Close()
	t, err := s.o.trespass(ctx, reader, gaps, s.own)
	switch {
	case err != nil || t == nil:
		return err
	case !s.o.Shared:
		return t.fenced(s.o)
	}
	// Where none of the others' records has the key of one in hand, the transaction says what
	// it would say with a new window, and only the next one needs that. So a stream gets on
	// beside somebody who writes all the time (P7).
	clash, err := s.clashes(ctx, gaps)
	if err != nil {
		return err
	}
	if !clash {
		s.outdated = t
		return nil
	}
	s.ground = ground{}
	return t
}

// clashes reports whether somebody else has written a record with the key of one of the
// transaction in hand.
func (s *Sink) clashes(ctx context.Context, gaps map[int32]stretch) (bool, error) {
	keys := make(map[string]bool, len(s.records))
	for i := range s.records {
		if r := &s.records[i]; r.Topic == s.o.Topic {
			keys[string(r.Key)] = true
		}
	}
	sp := span{topic: s.o.Topic, first: make(map[int32]int64), last: make(map[int32]int64), isolation: kgo.ReadUncommitted()}
	for p, gap := range gaps {
		sp.first[p], sp.last[p] = gap.from, gap.to
	}
	clash := false
	err := s.o.scan(ctx, sp, func(r *kgo.Record) error {
		if (r.ProducerID < 0 || !s.own(r.ProducerID)) && keys[string(r.Key)] {
			clash = true
			return ErrStop
		}
		return nil
	})
	return clash, err
}

// refused is the error of a transaction for which the window in hand is outdated.
func (s *Sink) refused() error {
	if s.outdated == nil {
		return nil
	}
	return class.Wrap(class.Broker, s.outdated)
}

// settled takes note of a transaction that was written.
func (s *Sink) settled() {
	// The cursor that was returned holds the slice before.
	s.ground.sure = slices.Clone(s.ground.sure)
	for p, end := range s.acks.ends {
		if end > 0 {
			s.ground.sure[p], s.ground.next[p] = end, end+1
		}
	}
	if s.deeds != nil {
		s.holder, s.deeds = s.deeded, nil
	}
	s.kept = nil
}
