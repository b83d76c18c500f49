package connector

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// bare is a house around a script whose topics nobody has made.
func bare(t *testing.T, strategy string, s *script) (*house, *config.Stream) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	h := emptyHouse(t, server.URL)
	h.cfg.Kafka.Compression = "none"
	stream := h.add(strategy)
	stream.MaxRetries, stream.Schema = 0, personSchema
	return h, stream
}

// left is what a start has left behind of a stream: its topics that exist, and its subject.
func (h *house) left(s *config.Stream) (left []string) {
	h.t.Helper()
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers)
	defer cl.Close()
	topics, err := kadm.NewClient(cl).ListTopics(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, name := range []string{s.Topic, s.Topic + ".dlq", h.cfg.Kafka.StateTopic} {
		if topics.Has(name) {
			left = append(left, "topic "+name)
		}
	}
	registry, err := wire.NewRegistry(config.Registry{URL: h.cfg.SchemaRegistry.URL})
	if err != nil {
		h.t.Fatal(err)
	}
	text, err := registry.Fits(h.t.Context(), s.Topic+"-value", wire.Avro(s.Schema))
	if err != nil {
		h.t.Fatal(err)
	}
	if text != "the subject does not exist yet" {
		left = append(left, "subject "+s.Topic+"-value: "+text)
	}
	return left
}

// A start that fails by its configuration, by the API or by the API's rows leaves nothing behind
// (rule 26): neither topics nor a subject, which would refuse the schema that is mended then.
func TestBrokerBadStartLeavesNothing(t *testing.T) {
	t.Parallel()
	const asInt = `{"type": "record", "name": "User", "fields": [{"name": "id", "type": "string"}, {"name": "name", "type": "int"},
		{"name": "updatedAt", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": null}]}`
	for name, c := range map[string]struct {
		spoil, mend func(*config.Stream, *script)
		class       class.Class
		says        string
	}{
		"the cursor field is not in the schema": {
			func(c *config.Stream, _ *script) { c.CursorField = "changedAt" },
			func(c *config.Stream, _ *script) { c.CursorField = "updatedAt" }, class.Config, "changedAt"},
		"the schema is none": {
			func(c *config.Stream, _ *script) { c.Schema = `{"type": "record"` },
			func(c *config.Stream, _ *script) { c.Schema = personSchema }, class.Config, "schema"},
		"the API is down": {
			func(_ *config.Stream, s *script) { s.instead = fails(1, http.StatusNotFound, "not here") },
			func(_ *config.Stream, s *script) { s.instead = nil }, class.Source, "404"},
		"it answers with something else": {
			func(c *config.Stream, _ *script) { c.RecordsPath = "rows" },
			func(c *config.Stream, _ *script) { c.RecordsPath = "data" }, class.Source, "rows"},
		"no row fits the schema": {
			func(c *config.Stream, _ *script) { c.Schema = asInt },
			func(c *config.Stream, _ *script) { c.Schema = personSchema }, class.Source, "max_bad_ratio"},
		"a row does not, and may not": {
			func(c *config.Stream, s *script) {
				c.OnBadRow = admit.OnBadFail
				s.docs[2].text = fmt.Sprintf(`{"id": "p3", "name": 7, "updatedAt": %q}`, s.docs[2].at)
			},
			func(c *config.Stream, s *script) { s.docs[2] = people(3, 1)[0] }, class.Source, "p3"},
	} {
		for _, strategy := range []string{strategies.Keyset, strategies.Timestamp} {
			t.Run(name+"/"+strategy, func(t *testing.T) {
				t.Parallel()
				s := &script{page: 10, docs: people(1, 8)}
				h, stream := bare(t, strategy, s)
				c.spoil(stream, s)
				broken, err := New(h.cfg, Options{Once: true, Logger: h.logger()})
				if err == nil {
					err = broken.Run(t.Context())
				}
				if class.Of(err) != c.class || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %v (%v), want class %v and %q", err, class.Of(err), c.class, c.says)
				}
				s.do(func() { c.mend(stream, s) })
				if left := h.left(stream); len(left) > 0 {
					t.Errorf("the start has left %v", left)
				}
				h.mustOnce()
				if n := len(h.events(stream.Topic)); n != 8 {
					t.Errorf("%d events of 8 rows", n)
				}
			})
		}
	}
}

// The page that was read before the stream is opened is the sweep's first: the API is asked for
// no page twice, and a limit learnt is learnt once.
func TestBrokerFirstPageIsAskedOnce(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 4, docs: people(1, 10)}
			h, stream := scripted(t, strategy, s)
			stream.PageSize, stream.Concurrency = 4, 1
			if strategy == strategies.Offset {
				stream.PageSize = 50
				s.instead = func(w http.ResponseWriter, n int) bool {
					if s.asked[n-1].Get("limit") == "50" {
						http.Error(w, `{"error": "maximum limit is 4"}`, http.StatusBadRequest)
						return true
					}
					return false
				}
			}
			h.mustOnce()
			s.do(func() {
				for i := range s.asked {
					if i > 0 && s.asked[i].Encode() == s.asked[i-1].Encode() {
						t.Errorf("request %d is that before: %s", i+1, s.asked[i].Encode())
					}
				}
			})
			if n := h.logs.count("smaller pages only"); n > 1 {
				t.Errorf("the limit was said %d times", n)
			}
			if n := len(h.events(stream.Topic)); n != 10 {
				t.Errorf("%d events of 10 rows", n)
			}
			// A start that goes on asks from its cursor.
			s.requests()
			h.mustOnce()
			s.do(func() {
				if first := s.asked[0]; strings.HasPrefix(first.Get("updated_since")+first.Get("since"), "0001") {
					t.Errorf("the first request of the second start is %s", first.Encode())
				}
			})
		})
	}
}

// A stream that has run before is opened at once while its schema is the registered one; a schema
// that is new is judged by a page first.
func TestBrokerNewSchemaIsTriedFirst(t *testing.T) {
	t.Parallel()
	s := &script{page: 20, docs: people(1, 8)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	s.set(people(9, 8)...)
	good := stream.Schema
	stream.Schema = strings.Replace(good, `"fields": [`, `"fields": [{"name": "score", "type": "string"}, `, 1)
	for range 2 {
		if err := h.once(); class.Of(err) != class.Source || !strings.Contains(err.Error(), "score") {
			t.Fatalf("got %v, want an error that names the field", err)
		}
	}
	registry, err := wire.NewRegistry(config.Registry{URL: h.cfg.SchemaRegistry.URL})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := registry.Lookup(t.Context(), stream.Topic+"-value", wire.Avro(stream.Schema)); err != nil || id != 0 {
		t.Errorf("the schema that no row fits is registered (%v)", err)
	}
	stream.Schema = strings.Replace(good, `"fields": [`, `"fields": [{"name": "score", "type": "string", "default": ""}, `, 1)
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != 16 {
		t.Errorf("%d events of 16 rows", n)
	}
	// With a registered schema nothing is asked before the stream is opened: what it finds there
	// does not wait for the API.
	s.do(func() { s.instead = fails(1, http.StatusNotFound, "gone") })
	before := h.cursor(stream.Name).Seq
	if err := h.once(); class.Of(err) != class.Source {
		t.Fatalf("got %v, want the API's refusal", err)
	}
	if after := h.cursor(stream.Name).Seq; after == before {
		t.Error("the stream was not opened")
	}
}

// All mistakes in schemas are said at once, each with its place: in the schema's file, or in the
// configuration where the two do not go together.
func TestSchemaMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.avsc": "{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"id\", \"type\": \"strng\"}]}",
		"b.avsc": `{"type": "record", "name": "R", "fields": [{"name": "id", "type": "string"}]}`,
		"c.yaml": "kafka: {brokers: [\"127.0.0.1:1\"]}\nschema_registry: {url: \"http://127.0.0.1:1\"}\nstreams:\n" +
			"  - {name: a, url: \"http://127.0.0.1:1/\", strategy: keyset, schema: a.avsc}\n" +
			"  - {name: b, url: \"http://127.0.0.1:1/\", strategy: keyset, schema: b.avsc}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "c.yaml"), config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(cfg, Options{})
	if class.Of(err) != class.Config {
		t.Fatalf("got %v, want class config", err)
	}
	for _, says := range []string{
		filepath.Join(dir, "a.avsc") + `:2:26: stream a: record R: field id: type "strng" is not declared`,
		filepath.Join(dir, "c.yaml") + `:5:5: stream b: cursor field "updatedAt" is not in the schema`,
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%v\ndoes not say %q", err, says)
		}
	}
}
