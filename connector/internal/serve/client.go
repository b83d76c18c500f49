package serve

import (
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kprom"
)

// clients measures all Kafka clients of a worker together. kprom would have metrics for each client, and a worker has
// one for each stream that is awake, and others that come and go; so each kind of event is handed on to one kprom, and
// the beginning and the end of clients are not.
type clients struct {
	once sync.Once
	of   *kprom.Metrics
}

// ClientHook returns the hook that puts the metrics of all Kafka clients which have it into the registry.
func ClientHook(r *prometheus.Registry) kgo.Hook {
	return &clients{of: kprom.NewMetrics("tidemark", kprom.Subsystem("kafka"), kprom.Registerer(withoutBuffers{r}), kprom.Gatherer(r),
		kprom.Histograms(kprom.RequestDurationE2E),
		// By broker only: a worker may have ten thousand topics.
		kprom.FetchAndProduceDetail(kprom.ByNode, kprom.Records, kprom.Batches, kprom.UncompressedBytes, kprom.CompressedBytes, kprom.ConsistentNaming))}
}

// withoutBuffers registers all of a client's metrics but those that look into the one client, as gauges that call
// it: it is not the worker's only one.
type withoutBuffers struct{ *prometheus.Registry }

func (r withoutBuffers) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if _, calls := c.(prometheus.GaugeFunc); !calls {
			r.Registry.MustRegister(c)
		}
	}
}

// The hooks.
var (
	_ kgo.HookNewClient           = (*clients)(nil)
	_ kgo.HookBrokerConnect       = (*clients)(nil)
	_ kgo.HookBrokerDisconnect    = (*clients)(nil)
	_ kgo.HookBrokerE2E           = (*clients)(nil)
	_ kgo.HookBrokerThrottle      = (*clients)(nil)
	_ kgo.HookProduceBatchWritten = (*clients)(nil)
	_ kgo.HookFetchBatchRead      = (*clients)(nil)
)

func (c *clients) OnNewClient(cl *kgo.Client) { c.once.Do(func() { c.of.OnNewClient(cl) }) }

func (c *clients) OnBrokerConnect(m kgo.BrokerMetadata, d time.Duration, conn net.Conn, err error) {
	c.of.OnBrokerConnect(m, d, conn, err)
}

func (c *clients) OnBrokerDisconnect(m kgo.BrokerMetadata, conn net.Conn) {
	c.of.OnBrokerDisconnect(m, conn)
}

func (c *clients) OnBrokerE2E(m kgo.BrokerMetadata, key int16, e kgo.BrokerE2E) {
	c.of.OnBrokerE2E(m, key, e)
}

func (c *clients) OnBrokerThrottle(m kgo.BrokerMetadata, d time.Duration, after bool) {
	c.of.OnBrokerThrottle(m, d, after)
}

func (c *clients) OnProduceBatchWritten(m kgo.BrokerMetadata, topic string, partition int32, b kgo.ProduceBatchMetrics) {
	c.of.OnProduceBatchWritten(m, topic, partition, b)
}

func (c *clients) OnFetchBatchRead(m kgo.BrokerMetadata, topic string, partition int32, b kgo.FetchBatchMetrics) {
	c.of.OnFetchBatchRead(m, topic, partition, b)
}
