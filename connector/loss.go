package connector

import (
	"errors"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// A cursor says what was delivered, and the topic may no longer hold it: it was deleted and
// made anew, trimmed, or put back to an earlier state. The evidence in the cursor tells
// (rule 21). What then happens is on_topic_loss's.

const onLossFail = "fail"

// errMoving is why a stream whose keys are half moved does not run: a key that changed now
// would have live rows in two partitions.
var errMoving = class.Wrap(class.Config, errors.New("the stream's keys are being moved to other partitions: "+
	"wait until tidemark state repartition has ended, or run it again if it broke off"))

func moving(c strategies.Cursor) bool { return c.Topic != nil && c.Topic.Moving }

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
func (r *runner) mend(c strategies.Cursor) (strategies.Cursor, error) {
	if moving(c) { // since it was looked at before fencing
		return c, errMoving
	}
	found := r.sink.Found()
	if lost := kafka.Lost(c, found); lost != "" {
		if r.stream.OnTopicLoss == onLossFail {
			return c, kafka.LostError(r.stream.Topic, lost)
		}
		r.report.Warn("the output topic no longer holds what was written to it; reading everything again and writing what it has not",
			"topic", r.stream.Topic, "found", lost, "mark", c.Mark)
		return forget(c, found), nil
	}
	if kafka.Trimmed(c, found) {
		r.report.Warn("retention has removed records that the API may return again; such rows are written once more",
			"topic", r.stream.Topic, "window", c.Window)
	}
	r.wider(r.sink.Spread(), len(found.Ends))
	return c, nil
}

// forget drops what the cursor says was delivered, and of a topic made anew what its records'
// schema ids mean, too; but not where it has records already: a worker of the stream that did
// not know of it yet has written them, with the ids as they were.
func forget(c strategies.Cursor, found kafka.Found) strategies.Cursor {
	if kafka.Remade(c, found) && !holds(found.Starts, found.Ends) {
		c.Schemas = nil
	}
	return c.Forget()
}

// holds reports whether a topic with these first and next offsets has records.
func holds(starts, ends []int64) bool {
	for p := range ends {
		if ends[p] > starts[p] {
			return true
		}
	}
	return false
}

// wider says once that the topic has more partitions than the stream's keys are spread over.
func (r *runner) wider(spread, has int) {
	if spread < has && r.widened.Swap(int64(has)) != int64(has) {
		r.report.Warn("the output topic has more partitions than the stream's keys are spread over; the new ones stay empty "+
			"until tidemark state repartition moves the keys", "topic", r.stream.Topic, "partitions", has, "used", spread)
	}
}
