package kafka

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// statePartition is the partition of the state topic that holds the stream's cursor.
func (o Options) statePartition(partitions int) int32 {
	r := &kgo.Record{Topic: o.StateTopic, Key: []byte(o.Stream)}
	return int32(partitioner.ForTopic(o.StateTopic).Partition(r, partitions))
}

// stored is the last committed cursor of the stream; its Version is 0 where there is none.
//
// The partition is read up to its high watermark, whatever other streams have in
// flight there: which of this stream's records count is told by the markers behind
// them (rule 6). A read_committed consumer would stop at the first open transaction of
// a neighbour and hand out a stale cursor.
//
// It is read from an offset on at which, or behind which, the cursor is known to stand; 0:
// nothing is known.
func (o Options) stored(ctx context.Context, cl *kgo.Client, partitions int, from int64) (strategies.Cursor, error) {
	own := o.statePartition(partitions)
	value, err := o.lastCommitted(ctx, cl, func(p int32) bool { return p == own }, from)
	if err == nil && value == nil && from > 0 {
		// A log that was cut off is shorter than it was.
		value, err = o.lastCommitted(ctx, cl, func(p int32) bool { return p == own }, 0)
	}
	if err == nil && value == nil && partitions > 1 {
		// An operator who adds partitions moves the key to another one.
		value, err = o.lastCommitted(ctx, cl, func(p int32) bool { return p != own }, 0)
	}
	if err != nil || value == nil {
		return strategies.Cursor{}, err
	}
	return ParseCursor(o.Stream, value)
}

// ParseCursor reads a cursor as the state topic holds it.
func ParseCursor(stream string, value []byte) (strategies.Cursor, error) {
	c, err := strategies.ParseCursor(value)
	if err != nil {
		return c, class.Errorf(class.Broker, "reading the cursor of stream %s in the state topic: %w "+
			"(schemas/cursor.schema.json describes what it has to be)", stream, err)
	}
	return c, nil
}

func (o Options) lastCommitted(ctx context.Context, cl *kgo.Client, wanted func(int32) bool, from int64) ([]byte, error) {
	all, err := ends(ctx, cl, o.StateTopic)
	if err != nil {
		return nil, err
	}
	first, err := starts(ctx, cl, o.StateTopic)
	if err != nil {
		return nil, err
	}
	last := make(map[int32]int64)
	for p, end := range all {
		if wanted(p) {
			last[p] = end
			first[p] = max(first[p], from)
		}
	}
	// What stands below the last stable offset and has no marker left was committed:
	// compaction keeps a marker as long as it keeps a record that needs it.
	stable, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, o.StateTopic)
	if err != nil {
		return nil, class.Errorf(class.Broker, "looking up the end of topic %s: %w", o.StateTopic, err)
	}
	type producer struct {
		partition int32
		id        int64
	}
	type candidate struct {
		offset int64
		value  []byte
	}
	var found []byte
	pending := make(map[producer]candidate)
	s := span{topic: o.StateTopic, first: first, last: last, isolation: kgo.ReadUncommitted()}
	err = o.scan(ctx, s, func(r *kgo.Record) error {
		p := producer{r.Partition, r.ProducerID}
		switch {
		case r.Attrs.IsControl():
			if c, ok := pending[p]; ok && isCommit(r.Key) {
				found = c.value
			}
			delete(pending, p)
		case string(r.Key) != o.Stream:
		case r.Attrs.IsTransactional():
			pending[p] = candidate{r.Offset, r.Value}
		default:
			found = r.Value // an operator's repair with a plain producer
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the state topic: %w", err)
	}
	for p, c := range pending {
		if at, ok := stable.Lookup(o.StateTopic, p.partition); ok && c.offset < at.Offset {
			found = c.value
		}
	}
	return found, nil
}

// isCommit reads a control record's key: version and type, two 16-bit numbers. Type 1 is
// a commit, 0 an abort (Kafka's EndTransactionMarker).
func isCommit(key []byte) bool {
	return len(key) >= 4 && binary.BigEndian.Uint16(key[2:]) == 1
}
