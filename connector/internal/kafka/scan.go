package kafka

import (
	"context"
	"errors"
	"math"
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

// ErrStop ends a reading without an error when the function that gets the records returns it.
var ErrStop = errors.New("enough was read")

// span is a part of a topic, and how it is read: from the first offsets up to, and without,
// the last.
type span struct {
	topic       string
	first, last map[int32]int64
	isolation   kgo.IsolationLevel
	markers     bool         // the markers at transactions' ends are wanted, too
	prompt      bool         // a broker that goes away meanwhile is an error, and is not waited for
	follow      bool         // what comes behind the last offsets is wanted, too, until the context is done
	pause       func() error // called when no more records are at hand; nil: nothing is
}

// scan calls fn with every record of the span, those of a partition in their order, until each
// partition's last offset is reached. It counts positions, not records: what stands before
// the last offset can be a marker, or nothing at all after compaction. fn's errors are
// returned as they are.
func (o Options) scan(ctx context.Context, s span, fn func(*kgo.Record) error) error {
	from := make(map[int32]kgo.Offset)
	open := make(map[int32]int64)
	next := make(map[int32]int64) // positions
	for p, last := range s.last {
		if s.follow {
			last = math.MaxInt64
		}
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
			return s.ended(ctx)
		}
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) && !kerr.IsRetriable(e.Err) {
				return class.Errorf(class.Broker, "reading topic %s, partition %d: %w", e.Topic, e.Partition, toRead.of(e.Topic, e.Err))
			}
		}
		if fetches.NumRecords() == 0 {
			if err := s.silent(ctx, cl, open, next); err != nil {
				if ctx.Err() != nil {
					return s.ended(ctx)
				}
				return err
			}
			if !waited && !s.follow && len(open) > 0 && o.Logger != nil {
				o.Logger.Warn("waiting for the broker, or for another producer's open transaction", "topic", s.topic)
			}
			waited = true
			continue
		}
		for it := fetches.RecordIter(); !it.Done(); {
			r := it.Next()
			last, ok := open[r.Partition]
			if !ok {
				continue
			}
			if r.Offset < last && (s.markers || !r.Attrs.IsControl()) {
				if err := fn(r); errors.Is(err, ErrStop) {
					return nil
				} else if err != nil {
					return err
				}
			}
			next[r.Partition] = r.Offset + 1
			if r.Offset >= last-1 {
				delete(open, r.Partition)
			}
		}
		if s.pause != nil && cl.BufferedFetchRecords() == 0 {
			if err := s.pause(); err != nil {
				return err
			}
		}
	}
	return nil
}

// ended is what a reading returns when its context is done: whoever follows a topic ends it so.
func (s span) ended(ctx context.Context) error {
	if s.follow {
		return nil
	}
	return ctx.Err()
}

// silent looks why the open partitions yield nothing, and takes out those that have no more
// records before their last offsets.
func (s span) silent(ctx context.Context, cl *kgo.Client, open, next map[int32]int64) error {
	if s.prompt {
		ask, cancel := context.WithTimeout(ctx, dialPatience)
		_, err := stables(ask, cl, s.topic)
		cancel()
		if err != nil {
			return err
		}
	}
	if s.follow { // there is no last offset
		return nil
	}
	for p, last := range open {
		none, err := empty(ctx, cl, s.topic, p, next[p], last, s.isolation == kgo.ReadCommitted())
		if err != nil {
			return err
		}
		if none {
			delete(open, p)
		}
	}
	return nil
}

// ends returns the high watermark of each of the topic's partitions.
func ends(ctx context.Context, cl *kgo.Client, topic string) (map[int32]int64, error) {
	return offsetsOf(ctx, kadm.NewClient(cl).ListEndOffsets, "end", topic)
}

// stables returns the last stable offset of each of the topic's partitions, at which a
// read_committed consumer stops.
func stables(ctx context.Context, cl *kgo.Client, topic string) (map[int32]int64, error) {
	return offsetsOf(ctx, kadm.NewClient(cl).ListCommittedOffsets, "end", topic)
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
	if all, ok := apart(topics, failed, func(some []string) map[string]said[map[int32]int64] { return offsetsOfAll(ctx, list, what, some) }); ok {
		return all
	}
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
			err = class.Errorf(class.Broker, "looking up the %s of topic %s: %w", what, topic, toFind.of(topic, err))
		}
		all[topic] = said[map[int32]int64]{offsets, err}
	}
	return all
}
