package connector

import (
	"context"
	"fmt"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
)

// A stream with nothing to write for idle_after closes its producer: its connections, its
// goroutines and its buffers, here and at the broker. The window and the cursor stay and
// the polls go on. A closed sink can't commit (P5); the first change opens it again.

// countIdle begins to count idle_after; the returned function ends it.
func (c *committer) countIdle() func() {
	if c.stream.IdleAfter == 0 {
		return func() {}
	}
	t := time.NewTimer(c.patience())
	c.tired, c.active = t.C, func() { t.Reset(c.patience()) }
	return func() { t.Stop() }
}

// patience is how long the stream stays awake behind a transaction. Within a sweep it is never
// cut short: more is to be written as a rule.
func (c *committer) patience() time.Duration {
	if c.stored.Sweep != nil {
		return c.stream.IdleAfter
	}
	return c.worker.IdleAfter(c.stream.IdleAfter)
}

// doze closes the sink and lets go of what only busy streams need.
func (c *committer) doze() {
	c.report.Log.Debug("nothing to write for idle_after: closing the producer", "idle_after", c.stream.IdleAfter)
	c.sink.Close()
	c.dozing, c.batch.Records, c.spare.batch.Records = true, nil, nil
	c.worker.Idles()
}

// wake opens the sink of a stream that dozes, for a transaction. Like every open that
// fences, and a worker that lost the stream meanwhile is told so without disturbing the
// one that has it now (P5).
//
// The window and the pages in hand serve on if the topic is as this worker's last
// transaction left it. That is so if the stored cursor is the one which that transaction
// stored, for each has an owner and a seq of its own (rule 4). Otherwise the stream takes
// a full start. The transaction that follows is the claim.
func (c *committer) wake(ctx context.Context) error {
	c.report.Log.Debug("something to write: opening the producer again")
	if err := c.worker.Seat(ctx); err != nil {
		return err
	}
	defer func() {
		if c.dozing {
			c.worker.Unseat()
		}
	}()
	leave, err := c.worker.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	topic, ends := c.sink.TopicID(), c.sink.Ends()
	found, err := c.sink.Open(ctx)
	switch {
	case class.Of(err) == class.Fenced:
		return err
	case err != nil:
		// As if the transaction had been begun: tried again while the broker is on its way.
		return &kafka.CommitError{Outcome: kafka.NotWritten, Err: fmt.Errorf("opening the producer of an idle stream: %w", err)}
	case found.Seq != c.stored.Seq || found.Owner != c.stored.Owner, kafka.Lost(found, c.sink.Found()) != "",
		c.sink.TopicID() != topic, shorter(c.sink.Ends(), ends), c.sink.MaxRecord() != c.rules.Limits.Record:
		return errReopen
	}
	c.dozing = false
	c.worker.Opened()
	return nil
}
