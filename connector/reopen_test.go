package connector

import (
	"context"
	"errors"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// A worker whose claim does not come through finds the owner before it in the cursor. That
// is no other worker's: it claims once more, and is not fenced (rule 5).
func TestBrokerClaimThatFails(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 3)}
	h, stream := scripted(t, strategies.Timestamp, s)
	h.mustOnce()
	s.set(people(4, 1)...)
	c, err := New(h.cfg, Options{Once: true, Logger: h.logger()})
	if err != nil {
		t.Fatal(err)
	}
	u := c.crew.Members()[0]
	u.through(&claimFails{Sink: u.driver.Opener.Sink})
	if err := u.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := h.holds(stream.Topic, s); n != 4 {
		t.Errorf("%d events, want 4", n)
	}
}

// claimFails loses its first transaction.
type claimFails struct {
	stream.Sink
	failed bool
}

func (c *claimFails) Commit(ctx context.Context, records []kafka.Record, next strategies.Cursor) (strategies.Cursor, error) {
	if c.failed {
		return c.Sink.Commit(ctx, records, next)
	}
	c.failed = true
	c.Close()
	return next, &kafka.CommitError{Outcome: kafka.NotWritten, Err: class.Wrap(class.Broker, errors.New("the broker is away"))}
}
