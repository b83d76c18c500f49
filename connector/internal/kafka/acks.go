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
	ends   []int64
	cursor int64 // offset of the record in the state topic
	err    error
}

func (a *acks) reset(partitions int, topic, state string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cap(a.ends) < partitions {
		a.ends = make([]int64, partitions)
	}
	a.ends = a.ends[:partitions]
	clear(a.ends)
	a.topic, a.state, a.err = topic, state, nil
}

func (a *acks) ack(r *kgo.Record, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err != nil:
		if a.err == nil {
			a.err = fmt.Errorf("record %q of %d bytes to topic %s: %w", clip(r.Key), len(r.Key)+len(r.Value), r.Topic, err)
		}
	case r.Topic == a.topic && int(r.Partition) < len(a.ends):
		a.ends[r.Partition] = max(a.ends[r.Partition], r.Offset+1)
	case r.Topic == a.state:
		a.cursor = r.Offset
	}
}

func (a *acks) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}
