package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
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
	found, err := s.o.stored(ctx, reader, s.state.partitions, from, keys...)
	if err != nil {
		return strategies.Cursor{}, err
	}
	if len(keys) > 1 {
		s.holder = Owner{}
		if found[1] != nil {
			if s.holder, err = ParseOwner(found[1].value); err != nil {
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
	return ParseCursor(s.o.Stream, found[0].value)
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
		if s.o.Claim && !s.knows(s.holder.TransactionalID) {
			other = s.holder.TransactionalID
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
		return class.Errorf(class.Broker, "initialising the producer id %q, under which the stored cursor was written: %w", id, err)
	}
	s.barred, s.ids = append(s.barred, id), append(s.ids, producer)
	if s.o.Logger != nil {
		s.o.Logger.Warn("the stream was run under another transactional id; whoever has it is fenced", "transactional_id", id)
	}
	return nil
}

// occupy takes note of where the topic ends now, after a look at what lies there that the
// stream does not know.
func (s *Sink) occupy(ctx context.Context, reader *kgo.Client, c strategies.Cursor) error {
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
	c.TransactionalID, c.StatePartitions = s.o.TransactionalID(), s.state.partitions
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
	case s.o.Shared:
		s.ground = ground{}
		return t
	default:
		return t.fenced(s.o)
	}
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
}

// stretch is a part of a partition: from an offset up to, and without, another.
type stretch struct{ from, to int64 }

// Trespass is what another producer has written into an output topic.
type Trespass struct {
	Topic     string
	Partition int32
	Batch            // the first
	Batches   int    // all of them
	Undecided bool   // their transaction has not ended
	Key       []byte // of the first record
	Headers   []kgo.RecordHeader
}

func (t *Trespass) Error() string {
	who := "a producer without an id"
	if t.Producer >= 0 {
		who = fmt.Sprintf("producer id %d, which is no worker of this stream", t.Producer)
	}
	what, key := fmt.Sprintf("the record at offset %d", t.First), "with key"
	if t.Records > 1 {
		what, key = fmt.Sprintf("%d records at offsets %d to %d", t.Records, t.First, t.Last), "the first with key"
	}
	text := fmt.Sprintf("%s of topic %s, partition %d, written by %s, %s %q", what, t.Topic, t.Partition, who, key, clip(t.Key))
	for i, h := range t.Headers {
		if i == 3 {
			break
		}
		text += fmt.Sprintf(", header %s=%q", clip([]byte(h.Key)), clip(h.Value))
	}
	if t.Batches > 1 {
		text += fmt.Sprintf(", and %d more batches", t.Batches-1)
	}
	return text
}

// fenced is the error of a stream that wants its topic for itself.
func (t *Trespass) fenced(o Options) error {
	return class.Errorf(class.Fenced, "another writer writes into the topic of stream %s (%w). Is there a worker with another kafka.state_topic, "+
		"transactional_id_prefix or stream name? End it, or give one of the two another topic; then tidemark state claim -c FILE --stream %s "+
		"goes on with the topic as it stands. A topic into which others are meant to write needs exclusive: false", o.Stream, t, o.Stream)
}

// trespass looks for records of others in stretches of the output topic. Those of a
// transaction that has not ended may yet be aborted, which is waited for: of two workers
// that meet, one is to go on.
func (o Options) trespass(ctx context.Context, cl *kgo.Client, gaps map[int32]stretch, own func(int64) bool) (*Trespass, error) {
	if len(gaps) == 0 {
		return nil, nil
	}
	began, wait := time.Now(), 2*time.Millisecond
	for {
		t, err := o.survey(ctx, cl, gaps, own)
		if err != nil {
			return nil, class.Errorf(class.Broker, "looking for other writers' records: %w", err)
		}
		if t == nil || !t.Undecided || o.Shared || time.Since(began) > min(3*time.Second, o.TxnTimeout/3) {
			return t, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
			wait *= 2
		}
	}
}

func (o Options) survey(ctx context.Context, cl *kgo.Client, gaps map[int32]stretch, own func(int64) bool) (*Trespass, error) {
	topics, err := kadm.NewClient(cl).ListTopics(ctx, o.Topic)
	if err != nil {
		return nil, err
	}
	begin, err := starts(ctx, cl, o.Topic)
	if err != nil {
		return nil, err
	}
	var open *Trespass
	for p, gap := range gaps {
		at, ok := topics[o.Topic].Partitions[p]
		if !ok || at.Err != nil || at.Leader < 0 {
			return nil, fmt.Errorf("partition %d of topic %s has no leader", p, o.Topic)
		}
		j := &Judge{Own: own, To: gap.to}
		if err := o.judge(ctx, cl, topics[o.Topic], at, max(gap.from, begin[p]), j); err != nil {
			return nil, err
		}
		batches := j.Found
		if len(batches) == 0 {
			batches = j.Open()
		}
		if len(batches) == 0 {
			continue
		}
		t := &Trespass{Topic: o.Topic, Partition: p, Batch: batches[0], Batches: len(batches), Undecided: len(j.Found) == 0}
		if t.Undecided {
			open = t
			continue
		}
		return t, o.example(ctx, t)
	}
	if open != nil {
		return open, o.example(ctx, open)
	}
	return nil, nil
}

// judge hands the partition's batches from an offset on to j, for as long as it needs more.
func (o Options) judge(ctx context.Context, cl *kgo.Client, topic kadm.TopicDetail, at kadm.PartitionDetail, from int64, j *Judge) error {
	for empty := 0; ; {
		answer, err := fetch(ctx, cl, topic, at, from, false)
		if err != nil {
			return err
		}
		before := from
		if answer != nil {
			for _, b := range parse(answer.RecordBatches) {
				if b.Last >= from {
					j.Take(b)
					from = b.Last + 1
				}
			}
			if from >= j.To && len(j.pending) == 0 || from >= answer.HighWatermark {
				j.End(answer.LastStableOffset)
				return nil
			}
		}
		if from > before {
			empty = 0
		} else if empty++; empty > 20 {
			return fmt.Errorf("topic %s, partition %d yields nothing from offset %d on", o.Topic, at.Partition, from)
		}
	}
}

var errEnough = errors.New("enough was read")

// example reads the first record.
func (o Options) example(ctx context.Context, t *Trespass) error {
	s := span{topic: o.Topic, first: map[int32]int64{t.Partition: t.First}, last: map[int32]int64{t.Partition: t.Last + 1}, isolation: kgo.ReadUncommitted()}
	err := o.scan(ctx, s, func(r *kgo.Record) error {
		t.Key, t.Headers = []byte(strings.Clone(string(r.Key))), r.Headers
		return errEnough
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
