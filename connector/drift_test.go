package connector

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// driftSchema is what rows of the tests below are like before they drift.
const driftSchema = `{"type": "record", "name": "User", "fields": [{"name": "id", "type": "string"}, {"name": "name", "type": ["null", "string"], "default": null},
	{"name": "n", "type": ["null", "int"], "default": null}, {"name": "updatedAt", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": null}]}`

// drifting is a row of minute n with members.
func drifting(n int, members string) doc {
	id := fmt.Sprintf("p%d", n)
	return doc{id, at(n), fmt.Sprintf(`{"id": %q, "updatedAt": %q%s}`, id, at(n), members)}
}

// versions are the schemas of a stream's subject, by how they differ from each other; the first says nothing.
func (h *house) versions(s *config.Stream) (all []string) {
	h.t.Helper()
	if !s.Plain() {
		return h.grown(s)
	}
	registry, err := wire.NewRegistry(config.Registry{URL: h.cfg.SchemaRegistry.URL})
	if err != nil {
		h.t.Fatal(err)
	}
	before := s.Schema
	var seen []int
	for _, known := range h.cursor(s.Name).Schemas {
		text, err := registry.SchemaByID(h.t.Context(), known.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		seen, all = append(seen, known.ID), append(all, strings.Join(wire.Differences(before, text), ", "))
		before = text
	}
	latest, err := registry.Latest(h.t.Context(), options.Subject(*s))
	if err != nil || len(seen) > 0 && latest.ID != seen[len(seen)-1] {
		h.t.Errorf("the topic has the schemas %v, and the subject's latest one is %d, %v", seen, latest.ID, err)
	}
	return all
}

// grown is what versions are of a stream whose values are not rows in Avro: the state topic has its rows' schema, and the
// registry a version of the values' for each that there was.
func (h *house) grown(s *config.Stream) []string {
	h.t.Helper()
	c := h.cursor(s.Name)
	text, err := sinkOptions(h.cfg, *s, h.logger(), deps{}).Schema(h.t.Context(), c.RowSchema())
	if err != nil {
		h.t.Fatal(err)
	}
	all := []string{""}
	if changed := wire.Differences(s.Schema, text); len(changed) > 0 {
		all = append(all, strings.Join(changed, ", "))
	}
	if s.ValueFormat == config.JSON {
		return all
	}
	cl, err := sr.NewClient(sr.URLs(h.cfg.SchemaRegistry.URL))
	if err != nil {
		h.t.Fatal(err)
	}
	latest, err := cl.SchemaByVersion(h.t.Context(), s.Topic+"-value", -1)
	if err != nil || latest.Version != len(all) || !slices.ContainsFunc(c.Schemas, func(x strategies.Schema) bool { return x.ID == latest.ID }) {
		h.t.Errorf("the registry has %+v, %v; the cursor %+v", latest, err, c.Schemas)
	}
	return all
}

// states are the rows in a topic of any format, in their order: nil, of one that is deleted. Of Protobuf a field that is not set is nil, and
// numbers that are texts in its JSON are numbers.
func (h *house) states(s *config.Stream) (all []map[string]any) {
	h.t.Helper()
	for _, r := range h.records(s.Topic) {
		var row map[string]any
		if r.value != "" {
			if err := json.Unmarshal([]byte(r.value), &row); err != nil {
				h.t.Fatal(err)
			}
		}
		if s.Envelope == config.Debezium && row != nil {
			row, _ = row["after"].(map[string]any)
		}
		for _, name := range []string{"name", "n"} {
			if text, ok := row["n"].(string); ok && s.ValueFormat == config.Protobuf {
				n, err := strconv.ParseFloat(text, 64)
				if err != nil {
					h.t.Fatal(err)
				}
				row["n"] = n
			}
			if _, has := row[name]; row != nil && !has {
				row[name] = nil
			}
		}
		all = append(all, row)
	}
	return all
}

// Rows of a running stream come to be unlike the schema: each policy does what it says, whatever the rows are written as, the mark passes no
// row that is neither in the topic nor in the dead letters, and once the configuration lets them they all come. Before a real broker, all of it is
// done with one way to write, and what registers a schema or writes a letter with the others.
func TestBrokerDrift(t *testing.T) {
	t.Parallel()
	for i, way := range [][3]string{{config.Avro, config.Flat, config.KeyString}, {config.JSON, config.Flat, config.KeyString}, {config.JSONBySchema, config.Flat, config.Avro},
		{config.Protobuf, config.Flat, config.KeyString}, {config.Avro, config.Debezium, config.KeyString}, {config.Protobuf, config.Debezium, config.Avro}} {
		t.Run(strings.Join(way[:], " "), func(t *testing.T) {
			t.Parallel()
			drifts(t, i > 0 && kit.Real(), func(s *config.Stream) { s.ValueFormat, s.Envelope, s.KeyFormat = way[0], way[1], way[2] })
		})
	}
}

func drifts(t *testing.T, few bool, set func(*config.Stream)) {
	const gold, wide, gone, changed = `, "name": "B", "n": 1, "plan": "gold"`, `, "name": "B", "n": 3000000000`, `, "n": 1`, `, "name": "B", "n": "many"`
	for _, c := range []struct {
		drift, members         string
		onNew, onMissing       string
		written, letter, waits string // the row's event, the dead letter's reason, or what the stream waits with
		version                string // that the subject gets; "": none
		warning                string
	}{
		{"a new field", gold, "ignore", "ignore", "map[id:p4 n:1 name:B]", "", "", "", "plan"},
		{"a new field", gold, "evolve", "ignore", "map[id:p4 n:1 name:B plan:gold]", "", "", "plan is new (null or string, with a default)", ""},
		{"a new field", gold, "dlq", "ignore", "", "field plan: the schema has no such field", "", "", "a row cannot be written"},
		{"a new field", gold, "fail", "ignore", "", "", "field plan: the schema has no such field (on_new_field: fail)", "", ""},
		{"a wider number", wide, "ignore", "ignore", "", "field n: ", "", "", "a row cannot be written"},
		{"a wider number", wide, "evolve", "ignore", "map[id:p4 n:3e+09 name:B]", "", "", "n is long and was int", ""},
		{"a wider number", wide, "dlq", "fail", "", "field n: ", "", "", "a row cannot be written"},
		{"a wider number", wide, "fail", "dlq", "", "field n: ", "", "", "a row cannot be written"},
		{"a field gone", gone, "fail", "ignore", "map[id:p4 n:1 name:<nil>]", "", "", "", ""},
		{"a field gone", gone, "evolve", "ignore", "map[id:p4 n:1 name:<nil>]", "", "", "", ""},
		{"a field gone", gone, "evolve", "dlq", "", "field name: the field is missing", "", "", "a row cannot be written"},
		{"a field gone", gone, "ignore", "fail", "", "", "field name: the field is missing (on_missing_field: fail)", "", ""},
		{"a number that is text", changed, "ignore", "ignore", "", "got a string, the schema wants int", "", "", "a row cannot be written"},
		{"a number that is text", changed, "evolve", "ignore", "", "got a string, the schema wants int", "", "", "a row cannot be written"},
		{"a number that is text", changed, "dlq", "dlq", "", "got a string, the schema wants int", "", "", "a row cannot be written"},
		{"a number that is text", changed, "fail", "fail", "", "got a string, the schema wants int", "", "", "a row cannot be written"},
	} {
		if few && c.version == "" && (c.onNew != "dlq" || c.onMissing != "dlq") {
			continue
		}
		t.Run(fmt.Sprintf("%s, %s, %s", c.drift, c.onNew, c.onMissing), func(t *testing.T) {
			t.Parallel()
			s := &script{docs: []doc{drifting(1, `, "name": "A", "n": 1`), drifting(2, `, "name": "A", "n": 2`), drifting(3, `, "name": "A", "n": 3`)}}
			h, stream := scripted(t, strategies.Keyset, s)
			stream.Schema, stream.OnNewField, stream.OnMissingField = driftSchema, c.onNew, c.onMissing
			set(stream)
			stream.PollInterval, stream.MaxBackoff = time.Millisecond, 10*time.Millisecond
			conn, stop := h.start(Options{})
			kit.Eventually(t, "the first sweep", func() bool { return conn.Status()[0].Mark == at(3) })
			if stream.ValueFormat == config.Protobuf {
				h.unjudged(stream) // as in TestBrokerWrittenEvolves
			}
			before := len(h.states(stream))
			s.mu.Lock()
			s.docs = append(s.docs, drifting(4, c.members), drifting(5, `, "name": "C", "n": 5`))
			s.mu.Unlock()
			kit.Eventually(t, "what becomes of the rows", func() bool {
				st := conn.Status()[0]
				return st.Mark == at(5) || c.waits != "" && st.Cause != nil && strings.Contains(st.Cause.Error(), c.waits)
			})
			if c.waits != "" {
				if got := conn.Status()[0].Mark; got != at(3) {
					t.Errorf("the mark is at %s", got)
				}
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			events := h.states(stream)
			letters := h.letters(stream.Topic)
			row := func(id string) (all []string) {
				for _, e := range events {
					if e["id"] == id {
						m := maps.Clone(e)
						delete(m, "updatedAt")
						if m["plan"] == nil {
							delete(m, "plan")
						}
						all = append(all, fmt.Sprint(m))
					}
				}
				return all
			}
			wants := func(id, want string) {
				t.Helper()
				if got := row(id); want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{want}) {
					t.Errorf("%s: the topic has %q, want %q", id, got, want)
				}
			}
			wants("p4", c.written)
			if c.waits == "" {
				wants("p5", "map[id:p5 n:5 name:C]")
			}
			if before != 3 {
				t.Errorf("%d events before", before)
			}
			if n := len(letters); n != map[bool]int{true: 1}[c.letter != ""] {
				t.Errorf("%d dead letters", n)
			} else if n > 0 && !strings.Contains(headersOf(letters[0])["__connect.errors.exception.message"], c.letter) {
				t.Errorf("the letter says %v", headersOf(letters[0]))
			}
			versions := []string{""}
			if c.version != "" {
				versions = append(versions, c.version)
			}
			if got := h.versions(stream); !slices.Equal(got, versions) {
				t.Errorf("the schemas differ by %q, want %q", got, versions)
			}
			if got := h.logs.warned(); (c.warning != "" || c.waits != "") != (got > 0) || c.warning != "" && (got != 1 || h.logs.count(c.warning) == 0) {
				t.Errorf("%d warnings:\n%s", got, &h.logs)
			}
			if c.waits == "" {
				return
			}
			stream.OnNewField, stream.OnMissingField = "evolve", "ignore"
			h.mustOnce()
			if events = h.states(stream); len(events) != 5 || len(row("p4")) != 1 || len(row("p5")) != 1 {
				t.Errorf("once the rows may come, the topic has %v", events)
			}
		})
	}
}
