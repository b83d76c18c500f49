package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

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
// nobody. A commit is answered before its markers are written: who looks by himself, maybe right behind a worker, waits for those
// of the stream's cursor for a while.
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
	if o.Together == nil {
		if err := o.decided(ctx, cl, state); err != nil {
			return strategies.Cursor{}, err
		}
	}
	return o.stored(ctx, cl, state)
}

// The looks for the markers behind a record, and how far they are apart: a transaction that a worker has left open takes longer to end.
const mostLooks = 100

var lookPause = 50 * time.Millisecond // tests wait less

// decided waits until markers have decided on all cursors of the stream, or for as long as they may take.
func (o Options) decided(ctx context.Context, cl *kgo.Client, state topicInfo) error {
	return untilSeen(ctx, func() (bool, error) {
		id, err := o.undecided(ctx, cl, state, func(string) bool { return false })
		return id == "", err
	})
}

// untilSeen looks until markers are seen, or for as long as they may take.
func untilSeen(ctx context.Context, look func() (seen bool, err error)) error {
	for range mostLooks {
		if seen, err := look(); seen || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookPause):
		}
	}
	return nil
}
