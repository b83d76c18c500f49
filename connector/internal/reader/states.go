package reader

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// State is a stream's live cursor: the last committed record of its key.
type State struct {
	Stream    string
	Cursor    strategies.Cursor
	Raw       []byte    // as stored
	At        time.Time // when it was committed
	Partition int32
	Offset    int64
	Producer  int64 // id
	Err       error // the record is no cursor that this program can read; Cursor is empty
}

// States returns the live cursor of every stream in a state topic, by name. A topic
// that does not exist yet has none. A record that can't be read is returned with its
// Err, so that one does not hide the others. Errors have class Broker.
func States(ctx context.Context, brokers []string, topic string) ([]State, error) {
	states, _, err := Stored(ctx, brokers, topic)
	return states, err
}

// Stored is States, and beside it which stream each output topic belongs to. An owner record
// that can't be read is left out.
//
// A key may have live records in several partitions, where an operator has added some: the
// one with the greatest seq holds, as it does at a start.
func Stored(ctx context.Context, brokers []string, topic string) ([]State, map[string]kafka.Owner, error) {
	cl, err := Connect(ctx, brokers)
	if err != nil {
		return nil, nil, err
	}
	defer cl.Close()
	type place struct {
		key       string
		partition int32
	}
	live := map[place]*kgo.Record{}
	err = Read(ctx, cl, topic, false, func(r *kgo.Record) error {
		at := place{string(r.Key), r.Partition}
		if r.Value == nil {
			delete(live, at)
			return nil
		}
		kept := *r
		kept.Value = bytes.Clone(r.Value)
		live[at] = &kept
		return nil
	})
	var none *NoTopicError
	if errors.As(err, &none) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	newest := map[string]*kgo.Record{}
	for at, r := range live {
		if before := newest[at.key]; before == nil || later(r, before) {
			newest[at.key] = r
		}
	}
	var states []State
	owners := map[string]kafka.Owner{}
	for name, r := range newest {
		if kafka.OfSchema(name) {
			continue
		}
		if topic, ok := kafka.OwnedTopic(name); ok {
			if w, err := kafka.ParseOwner(r.Value); err == nil {
				owners[topic] = w
			}
			continue
		}
		s := State{Stream: name, Raw: r.Value, At: r.Timestamp, Partition: r.Partition, Offset: r.Offset, Producer: r.ProducerID}
		s.Cursor, s.Err = parseCursor(name, r.Value)
		states = append(states, s)
	}
	slices.SortFunc(states, func(a, b State) int { return strings.Compare(a.Stream, b.Stream) })
	return states, owners, nil
}

// later tells which of a key's records in two partitions is the newer one.
func later(a, b *kgo.Record) bool {
	m, n := kafka.OrderOf(a.Value).Seq, kafka.OrderOf(b.Value).Seq
	return m > n || m == n && a.Partition < b.Partition
}

func parseCursor(stream string, value []byte) (strategies.Cursor, error) {
	var c strategies.Cursor
	if err := json.Unmarshal(value, &c); err != nil {
		return strategies.Cursor{}, fmt.Errorf("the cursor of stream %q is not JSON of the right form: %w", stream, err)
	}
	switch {
	case c.Version < 1 || c.Version > strategies.CursorVersion:
		return strategies.Cursor{}, fmt.Errorf("the cursor of stream %q has version %d, this program reads up to %d", stream, c.Version, strategies.CursorVersion)
	case c.Stream != stream:
		return strategies.Cursor{}, fmt.Errorf("the cursor under the key %q is of stream %q", stream, c.Stream)
	}
	return c, nil
}
