package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// tally is what a read_committed consumer found in a topic.
type tally struct {
	Records      int64 // all of them
	Distinct     int64 // different keys among them
	Strange      int64 // records whose key no row of the collection has
	Transactions int64 // commit markers
	Bytes        int64 // of keys and values, uncompressed
	First, Last  int64 // offsets of the first and last record; -1: there is none
}

// exact says whether the topic holds each row once and nothing else.
func (t tally) exact(rows int64) error {
	if t.Records != rows || t.Distinct != rows || t.Strange > 0 {
		return fmt.Errorf("a read_committed consumer found %d records with %d different keys, %d of them strange, for %d rows",
			t.Records, t.Distinct, t.Strange, rows)
	}
	return nil
}

// count reads the topic's only partition up to end, as a read_committed consumer does.
func count(ctx context.Context, brokers []string, topic string, end, rows int64) (tally, error) {
	t := tally{First: -1, Last: -1}
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // the last one may be the topic's end
		kgo.DisableClientMetrics(),
	)
	if err != nil {
		return t, fmt.Errorf("making a consumer: %w", err)
	}
	defer cl.Close()
	seen := newRowSet(rows)
	for next := int64(0); next < end; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return t, fmt.Errorf("reading topic %s: %w", topic, err)
		}
		for _, e := range fetches.Errors() {
			return t, fmt.Errorf("reading topic %s: %w", topic, e.Err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if r.Attrs.IsControl() {
				t.Transactions++
				return
			}
			t.Records++
			t.Bytes += int64(len(r.Key) + len(r.Value))
			if t.First < 0 {
				t.First = r.Offset
			}
			t.Last = r.Offset
			seen.add(r.Key)
		})
	}
	t.Distinct, t.Strange = seen.distinct, seen.strange
	return t, nil
}
