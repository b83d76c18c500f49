package connector

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

func (h *house) repartition(stream string) (Repartitioned, error) {
	h.t.Helper()
	return Repartition(h.t.Context(), h.cfg, stream, Options{Logger: h.logger()})
}

// settledAt checks that each key lives where Kafka's own partitioner puts it, and that its
// last row is what the script has.
func (h *house) settledAt(topic string, partitions int, s *script) {
	h.t.Helper()
	h.inOnePlace(topic, len(s.docs))
	for key, at := range h.places(topic) {
		if home := kafka.Home(&kgo.Record{Key: []byte(key)}, partitions); len(at) == 1 && at[0] != home {
			h.t.Errorf("key %s lives in partition %v, and belongs to %d", key, at, home)
		}
	}
}

// state repartition moves every key once, and what is written behind goes to the new place.
func TestBrokerRepartition(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 60), page: 20}
	h := emptyHouse(t, "")
	h.cfg.Kafka.Partitions = 2
	stream := h.script(strategies.Keyset, s)
	if _, err := h.repartition(stream.Name); !errors.Is(err, ErrNothingToMove) && !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("before the first run: %v", err)
	}
	stream.ReconcileInterval, stream.MaxDeleteRatio = 0, 1
	h.mustOnce()
	s.do(func() { s.drop("p60") })
	h.mustOnce()
	before := h.cursor(stream.Name)
	if _, err := h.repartition(stream.Name); !errors.Is(err, ErrNothingToMove) || class.Of(err) != class.Config || !strings.Contains(err.Error(), stream.Topic) {
		t.Errorf("with nothing to do: %v", err)
	}
	if after := h.cursor(stream.Name); after.Seq != before.Seq {
		t.Error("a repartition that has nothing to do writes")
	}
	h.widen(stream.Topic, 6)
	stream.WindowRows = 100 // several shards
	done, err := h.repartition(stream.Name)
	if err != nil {
		t.Fatal(err)
	}
	if done.From != 2 || done.To != 6 || done.Moved < 20 || done.Moved > 59 || done.Buried != done.Moved {
		t.Errorf("%+v", done)
	}
	stream.WindowRows = 8 << 20
	h.settledAt(stream.Topic, 6, s)
	if n := len(h.events(stream.Topic)); n != 61+int(2*done.Moved) {
		t.Errorf("%d events for %d that moved", n, done.Moved)
	}
	if after := h.cursor(stream.Name); after.Mark != before.Mark || after.Topic.Partitions != 6 || after.Topic.Moving {
		t.Errorf("the cursor is %+v, topic %+v", after, after.Topic)
	}
	rest := len(h.events(stream.Topic))
	stream.Lookback = 1000 * time.Hour
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != rest {
		t.Errorf("the next start writes %d events", n-rest)
	}
	for i := range 59 {
		s.set(person(fmt.Sprintf("p%d", 1+i), at(200+i), "B"))
	}
	h.mustOnce()
	h.settledAt(stream.Topic, 6, s)
	if n := len(h.events(stream.Topic)); n != rest+59 {
		t.Errorf("59 changes make %d events", n-rest)
	}
	if _, err := h.repartition(stream.Name); !errors.Is(err, ErrNothingToMove) {
		t.Errorf("a second one: %v", err)
	}
}

// Keys that an older version has left in two partitions are brought to one, with their newest
// row.
func TestBrokerRepartitionScattered(t *testing.T) {
	t.Parallel()
	h, stream, s := scattered(t)
	if _, err := h.repartition(stream.Name); err != nil {
		t.Fatal(err)
	}
	h.settledAt(stream.Topic, 3, s)
	rest := len(h.events(stream.Topic))
	stream.Lookback = 1000 * time.Hour
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != rest {
		t.Errorf("the next start writes %d events", n-rest)
	}
}

// A repartition that broke off lets no worker start, and is finished by another one. A
// worker at work is fenced.
func TestBrokerRepartitionBreaksOff(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 60), page: 20}
	h := emptyHouse(t, "")
	h.cfg.Kafka.Partitions = 2
	stream := h.script(strategies.Keyset, s)
	stream.PollInterval = 10 * time.Millisecond
	c, stop := h.start(Options{})
	polled(t, c, 2)
	h.widen(stream.Topic, 6)
	h.cfg.Kafka.MaxInFlight = 1 << 10 // many transactions
	small := *stream
	u, err := newUnit(h.cfg, small, nil, alone(h.cfg), Options{Logger: h.logger()})
	if err != nil {
		t.Fatal(err)
	}
	halfway(t, h, u, small)
	s.set(person("p1", at(100), "B"))
	if err := <-waitFor(stop, func() bool { return c.Status()[0].Err != nil }); class.Of(err) != class.Fenced {
		t.Errorf("the worker at work ends with %v", err)
	}
	if err := h.once(); class.Of(err) != class.Config || !strings.Contains(err.Error(), "state repartition") {
		t.Errorf("a worker starts while keys are moved: %v", err)
	}
	before := len(h.events(stream.Topic))
	done, err := h.repartition(stream.Name)
	if err != nil {
		t.Fatal(err)
	}
	if done.Moved == 0 {
		t.Error("the first one had moved all")
	}
	t.Logf("%d events before, %d rows moved by the second one", before, done.Moved)
	s.do(func() { s.docs = people(1, 60) })
	h.settledAt(stream.Topic, 6, s)
}

// halfway moves some keys and goes no further.
func halfway(t *testing.T, h *house, u *unit, stream config.Stream) {
	t.Helper()
	sink, err := kafka.NewSink(sinkOptions(h.cfg, stream, u.report.Log, deps{}))
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	c, err := sink.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sink.Respread()
	c.ReadBack = nil
	c, err = sink.Commit(t.Context(), nil, c)
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	err = sink.Scan(t.Context(), nil, func(rec *kgo.Record) error {
		home := kafka.Home(rec, 6)
		if home == rec.Partition || moved == 5 {
			return nil
		}
		moved++
		dead := kafka.Record{Key: rec.Key, Headers: []kgo.RecordHeader{{Key: admit.HeaderCursor, Value: []byte(at(int(rec.Offset)))}}}
		c, err = sink.Place(t.Context(), []kafka.Record{{Key: rec.Key, Value: rec.Value}, dead}, []int32{home, rec.Partition}, c)
		return err
	})
	if err != nil || moved != 5 {
		t.Fatalf("%d keys moved: %v", moved, err)
	}
}

func waitFor(stop func() error, done func() bool) <-chan error {
	ended := make(chan error, 1)
	go func() {
		for range 500 {
			if done() {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		ended <- stop()
	}()
	return ended
}
