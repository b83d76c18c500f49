package kafka

import (
	"bytes"
	"context"
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
	switch {
	case errors.As(err, new(*NoTopicError)):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	var states []State
	owners := make(map[string]Owner)
	for key, entries := range live {
		e := newest(slices.Collect(maps.Values(entries)))
		if e == nil || OfSchema(key) || OfSecret(key) {
			continue
		}
		if topic, ok := OwnedTopic(key); ok {
			if w, err := parseOwner(e.value); err == nil {
				owners[topic] = w
			}
			continue
		}
		s := State{Stream: key, At: e.at, Producer: e.producer}
		s.Cursor, s.Err = o.parseCursor(key, e)
		states = append(states, s)
	}
	slices.SortFunc(states, func(a, b State) int { return strings.Compare(a.Stream, b.Stream) })
	return states, owners, nil
}
