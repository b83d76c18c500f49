package reader

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
)

// ErrStop ends a reading without an error when the function it calls returns it.
var ErrStop = errors.New("enough was read")

// quiet is how long a topic may yield nothing before its log is looked at: compaction may
// have removed what stood before the end. No other reading ever waits.
const quiet = 2 * time.Second

// Read calls fn with each committed record of a topic, from its beginning to the last
// stable offset taken at the start, or, if follow is set, until ctx is done. Records of
// one partition come in order. Errors of Kafka have class Broker; fn's own are
// returned as they are. cl must come from Connect and is good for one reading.
func Read(ctx context.Context, cl *kgo.Client, topic string, follow bool, fn func(*kgo.Record) error) error {
	adm := kadm.NewClient(cl)
	if err := exists(ctx, adm, topic); err != nil {
		return err
	}
	ends, err := endsOf(ctx, adm, topic)
	if err != nil {
		return err
	}
	from := map[int32]kgo.Offset{}
	left := map[int32]int64{}
	for p, end := range ends {
		if end > 0 {
			left[p] = end
		}
		if end > 0 || follow {
			from[p] = kgo.NewOffset().AtStart()
		}
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	next := map[int32]int64{}
	for follow || len(left) > 0 {
		poll, cancel := context.WithTimeout(ctx, quiet)
		fetches := cl.PollFetches(poll)
		cancel()
		if ctx.Err() != nil {
			if follow {
				return nil
			}
			return ctx.Err()
		}
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) && !kerr.IsRetriable(e.Err) {
				return class.Errorf(class.Broker, "reading topic %s, partition %d: %w", topic, e.Partition, e.Err)
			}
		}
		if fetches.NumRecords() == 0 {
			if _, err := endsOf(ctx, adm, topic); err != nil {
				if follow && ctx.Err() != nil {
					return nil //nolint:nilerr // whoever follows ends it, and that is no error
				}
				return err
			}
			for p, end := range left {
				empty, err := kafka.Empty(ctx, cl, topic, p, next[p], end, true)
				if err != nil {
					return err
				}
				if empty {
					delete(left, p)
				}
			}
			continue
		}
		for it := fetches.RecordIter(); !it.Done(); {
			r := it.Next()
			end, wanted := left[r.Partition]
			if !follow && !wanted {
				continue
			}
			if !r.Attrs.IsControl() && (follow || r.Offset < end) {
				if err := fn(r); errors.Is(err, ErrStop) {
					return nil
				} else if err != nil {
					return err
				}
			}
			next[r.Partition] = r.Offset + 1
			if r.Offset >= end-1 { // a position, not a record: it may be a marker
				delete(left, r.Partition)
			}
		}
	}
	return nil
}

// endsOf returns each partition's last stable offset.
func endsOf(ctx context.Context, adm *kadm.Client, topic string) (map[int32]int64, error) {
	ask, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	listed, err := adm.ListCommittedOffsets(ask, topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, class.Errorf(class.Broker, "looking up the end of topic %s: %w", topic, err)
	}
	out := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { out[o.Partition] = o.Offset })
	if len(out) == 0 {
		return nil, class.Wrap(class.Broker, fmt.Errorf("looking up the end of topic %s: it has no partitions", topic))
	}
	return out, nil
}
