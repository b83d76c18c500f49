package kafka

import (
	"fmt"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// acks collects what the broker says of a transaction's records.
type acks struct {
	mu     sync.Mutex
	o      *Options // of the sink
	cursor int64    // offset of the cursor in the state topic
	err    error

	// By partition of the output topic: behind the last record, where the first one lies, and
	// how many there are. Where that is less than the offsets between, others lie among them.
	ends, firsts, counts []int64
}

func (a *acks) reset(partitions int, o *Options) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, list := range []*[]int64{&a.ends, &a.firsts, &a.counts} {
		if cap(*list) < partitions {
			*list = make([]int64, partitions)
		}
		*list = (*list)[:partitions]
		clear(*list)
	}
	a.o, a.err = o, nil
}

func (a *acks) ack(r *kgo.Record, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err != nil:
		if a.err == nil {
			a.err = fmt.Errorf("record %q of %d bytes to topic %s: %w", clip(r.Key), len(r.Key)+len(r.Value), r.Topic, a.o.ofRecord(r.Topic, err))
		}
	case r.Topic == a.o.Topic && int(r.Partition) < len(a.ends):
		p := r.Partition
		if a.counts[p]++; a.counts[p] == 1 || r.Offset < a.firsts[p] {
			a.firsts[p] = r.Offset
		}
		a.ends[p] = max(a.ends[p], r.Offset+1)
	case r.Topic == a.o.StateTopic && string(r.Key) == a.o.Stream:
		a.cursor = r.Offset
	}
}

// begins are, per partition of the output topic, where the transaction's first record lies; -1:
// it has none there.
func (a *acks) begins() []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	begins := slices.Clone(a.firsts)
	for p, n := range a.counts {
		if n == 0 {
			begins[p] = -1
		}
	}
	return begins
}

func (a *acks) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}
