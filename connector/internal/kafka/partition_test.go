package kafka

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A key goes where Kafka's own partitioner puts it, whatever the number of partitions.
func TestPartitioner(t *testing.T) {
	ours, kafkas := partitioner.ForTopic("user"), kgo.StickyKeyPartitioner(nil).ForTopic("user")
	used := map[int]bool{}
	for _, n := range []int{1, 2, 3, 12} {
		for i := range 100 {
			r := &kgo.Record{Topic: "user", Key: fmt.Appendf(nil, "user-%d", i)}
			got, want := ours.Partition(r, n), kafkas.Partition(r, n)
			if got != want {
				t.Fatalf("key %s of %d partitions: %d, want %d", r.Key, n, got, want)
			}
			used[got] = true
			if !ours.RequiresConsistency(r) {
				t.Fatalf("key %s may go elsewhere while a partition is down", r.Key)
			}
		}
	}
	if len(used) != 12 {
		t.Errorf("only partitions %v were used", used)
	}
}
