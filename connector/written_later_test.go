package connector

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// A schema that has gained a field or lost one, and a registry that has lost all of them, cost no row a second version in any
// format; check says nothing of it but what has been forgotten.
func TestBrokerWrittenSchemaChanges(t *testing.T) {
	t.Parallel()
	newer := strings.Replace(personSchema, `"fields": [`, `"fields": [{"name": "nickname", "type": ["null", "string"], "default": null}, `, 1)
	eachWritten(t, func(t *testing.T, set func(*config.Stream)) {
		s := &script{docs: people(1, 3), page: 20}
		h, stream := scripted(t, strategies.Keyset, s)
		f := &forgetful{}
		f.forget(0)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.registry.Load().Handler().ServeHTTP(w, r) }))
		t.Cleanup(server.Close)
		h.cfg.SchemaRegistry.URL = server.URL
		set(stream)
		stream.Lookback = 1000 * time.Hour
		var want []int
		for i, schema := range []string{olderSchema, personSchema, newer, personSchema} {
			stream.Schema = schema
			s.set(people(4+3*i, 3)...)
			h.mustOnce()
			h.mustOnce()
			want = append(want, len(s.docs))
			n := 0
			h.read(stream.Topic, func(*kgo.Record) { n++ })
			if n != len(s.docs) {
				t.Fatalf("schema %d: %d records of %d rows\n%s", i, n, len(s.docs), &h.logs)
			}
			if foreign := h.status().Foreign; foreign != 0 {
				t.Fatalf("schema %d: %d records are taken for foreign\n%s", i, foreign, &h.logs)
			}
			if found := h.verify(stream.Name); found.Err() != nil {
				t.Errorf("schema %d: %+v", i, found)
			}
		}
		f.forget(9)
		before := h.logs.count("no longer has schemas")
		h.mustOnce()
		n := 0
		h.read(stream.Topic, func(*kgo.Record) { n++ })
		if said := h.logs.count("no longer has schemas") - before; n != want[len(want)-1] || (said > 0) != (stream.ValueFormat != config.JSON) {
			t.Errorf("behind a registry that forgot: %d records, it is said %d times\n%s", n, said, &h.logs)
		}
	})
}

// A topic holds records of one form: a stream that has run is refused another.
func TestBrokerWrittenStays(t *testing.T) {
	t.Parallel()
	for setting, change := range map[string]func(*config.Stream){
		"value_format": func(s *config.Stream) { s.ValueFormat = config.JSON },
		"envelope":     func(s *config.Stream) { s.Envelope = config.Debezium },
		"key_format":   func(s *config.Stream) { s.KeyFormat = config.Avro },
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			h, stream := scripted(t, strategies.Keyset, &script{docs: people(1, 3), page: 20})
			h.mustOnce()
			before := *stream
			change(stream)
			if err := h.once(); class.Of(err) != class.Config || !strings.Contains(err.Error(), setting) {
				t.Errorf("%v", err)
			}
			if *stream = before; h.once() != nil || len(h.records(stream.Topic)) != 3 {
				t.Error("put back, it does not go on")
			}
		})
	}
}

// tail shows values and keys of any format as their schemas say; preview shows what a first sweep would write.
func TestBrokerWrittenShown(t *testing.T) {
	t.Parallel()
	eachWritten(t, func(t *testing.T, set func(*config.Stream)) {
		h, stream := scripted(t, strategies.Keyset, &script{docs: people(1, 2), page: 20})
		set(stream)
		h.mustOnce()
		var out, seen bytes.Buffer
		err := Tail(t.Context(), TailOptions{Topic: stream.Topic, Brokers: h.cfg.Kafka.Brokers, Registry: h.cfg.SchemaRegistry}, &out)
		if err != nil {
			t.Fatal(err)
		}
		row, key := `{"id":"p1","name":"A","updatedAt":"2026-01-01T00:01:00Z"}`, `"key":"p1"`
		if stream.KeyFormat == config.Avro {
			key = `"key":{"id":"p1"}`
		}
		if stream.Envelope == config.Debezium {
			row = `{"before":null,"after":` + row + `,"source":{`
		}
		if n := strings.Count(out.String(), "\n"); n != 2 || !strings.Contains(out.String(), key+`,"value":`+row) {
			t.Errorf("tail shows %s", &out)
		}
		if err := Preview(t.Context(), h.cfg, "", 1, h.logger(), &seen); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(seen.String(), `"value":`+row) || !strings.Contains(seen.String(), `"verdict":"written"`) {
			t.Errorf("preview shows %s", &seen)
		}
	})
}
