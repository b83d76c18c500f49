package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// world is what a configuration points to: an API, a broker and a registry, all in the
// test's own process.
type world struct {
	t        *testing.T
	api      string // its URL
	play     *playground.Playground
	kafka    *kfake.Cluster
	brokers  string
	registry string
}

func newWorld(t *testing.T, o playground.Options) *world {
	t.Helper()
	w := &world{t: t}
	w.play, w.api = serve(t, o)
	var err error
	w.kafka, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.DefaultNumPartitions(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.kafka.Close)
	w.brokers = strings.Join(w.kafka.ListenAddrs(), ",")
	server := httptest.NewServer(srfake.New().Handler())
	t.Cleanup(server.Close)
	w.registry = server.URL
	return w
}

// serve serves a playground of the test's own.
func serve(t *testing.T, o playground.Options) (*playground.Playground, string) {
	t.Helper()
	play, err := playground.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(play)
	t.Cleanup(server.Close)
	return play, server.URL
}

// servers are the flags that name this world's broker and registry.
func (w *world) servers() []string {
	return []string{"--brokers", w.brokers, "--registry-url", w.registry}
}

// once runs the configuration to the sweeps' end and returns the ended process.
func (w *world) once(config string, more ...string) *process {
	w.t.Helper()
	return start(w.t, args("run", "-c", config, "--once", w.servers(), more)...).exits(0)
}

// seedFile is the configuration that the connector must take byte for byte.
const seedFile = "../../connector/config/testdata/configuration.json"

// seed writes the seed's file with another strategy and base_url and all else as it is,
// comment included, but for more keys in front. It returns its path.
func seed(t *testing.T, strategy, url string, more ...string) string {
	t.Helper()
	raw, err := os.ReadFile(seedFile)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(raw), `"strategy": "keyset",`, `"strategy": "`+strategy+`",`, 1)
	text = strings.Replace(text, `"http://127.0.0.1:5001/pagination/keyset"`, `"`+url+`"`, 1)
	if !strings.Contains(text, "// or") || !strings.Contains(text, url) {
		t.Fatalf("this is no longer the seed's file: %s", raw)
	}
	for _, line := range more {
		text = strings.Replace(text, "{\n", "{\n  "+line+",\n", 1)
	}
	return write(t, "configuration.json", text)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// seed is the package's function with the path of this world's API for the strategy.
func (w *world) seed(strategy string, more ...string) string {
	w.t.Helper()
	return seed(w.t, strategy, w.api+demoPaths[strategy], more...)
}

// client returns a Kafka client of the test's own, which the caller closes. It asks again soon for a topic that was not
// there a moment ago; kgo's default is 5 s.
func client(t testing.TB, brokers string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(strings.Split(brokers, ",")...), kgo.MetadataMinAge(50 * time.Millisecond), kgo.DisableClientMetrics()}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return cl
}

// read returns what a read_committed consumer sees of a topic from its beginning to its
// present end. It shares nothing with tidemark but the client library.
func read(t *testing.T, brokers, topic string) []*kgo.Record {
	t.Helper()
	cl := client(t, brokers, kgo.ConsumeTopics(topic),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer cl.Close()
	ctx := brief(t)
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	var records []*kgo.Record
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("reading %s: %v", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			end, ok := left[r.Partition]
			if ok && r.Offset < end && !r.Attrs.IsControl() {
				records = append(records, r)
			}
			if r.Offset >= end-1 {
				delete(left, r.Partition)
			}
		})
	}
	return records
}

// keys counts the records of each key.
func keys(records []*kgo.Record) map[string]int {
	n := map[string]int{}
	for _, r := range records {
		n[string(r.Key)]++
	}
	return n
}

// keptSchemas takes the records that keep a schema out, and counts them.
func keptSchemas(live map[string]int) (n int) {
	for key := range live {
		if strings.HasPrefix(key, "schema:") {
			n += live[key]
			delete(live, key)
		}
	}
	return n
}

// eachOnce expects every user in the topic exactly once.
func (w *world) eachOnce(topic string) {
	w.t.Helper()
	got, want := keys(read(w.t, w.brokers, topic)), map[string]int{}
	for _, u := range w.play.Users() {
		want[u.ID] = 1
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("topic %s has %d keys, the API %d users; more than once or unknown: %v", topic, len(got), len(want),
			slices.DeleteFunc(slices.Sorted(maps.Keys(got)), func(k string) bool { return got[k] == want[k] }))
	}
}

// owner is who has claimed the stream.
func (w *world) owner(stream string) string {
	w.t.Helper()
	var cursor struct{ Owner string }
	for _, r := range read(w.t, w.brokers, "tidemark-state") {
		if string(r.Key) == stream {
			if err := json.Unmarshal(r.Value, &cursor); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return cursor.Owner
}

// line is a line of tail.
type line struct {
	Key       *string         `json:"key"`
	Value     json.RawMessage `json:"value"`
	Partition *int32          `json:"partition"`
	Offset    *int64          `json:"offset"`
	Timestamp string          `json:"timestamp"`
	Headers   map[string]any  `json:"headers"`
	Undecoded string          `json:"undecoded"`
}

func (l line) user(t *testing.T) playground.User {
	t.Helper()
	var u playground.User
	if err := json.Unmarshal(l.Value, &u); err != nil {
		t.Fatalf("the value %s is no user: %v", l.Value, err)
	}
	return u
}

// tail runs `tidemark tail` over all of a topic, unless -n says otherwise, and returns its lines. Each must be one JSON
// object with the six keys and nothing else, but what says why a value is not decoded.
func tail(t *testing.T, more ...string) []line {
	t.Helper()
	if !slices.Contains(more, "-n") {
		more = append(more, "--from-beginning")
	}
	return lines(t, start(t, append([]string{"tail"}, more...)...).exits(0).out.String())
}

func lines(t *testing.T, text string) []line {
	t.Helper()
	var all []line
	for text := range strings.Lines(text) {
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		var l line
		if err := dec.Decode(&l); err != nil || dec.More() {
			t.Fatalf("tail printed %q, which is not one object of the six keys: %v", text, err)
		}
		var fields map[string]json.RawMessage
		err := json.Unmarshal([]byte(text), &fields)
		if delete(fields, "undecoded"); err != nil || len(fields) != 6 {
			t.Fatalf("tail printed %q, which has not all of key, value, partition, offset, timestamp and headers (%v)", text, err)
		}
		all = append(all, l)
	}
	return all
}

// neverTwice expects that no key's event equals the one before it (P3), and returns the
// last event of each key.
func neverTwice(t *testing.T, topic string, lines []line) map[string]playground.User {
	t.Helper()
	last, at := map[string]playground.User{}, map[string]int64{}
	for _, l := range lines {
		u := l.user(t)
		if before, ok := last[*l.Key]; ok && before == u {
			t.Errorf("topic %s: offsets %d and %d say the same of %s (P3)", topic, at[*l.Key], *l.Offset, *l.Key)
		}
		last[*l.Key], at[*l.Key] = u, *l.Offset
	}
	return last
}

// get returns the users of an answer of the API.
func get(t *testing.T, url string) map[string]playground.User {
	t.Helper()
	req, err := http.NewRequestWithContext(brief(t), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var page struct{ Data []playground.User }
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, resp.Status, err)
	}
	users := map[string]playground.User{}
	for _, u := range page.Data {
		users[u.ID] = u
	}
	return users
}

// topicOf is the demo's topic for the strategy.
func topicOf(strategy string) string { return "user_" + strategy }

// all are the five strategies.
var all = strategies.Own()
