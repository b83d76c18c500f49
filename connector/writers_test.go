package connector

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// another is a house with other settings and the same broker, registry, API and streams.
func (h *house) another() *house {
	cfg := *h.cfg
	cfg.Streams = slices.Clone(cfg.Streams)
	return &house{t: h.t, api: h.api, url: h.url, cfg: &cfg}
}

// foreign writes a copy of the topic's first record, as another program does.
func (h *house) foreign(topic string) {
	h.t.Helper()
	var first *kgo.Record
	h.read(topic, func(r *kgo.Record) {
		if first == nil {
			first = r
		}
	})
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers)
	defer cl.Close()
	if err := cl.ProduceSync(h.t.Context(), &kgo.Record{Topic: topic, Key: first.Key, Value: first.Value}).FirstErr(); err != nil {
		h.t.Fatal(err)
	}
}

// ends waits for the connector's only stream to stop by itself, and returns why.
func ends(t *testing.T, c *Connector, stop func() error) error {
	t.Helper()
	kit.Eventually(t, "the stream to stop", func() bool { return c.Status()[0].State == Failed })
	return stop()
}

// A stream whose topic somebody else writes into stops before it writes the next row, says
// whose record it met, and stays so until an operator claims the topic.
func TestBrokerExclusive(t *testing.T) {
	t.Parallel()
	for _, idle := range []bool{false, true} {
		s := &script{docs: people(1, 5)}
		h, stream := scripted(t, strategies.Keyset, s)
		stream.PollInterval = time.Millisecond
		if stream.IdleAfter = 0; idle {
			stream.IdleAfter = time.Millisecond
		}
		c, stop := h.start(Options{})
		kit.Eventually(t, "the rows", func() bool { return c.Status()[0].Written == 5 && (!idle || h.idles()) })
		h.foreign(stream.Topic)
		s.set(people(6, 1)...)
		err := ends(t, c, stop)
		if class.Of(err) != class.Fenced || !strings.Contains(err.Error(), `"p1"`) || !strings.Contains(err.Error(), stream.Topic) {
			t.Fatalf("the stream stops with %v, want class fenced and the record's key", err)
		}
		if n := len(h.events(stream.Topic)); n != 6 {
			t.Errorf("%d events, want five and the other's", n)
		}
		if err := h.once(); class.Of(err) != class.Fenced {
			t.Errorf("started again it ends with %v", err)
		}
		if err := Check(t.Context(), h.cfg, io.Discard); class.Of(err) != class.Fenced {
			t.Errorf("check finds %v", err)
		}
		if err := Claim(t.Context(), h.cfg, stream.Name, h.logger(), LocalOptions{}); err != nil {
			t.Fatal(err)
		}
		h.mustOnce()
		if n := len(h.events(stream.Topic)); n != 7 {
			t.Errorf("%d events behind the claim, want one more", n)
		}
	}
}

// Workers with topics that are shared go on beside each other, and write nothing that the
// other one has written (P3).
func TestBrokerShared(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 5)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval, stream.Exclusive, stream.IdleAfter = time.Millisecond, false, 0
	other := h.another()
	other.cfg.Kafka.StateTopic = kit.Name("state")
	other.cfg.Streams[0].IdleAfter = time.Millisecond
	a, stopA := h.start(Options{})
	b, stopB := other.start(Options{})
	const rows = 25
	for n := 6; n <= rows; n++ {
		s.set(people(n, 1)...)
		kit.Eventually(t, "the row", func() bool {
			return a.Status()[0].Mark == at(n) && b.Status()[0].Mark == at(n)
		})
	}
	for _, stop := range []func() error{stopA, stopB} {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
	if n := h.holds(stream.Topic, s); n != rows {
		t.Errorf("%d events, want %d", n, rows)
	}
	t.Logf("the workers met %d times", h.logs.count("no worker of this stream")+other.logs.count("no worker of this stream"))
}

// P5: a worker with another transactional_id_prefix takes the stream over like any other.
func TestBrokerSecondPrefix(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 5)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval, stream.IdleAfter = time.Millisecond, 0
	first, stopFirst := h.start(Options{})
	kit.Eventually(t, "the rows", func() bool { return first.Status()[0].Written == 5 })
	other := h.another()
	other.cfg.Kafka.TransactionalIDPrefix = "another"
	owner := h.cursor(stream.Name).Owner
	second, stopSecond := other.start(Options{})
	kit.Eventually(t, "the second worker's claim", func() bool { return h.cursor(stream.Name).Owner != owner })
	s.set(people(6, 1)...)
	if err := ends(t, first, stopFirst); class.Of(err) != class.Fenced {
		t.Errorf("the first worker stops with %v", err)
	}
	kit.Eventually(t, "the new row", func() bool { return second.Status()[0].Mark == at(6) })
	if err := stopSecond(); err != nil {
		t.Error(err)
	}
	if n := h.holds(stream.Topic, s); n != 6 {
		t.Errorf("%d events, want 6", n)
	}
}

// Two configurations with different stream names on one topic: the second one is refused,
// and the first goes on, until an operator gives the topic to the second.
func TestBrokerTwoNames(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 5)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	other := h.another()
	name := kit.Name("second")
	other.cfg.Streams[0].Name = name
	refused := func(h *house, names ...string) {
		t.Helper()
		for what, err := range map[string]error{"a start": h.once(), "check": Check(t.Context(), h.cfg, io.Discard)} {
			if class.Of(err) != class.Config {
				t.Fatalf("%s: %v, want a refusal", what, err)
			}
			for _, n := range names {
				if !strings.Contains(err.Error(), n) {
					t.Errorf("%s does not name %s: %v", what, n, err)
				}
			}
		}
	}
	refused(other, stream.Topic, stream.Name, name)
	s.set(people(6, 1)...)
	h.mustOnce()
	if err := Claim(t.Context(), other.cfg, name, h.logger(), LocalOptions{}); err != nil {
		t.Fatal(err)
	}
	refused(h, stream.Topic, stream.Name, name)
	s.set(people(7, 1)...)
	other.mustOnce()
	if n := h.holds(stream.Topic, s); n != 7 {
		t.Errorf("%d events, want 7", n)
	}
	if err := Claim(t.Context(), h.cfg, "nobody", h.logger(), LocalOptions{}); class.Of(err) != class.Config {
		t.Errorf("a stream that is not configured: %v", err)
	}
	// A record of another kind is no end of a stream whose topic was claimed; the row of its
	// key is written behind it.
	cl := kit.Client(t, h.cfg.Kafka.Brokers)
	defer cl.Close()
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: stream.Topic, Key: []byte("p7"), Value: []byte("{}")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := Claim(t.Context(), other.cfg, name, h.logger(), LocalOptions{}); err != nil {
		t.Fatal(err)
	}
	other.mustOnce()
	var events []string
	h.read(stream.Topic, func(r *kgo.Record) { events = append(events, string(r.Key)) })
	if n := len(events); n != 9 || events[8] != "p7" || other.logs.count("not of the stream's schema") != 1 {
		t.Errorf("the topic has the keys %v; the log says\n%s", events, other.logs.String())
	}
	states, err := States(t.Context(), h.cfg, LocalOptions{})
	if err != nil || len(states) != 1 || !states[0].Found || states[0].Err != nil {
		t.Errorf("the states are %+v, %v", states, err)
	}
	if text := fmt.Sprint(states); strings.Contains(text, "topic:") {
		t.Errorf("an owner record is taken for a state: %s", text)
	}
}
