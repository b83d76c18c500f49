package connector

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// places are the partitions in which a topic's keys have a live row.
func (h *house) places(topic string) map[string][]int32 {
	h.t.Helper()
	type place struct {
		key       string
		partition int32
	}
	live := map[place]bool{}
	h.read(topic, func(r *kgo.Record) { live[place{string(r.Key), r.Partition}] = r.Value != nil })
	places := map[string][]int32{}
	for p, ok := range live {
		if ok {
			places[p.key] = append(places[p.key], p.partition)
		}
	}
	return places
}

func (h *house) inOnePlace(topic string, keys int) {
	h.t.Helper()
	places := h.places(topic)
	if len(places) != keys {
		h.t.Errorf("%d keys live, want %d", len(places), keys)
	}
	for key, p := range places {
		if len(p) != 1 {
			h.t.Errorf("key %s lives in partitions %v", key, p)
		}
	}
}

// Partitions that are added to the output topic move no key, whether the worker runs or not;
// what is written behind, deletes too, goes where the key's rows are (P4).
func TestBrokerPartitionsAdded(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprintf("running %v", running), func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 40), page: 20}
			h := emptyHouse(t, "")
			h.cfg.Kafka.Partitions = 2
			stream := h.script(strategies.Keyset, s)
			stream.PollInterval, stream.ReconcileInterval, stream.MaxDeleteRatio = 20*time.Millisecond, 0, 1
			var o Options
			o.deps.client = []kgo.Opt{kgo.MetadataMaxAge(200 * time.Millisecond)}
			o.deps.lookEvery = 200 * time.Millisecond
			var stop func() error
			if running {
				var c *Connector
				c, stop = h.start(o)
				polled(t, c, 3)
				h.widen(stream.Topic, 6)
				kit.Eventually(t, "the partitions to be noticed", func() bool { return h.logs.count("more partitions than") == 1 })
			} else {
				h.mustOnce()
				h.widen(stream.Topic, 6)
			}
			var changed []doc
			for i := range 39 {
				changed = append(changed, person(fmt.Sprintf("p%d", 1+i), at(100+i), "B"))
			}
			s.do(func() { s.put(changed...); s.drop("p40") })
			if running {
				kit.Eventually(t, "the changes", func() bool { return len(h.events(stream.Topic)) >= 80 })
				if err := stop(); err != nil {
					t.Fatal(err)
				}
			} else {
				h.mustOnce()
				h.mustOnce()
			}
			h.inOnePlace(stream.Topic, 39)
			for range 2 {
				h.mustOnce()
			}
			if n := len(h.events(stream.Topic)); n != 80 {
				t.Errorf("%d events, want 40 rows, 39 changes and a tombstone", n)
			}
			h.read(stream.Topic, func(r *kgo.Record) {
				if r.Partition > 1 {
					t.Errorf("key %s lies in partition %d", r.Key, r.Partition)
				}
			})
		})
	}
}

// scatter makes of a stream's topic of two partitions what an older version left where it got
// three: rows that have changed since, as another topic has them, lie where they would go now.
func (h *house) scatter(topic, changed string) {
	h.t.Helper()
	h.widen(topic, 3)
	var all []*kgo.Record
	h.read(changed, func(r *kgo.Record) {
		all = append(all, &kgo.Record{Topic: topic, Key: slices.Clone(r.Key), Value: slices.Clone(r.Value), Headers: r.Headers})
	})
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers, kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	defer cl.Close()
	if err := cl.ProduceSync(h.t.Context(), all...).FirstErr(); err != nil {
		h.t.Fatal(err)
	}
}

// scattered is a house with a stream of 200 rows whose topic is scattered.
func scattered(t *testing.T) (*house, *config.Stream, *script) {
	t.Helper()
	s := &script{docs: people(1, 200), page: 100}
	h := emptyHouse(t, "")
	h.cfg.Kafka.Partitions = 2
	h.script(strategies.Keyset, s)
	h.mustOnce()
	for i := range 200 {
		s.set(person(fmt.Sprintf("p%d", 1+i), at(300+i), "B"))
	}
	changed := h.script(strategies.Keyset, s).Topic
	stream := h.cfg.Streams[0]
	h.cfg.Streams = h.cfg.Streams[1:]
	h.mustOnce()
	h.cfg.Streams = []config.Stream{stream}
	h.scatter(stream.Topic, changed)
	if err := Claim(t.Context(), h.cfg, stream.Name, h.logger(), LocalOptions{}); err != nil { // the copies are another writer's here
		t.Fatal(err)
	}
	return h, &h.cfg.Streams[0], s
}

// A topic whose keys lie in two partitions comes to rest: starts write nothing, and a
// reconcile buries a key once.
func TestBrokerScattered(t *testing.T) {
	t.Parallel()
	h, stream, s := scattered(t)
	stream.Lookback, stream.MaxDeleteRatio = 1000*time.Hour, 1
	rest := len(h.events(stream.Topic))
	for range 4 {
		h.mustOnce()
		if n := len(h.events(stream.Topic)); n != rest {
			t.Fatalf("an idle start writes %d events", n-rest)
		}
	}
	if n := h.logs.count("outside of their partitions"); n != 4 {
		t.Errorf("it was said %d times in 4 starts that keys are in the wrong place", n)
	}
	s.do(func() { s.drop("p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8") })
	stream.ReconcileInterval = 0
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != rest+8 {
		t.Errorf("%d tombstones for 8 rows", n-rest)
	}
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != rest+8 {
		t.Errorf("%d tombstones for 8 rows after a second scan", n-rest)
	}
}
