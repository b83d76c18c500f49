package kafka

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// statePartition is the partition of the state topic that holds the stream's cursor.
func (o Options) statePartition(partitions int) int32 { return o.home(o.Stream, partitions) }

// home is the partition of the state topic where records of the key go.
func (o Options) home(key string, partitions int) int32 {
	r := &kgo.Record{Topic: o.StateTopic, Key: []byte(key)}
	return int32(partitioner.ForTopic(o.StateTopic).Partition(r, partitions))
}

// entry is a committed record of the state topic.
type entry struct {
	value     []byte
	producer  int64
	partition int32
	offset    int64
	at        time.Time
}

func entryOf(r *kgo.Record) entry {
	return entry{r.Value, r.ProducerID, r.Partition, r.Offset, r.Timestamp}
}

// Order is what tells the records of one key in several partitions of a state topic apart.
// An operator who adds partitions moves a key to another one, and its older records stay
// where they are.
type Order struct {
	Seq        int64 `json:"seq"`              // +1 with each record of the key
	Partitions int   `json:"state_partitions"` // that the topic had; 0: unknown
}

// orderOf reads it of a record's value; what cannot be read is before everything.
func orderOf(value []byte) Order {
	var o Order
	if json.Unmarshal(value, &o) != nil {
		return Order{Seq: -1}
	}
	return o
}

// stored is the last committed cursor of the stream; its Version is 0 where there is none. It
// is read as latest reads.
func (o Options) stored(ctx context.Context, cl *kgo.Client, state topicInfo) (strategies.Cursor, error) {
	found, err := o.read(ctx, cl, state, 0, o.Stream)
	if err != nil || found[0] == nil {
		return strategies.Cursor{}, err
	}
	return o.parseCursor(o.Stream, found[0])
}

// latest is the last committed record of each of the keys; nil where there is none.
//
// A key's own partition is read up to its high watermark, whatever other streams have in
// flight there: which of the records count is told by the markers behind
// them (rule 6). A read_committed consumer would stop at the first open transaction of
// a neighbour and hand out a stale cursor.
//
// The others are read where the own one has no record, or has one from when the topic had
// fewer partitions. Then the greatest seq holds: with partitions added twice, a stale record
// may lie where the newest would be looked for.
//
// The first key's partition is read from an offset on at which, or behind which, its record
// is known to stand; 0: nothing is known.
func (o Options) latest(ctx context.Context, cl *kgo.Client, partitions int, from int64, keys ...string) ([]*entry, error) {
	own := make(map[int32]int64)
	for _, key := range keys {
		own[o.home(key, partitions)] = 0
	}
	if len(own) == 1 {
		own[o.home(keys[0], partitions)] = from
	}
	found, err := o.lastCommitted(ctx, cl, own, keys)
	if err == nil && from > 0 && len(found[keys[0]]) == 0 {
		// A log that was cut off is shorter than it was.
		own[o.home(keys[0], partitions)] = 0
		found, err = o.lastCommitted(ctx, cl, own, keys)
	}
	if err != nil {
		return nil, err
	}
	var unsure []string
	for _, key := range keys {
		if e := newest(found[key]); e == nil || orderOf(e.value).Partitions != partitions {
			unsure = append(unsure, key)
		}
	}
	if len(unsure) > 0 {
		others := make(map[int32]int64)
		for p := range int32(partitions) {
			if _, read := own[p]; !read {
				others[p] = 0
			}
		}
		more, err := o.lastCommitted(ctx, cl, others, unsure)
		if err != nil {
			return nil, err
		}
		for key, entries := range more {
			found[key] = append(found[key], entries...)
		}
	}
	last := make([]*entry, len(keys))
	for i, key := range keys {
		last[i] = newest(found[key])
	}
	return last, nil
}

// newest is the entry with the greatest seq; of two with the same, that of the lower partition.
func newest(entries []entry) *entry {
	var last *entry
	seq := int64(0)
	for i := range entries {
		e := &entries[i]
		if n := orderOf(e.value).Seq; last == nil || n > seq || n == seq && e.partition < last.partition {
			last, seq = e, n
		}
	}
	return last
}

// parseCursor reads a stream's cursor in a record of the state topic. Whoever reads cursors, to
// start or to look, reads them so.
func (o Options) parseCursor(stream string, e *entry) (strategies.Cursor, error) {
	c, err := strategies.ParseCursor(e.value)
	if err == nil && c.Version <= strategies.CursorVersion && c.Stream != stream {
		err = fmt.Errorf("it is that of stream %q", c.Stream)
	}
	if err != nil {
		return strategies.Cursor{}, class.Refuse(class.Errorf(class.Broker, "reading the cursor of stream %s in topic %s, partition %d, offset %d: %w "+
			"(schemas/cursor.schema.json describes what it has to be; tidemark state delete removes it, and the stream begins anew on its topic)",
			stream, o.StateTopic, e.partition, e.offset, err))
	}
	return c, nil
}

// lastCommitted returns for each key its last committed record in each of the partitions,
// which are read from the given offsets on. A tombstone is no record.
func (o Options) lastCommitted(ctx context.Context, cl *kgo.Client, from map[int32]int64, keys []string) (map[string][]entry, error) {
	if len(from) == 0 {
		return nil, nil
	}
	// What stands below the last stable offset and has no marker left was committed:
	// compaction keeps a marker as long as it keeps a record that needs it. It is asked for before the end is: what is aborted in
	// between has its marker behind the one and before the other.
	stable, err := stables(ctx, cl, o.StateTopic)
	if err != nil {
		return nil, err
	}
	all, err := ends(ctx, cl, o.StateTopic)
	if err != nil {
		return nil, err
	}
	first, err := starts(ctx, cl, o.StateTopic)
	if err != nil {
		return nil, err
	}
	last := make(map[int32]int64)
	for p, at := range from {
		if end, ok := all[p]; ok {
			last[p] = end
			first[p] = max(first[p], at)
		}
	}
	wanted := make(map[string]bool, len(keys))
	for _, key := range keys {
		wanted[key] = true
	}
	n := newNotes()
	s := span{topic: o.StateTopic, first: first, last: last, isolation: kgo.ReadUncommitted(), markers: true}
	if err := o.scan(ctx, s, func(r *kgo.Record) error {
		if r.Attrs.IsControl() || wanted[string(r.Key)] {
			n.take(r)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading the state topic: %w", err)
	}
	out := make(map[string][]entry)
	for _, key := range keys {
		for p := range from {
			if e, ok := n.committed(key, p, stable[p]); ok {
				out[key] = append(out[key], e)
			}
		}
	}
	return out, nil
}

// undecided is a transactional id, unknown so far, of a cursor of the stream on which no marker has decided yet; "": there is
// none. Who initialises the id waits for the marker. It stands behind the last stable offset.
func (o Options) undecided(ctx context.Context, cl *kgo.Client, state topicInfo, known func(id string) bool) (string, error) {
	stable, err := stables(ctx, cl, o.StateTopic)
	if err != nil {
		return "", err
	}
	all, err := ends(ctx, cl, o.StateTopic)
	if err != nil {
		return "", err
	}
	home := o.statePartition(state.partitions)
	if stable[home] >= all[home] {
		return "", nil
	}
	id, n := "", newNotes()
	s := span{topic: o.StateTopic, first: map[int32]int64{home: stable[home]}, last: map[int32]int64{home: all[home]}, isolation: kgo.ReadUncommitted(), markers: true}
	if err := o.scan(ctx, s, func(r *kgo.Record) error {
		if r.Attrs.IsControl() || string(r.Key) == o.Stream {
			n.take(r)
		}
		return nil
	}); err != nil {
		return "", fmt.Errorf("reading the state topic behind its last stable offset: %w", err)
	}
	for _, entries := range n.pending {
		var c struct { // of whatever version
			TransactionalID string `json:"transactional_id"`
		}
		if e, has := entries[o.Stream]; has && json.Unmarshal(e.value, &c) == nil && !known(c.TransactionalID) {
			id = c.TransactionalID
		}
	}
	return id, nil
}

// isCommit reads a control record's key: version and type, two 16-bit numbers. Type 1 is
// a commit, 0 an abort (Kafka's EndTransactionMarker).
func isCommit(key []byte) bool {
	return len(key) >= 4 && binary.BigEndian.Uint16(key[2:]) == 1
}
