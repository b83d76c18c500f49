package connector

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// unjudged has the registry take any schema for a stream's subject.
func (h *house) unjudged(s *config.Stream) {
	h.t.Helper()
	registry, err := sr.NewClient(sr.URLs(h.cfg.SchemaRegistry.URL))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range registry.SetCompatibility(h.t.Context(), sr.SetCompatibility{Level: sr.CompatNone}, s.Topic+"-value") {
		if r.Err != nil {
			h.t.Fatal(r.Err)
		}
	}
}

// A type that is changed under compatibility NONE makes a topic whose records cannot be read
// back: run and check name the field and what to do.
func TestBrokerIncompatibleType(t *testing.T) {
	t.Parallel()
	s := &script{page: 20, docs: people(1, 8)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	h.unjudged(stream)
	s.do(func() {
		for i := range s.docs {
			s.docs[i].text = strings.Replace(s.docs[i].text, `"A"`, `7`, 1)
		}
	})
	stream.Schema = strings.Replace(stream.Schema, `["null", "string"]`, `["null", "int"]`, 1)
	var out strings.Builder
	checked := Check(t.Context(), h.cfg, &out)
	ran := h.once()
	for what, err := range map[string]error{"check": checked, "run": ran} {
		if class.Of(err) != class.Config {
			t.Errorf("%s: got %v, want class config", what, err)
			continue
		}
		for _, text := range []string{"field name: string cannot be read as", "union", "another topic"} {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v\ndoes not say %q", what, err, text)
			}
		}
	}
}

// A dead-letter topic that takes smaller records than the output topic gets letters that are cut, and
// that is said with what to do.
func TestBrokerSmallDeadLetterTopic(t *testing.T) {
	t.Parallel()
	bad := func(id string, n int) doc {
		return doc{id, at(n), `{"id": "` + id + `", "name": {"x": "` + strings.Repeat("y", 20_000) + `"}, "updatedAt": "` + at(n) + `"}`}
	}
	s := &script{page: 20, docs: append(people(1, 8), bad("a", 9), bad("b", 10))}
	h, stream := scripted(t, strategies.Keyset, s)
	h.smallTopic(stream.Topic+".dlq", "3000")
	for range 2 {
		h.mustOnce()
	}
	letters := h.letters(stream.Topic)
	if len(letters) != 2 || len(h.events(stream.Topic)) != 8 {
		t.Fatalf("%d letters and %d events, want 2 and 8", len(letters), len(h.events(stream.Topic)))
	}
	for _, l := range letters {
		if headersOf(l)["tidemark.length"] == "" || len(l.Value) == 0 || len(l.Value) > 3000 {
			t.Errorf("the letter of %d bytes is not cut as it should be: %v", len(l.Value), headersOf(l))
		}
	}
	if n := h.logs.count("dead letters are cut"); n != 2 || h.logs.count("--entity-name "+stream.Topic+".dlq") != 2 {
		t.Errorf("said %d times in two starts:\n%s", n, &h.logs)
	}
	var out strings.Builder
	if err := Check(t.Context(), h.cfg, &out); err != nil || !strings.Contains(out.String(), "dead letters are cut") {
		t.Errorf("check says nothing of it (%v):\n%s", err, out.String())
	}
}

// smallTopic makes a topic with a limit of its own.
func (h *house) smallTopic(name, limit string) {
	h.t.Helper()
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers)
	defer cl.Close()
	if _, err := kadm.NewClient(cl).CreateTopic(h.t.Context(), 1, -1, map[string]*string{"max.message.bytes": &limit}, name); err != nil {
		h.t.Fatal(err)
	}
}

// While an idle stream opens its sink again, the pages of the next transaction are admitted: what
// the topic takes is not asked of the sink meanwhile.
func TestBrokerDeadLetterWhileOpening(t *testing.T) {
	t.Parallel()
	s := &script{page: 4, docs: people(1, 4)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval, stream.IdleAfter = time.Millisecond, time.Millisecond
	c, err := New(h.cfg, Options{Logger: h.logger()})
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowOpen{Sink: c.crew.Members()[0].driver.Opener.Sink, h: h}
	c.crew.Members()[0].through(slow)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	kit.Eventually(t, "the stream to be idle", func() bool { return h.logs.count("closing the producer") > 0 })
	slow.wait.Store(true)
	// Two pages: good rows, which wake the stream, and a bad one behind them.
	fresh := append(people(5, 4), people(9, 4)...)
	s.set(spoil(fresh, func(i int) bool { return i == 5 })...)
	kit.Eventually(t, "the letter", func() bool { return c.Status()[0].Dead == 1 })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if slow.misused.Load() {
		t.Error("the sink was asked for its limit while it was opening")
	}
	if e, l := len(h.events(stream.Topic)), len(h.letters(stream.Topic)); e != 11 || l != 1 {
		t.Errorf("%d events and %d letters, want 11 and 1", e, l)
	}
}

// slowOpen opens only when a bad row was met, if it is to wait.
type slowOpen struct {
	stream.Sink
	h             *house
	wait          atomic.Bool
	open, misused atomic.Bool
}

func (s *slowOpen) Open(ctx context.Context) (strategies.Cursor, error) {
	if s.wait.Swap(false) {
		s.open.Store(true)
		kit.Eventually(s.h.t, "the bad row", func() bool { return s.h.logs.count("a row cannot be written") > 0 })
		s.open.Store(false)
	}
	return s.Sink.Open(ctx)
}

func (s *slowOpen) MaxRecord() int {
	if s.open.Load() {
		s.misused.Store(true)
	}
	return s.Sink.MaxRecord()
}
