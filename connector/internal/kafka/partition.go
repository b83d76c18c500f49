package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// hashed puts a record where Kafka's own producers put its key, which readers who join
// topics and tools that look for a cursor rely on.
var hashed = kgo.StickyKeyPartitioner(nil).ForTopic("")

// Home is the partition of a record's key among so many. A topic of one partition has no
// need of the key's hash.
func Home(r *kgo.Record, partitions int) int32 {
	if partitions <= 1 {
		return 0
	}
	return int32(hashed.Partition(r, partitions))
}

// partitioner is that of topics whose partitions are as many as the broker says.
var partitioner = kgo.BasicConsistentPartitioner(func(string) func(*kgo.Record, int) int {
	return func(r *kgo.Record, partitions int) int { return int(Home(r, partitions)) }
})

// partitioner takes the output topic's records where they were put: partitions that an
// operator adds must not move a key (P4, rule 22), and a producer learns of them whenever
// it looks at the topic again.
func (s *Sink) partitioner() kgo.Partitioner {
	return kgo.BasicConsistentPartitioner(func(topic string) func(*kgo.Record, int) int {
		if topic == s.o.Topic {
			return func(r *kgo.Record, _ int) int { return int(r.Partition) }
		}
		if topic == s.o.StateTopic {
			return func(r *kgo.Record, partitions int) int { return int(s.o.stateHome(r, partitions)) }
		}
		return func(r *kgo.Record, partitions int) int { return int(Home(r, partitions)) }
	})
}
