package kafka

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/internal/class"
)

// empty reports whether a partition holds no record from offset from up to, and
// without, last: compaction has removed what stood there. It asks the broker's log and
// looks at the bytes, because a consumer that yields nothing for a while may as well be
// slow. An answer that proves nothing, for whatever reason, is false; errors are those
// that asking again would not mend.
func empty(ctx context.Context, cl *kgo.Client, topic string, partition int32, from, last int64, committed bool) (bool, error) {
	yes, err := probe(ctx, cl, topic, partition, from, last, committed)
	var kafka *kerr.Error
	if err != nil && (!errors.As(err, &kafka) || kafka.Retriable || errors.Is(err, kerr.OffsetOutOfRange)) {
		return false, nil // no proof; the caller goes on waiting
	}
	return yes, err
}

func probe(ctx context.Context, cl *kgo.Client, topic string, partition int32, from, last int64, committed bool) (bool, error) {
	adm := kadm.NewClient(cl)
	topics, err := adm.ListTopics(ctx, topic)
	if err != nil {
		return false, err
	}
	at, ok := topics[topic].Partitions[partition]
	if !ok || at.Err != nil || at.Leader < 0 {
		return false, kerr.LeaderNotAvailable
	}
	begin, err := starts(ctx, cl, topic)
	if err != nil {
		return false, err
	}
	if from = max(from, begin[partition]); from >= last {
		return true, nil
	}
	p, err := fetch(ctx, cl, topics[topic], at, from, committed)
	if err != nil || p == nil {
		return false, err
	}
	end := p.HighWatermark
	if committed {
		end = p.LastStableOffset
	}
	return end >= last && noRecords(p.RecordBatches, last), nil
}

// fetch asks a partition's leader for record batches as they lie in its log; nil: the answer
// is about something else.
func fetch(ctx context.Context, cl *kgo.Client, topic kadm.TopicDetail, at kadm.PartitionDetail, from int64, committed bool) (*kmsg.FetchResponseTopicPartition, error) {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis = 100
	req.MaxBytes = 1 << 20
	if committed {
		req.IsolationLevel = 1
	}
	rt := kmsg.NewFetchRequestTopic()
	rt.Topic, rt.TopicID = topic.Topic, topic.ID
	rp := kmsg.NewFetchRequestTopicPartition()
	rp.Partition, rp.FetchOffset, rp.PartitionMaxBytes = at.Partition, from, 1<<20
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	answer, err := req.RequestWith(ctx, cl.Broker(int(at.Leader)))
	if err != nil {
		return nil, err
	}
	if len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
		return nil, nil
	}
	p := &answer.Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
		return nil, class.Errorf(class.Broker, "reading topic %s, partition %d: %w", topic.Topic, at.Partition, toRead.of(topic.Topic, err))
	}
	return p, nil
}

// noRecords looks through record batches (magic 2) for one that begins before last and has
// records. Batches that compaction has emptied stay, with a count of zero.
func noRecords(batches []byte, last int64) bool {
	const (
		lengthAt = 8  // of what follows it
		magicAt  = 16 // behind first offset, length and leader epoch
		countAt  = 57
		header   = 61
	)
	for len(batches) > 0 {
		if len(batches) < header {
			return false // cut off, as brokers do with the last one: what it is cannot be told
		}
		first := int64(binary.BigEndian.Uint64(batches))
		if first >= last {
			return true
		}
		size := lengthAt + 4 + int(int32(binary.BigEndian.Uint32(batches[lengthAt:])))
		if batches[magicAt] != 2 || binary.BigEndian.Uint32(batches[countAt:]) > 0 || size < header || size > len(batches) {
			return false
		}
		batches = batches[size:]
	}
	return true
}
