package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/wire"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// house is a playground, a broker and a registry, and the configuration that joins
// them.
type house struct {
	t    *testing.T
	api  *playground.Playground // nil in a house around a script
	url  string
	cfg  *config.Config
	logs logs
	last *Connector // of once
}

// logs keeps what a connector logs.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String returns what was logged so far.
func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// count is how often a text was logged.
func (l *logs) count(text string) int { return strings.Count(l.String(), text) }

// warned is how often a warning was logged, but for that of a broker which takes its time: where many tests share two
// processors, any may.
func (l *logs) warned() int {
	return l.count("level=WARN") - l.count("waiting for the broker, or for another producer's open transaction")
}

var paths = map[string]string{
	strategies.Keyset: "/pagination/keyset", strategies.Offset: "/pagination/offset",
	strategies.Timestamp: "/incremental/timestamp", strategies.StepSize: "/incremental/step",
	strategies.Replay: "/incremental/timestamp",
}

func newHouse(t *testing.T, o playground.Options) *house {
	t.Helper()
	api, err := playground.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	h := emptyHouse(t, server.URL)
	h.api = api
	return h
}

// emptyHouse is a house without a playground.
func emptyHouse(t *testing.T, url string) *house {
	t.Helper()
	cfg := config.Default()
	cfg.Kafka.Brokers = kit.Brokers(t)
	// A topic of the default's 16 partitions is most of what a real broker does for a short test.
	cfg.Kafka.StateTopic, cfg.Kafka.StatePartitions = kit.Name("state"), 4
	cfg.SchemaRegistry.URL = kit.Registry(t)
	return &house{t: t, url: url, cfg: cfg}
}

// in is the house for a subtest.
func (h *house) in(t *testing.T) *house {
	return &house{t: t, api: h.api, url: h.url, cfg: h.cfg, last: h.last}
}

// logger writes into the house's logs.
func (h *house) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&h.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// add configures a stream with the strategy and returns it for changes.
func (h *house) add(strategy string) *config.Stream {
	h.cfg.Streams = append(h.cfg.Streams, config.NewStream(kit.Name("user-"+strategy), strategy, h.url+paths[strategy]))
	return &h.cfg.Streams[len(h.cfg.Streams)-1]
}

// once sweeps every stream to its end.
func (h *house) once() error {
	h.t.Helper()
	c, err := New(h.cfg, Options{Once: true, Logger: h.logger()})
	if err != nil {
		h.t.Fatal(err)
	}
	h.last = c
	return c.Run(h.t.Context())
}

// status is that of the first stream after once.
func (h *house) status() Status { return h.last.Status()[0] }

func (h *house) mustOnce() {
	h.t.Helper()
	if err := h.once(); err != nil {
		h.t.Fatal(err)
	}
}

// event is a record of a topic as a read_committed consumer sees it.
type event struct {
	key     string
	value   map[string]any // nil: a tombstone
	headers map[string]string
}

func (h *house) events(topic string) []event {
	h.t.Helper()
	registry, err := wire.NewRegistry(config.Registry{URL: h.cfg.SchemaRegistry.URL})
	if err != nil {
		h.t.Fatal(err)
	}
	decoder := wire.NewDecoder(registry)
	var events []event
	h.read(topic, func(r *kgo.Record) {
		e := event{key: string(r.Key), headers: headersOf(r)}
		if r.Value == nil {
			events = append(events, e)
			return
		}
		text, _, err := decoder.Decode(h.t.Context(), r.Value)
		if err != nil {
			h.t.Fatalf("offset %d: %v", r.Offset, err)
		}
		if err := json.Unmarshal(text, &e.value); err != nil {
			h.t.Fatalf("offset %d: %v", r.Offset, err)
		}
		events = append(events, e)
	})
	return events
}

// texts are a topic's values as JSON.
func (h *house) texts(topic string) []string {
	h.t.Helper()
	registry, err := wire.NewRegistry(config.Registry{URL: h.cfg.SchemaRegistry.URL})
	if err != nil {
		h.t.Fatal(err)
	}
	decoder := wire.NewDecoder(registry)
	var texts []string
	h.read(topic, func(r *kgo.Record) {
		text, _, err := decoder.Decode(h.t.Context(), r.Value)
		if err != nil {
			h.t.Fatalf("offset %d: %v", r.Offset, err)
		}
		texts = append(texts, string(text))
	})
	return texts
}

func headersOf(r *kgo.Record) map[string]string {
	m := map[string]string{}
	for _, h := range r.Headers {
		m[h.Key] = string(h.Value)
	}
	return m
}

// brief writes events as "key=name", and a tombstone as "key-".
func brief(events []event) string {
	var all []string
	for _, e := range events {
		if e.value == nil {
			all = append(all, e.key+"-")
		} else {
			all = append(all, fmt.Sprintf("%s=%v", e.key, e.value["name"]))
		}
	}
	return strings.Join(all, " ")
}

// letters are the records of a topic's dead-letter topic.
func (h *house) letters(topic string) []*kgo.Record {
	h.t.Helper()
	var all []*kgo.Record
	h.read(topic+".dlq", func(r *kgo.Record) { all = append(all, r) })
	return all
}

// settled returns the topic's ends once no transaction is open in it: Kafka answers a
// commit before the markers are written, and until then readers stop before it.
func settled(t *testing.T, adm *kadm.Client, topic string) (kadm.ListedOffsets, error) {
	t.Helper()
	var stable kadm.ListedOffsets
	var failed error
	kit.Eventually(t, "the end of "+topic, func() bool {
		end, err := adm.ListEndOffsets(t.Context(), topic)
		if err == nil {
			err = end.Error()
		}
		if err == nil {
			if stable, err = adm.ListCommittedOffsets(t.Context(), topic); err == nil {
				err = stable.Error()
			}
		}
		if failed = err; err != nil {
			return true
		}
		for p, o := range end[topic] {
			if stable[topic][p].Offset != o.Offset {
				return false
			}
		}
		return true
	})
	return stable, failed
}

// read calls fn with every committed record of a topic. It shares nothing with the
// code under test but the client library.
func (h *house) read(topic string, fn func(*kgo.Record)) {
	h.t.Helper()
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers, kgo.ConsumeTopics(topic),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer cl.Close()
	ends, err := settled(h.t, kadm.NewClient(cl), topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return
	}
	if err != nil {
		h.t.Fatal(err)
	}
	starts, err := kadm.NewClient(cl).ListStartOffsets(h.t.Context(), topic)
	if err != nil {
		h.t.Fatal(err)
	}
	left := map[int32]int64{}
	for p, o := range ends[topic] {
		if o.Offset > starts[topic][p].Offset {
			left[p] = o.Offset
		}
	}
	for len(left) > 0 {
		fetches := cl.PollFetches(h.t.Context())
		if err := fetches.Err(); err != nil {
			h.t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			end, ok := left[r.Partition]
			if ok && r.Offset < end && !r.Attrs.IsControl() {
				fn(r)
			}
			if r.Offset >= end-1 {
				delete(left, r.Partition)
			}
		})
	}
}

// cursor returns the stored cursor of a stream.
func (h *house) cursor(stream string) strategies.Cursor {
	h.t.Helper()
	var c strategies.Cursor
	h.read(h.cfg.Kafka.StateTopic, func(r *kgo.Record) {
		if string(r.Key) == stream {
			var err error
			if r.Value == nil {
				c = strategies.Cursor{} // it was removed
			} else if c, err = strategies.ParseCursor(r.Value); err != nil {
				h.t.Fatal(err)
			}
		}
	})
	return c
}

// rows returns the API's present rows by key, in the shape that a decoded event has.
func (h *house) rows(strategy string) map[string]map[string]any {
	h.t.Helper()
	url := h.url + "/incremental/timestamp"
	if strategy == strategies.StepSize {
		url = h.url + "/incremental/step?start_id=1&end_id=1000000"
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	var page struct {
		Data []map[string]any `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		h.t.Fatal(err)
	}
	rows := map[string]map[string]any{}
	for _, r := range page.Data {
		rows[r["id"].(string)] = r
	}
	return rows
}

// same holds the topic's last event of each key against the API's rows, and returns the
// number of events.
func (h *house) same(s config.Stream) int {
	h.t.Helper()
	want := h.rows(s.Strategy)
	got := map[string]map[string]any{}
	events := h.events(s.Topic)
	for _, e := range events {
		if e.value["id"] != e.key {
			h.t.Errorf("%s: record %q has id %v", s.Topic, e.key, e.value["id"])
		}
		got[e.key] = e.value
	}
	if len(got) != len(want) {
		h.t.Errorf("%s: %d keys in the topic, %d in the API", s.Topic, len(got), len(want))
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !maps.Equal(got[key], want[key]) {
			h.t.Errorf("%s: key %s is %v, the API has %v", s.Topic, key, got[key], want[key])
			break
		}
	}
	return len(events)
}

// start runs the connector until the returned function is called, which waits for it.
func (h *house) start(o Options) (*Connector, func() error) {
	h.t.Helper()
	if o.Logger == nil {
		o.Logger = h.logger()
	}
	c, err := New(h.cfg, o)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return c, func() error {
		cancel()
		return <-done
	}
}

// through makes the stream write through another sink.
func (u *unit) through(s stream.Sink) {
	u.driver.Opener.Sink, u.driver.Opener.Back.Topic, u.scanner.Sink = s, s, s
}
