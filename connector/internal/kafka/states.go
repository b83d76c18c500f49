package kafka

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/strategies"
)

// State is a stream's live cursor: the last committed record of its key.
type State struct {
	Stream   string
	Cursor   strategies.Cursor
	At       time.Time // when it was committed
	Producer int64     // id
	Text     []byte    // the cursor as it is stored
	Err      error     // the record is no cursor, and says where it is; Cursor is empty
}

// States returns the live cursor of every stream in the state topic, by name, and beside it which
// stream each output topic belongs to. A state topic that does not exist yet has none. A cursor
// that can't be read is returned with its Err, so that one does not hide the others; an owner record
// that can't be is left out. It reads up to the last stable offset, and fences nobody (rule 7).
//
// A key may have live records in several partitions, where an operator has added some: the
// one with the greatest seq holds, as it does at a start.
func (o Options) States(ctx context.Context) ([]State, map[string]Owner, error) {
	live, err := o.live(ctx)
	if err != nil {
		return nil, nil, err
	}
	var states []State
	owners := make(map[string]Owner)
	for key, e := range live {
		if OfSchema(key) || OfSecret(key) {
			continue
		}
		if topic, ok := OwnedTopic(key); ok {
			if w, err := parseOwner(e.value); err == nil {
				owners[topic] = w
			}
			continue
		}
		s := State{Stream: key, At: e.at, Producer: e.producer, Text: e.value}
		s.Cursor, s.Err = o.parseCursor(key, e)
		states = append(states, s)
	}
	slices.SortFunc(states, func(a, b State) int { return strings.Compare(a.Stream, b.Stream) })
	return states, owners, nil
}

// live is the newest committed record of each key of the state topic.
func (o Options) live(ctx context.Context) (map[string]*entry, error) {
	live := make(map[string]map[int32]entry)
	err := o.inspect(ctx, span{topic: o.StateTopic}, func(r *kgo.Record) error {
		key := string(r.Key)
		if r.Value == nil {
			delete(live[key], r.Partition)
			return nil
		}
		if live[key] == nil {
			live[key] = make(map[int32]entry)
		}
		e := entryOf(r)
		e.value = bytes.Clone(r.Value) // or all that was fetched with it would stay
		live[key][r.Partition] = e
		return nil
	})
	if err != nil && !errors.As(err, new(*NoTopicError)) {
		return nil, err
	}
	last := make(map[string]*entry, len(live))
	for key, entries := range live {
		if e := newest(slices.Collect(maps.Values(entries))); e != nil {
			last[key] = e
		}
	}
	return last, nil
}

// History returns, by stream, the cursors that the state topic still has, in the order in which they were committed, the
// live one last; compaction removes older ones. Records that are no cursors have their Err.
func (o Options) History(ctx context.Context) (map[string][]State, error) {
	all := make(map[string][]State)
	err := o.inspect(ctx, span{topic: o.StateTopic}, func(r *kgo.Record) error {
		key := string(r.Key)
		_, owner := OwnedTopic(key)
		if owner || OfSchema(key) || OfSecret(key) {
			return nil
		}
		if r.Value == nil {
			delete(all, key)
			return nil
		}
		e := entryOf(r)
		s := State{Stream: key, At: e.at, Producer: e.producer, Text: bytes.Clone(e.value)}
		s.Cursor, s.Err = o.parseCursor(key, &e)
		all[key] = append(all[key], s)
		return nil
	})
	if err != nil && !errors.As(err, new(*NoTopicError)) {
		return nil, err
	}
	for _, states := range all {
		slices.SortStableFunc(states, func(a, b State) int { return cmp.Compare(orderOf(a.Text).Seq, orderOf(b.Text).Seq) })
	}
	return all, nil
}

// Schemas are the schemas that the state topic keeps, by fingerprint.
func (o Options) Schemas(ctx context.Context) (map[string]string, error) {
	live, err := o.live(ctx)
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string)
	for key, e := range live {
		var k KeptSchema
		if OfSchema(key) && json.Unmarshal(e.value, &k) == nil && k.Schema != "" {
			texts[k.Fingerprint] = k.Schema
		}
	}
	return texts, nil
}
