package connector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// StreamState is the stored state of a configured stream.
type StreamState struct {
	Stream   string
	Strategy string // the configured one
	Found    bool   // false: the stream has not run yet
	Mark     string
	Sweep    string    // what the open sweep is about; empty: none is open
	At       time.Time // when the cursor was written
	Seq      int64
	Err      error // the stored cursor cannot be read; Mark, Sweep and Seq are empty
}

// States reads the stored cursors of the configured streams, in their order. It reads
// what is committed and fences nobody (rule 7). Where the configuration names no
// brokers, the broker of the data directory is used, as AttachLocal says.
func States(ctx context.Context, cfg *config.Config, o LocalOptions) (_ []StreamState, err error) {
	brokers := cfg.Kafka.Brokers
	if len(brokers) == 0 {
		local, attached := AttachLocal(ctx, o)
		if attached != nil {
			return nil, attached
		}
		defer func() { err = errors.Join(err, local.Close()) }()
		brokers = local.Brokers()
	}
	stored, _, err := kafka.Options{Brokers: brokers, StateTopic: cfg.Kafka.StateTopic}.States(ctx)
	if err != nil {
		return nil, err
	}
	byStream := make(map[string]kafka.State, len(stored))
	for _, s := range stored {
		byStream[s.Stream] = s
	}
	states := make([]StreamState, 0, len(cfg.Streams))
	for _, s := range cfg.Streams {
		st := StreamState{Stream: s.Name, Strategy: s.Strategy}
		if found, ok := byStream[s.Name]; ok {
			c := found.Cursor
			st.Found, st.At = true, found.At
			if st.Err = class.Wrap(class.Broker, cmp.Or(found.Err, c.Newer(s.Name))); st.Err == nil {
				st.Mark, st.Seq, st.Sweep = c.Mark, c.Seq, describeSweep(c)
			}
		}
		states = append(states, st)
	}
	return states, nil
}

// describeSweep says in words where an open sweep stands.
func describeSweep(c strategies.Cursor) string {
	s := c.Sweep
	switch {
	case s == nil:
		return ""
	case s.Token != "":
		return fmt.Sprintf("from %s, page %d, token %s", s.From, s.Pages+1, s.Token)
	case c.Strategy == strategies.StepSize:
		return fmt.Sprintf("from id %s, next id %d", s.From, s.NextID)
	case c.Strategy == strategies.Offset:
		return fmt.Sprintf("from %s, offset %d after %s", s.From, s.Offset, s.After)
	default:
		return fmt.Sprintf("from %s, page %d, at %s", s.From, s.Pages+1, s.After)
	}
}
