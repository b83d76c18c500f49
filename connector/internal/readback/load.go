package readback

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// What is read back from the topic is a key's last event. Its home partition has them in
// order; events elsewhere are strays (see window.LoadStray).

// Offsets are those from which the topic is read for a window that begins at start;
// nil: from its start on. Partitions that were added since are read whole.
func (r *Reader) Offsets(rb *strategies.ReadBack, start int64) ([]int64, error) {
	if rb == nil || rb.TopicID != r.Topic.TopicID() || len(rb.Offsets) > len(r.Topic.Ends()) {
		return nil, nil
	}
	valid, err := window.Start(r.Format, rb.Window)
	if err != nil || valid > start {
		return nil, err
	}
	from := make([]int64, len(r.Topic.Ends()))
	for p, end := range r.Topic.Ends() {
		if p < len(rb.Offsets) {
			from[p] = rb.Offsets[p]
		}
		if from[p] > end {
			return nil, nil
		}
	}
	return from, nil
}

// Load puts a record that was read back into the window.
func Load(w *window.Window, rec *kgo.Record, spread int, v strategies.Value, hash uint64) {
	if kafka.Home(rec, spread) == rec.Partition {
		w.Load(rec.Key, v, hash, rec.Partition, rec.Offset)
	} else {
		w.LoadStray(rec.Key, v, hash, rec.Partition, rec.Offset)
	}
}

// Scattered says once that keys lie outside of their partitions.
func (r *Reader) Scattered(keys int) {
	if keys == 0 || r.astray {
		return
	}
	r.astray = true
	r.Report.Warn("keys of the output topic lie outside of their partitions, where a delete does not reach them; "+
		"tidemark state repartition moves them", "topic", r.Stream.Topic, "keys", keys)
}
