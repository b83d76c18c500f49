package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

// quiet is how long a topic may yield nothing before its log is looked at. Only a
// partition whose last records compaction has removed, or that another transaction
// holds back, or a slow broker ever makes one wait so long.
var quiet = 2 * time.Second // tests wait less

// span is a part of a topic: from the first offsets up to, and without, the last.
type span struct {
	topic       string
	first, last map[int32]int64
	isolation   kgo.IsolationLevel
}

// scan calls fn with every record of the span, control records included, until each
// partition's last offset is reached. It counts positions, not records: what stands
// before the last offset can be a marker, or nothing at all after compaction.
func (o Options) scan(ctx context.Context, s span, fn func(*kgo.Record) error) error {
	from := make(map[int32]kgo.Offset)
	open := make(map[int32]int64)
	next := make(map[int32]int64) // positions
	for p, last := range s.last {
		if s.first[p] < last {
			from[p] = kgo.NewOffset().At(s.first[p])
			open[p], next[p] = last, s.first[p]
		}
	}
	if len(open) == 0 {
		return nil
	}
	cl, err := o.client(
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{s.topic: from}),
		kgo.FetchIsolationLevel(s.isolation),
		kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		return err
	}
	defer cl.Close()
	waited := false
	for len(open) > 0 {
		poll, cancel := context.WithTimeout(ctx, quiet)
		fetches := cl.PollFetches(poll)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) && !kerr.IsRetriable(e.Err) {
				return class.Errorf(class.Broker, "reading topic %s, partition %d: %w", e.Topic, e.Partition, e.Err)
			}
		}
		if fetches.NumRecords() == 0 {
			for p, last := range open {
				empty, err := Empty(ctx, cl, s.topic, p, next[p], last, s.isolation == kgo.ReadCommitted())
				if err != nil {
					return err
				}
				if empty {
					delete(open, p)
				}
			}
			if !waited && len(open) > 0 && o.Logger != nil {
				o.Logger.Warn("waiting for the broker, or for another producer's open transaction", "topic", s.topic)
			}
			waited = true
			continue
		}
		var failed error
		fetches.EachRecord(func(r *kgo.Record) {
			last, ok := open[r.Partition]
			if !ok || failed != nil {
				return
			}
			if r.Offset < last {
				failed = fn(r)
			}
			next[r.Partition] = r.Offset + 1
			if r.Offset >= last-1 {
				delete(open, r.Partition)
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// ends returns the high watermark of each of the topic's partitions.
func ends(ctx context.Context, cl *kgo.Client, topic string) (map[int32]int64, error) {
	return offsetsOf(ctx, kadm.NewClient(cl).ListEndOffsets, "end", topic)
}

func starts(ctx context.Context, cl *kgo.Client, topic string) (map[int32]int64, error) {
	return offsetsOf(ctx, kadm.NewClient(cl).ListStartOffsets, "start", topic)
}

type lister = func(context.Context, ...string) (kadm.ListedOffsets, error)

func offsetsOf(ctx context.Context, list lister, what, topic string) (map[int32]int64, error) {
	found := offsetsOfAll(ctx, list, what, []string{topic})[topic]
	return found.value, found.err
}

func offsetsOfAll(ctx context.Context, list lister, what string, topics []string) map[string]said[map[int32]int64] {
	listed, failed := list(ctx, topics...)
	all := make(map[string]said[map[int32]int64], len(topics))
	for _, topic := range topics {
		offsets, err := make(map[int32]int64, len(listed[topic])), failed
		for p, o := range listed[topic] {
			if offsets[p] = o.Offset; err == nil {
				err = o.Err
			}
		}
		if err == nil && len(offsets) == 0 {
			err = errors.New("no partitions")
		}
		if err != nil {
			err = class.Errorf(class.Broker, "looking up the %s of topic %s: %w", what, topic, err)
		}
		all[topic] = said[map[int32]int64]{offsets, err}
	}
	return all
}
