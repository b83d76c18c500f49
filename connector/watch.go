package connector

import (
	"context"
	"time"

	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// lookEvery is how often a worker looks at its streams' output topics. A stream that writes
// notices by itself that its topic was made anew or put back; one that has nothing to write
// would not, and deletes or rows that never change again would be missing until it is
// started anew. It is one look for all streams, of five small requests.
const lookEvery = time.Minute

// standing is what the output topic must still be like.
type standing struct {
	topic   *strategies.Topic
	forgets bool // its records go by themselves
}

// stand notes what a cursor that was committed says of the output topic, for the look.
func (r *runner) stand(c strategies.Cursor) {
	r.standing.Store(&standing{c.Topic, r.sink.Found().Forgets})
}

// watch looks at the topics until ctx ends.
func (c *Connector) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.lookEvery):
		}
		suspects := c.look(ctx, c.runners)
		if len(suspects) == 0 {
			continue
		}
		// A broker that has just started, or is still writing the last markers, shows less
		// than it has. A stream starts anew only where it is so a second time.
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.lookEvery / 30):
		}
		for _, r := range c.look(ctx, suspects) {
			select {
			case r.alarm <- struct{}{}:
			default:
			}
		}
	}
}

// look returns the runners whose topics no longer hold what was written to them.
func (c *Connector) look(ctx context.Context, runners []*runner) (suspects []*runner) {
	before := make(map[*runner]*standing) // taken first: what is written meanwhile is beyond it
	var topics []string
	for _, r := range runners {
		if s := r.standing.Load(); s != nil && s.topic != nil {
			before[r] = s
			topics = append(topics, r.stream.Topic)
		}
	}
	if len(topics) == 0 {
		return nil
	}
	found, err := c.topics.Look(ctx, topics)
	if err != nil {
		return nil // the broker is away: whoever has something to write will say so
	}
	for _, r := range runners {
		s := before[r]
		if s == nil || s != r.standing.Load() && s.topic.ID != r.standing.Load().topic.ID {
			continue
		}
		f, ok := found[r.stream.Topic]
		if !ok {
			continue
		}
		f.Forgets = s.forgets
		if kafka.Lost(strategies.Cursor{Version: strategies.CursorVersion, Topic: s.topic}, f) != "" {
			suspects = append(suspects, r)
		} else if !f.Missing {
			r.wider(s.topic.Partitions, len(f.Ends))
		}
	}
	return suspects
}
