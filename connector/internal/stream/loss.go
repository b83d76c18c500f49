package stream

import (
	"errors"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/readback"
	"tidemark/strategies"
)

// A cursor says what was delivered, and the topic may no longer hold it: it was deleted and
// made anew, trimmed, or put back to an earlier state. The evidence in the cursor tells
// (rule 21). What then happens is on_topic_loss's.

// OnLossFail is the value of on_topic_loss with which a loss ends the stream.
const OnLossFail = "fail"

// ErrMoving is why a stream whose keys are half moved does not run: a key that changed now
// would have live rows in two partitions.
var ErrMoving = class.Wrap(class.Config, errors.New("the stream's keys are being moved to other partitions: "+
	"wait until tidemark state repartition has ended, or run it again if it broke off"))

// Moving reports whether the stream's keys are being moved.
func Moving(c strategies.Cursor) bool { return c.Topic != nil && c.Topic.Moving }

// shorter reports whether a partition ends before it did, or their number has changed.
func shorter(now, before []int64) bool {
	for p := range before {
		if p >= len(now) || now[p] < before[p] {
			return true
		}
	}
	return len(now) != len(before)
}

// mend holds the topic against the cursor that was read. Where records are missing, the
// stream begins anew at its first mark with a window over the whole topic, so that what the
// topic has not is written and nothing else is (P2, P3). The claim stores it, together with
// what the topic is like now: a loss is found once.
func (o *Opener) mend(c strategies.Cursor) (strategies.Cursor, error) {
	if Moving(c) { // since it was looked at before fencing
		return c, ErrMoving
	}
	found := o.Sink.Found()
	if lost := kafka.Lost(c, found); lost != "" {
		if o.Stream.OnTopicLoss == OnLossFail {
			return c, kafka.LostError(o.Stream.Topic, lost)
		}
		o.Report.Warn("the output topic no longer holds what was written to it; reading everything again and writing what it has not",
			"topic", o.Stream.Topic, "found", lost, "mark", c.Mark)
		return Forget(c, found), nil
	}
	if kafka.Trimmed(c, found) {
		o.Report.Warn("retention has removed records that the API may return again; such rows are written once more",
			"topic", o.Stream.Topic, "window", c.Window)
	}
	o.Wider(o.Sink.Spread(), len(found.Ends))
	return c, nil
}

// Forget drops what the cursor says was delivered, and of a topic made anew what its records'
// schema ids mean, too; but not where it has records already: a worker of the stream that did
// not know of it yet has written them, with the ids as they were.
func Forget(c strategies.Cursor, found kafka.Found) strategies.Cursor {
	if kafka.Remade(c, found) && !Holds(found.Starts, found.Ends) {
		c.Schemas = nil
	}
	next := c.Forget()
	next.LostAt = c.Seq
	return next
}

// Holds reports whether a topic with these first and next offsets has records.
func Holds(starts, ends []int64) bool {
	for p := range ends {
		if ends[p] > starts[p] {
			return true
		}
	}
	return false
}

// Wider says once that the topic has more partitions than the stream's keys are spread over.
func (o *Opener) Wider(spread, has int) {
	if spread < has && o.widened.Swap(int64(has)) != int64(has) {
		o.Report.Warn("the output topic has more partitions than the stream's keys are spread over; the new ones stay empty "+
			"until tidemark state repartition moves the keys", "topic", o.Stream.Topic, "partitions", has, "used", spread)
	}
}

// Claimed is the cursor of a topic that is taken as it stands. What the topic has lost is read
// again, and its schema ids may mean something else in records from here on.
func Claimed(c strategies.Cursor, found kafka.Found, ends []int64) strategies.Cursor {
	if kafka.Lost(c, found) != "" {
		c = Forget(c, found)
	}
	c.Claimed, c.Schemas = true, readback.Until(c.Schemas, ends)
	return c
}
