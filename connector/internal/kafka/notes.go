package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// notes are what a reader of the state topic, who reads what is not committed too, has found
// so far: each key's last committed record in each partition, and what the markers that
// are still to come decide on.
type notes struct {
	found   map[keyAt]entry
	pending map[writer]map[string]entry
}

// keyAt is a key in a partition, writer a producer in one.
type (
	keyAt struct {
		partition int32
		key       string
	}
	writer struct {
		partition int32
		id        int64
	}
)

func newNotes() *notes {
	return &notes{found: make(map[keyAt]entry), pending: make(map[writer]map[string]entry)}
}

// take notes a record; each partition's have to come in their order.
func (n *notes) take(r *kgo.Record) {
	w := writer{r.Partition, r.ProducerID}
	switch {
	case r.Attrs.IsControl():
		if isCommit(r.Key) {
			for key, e := range n.pending[w] {
				at := keyAt{r.Partition, key}
				if last, ok := n.found[at]; !ok || last.offset < e.offset {
					n.found[at] = e
				}
			}
		}
		delete(n.pending, w)
	case r.Attrs.IsTransactional():
		if n.pending[w] == nil {
			n.pending[w] = make(map[string]entry)
		}
		n.pending[w][string(r.Key)] = entryOf(r)
	default: // an operator's repair with a plain producer
		n.found[keyAt{r.Partition, string(r.Key)}] = entryOf(r)
	}
}

// committed is the key's last committed record in the partition, whose last stable offset is
// given: what stands below that and has no marker left was committed, for compaction keeps a
// marker as long as it keeps a record that needs it. A tombstone is no record.
func (n *notes) committed(key string, partition int32, stable int64) (entry, bool) {
	last, ok := n.found[keyAt{partition, key}]
	for w, entries := range n.pending {
		if w.partition != partition {
			continue
		}
		if e, has := entries[key]; has && e.offset < stable && (!ok || last.offset < e.offset) {
			last, ok = e, true
		}
	}
	return last, ok && last.value != nil
}
