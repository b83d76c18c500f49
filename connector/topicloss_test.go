package connector

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// operator is somebody who changes topics behind the connector's back.
func (h *house) operator() *kadm.Client {
	h.t.Helper()
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers)
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
	for name, idle := range map[string]time.Duration{"awake": 0, "idle": time.Millisecond} {
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
					kit.Eventually(t, "the stream to be idle", h.idles)
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

// An operator's claim takes the topic as it stands, and does not hide what it has lost.
func TestBrokerClaimOfALostTopic(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 5)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	h.remake(stream.Topic, 1)
	if err := Claim(t.Context(), h.cfg, stream.Name, h.logger(), LocalOptions{}); err != nil {
		t.Fatal(err)
	}
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 5 {
		t.Errorf("%d events, want 5", n)
	}
}
