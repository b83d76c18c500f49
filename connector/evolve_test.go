package connector

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// evolving is a house with a stream whose schema learns.
func evolving(t *testing.T, strategy string, docs ...doc) (*house, *config.Stream, *script) {
	t.Helper()
	s := &script{docs: docs}
	h, stream := scripted(t, strategy, s)
	stream.Schema, stream.OnNewField = driftSchema, "evolve"
	stream.PollInterval, stream.MaxBackoff = time.Millisecond, 10*time.Millisecond
	return h, stream, s
}

// registry is a client of the house's registry.
func (h *house) registry() *wire.Registry {
	h.t.Helper()
	r, err := wire.NewRegistry(config.Registry{URL: h.cfg.SchemaRegistry.URL})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// What a schema has learnt is there behind a restart, with the same id, and so are its records: nothing is written twice (P3), and
// what is read back again with the file's schema has the fields. A field that the file gets besides is one more.
func TestBrokerEvolveRestarts(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Keyset, strategies.Offset, strategies.Timestamp} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			h, stream, s := evolving(t, strategy, drifting(1, `, "name": "A", "n": 1`))
			h.mustOnce()
			s.docs = append(s.docs, drifting(2, `, "name": "A", "n": 1, "plan": "gold"`))
			h.mustOnce()
			s.docs = append(s.docs, drifting(3, `, "name": "A", "n": 3000000000, "plan": "lead", "size": {"w": 1.5, "h": null}`))
			h.mustOnce()
			want := []string{"", "plan is new (null or string, with a default)",
				"n is long and was int, size is new (null or record User_size, with a default)"}
			if got := h.versions(stream); !slices.Equal(got, want) {
				t.Errorf("the schemas differ by %q, want %q", got, want)
			}
			h.mustOnce()
			stream.RescanInterval = 0
			h.mustOnce()
			if got := h.texts(stream.Topic); len(got) != 3 {
				t.Errorf("the topic has %q", got)
			}
			stream.Schema = strings.Replace(driftSchema, `"fields": [`, `"fields": [{"name": "team", "type": ["null", "string"], "default": null}, `, 1)
			s.docs = append(s.docs, drifting(4, `, "name": "A", "n": 4, "plan": "tin", "team": "x"`))
			h.mustOnce()
			if got := h.versions(stream); len(got) != 4 || got[3] != "team is new (null or string, with a default)" {
				t.Errorf("the schemas differ by %q", got)
			}
			texts := h.texts(stream.Topic)
			if len(texts) != 4 || !strings.Contains(texts[3], `"plan":"tin"`) || !strings.Contains(texts[3], `"team":"x"`) {
				t.Errorf("the topic has %q", texts)
			}
			if got := h.logs.warned(); got != 0 {
				t.Errorf("%d warnings:\n%s", got, &h.logs)
			}
		})
	}
}

// At a first start what rows have is learnt before anything is registered: there is one version.
func TestBrokerEvolveFirst(t *testing.T) {
	t.Parallel()
	h, stream, _ := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1.5, "a-b": 1`), drifting(2, `, "plan": "gold", "list": []`))
	h.mustOnce()
	if got := h.versions(stream); !slices.Equal(got, []string{"n is double and was int, plan is new (null or string, with a default)"}) {
		t.Errorf("the schemas differ by %q", got)
	}
	if got := h.texts(stream.Topic); len(got) != 2 || !strings.Contains(got[1], `"plan":"gold"`) {
		t.Errorf("the topic has %q", got)
	}
	if h.logs.warned() != 1 || h.logs.count("a-b (Avro does not allow its name") != 1 || h.status().Unknown != 1 {
		t.Errorf("%d unknown, %s", h.status().Unknown, &h.logs)
	}
}

// A worker that is killed between the registry's answer and its first commit goes on with what is registered.
func TestBrokerEvolveRegisteredOnly(t *testing.T) {
	t.Parallel()
	h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1`))
	h.mustOnce()
	grown := driftSchema[:len(driftSchema)-2] + `, {"name": "plan", "type": ["null", "string"], "default": null}]}`
	id, err := h.registry().Register(t.Context(), options.Subject(*stream), grown)
	if err != nil {
		t.Fatal(err)
	}
	s.docs = append(s.docs, drifting(2, `, "plan": "gold"`))
	h.mustOnce()
	known := h.cursor(stream.Name).Schemas
	if len(known) != 2 || known[1].ID != id {
		t.Errorf("registered as %d, and the topic has %+v", id, known)
	}
	if got := h.texts(stream.Topic); len(got) != 2 || !strings.Contains(got[1], `"plan":"gold"`) {
		t.Errorf("the topic has %q", got)
	}
}

// refusing is a registry before the house's that refuses schemas with the field plan, with a status, while on is set.
func refusing(h *house, status int) (on *atomic.Bool, refused *atomic.Int64) {
	h.t.Helper()
	to, err := url.Parse(h.cfg.SchemaRegistry.URL)
	if err != nil {
		h.t.Fatal(err)
	}
	on, refused = new(atomic.Bool), new(atomic.Int64)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if on.Load() && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/versions") {
			body, err := io.ReadAll(r.Body)
			if r.Body = io.NopCloser(bytes.NewReader(body)); err == nil && !bytes.Contains(body, []byte("plan")) { // it has that one
				proxy.ServeHTTP(w, r)
				return
			}
			refused.Add(1)
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error_code":%d,"message":"no more versions"}`, status)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	h.t.Cleanup(server.Close)
	h.cfg.SchemaRegistry.URL = server.URL
	return on, refused
}

// A registry that refuses what was learnt (409, 422) stops the stream before the row: the mark stays, the error names field, rule
// and way back, and once the registry takes it the row comes. With --once, and at a start, it is exit 4.
func TestBrokerEvolveRefused(t *testing.T) {
	t.Parallel()
	for status, says := range map[int]string{http.StatusConflict: "NONE allows all", http.StatusUnprocessableEntity: "schema file"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1`))
			on, refused := refusing(h, status)
			conn, stop := h.start(Options{})
			kit.Eventually(t, "the first sweep", func() bool { return conn.Status()[0].Mark == at(1) })
			on.Store(true)
			s.mu.Lock()
			s.docs = append(s.docs, drifting(2, `, "n": 2`), drifting(3, `, "plan": "gold"`))
			s.mu.Unlock()
			kit.Eventually(t, "a second refusal", func() bool { return refused.Load() > 1 })
			st := conn.Status()[0]
			if st.Mark != at(1) || st.Cause == nil || class.Of(st.Cause) != class.Broker {
				t.Errorf("the mark is at %s, and the stream waits with %v", st.Mark, st.Cause)
			}
			for _, want := range []string{fmt.Sprint(status), "no more versions", "plan is new", options.Subject(*stream), says} {
				if st.Cause != nil && !strings.Contains(st.Cause.Error(), want) {
					t.Errorf("%v does not say %q", st.Cause, want)
				}
			}
			if got := h.cursor(stream.Name); got.Mark != at(1) {
				t.Errorf("the stored mark is at %s", got.Mark)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if err := h.once(); class.Of(err) != class.Broker || !strings.Contains(err.Error(), "plan is new") {
				t.Errorf("--once ends with %v", err)
			}
			before := refused.Load()
			conn, stop = h.start(Options{})
			kit.Eventually(t, "a refusal", func() bool { return refused.Load() > before })
			on.Store(false)
			kit.Eventually(t, "the row", func() bool { return conn.Status()[0].Mark == at(3) })
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if got := h.texts(stream.Topic); len(got) != 3 || !strings.Contains(got[2], `"plan":"gold"`) {
				t.Errorf("the topic has %q", got)
			}
		})
	}
}

// auto_register: false writes with the subject's latest version, whatever the file says, and registers nothing; where there is none it is
// an error of the configuration, before anything is made.
func TestBrokerNoAutoRegister(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{"topic", "record", "topic_record"} {
		t.Run(subject, func(t *testing.T) {
			t.Parallel()
			h, stream, _ := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1, "plan": "gold"`))
			name := kit.Name("U")
			stream.Schema = strings.Replace(driftSchema, `"name": "User"`, `"name": "`+strings.ReplaceAll(name, "-", "_")+`", "namespace": "shop"`, 1)
			stream.OnNewField, stream.AutoRegister, stream.SubjectStrategy = "ignore", false, subject
			full := "shop." + strings.ReplaceAll(name, "-", "_")
			want := map[string]string{"topic": stream.Topic + "-value", "record": full, "topic_record": stream.Topic + "-" + full}[subject]
			if got := options.Subject(*stream); got != want {
				t.Errorf("the subject is %s, want %s", got, want)
			}
			if err := h.once(); class.Of(err) != class.Config || !strings.Contains(err.Error(), want+" has no schema") {
				t.Errorf("without a schema: %v", err)
			}
			if c := h.cursor(stream.Name); c.Version != 0 {
				t.Errorf("the stream was claimed: %+v", c)
			}
			latest := stream.Schema[:len(stream.Schema)-2] + `, {"name": "plan", "type": ["null", "string"], "default": null}]}`
			id, err := h.registry().Register(t.Context(), want, latest)
			if err != nil {
				t.Fatal(err)
			}
			h.mustOnce()
			if got := h.texts(stream.Topic); len(got) != 1 || !strings.Contains(got[0], `"plan":"gold"`) {
				t.Errorf("the topic has %q", got)
			}
			if v, err := h.registry().Latest(t.Context(), want); err != nil || v.ID != id || v.Number != 1 {
				t.Errorf("the registry has %+v, %v", v, err)
			}
			if err := Check(context.Background(), h.cfg, &h.logs); err != nil || h.logs.count("auto_register: false)") != 1 {
				t.Errorf("check: %v\n%s", err, &h.logs)
			}
			stream.Schema = strings.Replace(stream.Schema, `"fields": [`, `"fields": [{"name": "key", "type": "string"}, `, 1)
			stream.IDField = "key"
			if err := h.once(); class.Of(err) != class.Config {
				t.Errorf("with settings that it does not go with: %v", err)
			}
		})
	}
}

// backfill_new_fields: where the schema gets something, by what it learns or by its file, everything is read once more, and what
// differs is written, once; without it only the rows that are read anyway get it. It is not forgotten where a worker is stopped before.
func TestBrokerBackfill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		backfill, learns bool
		events           int
	}{
		{"learnt", true, true, 5},
		{"learnt, not backfilled", false, true, 4},
		{"of the file", true, false, 5},
		{"of the file, not backfilled", false, false, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, stream, s := evolving(t, strategies.Keyset)
			// The API gives fields to old rows without changing their times.
			s.docs = []doc{drifting(1, `, "name": "A", "n": 1`), drifting(20, `, "name": "B", "n": 2`)}
			stream.Backfill = c.backfill
			if !c.learns {
				stream.OnNewField = "ignore"
			}
			h.mustOnce()
			s.docs = []doc{drifting(1, `, "name": "A", "n": 1, "plan": "gold"`), drifting(20, `, "name": "B", "n": 2, "plan": "tin"`), drifting(40, `, "name": "C", "n": 3, "plan": "lead"`)}
			if !c.learns {
				stream.Schema = driftSchema[:len(driftSchema)-2] + `, {"name": "plan", "type": ["null", "string"], "default": null}]}`
			}
			if c.backfill { // the scan is due, and is cut off
				scans := 0
				s.instead = func(w http.ResponseWriter, n int) bool {
					if h.cursor(stream.Name).Mark == at(40) {
						scans++
						w.WriteHeader(http.StatusForbidden)
						return true
					}
					return false
				}
				if err := h.once(); class.Of(err) != class.Source || scans == 0 {
					t.Errorf("the scan that was refused: %v", err)
				}
				if got := h.cursor(stream.Name); !got.Backfill {
					t.Error("the cursor has forgotten that a scan is due")
				}
				s.instead = nil
			}
			h.mustOnce()
			if n := len(h.texts(stream.Topic)); n != c.events {
				t.Errorf("%d events, want %d: %q", n, c.events, h.texts(stream.Topic))
			}
			last := map[string]any{}
			for _, e := range h.events(stream.Topic) {
				last[e.key] = e.value["plan"]
			}
			if want := map[bool]string{true: "map[p1:gold p20:tin p40:lead]", false: "map[p1:<nil> p20:tin p40:lead]"}[c.backfill]; fmt.Sprint(last) != want {
				t.Errorf("the topic has %v, want %s", last, want)
			}
			before, asked := len(h.texts(stream.Topic)), h.logs.count("full scan done")
			h.mustOnce()
			if len(h.texts(stream.Topic)) != before || h.logs.count("full scan done") != asked || asked != map[bool]int{true: 1}[c.backfill] || h.cursor(stream.Name).Backfill {
				t.Errorf("%d scans, %d events, %+v", h.logs.count("full scan done"), len(h.texts(stream.Topic)), h.cursor(stream.Name))
			}
		})
	}
}

// What is new in the middle of a long answer that is taken in pieces, in guessed pages, or in a full scan, is learnt as well: no row is lost
// and none comes twice (P2, P3), and the topic verifies against the API.
func TestBrokerEvolveAnywhere(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Timestamp, strategies.Offset, strategies.StepSize, "a full scan"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 10}
			add := func(from, to int, members string) {
				for i := from; i <= to; i++ {
					d := drifting(i, `, "name": "`+strings.Repeat("x", 300)+`", "n": 1`+members)
					d.id = fmt.Sprint(i)
					d.text = strings.Replace(d.text, fmt.Sprintf(`"p%d"`, i), fmt.Sprintf(`"%d"`, i), 1)
					s.docs = append(s.docs, d)
				}
			}
			add(1, 100, "")
			add(101, 101, `, "plan": "gold"`)
			add(102, 150, "")
			add(151, 151, `, "plan": "tin", "size": {"w": 1}`)
			add(152, 200, "")
			name := strategy
			if strategy == "a full scan" {
				name = strategies.Keyset
			}
			h, stream := scripted(t, name, s)
			stream.Schema, stream.OnNewField = driftSchema, "evolve"
			h.cfg.Kafka.MaxInFlight = 20_000
			if stream.StepSize, stream.MaxID = 20, 300; strategy == "a full scan" {
				kept := s.docs
				s.docs = append([]doc(nil), kept...)
				for i := range s.docs { // the fields come to old rows, of which a sweep shows nothing
					before, _, _ := strings.Cut(s.docs[i].text, `, "plan"`)
					s.docs[i].text = strings.TrimSuffix(before, "}") + "}"
				}
				h.mustOnce()
				stream.RescanInterval, s.docs = 0, kept
			}
			h.mustOnce()
			last := map[string]string{}
			for _, e := range h.events(stream.Topic) {
				last[e.key] = fmt.Sprintf("%v %v", e.value["plan"], e.value["size"])
			}
			if len(last) != 200 || last["101"] != "gold <nil>" || last["151"] != "tin map[w:1]" || last["200"] != "<nil> <nil>" {
				t.Errorf("the topic has %d keys, %s, %s", len(last), last["101"], last["151"])
			}
			if n, want := len(h.events(stream.Topic)), 200+map[bool]int{true: 2}[strategy == "a full scan"]; n != want {
				t.Errorf("%d events, want %d", n, want)
			}
			if got := h.versions(stream); len(got) < 2 {
				t.Errorf("the schemas differ by %q", got)
			}
			report, err := Verify(t.Context(), h.cfg, stream.Name, func(Progress) {}, Options{})
			if err != nil {
				t.Errorf("verify: %v, %+v", err, report)
			}
			if got := h.logs.warned(); got != 0 {
				t.Errorf("%d warnings:\n%s", got, &h.logs)
			}
		})
	}
}

// check says that the schema will get a field, by the schema that a start would take.
func TestBrokerEvolveCheck(t *testing.T) {
	t.Parallel()
	h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1, "plan": "gold"`))
	h.mustOnce()
	s.docs = append(s.docs, drifting(2, `, "name": "A", "n": 1, "team": "x"`))
	var out bytes.Buffer
	if err := Check(t.Context(), h.cfg, &out); err != nil {
		t.Errorf("check: %v", err)
	}
	for _, want := range []string{"not in the schema, which gets them (on_new_field: evolve): team", "schema " + options.Subject(*stream) + ": registered as id"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("check does not say %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "them (on_new_field: evolve): plan") {
		t.Errorf("check goes by the file:\n%s", &out)
	}
}
