package kafka

import (
	"context"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/internal/class"
)

// A topic that cannot have so many replicas is refused with the setting's name.
func TestBrokerReplication(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Replication = 99
	_, err := newSink(t, o).Open(t.Context())
	if class.Of(err) != class.Broker || !strings.Contains(err.Error(), "kafka.replication is 99") || !strings.Contains(err.Error(), o.StateTopic) {
		t.Errorf("got %v", err)
	}
}

func TestBrokerTopics(t *testing.T) {
	t.Parallel()
	o := options(t)
	checks := map[string]func(context.Context) (string, error){
		o.Topic + " has 3 partitions, cleanup.policy=compact":      o.CheckTopic,
		o.StateTopic + " has 4 partitions, cleanup.policy=compact": o.CheckState,
	}
	for _, check := range checks {
		if found, err := check(t.Context()); err != nil || !strings.Contains(found, "does not exist yet") {
			t.Fatalf("check before the first start: %s, %v", found, err)
		}
	}
	open(t, newSink(t, o))
	for topic, check := range checks {
		if found, err := check(t.Context()); err != nil || found != topic {
			t.Errorf("check after the first start: %s, %v, want %s", found, err, topic)
		}
	}
}

func TestBrokerStateTopicPolicy(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"delete", "compact,delete"} {
		t.Run(policy, func(t *testing.T) {
			o := options(t)
			cl, err := o.client()
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 1, -1, map[string]*string{"cleanup.policy": &policy}, o.StateTopic); err != nil {
				t.Fatal(err)
			}
			_, err = newSink(t, o).Open(t.Context())
			if err == nil || !strings.Contains(err.Error(), "cleanup.policy="+policy) || !strings.Contains(err.Error(), "--alter") {
				t.Errorf("open: %v, want a refusal with the remedy", err)
			}
			if _, err := o.CheckState(t.Context()); err == nil {
				t.Error("check lets it pass")
			}
		})
	}
}

// An operator who adds partitions to the state topic moves the stream's key; its cursor is
// still found.
func TestBrokerStatePartitionsAdded(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.StatePartitions = 1
	s := newSink(t, o)
	c := open(t, s)
	c.Mark = "before"
	if _, err := s.Commit(t.Context(), nil, c); err != nil {
		t.Fatal(err)
	}
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	added, err := kadm.NewClient(cl).UpdatePartitions(t.Context(), 7, o.StateTopic)
	if err == nil {
		err = added.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		got, err := newSink(t, o).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Mark == "before" {
			return
		}
	}
	t.Error("the cursor is lost")
}
