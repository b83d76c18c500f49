package kafka

import (
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// acks collects what the broker says of a transaction's records.
type acks struct {
	mu     sync.Mutex
	topic  string
	state  string
	stream string
	parts  []wrote // by partition of the output topic
	cursor int64   // offset of the cursor in the state topic
	err    error
}

// wrote is what a transaction has in a partition: records from the first offset up to, and
// without, end. Where they are fewer than offsets, others lie among them.
type wrote struct{ first, end, count int64 }

func (a *acks) reset(partitions int, o *Options) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cap(a.parts) < partitions {
		a.parts = make([]wrote, partitions)
	}
	a.parts = a.parts[:partitions]
	clear(a.parts)
	a.topic, a.state, a.stream, a.err = o.Topic, o.StateTopic, o.Stream, nil
}

func (a *acks) ack(r *kgo.Record, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err != nil:
		if a.err == nil {
			a.err = fmt.Errorf("record %q of %d bytes to topic %s: %w", clip(r.Key), len(r.Key)+len(r.Value), r.Topic, err)
		}
	case r.Topic == a.topic && int(r.Partition) < len(a.parts):
		w := &a.parts[r.Partition]
		if w.count == 0 || r.Offset < w.first {
			w.first = r.Offset
		}
		w.end = max(w.end, r.Offset+1)
		w.count++
	case r.Topic == a.state && string(r.Key) == a.stream:
		a.cursor = r.Offset
	}
}

func (a *acks) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}
