package connector

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// olderSchema is personSchema with a field that it has no longer; no person ever had it.
const olderSchema = `{"type": "record", "name": "User", "fields": [{"name": "job", "type": ["null", "string"], "default": null},
	{"name": "id", "type": "string"}, {"name": "name", "type": ["null", "string"], "default": null},
	{"name": "updatedAt", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": null}]}`

// forgetful is a registry that can forget.
type forgetful struct {
	registry atomic.Pointer[srfake.Registry]
	deaf     atomic.Bool // it registers, and explains no id
}

// forgetfully is a house with such a registry, and a stream that has written p1 to p3 under
// olderSchema, id 1, and p4 to p6 under personSchema, id 2. Its window holds them all.
func forgetfully(t *testing.T) (*house, *config.Stream, *script, *forgetful) {
	t.Helper()
	s := &script{docs: people(1, 3), page: 20}
	h, stream := scripted(t, strategies.Keyset, s)
	f := &forgetful{}
	f.forget(0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.deaf.Load() && r.Method == http.MethodGet {
			http.Error(w, `{"error_code": 50001, "message": "the backend is away"}`, http.StatusInternalServerError)
			return
		}
		f.registry.Load().Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h.cfg.SchemaRegistry.URL = server.URL
	stream.Lookback = time.Hour
	stream.Schema = olderSchema
	h.mustOnce()
	stream.Schema = personSchema
	s.set(people(4, 3)...)
	h.mustOnce()
	return h, stream, s, f
}

// forget empties the registry, and gives others so many ids.
func (f *forgetful) forget(others int) {
	r := srfake.NewRegistry()
	if others > 0 {
		r.SeedSchema("others-value", 1, others, sr.Schema{Type: sr.TypeAvro, Schema: `"string"`})
	}
	f.registry.Store(r)
}

// keys are those of the topic's records, sorted, for partitions are read side by side.
func (h *house) keys(topic string) string {
	h.t.Helper()
	var all []string
	h.read(topic, func(r *kgo.Record) { all = append(all, string(r.Key)) })
	slices.Sort(all)
	return strings.Join(all, " ")
}

// kept counts the records of the state topic that keep a schema.
func (h *house) kept() (n int) {
	h.t.Helper()
	h.read(h.cfg.Kafka.StateTopic, func(r *kgo.Record) {
		if strings.HasPrefix(string(r.Key), "schema:") {
			n++
		}
	})
	return n
}

const sixPeople = "p1 p2 p3 p4 p5 p6"

// A registry that has lost its schemas and numbers them anew, or explains no id, costs the
// stream nothing: no row is written again (P3).
func TestBrokerRegistryForgets(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*forgetful){
		"it renumbers":      func(f *forgetful) { f.forget(6) },
		"it explains no id": func(f *forgetful) { f.deaf.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, stream, s, f := forgetfully(t)
			if got := h.keys(stream.Topic); got != sixPeople {
				t.Fatalf("the topic has %s", got)
			}
			forget(f)
			for range 3 {
				h.mustOnce()
				if got := h.keys(stream.Topic); got != sixPeople {
					t.Fatalf("the topic has %s\n%s", got, h.logs.String())
				}
			}
			said := h.logs.count("no longer has schemas")
			if f.deaf.Load() {
				if said != 0 {
					t.Errorf("a registry that does not answer is doubted:\n%s", h.logs.String())
				}
				return
			}
			if said != 3 || !strings.Contains(h.logs.String(), "1 (unknown there") {
				t.Errorf("it is said %d times, want once a process:\n%s", said, h.logs.String())
			}
			var out bytes.Buffer
			if err := Check(t.Context(), h.cfg, &out); err != nil || !strings.Contains(out.String(), "1 (unknown there") {
				t.Errorf("check says %v\n%s", err, out.String())
			}
			s.set(people(7, 1)...)
			stream.RescanInterval, stream.ReconcileInterval = 0, 0
			h.mustOnce() // full scans read the whole topic
			if got := h.keys(stream.Topic); got != sixPeople+" p7" {
				t.Errorf("the topic has %s", got)
			}
		})
	}
}

// Each schema is kept once, by the transaction that claims the stream, and state show does not
// take it for a stream.
func TestBrokerSchemasKept(t *testing.T) {
	t.Parallel()
	h, stream, _, f := forgetfully(t)
	h.mustOnce()
	if n := h.kept(); n != 2 {
		t.Errorf("%d records keep the two schemas", n)
	}
	if c := h.cursor(stream.Name); len(c.Schemas) != 2 || c.Schemas[0].ID != 1 || c.Schemas[1].ID != 2 {
		t.Errorf("the cursor knows %+v", c.Schemas)
	}
	states, err := States(t.Context(), h.cfg, LocalOptions{})
	if err != nil || len(states) != 1 || states[0].Err != nil {
		t.Errorf("the states are %+v, %v", states, err)
	}
	// The same schema in other words is no other one, whatever id it has.
	f.forget(6)
	stream.Schema = strings.Replace(personSchema, `"name": "User"`, `"doc": "of the API", "name": "User"`, 1)
	h.mustOnce()
	if c := h.cursor(stream.Name); len(c.Schemas) != 3 || c.Schemas[2].ID != 7 || c.Schemas[2].Fingerprint != c.Schemas[1].Fingerprint || h.keys(stream.Topic) != sixPeople {
		t.Errorf("the cursor knows %+v, the topic has %s", c.Schemas, h.keys(stream.Topic))
	}
}

// An id that means another schema in the topic's records than in the registry stops the stream
// before anybody is fenced or anything is written, with what to do. Claimed, it goes on, and
// takes the records before and behind for what they are.
func TestBrokerRegistryRenumbers(t *testing.T) {
	t.Parallel()
	h, stream, s, f := forgetfully(t)
	f.forget(0) // the present schema gets the older one's id
	before := h.cursor(stream.Name)
	for what, err := range map[string]error{"a start": h.once(), "check": Check(t.Context(), h.cfg, io.Discard)} {
		if class.Of(err) != class.Config {
			t.Fatalf("%s: %v (%v), want a refusal", what, err, class.Of(err))
		}
		for _, word := range []string{stream.Topic, "id 1", "state claim", "schema:", h.cfg.Kafka.StateTopic} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s does not say %q: %v", what, word, err)
			}
		}
	}
	if after := h.cursor(stream.Name); after.Seq != before.Seq || after.Owner != before.Owner {
		t.Error("the refused start has written")
	}
	if err := Claim(t.Context(), h.cfg, stream.Name, h.logger(), LocalOptions{}); err != nil {
		t.Fatal(err)
	}
	s.set(people(7, 1)...)
	for range 2 {
		h.mustOnce()
		if got := h.keys(stream.Topic); got != sixPeople+" p7" {
			t.Fatalf("the topic has %s\n%s", got, h.logs.String())
		}
	}
	if h.logs.count("not of the stream's schema") != 0 {
		t.Errorf("records are taken for foreign:\n%s", h.logs.String())
	}
	if err := Check(t.Context(), h.cfg, io.Discard); err != nil {
		t.Error(err)
	}
}

// A topic made anew holds nothing of what the ids meant.
func TestBrokerRegistryAndTopicAnew(t *testing.T) {
	t.Parallel()
	h, stream, s, f := forgetfully(t)
	f.forget(0)
	h.remake(stream.Topic, 1)
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 6 {
		t.Errorf("%d events", n)
	}
	if c := h.cursor(stream.Name); len(c.Schemas) != 1 {
		t.Errorf("the cursor knows %+v", c.Schemas)
	}
}

// A stream of an earlier version learns from the registry what its records' ids mean, and keeps
// it.
func TestBrokerSchemasLearnt(t *testing.T) {
	t.Parallel()
	h, stream, _, f := forgetfully(t)
	c := h.cursor(stream.Name)
	c.Schemas = nil
	value, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	h.produce(h.cfg.Kafka.StateTopic, &kgo.Record{Key: []byte(stream.Name), Value: value})
	h.mustOnce()
	if c := h.cursor(stream.Name); len(c.Schemas) != 2 {
		t.Fatalf("the cursor knows %+v", c.Schemas)
	}
	f.deaf.Store(true)
	h.mustOnce()
	if got := h.keys(stream.Topic); got != sixPeople {
		t.Errorf("the topic has %s", got)
	}
}

// A repartition reads all of the topic, too.
func TestBrokerRegistryForgetsAndKeysMove(t *testing.T) {
	t.Parallel()
	h, stream, s, f := forgetfully(t)
	f.forget(6)
	h.widen(stream.Topic, 3)
	if _, err := h.repartition(stream.Name); err != nil {
		t.Fatal(err)
	}
	before := h.keys(stream.Topic)
	h.mustOnce()
	if got := h.keys(stream.Topic); got != before {
		t.Errorf("the topic has %s, had %s", got, before)
	}
	h.inOnePlace(stream.Topic, len(s.docs))
}
