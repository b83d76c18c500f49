package connector

import (
	"time"

	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// committer takes every page that is ready, drops the rows that the topic already
// holds, and commits the rest with the cursor behind them. While a transaction is on its
// way it admits the pages of the next one; see group.go.
type committer struct {
	*runner
	in     <-chan *fetched
	share  *inflight.Share
	window *window.Window
	stored strategies.Cursor // as the state topic has it
	mark   string            // the mark behind the transaction on its way, or else of stored

	*group            // being made
	flight  *flight   // on its way; nil: none is
	spare   *group    // empty, for the next one
	last    time.Time // end of the last transaction
	refused error     // why the page in turn may not be written; nil: it may
	forgot  int64     // of the window's forgotten rows, those counted
	future  bool      // rows beyond max_future were met in this sweep, and it was said

	sweepFrom Counts // totals when the open sweep was begun

	older func(*strategies.Row) bool // takes a version older than the topic's; nil: all are dropped (P4)

	dozing bool             // the sink is closed until there is something to write
	tired  <-chan time.Time // idle_after has passed without a transaction; nil: it never does
	active func()           // counts idle_after anew; nil likewise
}

func newCommitter(r *runner, share *inflight.Share, w *window.Window, stored strategies.Cursor) *committer {
	return &committer{runner: r, share: share, window: w, stored: stored, mark: stored.Mark,
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

// admit puts the page's new rows into the transaction that is being made. The window
// takes them for written from here on: where the transaction fails, or the one before it,
// the window goes with it.
func (c *committer) admit(item *fetched) error {
	if item.warning != "" {
		c.counts.Warnings++
		c.report.Log.Warn(item.warning)
	}
	if item.answer == nil {
		return nil
	}
	rows := item.answer.Rows
	c.counts.Read += int64(len(rows))
	c.counts.Replaced += int64(item.answer.Adjusted.Halves.Count)
	gone := arrange(c.format, rows)
	for i := range rows {
		if gone != nil && gone[i] {
			c.counts.Stale++
			continue
		}
		if err := c.row(&rows[i], item.answer); err != nil {
			return err
		}
	}
	start, err := c.windowStart(item.next.Window)
	if err != nil {
		return err
	}
	if c.floor == nil || *c.floor > start {
		c.window.Raise(start)
	}
	return nil
}

// row puts one row into the transaction, if the topic does not hold it already.
func (c *committer) row(row *strategies.Row, from *answer) error {
	if cause := c.cause(row); cause != nil {
		return c.badRow(row, cause, from.URL)
	}
	switch c.window.Offer(row.Key, row.Value, row.Hash) {
	case window.Same:
		c.counts.Same++
	case window.Stale:
		if c.older == nil || !c.older(row) {
			c.counts.Stale++
		}
	case window.Below:
		// The API serves rows from before what it was asked for. Whether the topic has
		// this one can be told only with a window that reaches down to it.
		floor, err := c.lower(row.Value.N)
		if err != nil {
			return err
		}
		c.floor = floor
		c.report.Log.Warn("the API served a row from before the value it was asked with; looking further back in the topic",
			"id", string(row.Key), "value", string(row.Value.Raw))
		return errReopen
	case window.Fresh:
		c.fresh(row, from)
	}
	return nil
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

// put makes the row's record.
func (c *committer) put(row *strategies.Row) {
	if row.Deleted {
		c.counts.Deleted++
		c.records = append(c.records, tombstone(row))
		return
	}
	c.records = append(c.records, kafka.Record{Key: row.Key, Value: row.Body})
	c.bytes += int64(len(row.Body))
}

func (c *committer) fresh(row *strategies.Row, from *answer) {
	c.put(row)
	if !row.Value.Set {
		c.greatest = window.NoValue
		return
	}
	c.greatest = max(c.greatest, row.Value.N)
	if from.Ceiling.Set && row.Value.N > from.Ceiling.N {
		c.counts.Future++
		if !c.future {
			c.future = true
			c.counts.Warnings++
			c.report.Log.Warn("a row lies further in the future than max_future: it is delivered, and the mark stays before it",
				"id", string(row.Key), "value", string(row.Value.Raw), "max_future", c.stream.MaxFuture)
		}
	}
	c.late(row, from)
}

// late measures how long after its own time a row appeared that lies behind the mark: a
// buffer at least so long would have shown it.
func (c *committer) late(row *strategies.Row, from *answer) {
	if c.mark == "" || !c.format.Temporal() {
		return
	}
	mark, err := c.format.ParseString(c.mark)
	if err != nil || row.Value.N >= mark.N {
		return
	}
	c.counts.Late++
	arrived := from.Date
	if arrived.IsZero() {
		arrived = time.Now()
	}
	behind := time.Duration(max(arrived.UnixMicro(), mark.N)-row.Value.N) * time.Microsecond
	c.latest = max(c.latest, behind)
}

// crowded counts the rows that the window has no room for, and says it once.
func (c *committer) crowded(counts *Counts) {
	n := c.window.Forgot()
	counts.Forgot, c.forgot = n-c.forgot, n
	if n == 0 || c.full {
		return
	}
	c.full = true
	counts.Warnings++
	c.report.Log.Warn("the window is full: rows that are read again may be written again (P10)", "window_rows", c.stream.WindowRows)
}

func (c *committer) sweepEnded(took time.Duration) {
	now := c.report.Board.Get()
	sweep := Sweep{Stream: now.Stream, Strategy: now.Strategy, Topic: now.Topic, Mark: now.Mark,
		Counts: now.Counts.Minus(c.sweepFrom), Took: took}
	if sweep.Late > 0 {
		c.report.Log.Info("rows appeared behind the mark", "rows", sweep.Late, "latest", now.MaxLateness.Round(time.Second),
			"recommended_buffer_hours", now.RecommendedBuffer())
	}
	c.sweepFrom, c.future = now.Counts, false
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
