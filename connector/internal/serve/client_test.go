package serve

import (
	"context"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// However many clients a worker has, and whenever they come and go, there is one set of metrics for all.
func TestClientHook(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	metrics := prometheus.NewRegistry()
	hook := ClientHook(metrics)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.WithHooks(hook))
			if err != nil {
				t.Error(err)
				return
			}
			defer cl.Close()
			if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: "t", Value: []byte("v")}).FirstErr(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	records := 0.0
	for _, f := range all {
		switch f.GetName() {
		case "tidemark_kafka_produce_records_total":
			records = f.GetMetric()[0].GetCounter().GetValue()
		case "tidemark_kafka_buffered_produce_bytes":
			t.Error("a gauge of one client is shown for all")
		}
	}
	if records != 3 {
		t.Errorf("%v records are counted, want 3", records)
	}
}
