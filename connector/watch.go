package connector

import (
	"context"
	"time"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// lookEvery is how often a worker looks at its streams' output topics. A stream that writes
// notices by itself that its topic was made anew or put back; one that has nothing to write
// would not, and deletes or rows that never change again would be missing until it is
// started anew. It is one look for all streams, of five small requests.
const lookEvery = time.Minute

// watch looks at the topics until ctx ends.
func (c *Connector) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.lookEvery):
		}
		suspects := c.look(ctx, c.crew.Members())
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
		for _, u := range c.look(ctx, suspects) {
			select {
			case u.driver.Alarm <- struct{}{}:
			default:
			}
		}
	}
}

// look returns the streams whose topics no longer hold what was written to them.
func (c *Connector) look(ctx context.Context, units []*unit) (suspects []*unit) {
	before := make(map[*unit]*stream.Standing) // taken first: what is written meanwhile is beyond it
	var topics []string
	for _, u := range units {
		if s := u.driver.Opener.Standing(); s != nil && s.Topic != nil {
			before[u] = s
			topics = append(topics, u.config.Topic)
		}
	}
	if len(topics) == 0 {
		return nil
	}
	found, err := c.topics.Look(ctx, topics)
	if err != nil {
		return nil // the broker is away: whoever has something to write will say so
	}
	for _, u := range units {
		s := before[u]
		if s == nil || s != u.driver.Opener.Standing() && s.Topic.ID != u.driver.Opener.Standing().Topic.ID {
			continue
		}
		f, ok := found[u.config.Topic]
		if !ok {
			continue
		}
		f.Forgets = s.Forgets
		if kafka.Lost(strategies.Cursor{Version: strategies.CursorVersion, Topic: s.Topic}, f) != "" {
			suspects = append(suspects, u)
		} else if !f.Missing {
			u.driver.Opener.Wider(s.Topic.Partitions, len(f.Ends))
		}
	}
	return suspects
}
