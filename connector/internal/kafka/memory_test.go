package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
)

// check refuses a look-back that reaches to where the topic has forgotten its rows, and says
// what to do (rule 11). What a stream creates itself serves it.
func TestBrokerMemory(t *testing.T) {
	for _, c := range []struct {
		policy, key string
		kept, back  time.Duration
		ok          bool
	}{
		{"compact", "delete.retention.ms", day, 2 * time.Hour, true},
		{"compact", "delete.retention.ms", time.Hour, 0, true},
		{"compact", "delete.retention.ms", 2 * time.Hour, 2 * time.Hour, false},
		{"compact", "retention.ms", time.Hour, 2 * time.Hour, true}, // says nothing under this policy
		{"delete", "retention.ms", time.Hour, 2 * time.Hour, false},
		{"compact,delete", "retention.ms", time.Hour, 2 * time.Hour, false},
		{"delete", "retention.ms", -time.Millisecond, 2 * time.Hour, true}, // -1: for ever
	} {
		t.Run(fmt.Sprint(c.policy, c.key, c.kept, c.back), func(t *testing.T) {
			o := options(t)
			o.Back = c.back
			cl, err := o.client()
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			text := fmt.Sprint(c.kept.Milliseconds())
			if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 1, -1, map[string]*string{"cleanup.policy": &c.policy, c.key: &text}, o.Topic); err != nil {
				t.Fatal(err)
			}
			kit.Eventually(t, "the topic", func() bool { // a real broker learns of it from its controller
				var found string
				found, err = o.CheckTopic(t.Context())
				return !strings.Contains(found, "does not exist yet")
			})
			if c.ok {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if class.Of(err) != class.Broker || !strings.Contains(err.Error(), c.key+"="+text) || !strings.Contains(err.Error(), "--add-config "+c.key) {
				t.Errorf("got %v, want a refusal with the remedy", err)
			}
		})
	}
	for _, back := range []time.Duration{0, 2 * time.Hour, day, 30 * day} {
		o := options(t)
		o.Back = back
		open(t, newSink(t, o))
		if _, err := o.CheckTopic(t.Context()); err != nil {
			t.Errorf("looking back %v, check refuses a topic that the stream has made: %v", back, err)
		}
	}
}

// A topic is made with the settings that the configuration gives, beside the stream's own, and check says which
// of them a topic has otherwise.
func TestBrokerTopicConfig(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Back = 2 * day
	o.TopicConfig = map[string]string{"cleanup.policy": "compact,delete", "retention.ms": "604800000"}
	const want = "cleanup.policy=compact,delete, delete.retention.ms=259200000, retention.ms=604800000"
	if said, err := o.CheckTopic(t.Context()); err != nil || !strings.HasSuffix(said, want) {
		t.Errorf("%s, %v", said, err)
	}
	open(t, newSink(t, o))
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	has, err := o.settings(t.Context(), kadm.NewClient(cl), o.Topic)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"cleanup.policy": "compact,delete", "delete.retention.ms": "259200000", "retention.ms": "604800000"} {
		if has[name] != value {
			t.Errorf("%s is %s, want %s", name, has[name], value)
		}
	}
	if said, err := o.CheckTopic(t.Context()); err != nil || strings.Contains(said, "topic_config") {
		t.Errorf("%s, %v", said, err)
	}
	o.TopicConfig["retention.ms"] = "900000000"
	said, err := o.CheckTopic(t.Context())
	if err != nil || !strings.Contains(said, "retention.ms=604800000 instead of 900000000") || !strings.Contains(said, "--add-config retention.ms=[900000000]") {
		t.Errorf("%s, %v", said, err)
	}
}
