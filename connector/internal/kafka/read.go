package kafka

import (
	"cmp"
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Read calls fn with every record of the output topic that is committed now. It fences
// nobody (rule 7).
func (o Options) Read(ctx context.Context, fn func(*kgo.Record) error) error {
	_, err := o.ReadFrom(ctx, nil, fn)
	return err
}

// ReadFrom is Read from the given offsets of the partitions on; nil: from their starts. It returns up to where it has read.
func (o Options) ReadFrom(ctx context.Context, from []int64, fn func(*kgo.Record) error) (ends []int64, err error) {
	cl, err := o.client()
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	s := span{topic: o.Topic}
	if err := s.committed(ctx, cl); err != nil {
		return nil, err
	}
	for p, at := range from {
		s.first[int32(p)] = max(s.first[int32(p)], at)
	}
	return perPartition(s.last, len(s.last)), o.scan(ctx, s, o.keyed(fn))
}

// keyed hands records of the output topic to fn with their keys as ReadKey reads them.
func (o Options) keyed(fn func(*kgo.Record) error) func(*kgo.Record) error {
	if o.ReadKey == nil {
		return fn
	}
	return func(r *kgo.Record) error {
		if key, err := o.ReadKey(r.Key); err == nil {
			r.Key = key
		}
		return fn(r)
	}
}

// MaxRecord is how many bytes of key, value and headers a record of the output topic may have.
func (o Options) MaxRecord(ctx context.Context) (int, error) {
	cl, err := o.client()
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	batch, err := maxBatch(ctx, kadm.NewClient(cl), o.Topic)
	return batch - batchOverhead, err
}

// committed makes the span all of its topic that is committed now: up to the last stable offsets. A commit is answered before its
// markers are written, so these are waited for, as Stored does; what follows comes to it anyway.
func (s *span) committed(ctx context.Context, cl *kgo.Client) (err error) {
	s.isolation = kgo.ReadCommitted()
	if s.first, err = starts(ctx, cl, s.topic); err != nil {
		return err
	}
	written, err := ends(ctx, cl, s.topic)
	if err != nil {
		return err
	}
	return untilSeen(ctx, func() (bool, error) {
		s.last, err = stables(ctx, cl, s.topic)
		for p, end := range written {
			if s.last[p] < end && !s.follow {
				return false, err
			}
		}
		return true, err
	})
}

// inspect reads the committed records of a topic for people. It never initialises a producer id
// (rule 7), makes no topic, and gives up in time.
func (o Options) inspect(ctx context.Context, s span, fn func(*kgo.Record) error) error {
	o.Client = append(slices.Clone(o.Client), kgo.ClientID("tidemark-reader"))
	if err := o.look(ctx, &s); err != nil {
		return err
	}
	s.prompt = true
	return o.scan(ctx, s, fn)
}

// look finds where the span begins and ends, and what keeps it from being read.
func (o Options) look(ctx context.Context, s *span) error {
	cl, err := o.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := o.reach(ctx, cl); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*dialPatience)
	defer cancel()
	if err := exists(ctx, kadm.NewClient(cl), s.topic); err != nil {
		return err
	}
	return s.committed(ctx, cl)
}
