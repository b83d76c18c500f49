package connector

import (
	"context"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/status"
)

// readyEvery is the longest pause between two looks for a broker that is not there yet. A look
// is one small request.
const readyEvery = 5 * time.Second

// firstLook is the pause between the first two looks.
const firstLook = time.Second

// ready waits until the broker and the registry answer, so that a worker may be started before
// them. What it waits for is said once, at the second look: what is started together comes up
// within a moment. The error is one of the configuration, or that of a ctx that has ended.
func (c *Connector) ready(ctx context.Context) error {
	var away status.Trouble
	for look := 0; ; look++ {
		what, err := "Kafka", c.topics.Ping(ctx)
		if err == nil && c.registry != nil {
			what, err = "the schema registry", c.registry.Answers(ctx)
		}
		switch {
		case err == nil:
			if lasted, _, was := away.Over(time.Now(), false); was {
				c.log.Info("Kafka and the schema registry answer: starting", "after", lasted.Round(time.Millisecond))
				c.showAway(time.Time{}, nil)
			}
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case class.Of(err) == class.Config:
			return err
		case look > 0:
			since, fresh := away.Met(time.Now(), err)
			c.showAway(since, err)
			if fresh {
				c.log.Warn("waiting for "+what, "error", err)
			}
		}
		wait := firstLook
		if look > 0 {
			wait = away.Wait(readyEvery)
		}
		if err := pauses(ctx, c.backoff.wait(wait, err)); err != nil {
			return err
		}
	}
}

// showAway shows all streams what they wait for.
func (c *Connector) showAway(since time.Time, err error) {
	for _, u := range c.crew.Members() {
		u.report.Board.Set(func(s *Status) {
			if s.Since, s.Cause = since, err; err == nil {
				s.State = Starting
			} else {
				s.Last, s.LastAt = err, time.Now()
			}
		})
	}
}
