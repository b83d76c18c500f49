package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// partitioner puts a record where Kafka's own producers put its key, which readers who join
// topics and tools that look for a cursor rely on. A topic of one partition has no need of the key's hash.
var partitioner = kgo.BasicConsistentPartitioner(func(topic string) func(*kgo.Record, int) int {
	hashed := kgo.StickyKeyPartitioner(nil).ForTopic(topic)
	return func(r *kgo.Record, partitions int) int {
		if partitions == 1 {
			return 0
		}
		return hashed.Partition(r, partitions)
	}
})
