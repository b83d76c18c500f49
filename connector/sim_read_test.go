package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit/sim"
	"tidemark/schemas"
	"tidemark/strategies"
)

var simCodec = sync.OnceValues(func() (*goavro.Codec, error) { return goavro.NewCodec(schemas.User) })

// read is what a read_committed consumer sees. Its transactions are told by their time:
// a transaction's records all have the time at which it was begun, and the next one
// begins later.
func (c *city) read() (records, dead []sim.Record, cursors []sim.Stored, err error) {
	topics := []string{simTopic, simState}
	cl, err := kgo.NewClient(kgo.SeedBrokers("localhost:"+strconv.Itoa(simKafkaPort)), kgo.Dialer(c.network.DialContext),
		kgo.ConsumeTopics(append(topics, simDead)...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.DisableClientMetrics())
	if err != nil {
		return nil, nil, nil, err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	adm := kadm.NewClient(cl)
	ends, err := adm.ListCommittedOffsets(ctx, simDead)
	if err != nil || ends.Error() != nil {
		ends = nil // no dead letter, no topic
	}
	more, err := adm.ListCommittedOffsets(ctx, topics...)
	if err == nil {
		err = more.Error()
	}
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return nil, nil, nil, nil
	}
	if err != nil {
		return nil, nil, nil, err
	}
	type part struct {
		topic     string
		partition int32
	}
	starts, err := adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, nil, nil, err
	}
	left := map[part]int64{}
	for _, listed := range []kadm.ListedOffsets{ends, more} {
		listed.Each(func(o kadm.ListedOffset) {
			if at, _ := starts.Lookup(o.Topic, o.Partition); o.Offset > at.Offset {
				left[part{o.Topic, o.Partition}] = o.Offset
			}
		})
	}
	ids := map[string]int32{}
	for i := range c.api.API.H.Versions {
		v := &c.api.API.H.Versions[i].Version
		ids[c.script.ID(v)] = v.Key
	}
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, nil, nil, fmt.Errorf("reading the log: %w", err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			at := part{r.Topic, r.Partition}
			end, ok := left[at]
			if r.Offset >= end-1 {
				delete(left, at)
			}
			if !ok || r.Offset >= end || r.Attrs.IsControl() || err != nil {
				return
			}
			if r.Topic == simState {
				if _, owner := kafka.OwnedTopic(string(r.Key)); owner || kafka.OfSchema(string(r.Key)) {
					return
				}
				var cursor strategies.Cursor
				cursor, err = strategies.ParseCursor(r.Value)
				if n := len(cursors); err == nil && n > 0 && cursor.Topic.Lost != "" && cursors[n-1].Cursor.Seq == cursor.Seq {
					cursors = cursors[:n-1] // the second one of a transaction that has met a loss
				}
				if err == nil {
					cursors = append(cursors, sim.Stored{Txn: r.Timestamp.UnixMilli(), Cursor: cursor, Losses: c.lossesBy(r.Timestamp.UnixMilli())})
				}
				return
			}
			var rec sim.Record
			if r.Topic == simDead {
				if rec, err = c.letter(r, ids); err == nil {
					dead = append(dead, rec)
				}
			} else if rec, err = c.record(r, ids); err == nil {
				records = append(records, rec)
			}
		})
		if err != nil {
			return nil, nil, nil, err
		}
	}
	slices.SortStableFunc(records, func(a, b sim.Record) int { return int(a.Txn - b.Txn) })
	return records, dead, cursors, nil
}

func (c *city) tombstone(r *kgo.Record, rec sim.Record) (sim.Record, error) {
	rec.Deleted = true
	raw := admit.HeaderOf(r, admit.HeaderCursor)
	if raw == nil {
		return rec, nil
	}
	v, err := c.script.Format.Parse(raw)
	rec.N, rec.Set = c.script.Units(v.N), true
	return rec, err
}

// letter reads a dead letter: the row as the API wrote it.
func (c *city) letter(r *kgo.Record, ids map[string]int32) (sim.Record, error) {
	rec := sim.Record{Txn: r.Timestamp.UnixMilli(), Version: sim.Version{Key: ids[string(r.Key)], Bad: true}}
	var row struct {
		ID, Name  string
		UpdatedAt *string
	}
	err := json.Unmarshal(r.Value, &row)
	if err != nil {
		return rec, fmt.Errorf("dead letter %s: %w", r.Value, err)
	}
	content, err := strconv.ParseUint(row.Name, 10, 32)
	rec.Content = uint32(content)
	switch {
	case err != nil:
	case c.script.Strategy == strategies.StepSize:
		rec.Set = true
		rec.N, err = strconv.ParseInt(row.ID, 10, 64)
	case row.UpdatedAt != nil:
		var v strategies.Value
		v, err = c.script.Format.ParseString(*row.UpdatedAt)
		rec.N, rec.Set = c.script.Units(v.N), true
	}
	return rec, err
}

func (c *city) record(r *kgo.Record, ids map[string]int32) (sim.Record, error) {
	rec := sim.Record{Txn: r.Timestamp.UnixMilli(), Partition: r.Partition, Offset: r.Offset}
	rec.Key = ids[string(r.Key)]
	if r.Value == nil {
		return c.tombstone(r, rec)
	}
	codec, err := simCodec()
	if err != nil {
		return rec, err
	}
	native, _, err := codec.NativeFromBinary(r.Value[5:])
	if err != nil {
		return rec, fmt.Errorf("offset %d: %w", r.Offset, err)
	}
	user := native.(map[string]any)
	name, _ := user["name"].(map[string]any)
	content, err := strconv.ParseUint(fmt.Sprint(name["string"]), 10, 32)
	if err != nil {
		return rec, fmt.Errorf("offset %d: %w", r.Offset, err)
	}
	rec.Content = uint32(content)
	if c.script.Strategy == strategies.StepSize {
		rec.N, err = strconv.ParseInt(string(r.Key), 10, 64)
		rec.Set = true
		return rec, err
	}
	if at, ok := user["updatedAt"].(map[string]any); ok {
		for _, t := range at {
			rec.N, rec.Set = c.script.Units(t.(time.Time).UnixMicro()), true
		}
	}
	return rec, nil
}
