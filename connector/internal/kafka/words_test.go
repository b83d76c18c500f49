package kafka

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
)

// A broker's refusal of a record says what to do.
func TestRefusalsHaveARemedy(t *testing.T) {
	t.Parallel()
	for refusal, says := range map[*kerr.Error][]string{
		kerr.InvalidTimestamp: {"clock", "message.timestamp.type=LogAppendTime", "kafka-configs.sh"},
		kerr.PolicyViolation:  {"--data-dir", "64 MiB", "free some"},
	} {
		t.Run(refusal.Message, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			broker := kit.Fake(t)
			o.Brokers = broker.ListenAddrs()
			s := newSink(t, o)
			c := open(t, s)
			broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: o.Topic, Err: refusal})
			_, err := s.Commit(t.Context(), records("a", 1), c)
			if class.Of(err) != class.Broker {
				t.Fatalf("got %v, want class broker", err)
			}
			for _, text := range append(says, refusal.Message, `record "a0"`) {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%v\ndoes not say %q", err, text)
				}
			}
		})
	}
}

// A transaction timeout that the brokers do not allow is the configuration's fault.
func TestTransactionTimeoutTooLong(t *testing.T) {
	t.Parallel()
	broker := kit.Fake(t, kfake.BrokerConfigs(map[string]string{maxTxnTimeout: "5000"}))
	o := options(t)
	o.Brokers = broker.ListenAddrs()
	_, err := newSink(t, o).Open(t.Context())
	for _, err := range []error{err, o.CheckTimeout(t.Context())} {
		if class.Of(err) != class.Config {
			t.Fatalf("got %v, want class config", err)
		}
		for _, text := range []string{"transaction_timeout is 15s", "at most 5s", maxTxnTimeout} {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%v\ndoes not say %q", err, text)
			}
		}
	}
	o.TxnTimeout = 5 * time.Second
	if err := o.CheckTimeout(t.Context()); err != nil {
		t.Error(err)
	}
}

// makeTopic makes a topic with settings.
func makeTopic(t *testing.T, o Options, topic string, settings map[string]string) {
	t.Helper()
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	configs := make(map[string]*string)
	for k, v := range settings {
		configs[k] = &v
	}
	if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 1, -1, configs, topic); err != nil {
		t.Fatal(err)
	}
}

// Letters go into a dead-letter topic that takes smaller records than the output topic, and
// what it takes is known when it was read.
func TestSmallDeadLetterTopic(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := newSink(t, o)
	makeTopic(t, o, o.DeadTopic(), map[string]string{maxBytes: "3000"})
	c := open(t, s)
	if err := s.ScanDead(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if most := s.MaxDead(); most >= 3000 || most < 2000 || s.MaxRecord() < 1e6 {
		t.Fatalf("letters may have %d bytes, records %d", most, s.MaxRecord())
	}
	rs := records("a", 40)
	for i := range rs {
		rs[i].Dead, rs[i].Value = i%2 == 0, make([]byte, s.MaxDead()-10)
	}
	if _, err := s.Commit(t.Context(), rs, c); err != nil {
		t.Fatal(err)
	}
	if got := committed(t, o); len(got) != 20 {
		t.Errorf("%d records of 20", len(got))
	}
}
