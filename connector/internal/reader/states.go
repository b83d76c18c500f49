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
	Err       error // the record is no cursor that this program can read; Cursor is empty
}

// States returns the live cursor of every stream in a state topic, by name. A topic
// that does not exist yet has none. A record that can't be read is returned with its
// Err, so that one does not hide the others. Errors have class Broker.
func States(ctx context.Context, brokers []string, topic string) ([]State, error) {
	cl, err := Connect(ctx, brokers)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	live := map[string]State{}
	err = Read(ctx, cl, topic, false, func(r *kgo.Record) error {
		name := string(r.Key)
		if r.Value == nil {
			delete(live, name)
			return nil
		}
		s := State{Stream: name, Raw: bytes.Clone(r.Value), At: r.Timestamp, Partition: r.Partition, Offset: r.Offset}
		s.Cursor, s.Err = parseCursor(name, r.Value)
		live[name] = s
		return nil
	})
	var none *NoTopicError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]State, 0, len(live))
	for _, s := range live {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b State) int { return strings.Compare(a.Stream, b.Stream) })
	return out, nil
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
