package connector

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// operator is somebody who changes topics behind the connector's back.
func (h *house) operator() *kadm.Client {
	h.t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(h.cfg.Kafka.Brokers...), kgo.MetadataMinAge(50*time.Millisecond))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(cl.Close)
	return kadm.NewClient(cl)
}

func (h *house) deleteTopic(topic string) {
	h.t.Helper()
	adm := h.operator()
	if _, err := adm.DeleteTopic(h.t.Context(), topic); err != nil {
		h.t.Fatal(err)
	}
	kit.Eventually(h.t, "the topic to be gone", func() bool {
		topics, err := adm.ListTopics(h.t.Context(), topic)
		return err == nil && !topics.Has(topic)
	})
}

// remake deletes a topic and makes it anew.
func (h *house) remake(topic string, partitions int32) {
	h.t.Helper()
	h.deleteTopic(topic)
	compact, adm := "compact", h.operator()
	kit.Eventually(h.t, "the topic to be made anew", func() bool {
		_, err := adm.CreateTopic(h.t.Context(), partitions, -1, map[string]*string{"cleanup.policy": &compact}, topic)
		return err == nil
	})
	h.topics(topic)
}

// policy sets a topic's cleanup.policy.
func (h *house) policy(topic, policy string) {
	h.t.Helper()
	adm := h.operator()
	change := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "cleanup.policy", Value: &policy}}
	if _, err := adm.AlterTopicConfigs(h.t.Context(), change, topic); err != nil {
		h.t.Fatal(err)
	}
	kit.Eventually(h.t, "the policy", func() bool {
		configs, err := adm.DescribeTopicConfigs(h.t.Context(), topic)
		if err != nil || len(configs) != 1 {
			return false
		}
		return slices.ContainsFunc(configs[0].Configs, func(c kadm.Config) bool { return c.Key == "cleanup.policy" && c.MaybeValue() == policy })
	})
}

// expire deletes all records that a topic has, as retention does.
func (h *house) expire(topic string) {
	h.t.Helper()
	adm := h.operator()
	ends, err := settled(h.t, adm, topic)
	if err != nil {
		h.t.Fatal(err)
	}
	kit.Eventually(h.t, "the records to be gone", func() bool {
		deleted, err := adm.DeleteRecords(h.t.Context(), ends.Offsets())
		return err == nil && deleted.Error() == nil
	})
}

// trim deletes all records of a compacted topic, whose policy Kafka wants changed for that.
func (h *house) trim(topic string) {
	h.t.Helper()
	h.policy(topic, "delete")
	h.expire(topic)
	h.policy(topic, "compact")
}

func (h *house) widen(topic string, partitions int) {
	h.t.Helper()
	adm := h.operator()
	if _, err := adm.UpdatePartitions(h.t.Context(), partitions, topic); err != nil {
		h.t.Fatal(err)
	}
	kit.Eventually(h.t, "the partitions", func() bool {
		ends, err := adm.ListEndOffsets(h.t.Context(), topic)
		return err == nil && ends.Error() == nil && len(ends[topic]) == partitions
	})
}

// A topic that lost records gets them back with the next start: all of them, once, and
// without a word from the operator.
func TestBrokerTopicLost(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		for name, lose := range map[string]func(h *house, topic string){
			"made anew": func(h *house, topic string) { h.remake(topic, 1) },
			"deleted":   (*house).deleteTopic,
			"trimmed":   (*house).trim,
		} {
			t.Run(strategy+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := &script{docs: people(1, 50), page: 20}
				h, stream := scripted(t, strategy, s)
				if stream.PageSize = 20; strategy == strategies.Timestamp || strategy == strategies.Replay {
					s.page, stream.PageSize = 0, 0
				}
				h.mustOnce()
				before := h.cursor(stream.Name)
				lose(h, stream.Topic)
				s.set(person("p7", at(60), "B"))
				h.mustOnce()
				if got := len(distinct(h.events(stream.Topic))); got != 50 {
					t.Errorf("the topic has %d of 50 keys", got)
				}
				if n := len(h.events(stream.Topic)); n != 50 {
					t.Errorf("%d events for 50 rows", n)
				}
				if n := h.logs.count("no longer holds what was written"); n != 1 {
					t.Errorf("the loss was said %d times\n%s", n, &h.logs)
				}
				h.mustOnce()
				if n := len(h.events(stream.Topic)); n != 50 {
					t.Errorf("%d events for 50 rows after another start", n)
				}
				if n := h.logs.count("no longer holds what was written"); n != 1 {
					t.Errorf("the loss was said %d times", n)
				}
				if after := h.cursor(stream.Name); after.Mark <= before.Mark {
					t.Errorf("the mark is %q, and was %q", after.Mark, before.Mark)
				}
			})
		}
	}
}

func distinct(events []event) map[string]bool {
	keys := map[string]bool{}
	for _, e := range events {
		keys[e.key] = true
	}
	return keys
}

// on_topic_loss: fail stops the stream, with the remedy, and makes no topic.
func TestBrokerTopicLostFail(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(h *house, topic string){
		"made anew": func(h *house, topic string) { h.remake(topic, 1) },
		"deleted":   (*house).deleteTopic,
		"trimmed":   (*house).trim,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, stream := scripted(t, strategies.Keyset, &script{docs: people(1, 9)})
			stream.OnTopicLoss, stream.PollInterval = "fail", time.Millisecond
			h.mustOnce()
			before := h.cursor(stream.Name)
			h.mustOnce()
			lose(h, stream.Topic)
			err := h.once()
			if class.Of(err) != class.Broker || !strings.Contains(err.Error(), "on_topic_loss") || !strings.Contains(err.Error(), stream.Topic) {
				t.Errorf("got %v", err)
			}
			if n := len(h.events(stream.Topic)); n != 0 {
				t.Errorf("%d events were written", n)
			}
			if after := h.cursor(stream.Name); after.Mark != before.Mark || after.Seq > before.Seq+1 {
				t.Errorf("the cursor went from %+v to %+v", before, after)
			}
			_, stop := h.start(Options{}) // nor does it wait for a broker that is not away
			kit.Eventually(t, "the stream to stop", func() bool { return h.logs.count("level=ERROR") >= 0 })
			if err := stop(); err != nil && class.Of(err) != class.Broker {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A worker that runs notices too: with its next transaction, or, where nothing changes, when
// it looks at the topic.
func TestBrokerTopicLostRunning(t *testing.T) {
	t.Parallel()
	for name, idle := range map[string]time.Duration{"awake": 0, "dozing": time.Millisecond} {
		for _, change := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, change %v", name, change), func(t *testing.T) {
				t.Parallel()
				s := &script{docs: people(1, 50), page: 20}
				h, stream := scripted(t, strategies.Keyset, s)
				h.cfg.Kafka.TransactionTimeout = 3 * time.Second // which bounds the waiting for a topic that is gone
				stream.PollInterval, stream.IdleAfter = 20*time.Millisecond, idle
				o := Options{}
				if o.deps.lookEvery = time.Hour; !change {
					o.deps.lookEvery = 300 * time.Millisecond
				}
				c, stop := h.start(o)
				polled(t, c, 5)
				if idle > 0 {
					kit.Eventually(t, "the stream to doze", h.dozes)
				}
				h.remake(stream.Topic, 1)
				if change {
					s.set(person("p7", at(60), "B"))
				}
				kit.Eventually(t, "the rows to be back", func() bool { return len(distinct(h.events(stream.Topic))) == 50 })
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				if n := len(h.events(stream.Topic)); n != 50 {
					t.Errorf("%d events for 50 rows", n)
				}
				if n := h.logs.count("no longer holds what was written"); n != 1 {
					t.Errorf("the loss was said %d times\n%s", n, &h.logs)
				}
			})
		}
	}
}

// A topic that forgets by its policy is not read again for that, and says where rows may
// come twice.
func TestBrokerTopicRetention(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 9)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.policy(stream.Topic, "delete")
	h.mustOnce()
	h.expire(stream.Topic)
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "p9=A" {
		t.Errorf("the topic has %q, want the mark's own row", got)
	}
	if h.logs.count("retention has removed records") != 1 || h.logs.count("no longer holds") != 0 {
		t.Errorf("the log says\n%s", &h.logs)
	}
	h.mustOnce()
	if n := h.logs.count("retention has removed records"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
}

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
	cl, err := kgo.NewClient(kgo.SeedBrokers(h.cfg.Kafka.Brokers...), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err != nil {
		h.t.Fatal(err)
	}
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
