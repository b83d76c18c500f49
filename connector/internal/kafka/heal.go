package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

// hanging returns the partitions of the stream's topics in which a transaction of this
// producer id is still open. It is asked right after fencing, when the coordinator has
// ended every transaction that it knows of, so what is open then hangs: the coordinator
// forgot it (seen on Kafka 4.4: a broker that restarts may keep the records of a
// transaction and not the note that it began). Nobody would ever end it. Readers would
// stop before it for ever, and the markers of this stream's next transaction would
// commit it along with their own.
//
// A broker that cannot tell has no such partitions.
func (s *Sink) hanging(ctx context.Context, reader *kgo.Client) (kadm.TopicsSet, error) {
	id, _, err := s.client.ProducerID(ctx)
	if err != nil {
		return nil, class.Errorf(class.Broker, "reading the producer id: %w", err)
	}
	adm := kadm.NewClient(reader)
	var asked kadm.TopicsSet
	for p := range s.data.partitions {
		asked.Add(s.o.Topic, int32(p))
	}
	asked.Add(s.o.StateTopic, s.o.statePartition(s.state.partitions))
	if dead, err := s.o.describe(ctx, adm, s.o.DeadTopic()); err == nil {
		for p := range dead.partitions {
			asked.Add(s.o.DeadTopic(), int32(p))
		}
	}
	described, err := adm.DescribeProducers(ctx, asked)
	if err != nil {
		return nil, nil //nolint:nilerr // an old broker, or no right to ask
	}
	var open kadm.TopicsSet
	described.EachProducer(func(p kadm.DescribedProducer) {
		if p.ProducerID == id && p.CurrentTxnStartOffset >= 0 {
			open.Add(p.Topic, p.Partition)
		}
	})
	return open, nil
}

// abort ends hanging transactions: one more of the same producer id is begun in those
// partitions and aborted, and its markers end what was open before it.
func (s *Sink) abort(ctx context.Context, hanging kadm.TopicsSet) error {
	client, err := s.o.transactional(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, s.o.TxnTimeout+dialPatience)
	defer cancel()
	if err := client.BeginTransaction(); err != nil {
		return class.Errorf(class.Broker, "ending a hanging transaction: %w", err)
	}
	var records []*kgo.Record
	for topic, partitions := range hanging {
		for p := range partitions {
			// It is never seen, for it is aborted with the rest.
			records = append(records, &kgo.Record{Topic: topic, Partition: p, Key: []byte(s.o.Stream), Value: []byte("aborted")})
		}
	}
	if err = client.ProduceSync(ctx, records...).FirstErr(); err == nil {
		err = flush(ctx, client)
	}
	if err == nil {
		err = client.EndTransaction(ctx, kgo.TryAbort)
	}
	if err != nil {
		return class.Wrap(class.Broker, fmt.Errorf("ending a hanging transaction in %v: %w", hanging, err))
	}
	return nil
}
