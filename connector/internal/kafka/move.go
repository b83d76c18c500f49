package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// Respread begins to spread the stream's keys over all partitions that the topic has (rule
// 22): each cursor from here on says so, and that keys are on the move until Settled.
func (s *Sink) Respread() { s.spread, s.moving = len(s.ends), true }

// Settled says that every key lies where it belongs.
func (s *Sink) Settled() { s.moving = false }

// Resume makes the next cursors go on from one that is not the stored one: where keys go is as it says.
func (s *Sink) Resume(c strategies.Cursor) {
	s.spread = Spread(c, s.found)
	s.moving = c.Topic != nil && c.Topic.Moving && c.Topic.ID == s.found.ID
}

// Place is Commit for records that go to the given partitions instead of their keys' homes.
func (s *Sink) Place(ctx context.Context, records []Record, partitions []int32, next strategies.Cursor) (strategies.Cursor, error) {
	s.placed = partitions
	defer func() { s.placed = nil }()
	return s.Commit(ctx, records, next)
}

// Stored is the stream's stored cursor; its Version is 0 where there is none. It fences
// nobody.
func (o Options) Stored(ctx context.Context) (strategies.Cursor, error) {
	cl, done, err := o.looker()
	if err != nil {
		return strategies.Cursor{}, err
	}
	defer done()
	if err := o.reach(ctx, cl); err != nil {
		return strategies.Cursor{}, err
	}
	state, err := o.describe(ctx, kadm.NewClient(cl), o.StateTopic)
	if err != nil {
		return strategies.Cursor{}, class.Errorf(class.Broker, "reading the cursor of stream %s: %w", o.Stream, err)
	}
	return o.stored(ctx, cl, state)
}
