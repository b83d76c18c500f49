package kafka

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

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
		text += fmt.Sprintf(", header %s=%q", clip(h.Key), clip(h.Value))
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

// example reads the first record.
func (o Options) example(ctx context.Context, t *Trespass) error {
	s := span{topic: o.Topic, first: map[int32]int64{t.Partition: t.First}, last: map[int32]int64{t.Partition: t.Last + 1}, isolation: kgo.ReadUncommitted()}
	return o.scan(ctx, s, func(r *kgo.Record) error {
		t.Key, t.Headers = bytes.Clone(r.Key), r.Headers
		return ErrStop
	})
}
