package kafka

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

// Part is which records of a topic Tail shows.
type Part struct {
	Last       int                             // so many of the topic, by their times, before what follows; 0: all
	Since      time.Time                       // none with an earlier time; zero: from the start
	Partitions []int32                         // of these; nil: of all
	Key        []byte                          // with this key; nil: with any
	HasKey     func(*kgo.Record) (bool, error) // whether a record has the key in another form; nil: there is no other
	Follow     bool                            // what is committed later, too, until the context is done
	New        bool                            // only that
}

// Tail is Read for people: it says which topics there are where the output topic does not
// exist (*NoTopicError), and gives up where the broker goes away. With Follow, it goes on
// with what is committed later, until ctx is done, which is no error then. pause, which may be
// nil, is called whenever no more records are at hand.
func (o Options) Tail(ctx context.Context, part Part, fn func(*kgo.Record) error, pause func() error) error {
	o.Client = append(slices.Clone(o.Client), kgo.ClientID("tidemark-reader"))
	s := span{topic: o.Topic, prompt: true, follow: part.Follow, pause: pause}
	if err := o.look(ctx, &s); err != nil {
		return err
	}
	if err := o.narrow(ctx, &s, part); err != nil {
		return err
	}
	switch {
	case part.New:
		s.first = s.last
	case part.Last > 0:
		last, err := o.last(ctx, s, part)
		if err != nil {
			return err
		}
		for _, r := range last {
			if err := fn(r); errors.Is(err, ErrStop) {
				return nil
			} else if err != nil {
				return err
			}
		}
		if !part.Follow {
			return nil
		}
		if pause != nil {
			if err := pause(); err != nil {
				return err
			}
		}
		s.first = s.last
	}
	return o.scan(ctx, s, part.only(fn))
}

// only hands the records of the part to fn. Behind one of its time older ones may stand: a producer's clock decides.
func (part Part) only(fn func(*kgo.Record) error) func(*kgo.Record) error {
	return func(r *kgo.Record) error {
		if r.Timestamp.Before(part.Since) {
			return nil
		}
		if part.Key == nil || bytes.Equal(r.Key, part.Key) {
			return fn(r)
		}
		if part.HasKey == nil {
			return nil
		}
		if has, err := part.HasKey(r); err != nil || !has {
			return err
		}
		return fn(r)
	}
}

// narrow leaves of a span the partitions that are wanted, and what is no older than wanted.
func (o Options) narrow(ctx context.Context, s *span, part Part) error {
	for _, p := range part.Partitions {
		if _, ok := s.last[p]; !ok {
			return class.Errorf(class.Config, "topic %s has no partition %d: it has %d, counted from 0", s.topic, p, len(s.last))
		}
	}
	if part.Partitions != nil {
		for p := range s.last {
			if !slices.Contains(part.Partitions, p) {
				delete(s.last, p)
			}
		}
	}
	if part.Since.IsZero() {
		return nil
	}
	cl, err := o.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	// Where no record is so new, the broker tells the end.
	at, err := offsetsOf(ctx, func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
		return kadm.NewClient(cl).ListOffsetsAfterMilli(ctx, part.Since.UnixMilli(), topics...)
	}, "place of a time", s.topic)
	if err != nil {
		return err
	}
	for p := range s.last {
		s.first[p] = max(s.first[p], at[p])
	}
	return nil
}

// last are the last records of a span, by their times, as many as are wanted. How far back they lie is not known, where
// compaction and markers have left gaps, or a key is wanted: so it looks back further until it has enough.
func (o Options) last(ctx context.Context, s span, part Part) ([]*kgo.Record, error) {
	s.follow, s.pause = false, nil
	start := s.first
	for width := int64(part.Last) + 8; ; width *= 8 {
		s.first = make(map[int32]int64, len(start))
		for p, end := range s.last {
			s.first[p] = max(start[p], end-width)
		}
		found := make(map[int32][]*kgo.Record)
		err := o.scan(ctx, s, part.only(func(r *kgo.Record) error {
			found[r.Partition] = append(found[r.Partition], r)
			if of := found[r.Partition]; len(of) > 2*part.Last {
				found[r.Partition] = slices.Clone(of[len(of)-part.Last:]) // older ones may go
			}
			return nil
		}))
		if err != nil {
			return nil, err
		}
		if enough(found, s, start, part.Last) {
			return latest(found, part.Last), nil
		}
	}
}

// enough reports whether each partition has shown so many records, or all of its own.
func enough(found map[int32][]*kgo.Record, s span, start map[int32]int64, n int) bool {
	for p := range s.last {
		if len(found[p]) < n && s.first[p] > start[p] {
			return false
		}
	}
	return true
}

// latest are the n newest records, in their order.
func latest(found map[int32][]*kgo.Record, n int) []*kgo.Record {
	var all []*kgo.Record
	for _, of := range found {
		all = append(all, of[max(len(of)-n, 0):]...)
	}
	slices.SortFunc(all, func(a, b *kgo.Record) int {
		return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return all[max(len(all)-n, 0):]
}
