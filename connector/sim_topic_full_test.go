package connector

import (
	"context"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kit/sim"
)

// topicEvent does to the broker's topic what an operator does. A log that is put back, and
// keys in two partitions, are the model tier's.
func (c *city) topicEvent(e sim.Event) {
	cl, err := kgo.NewClient(kgo.SeedBrokers("localhost:"+strconv.Itoa(simKafkaPort)), kgo.Dialer(c.network.DialContext), kgo.DisableClientMetrics())
	if err != nil {
		c.fail("P7", "an operator's client: %v", err)
		return
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	adm := kadm.NewClient(cl)
	ends, err := adm.ListEndOffsets(ctx, simTopic)
	if err != nil || ends.Error() != nil || len(ends[simTopic]) == 0 {
		return // there is no topic yet
	}
	partitions, lost := len(ends[simTopic]), false
	switch e.Kind {
	case sim.Remake:
		if _, err = adm.DeleteTopic(ctx, simTopic); err == nil {
			lost = true
			// Where a worker was faster, it has made the topic. One that removes records by age
			// would only get a warning when it is trimmed.
			compact := "compact"
			_, _ = adm.CreateTopic(ctx, int32(partitions), 1, map[string]*string{"cleanup.policy": &compact}, simTopic)
		}
	case sim.Trim:
		to := make(kadm.Offsets)
		for p, end := range ends[simTopic] {
			if n := int64(e.B) % (end.Offset + 1); n > 0 && (e.A%4 == 0 || int(p) == int(e.A>>2)%partitions) {
				to.Add(kadm.Offset{Topic: simTopic, Partition: p, At: n})
				lost = true
			}
		}
		if lost {
			_, err = adm.DeleteRecords(ctx, to)
		}
	case sim.Widen:
		_, err = adm.UpdatePartitions(ctx, partitions+1+int(e.A%3), simTopic)
	}
	if err != nil {
		c.fail("P7", "an operator's %v: %v", e, err)
	}
	if lost {
		c.mu.Lock()
		c.losses = append(c.losses, time.Now().UnixMilli())
		c.mu.Unlock()
	}
}

// lossesBy is how often the topic has lost something by a time in milliseconds.
func (c *city) lossesBy(at int64) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, loss := range c.losses {
		if loss <= at {
			n++
		}
	}
	return n
}
