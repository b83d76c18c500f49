package connector

import (
	"errors"
	"time"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// committer takes every page that is ready, drops the rows that the topic already
// holds, and commits the rest with the cursor behind them. While a transaction is on its
// way it admits the pages of the next one; see group.go.
type committer struct {
	*runner
	in       <-chan *fetched
	share    *inflight.Share
	stored   strategies.Cursor // as the state topic has it
	admitter *admit.Admitter   // its mark is the one behind the transaction on its way, or else of stored

	*group            // being made
	flight  *flight   // on its way; nil: none is
	spare   *group    // empty, for the next one
	last    time.Time // end of the last transaction
	refused error     // why the page in turn may not be written; nil: it may

	sweepFrom Counts // totals when the open sweep was begun

	dozing bool             // the sink is closed until there is something to write
	tired  <-chan time.Time // idle_after has passed without a transaction; nil: it never does
	active func()           // counts idle_after anew; nil likewise
}

func newCommitter(r *runner, share *inflight.Share, w *window.Window, stored strategies.Cursor) *committer {
	return &committer{runner: r, share: share, stored: stored, admitter: admit.New(r.rules, w, stored.Mark),
		group: newGroup(), spare: newGroup(), sweepFrom: r.report.Board.Get().Counts}
}

// drain frees the pages that were fetched and never taken. It waits for the fetcher, which
// stops by itself only at the end of a single sweep: run must have returned, so that the
// fetcher's context has ended.
func (c *committer) drain() {
	for item := range c.in {
		c.free([]fetched{*item})
	}
}

// admit puts the page's new rows into the transaction that is being made.
func (c *committer) admit(item *fetched) error {
	if item.warning != "" {
		c.batch.Counts.Warnings++
		c.report.Log.Warn(item.warning)
	}
	if item.answer == nil {
		return nil
	}
	c.batch.Counts.Replaced += int64(item.answer.Adjusted.Halves.Count)
	if err := c.admitter.Page(&c.batch, item.answer.page(), time.Now()); err != nil {
		var below *admit.BelowError
		if errors.As(err, &below) {
			return c.reachDown(below)
		}
		return err
	}
	start, err := c.windowStart(item.next.Window)
	if err != nil {
		return err
	}
	if c.floor == nil || *c.floor > start {
		c.admitter.Window.Raise(start)
	}
	return nil
}

// reachDown makes the next life's window reach down to a row that the API served from before what it was
// asked for. Whether the topic has it can be told only with such a window.
func (c *committer) reachDown(below *admit.BelowError) error {
	floor, err := c.lower(below.N)
	if err != nil {
		return err
	}
	c.floor = floor
	c.report.Log.Warn("the API served a row from before the value it was asked with; looking further back in the topic",
		"id", below.Key, "value", below.Value)
	return errReopen
}

// lower is a window's start that reaches down to n and as far again, so that an API which
// serves ever older rows makes the window longer a few times only.
func (c *committer) lower(n int64) (*int64, error) {
	from, err := c.windowStart(c.stored.Window)
	if err != nil {
		return nil, err
	}
	floor := n - (from - n)
	if from-n < 0 || floor > n { // out of range
		floor = window.Everything
	}
	return &floor, nil
}

func (c *committer) sweepEnded(took time.Duration) {
	now := c.report.Board.Get()
	sweep := Sweep{Stream: now.Stream, Strategy: now.Strategy, Topic: now.Topic, Mark: now.Mark,
		Counts: now.Counts.Minus(c.sweepFrom), Took: took}
	if sweep.Late > 0 {
		c.report.Log.Info("rows appeared behind the mark", "rows", sweep.Late, "latest", now.MaxLateness.Round(time.Second),
			"recommended_buffer_hours", now.RecommendedBuffer())
	}
	c.sweepFrom = now.Counts
	c.admitter.SweepEnded()
	c.onSweep(sweep)
}

// free gives the pages' memory back.
func (c *committer) free(batch []fetched) {
	for i := range batch {
		if batch[i].answer != nil {
			batch[i].answer.Release()
			c.share.Release(batch[i].weight)
			batch[i].answer = nil
		}
	}
}
