package connector

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// What is read back from the topic is a key's last event. Its home partition has them in
// order; events elsewhere are strays (see window.LoadStray).

// readBack is the offsets from which the topic is read for a window that begins at start;
// nil: from its start on. Partitions that were added since are read whole.
func (r *runner) readBack(rb *strategies.ReadBack, start int64) ([]int64, error) {
	if rb == nil || rb.TopicID != r.sink.TopicID() || len(rb.Offsets) > len(r.sink.Ends()) {
		return nil, nil
	}
	valid, err := r.windowStart(rb.Window)
	if err != nil || valid > start {
		return nil, err
	}
	from := make([]int64, len(r.sink.Ends()))
	for p, end := range r.sink.Ends() {
		if p < len(rb.Offsets) {
			from[p] = rb.Offsets[p]
		}
		if from[p] > end {
			return nil, nil
		}
	}
	return from, nil
}

// load puts a record that was read back into the window.
func load(w *window.Window, rec *kgo.Record, spread int, v strategies.Value, hash uint64) {
	if kafka.Home(rec, spread) == rec.Partition {
		w.Load(rec.Key, v, hash, rec.Partition, rec.Offset)
	} else {
		w.LoadStray(rec.Key, v, hash, rec.Partition, rec.Offset)
	}
}

// scattered says once that keys lie outside of their partitions.
func (r *runner) scattered(keys int) {
	if keys == 0 || r.astray {
		return
	}
	r.astray = true
	r.report.Warn("keys of the output topic lie outside of their partitions, where a delete does not reach them; "+
		"tidemark state repartition moves them", "topic", r.stream.Topic, "keys", keys)
}

// alive leaves the keys whose last event is a row that a scan would show: keys that were
// met in the topic are taken off where it is a tombstone, or lies outside of what is scanned.
// A foreign record over a key's rows takes nothing off: consumers still see the row below it.
func (f *full) alive(w *window.Window, keys map[uint64]bool) {
	f.scattered(w.Settle(wire.TombstoneHash))
	for id := range keys {
		n, hash, ok := w.LastOf(id)
		if !ok || hash != window.Unknown && (hash == wire.TombstoneHash || f.outOfScope(n)) {
			delete(keys, id)
		}
	}
}

// outOfScope is what inScope says of a value's number alone, where that tells.
func (f *full) outOfScope(n int64) bool {
	if n == window.NoValue || f.stream.Strategy == strategies.StepSize {
		return n != window.NoValue && (n < f.stream.InitialID || n > f.stream.MaxID)
	}
	first, err := f.format.ParseString(f.stream.InitialMark)
	return f.stream.InitialMark != "" && err == nil && n < first.N
}

// isLast reports whether the value is that of the key's last event; hash is that of its body.
func isLast(w *window.Window, key []byte, v strategies.Value, hash uint64) bool {
	n, last, ok := w.LastOf(window.KeyHash(key))
	if hash == window.Unknown || last == window.Unknown {
		return ok && hash == last
	}
	return ok && (v.Set && v.N == n || !v.Set && n == window.NoValue)
}
