package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
)

// previewed is a line of a preview: a request or a row.
type previewed struct {
	Stream, Asked          string
	Rows                   int
	Verdict, Reason, Topic string
	Key                    *string
	Value                  any
	Headers                map[string]any
}

// loaded writes a configuration with the schema of its rows beside it, and loads it.
func loaded(t *testing.T, text string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	const schema = `{"type": "record", "name": "r", "fields": [
		{"name": "id", "type": "string"}, {"name": "n", "type": ["null", "long"], "default": null},
		{"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": null}]}`
	for name, text := range map[string]string{"c.yaml": text, "r.avsc": schema, "bad.avsc": "{\n  \"type\": \"recrd\"}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "c.yaml"), config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func shownBy(t *testing.T, cfg *config.Config, name string, limit int) ([]previewed, error) {
	t.Helper()
	var out bytes.Buffer
	err := Preview(t.Context(), cfg, name, limit, slog.New(slog.DiscardHandler), &out)
	var all []previewed
	for line := range strings.Lines(out.String()) {
		var p previewed
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		all = append(all, p)
	}
	return all, err
}

// A preview shows what becomes of each row, as what record, and what was asked. It needs neither broker nor registry:
// here there are none, and the configuration names some.
func TestPreview(t *testing.T) {
	t.Parallel()
	pages := []string{
		`{"data": [{"id":"b","n":2,"at":"2026-01-01T00:00:02Z"},{"id":"a","n":1,"at":"2026-01-01T00:00:01Z"},{"id":"c","n":5.5,"at":"2026-01-01T00:00:03Z"},
			{"id":"d","n":-4,"at":"2026-01-01T00:00:04Z"},{"id":"e","n":5,"at":"2026-01-01T00:00:05Z"},{"id":"e","n":55,"at":"2026-01-01T00:00:05Z"},
			{"id":"f","gone":true,"at":"2026-01-01T00:00:06Z"}]}`,
		`{"data": [{"id":"a","n":1,"at":"2026-01-01T00:00:01Z"},{"id":"b","n":3,"at":"2026-01-01T00:00:01Z"},{"id":"g","n":7,"at":"2026-01-01T00:00:07Z"}]}`,
		`{"data": []}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &n)
		_, _ = w.Write([]byte(pages[min(n, len(pages))-1]))
	}))
	t.Cleanup(server.Close)
	cfg := loaded(t, `
kafka: {brokers: ["127.0.0.1:1"]}
schema_registry: {url: "http://127.0.0.1:1"}
streams:
  - {name: other, url: "`+server.URL+`", strategy: snapshot}
  - {name: rows, url: "`+server.URL+`?key=secret-word", strategy: snapshot, pages: page, params: {page: page}, cursor_field: at, schema: r.avsc,
     where: n > 0, deleted: {field: gone}}
`)
	got, err := shownBy(t, cfg, "rows", 0)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, p := range got {
		switch {
		case p.Asked != "":
			said = append(said, fmt.Sprint("asked ", strings.TrimPrefix(p.Asked, server.URL), " ", p.Rows))
		case p.Key != nil:
			value, _ := json.Marshal(p.Value)
			said = append(said, fmt.Sprint(p.Verdict, " ", p.Topic, " ", *p.Key, " ", string(value)))
		}
		if p.Stream != "rows" || (p.Verdict == "dead_letter") != (p.Reason != "") {
			t.Errorf("%+v", p)
		}
		if at := p.Headers["tidemark.cursor"]; p.Verdict == "tombstone" && at != "2026-01-01T00:00:06Z" {
			t.Errorf("the tombstone's headers: %v", p.Headers)
		}
	}
	want := []string{
		"asked ?key=***&page=1 7",
		`written rows a {"at":"2026-01-01T00:00:01Z","id":"a","n":1}`,
		`written rows b {"at":"2026-01-01T00:00:02Z","id":"b","n":2}`,
		`dead_letter rows.dlq c {"at":"2026-01-01T00:00:03Z","id":"c","n":5.5}`,
		`filtered  d {"at":"2026-01-01T00:00:04Z","id":"d","n":-4}`,
		`superseded  e {"at":"2026-01-01T00:00:05Z","id":"e","n":5}`,
		`written rows e {"at":"2026-01-01T00:00:05Z","id":"e","n":55}`,
		`tombstone rows f null`,
		"asked ?key=***&page=2 3",
		`same  a {"at":"2026-01-01T00:00:01Z","id":"a","n":1}`,
		`older  b {"at":"2026-01-01T00:00:01Z","id":"b","n":3}`,
		`written rows g {"at":"2026-01-01T00:00:07Z","id":"g","n":7}`,
		"asked ?key=***&page=3 0",
	}
	if !slices.Equal(said, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
	if got, err = shownBy(t, cfg, "rows", 3); err != nil || len(got) != 4 {
		t.Errorf("with a limit of 3: %v, %v", got, err)
	}
	if _, err = shownBy(t, cfg, "none", 0); class.Of(err) != class.Config {
		t.Errorf("a stream that there is not: %v", err)
	}
}

// A page of which too much is bad is refused by a run, so none of its rows is shown as written; and a stream whose
// refresh token may be replaced is not asked at all.
func TestPreviewRefuses(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(`{"data": [{"id":"a","n":"x"},{"id":"b","n":"x"},{"id":"c","n":"x"},{"id":"d","n":4}]}`))
	}))
	t.Cleanup(server.Close)
	cfg := loaded(t, `streams: [{name: rows, url: "`+server.URL+`", strategy: snapshot, schema: r.avsc}]`)
	got, err := shownBy(t, cfg, "", 0)
	if class.Of(err) != class.Source || len(got) != 5 || slices.ContainsFunc(got[1:], func(p previewed) bool { return p.Verdict != "refused" || p.Topic != "" }) {
		t.Errorf("%v\n%+v", err, got)
	}
	asked = 0
	cfg = loaded(t, `streams: [{name: rows, url: "`+server.URL+`", strategy: snapshot, schema: r.avsc, auth: {kind: oauth2, token_url: "`+server.URL+`",
  client_id: x, refresh_token: one, store_key: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}]`)
	if got, err = shownBy(t, cfg, "", 0); class.Of(err) != class.Config || len(got) > 0 || asked > 0 {
		t.Errorf("%v after %d requests: %v", err, asked, got)
	}
}

// Lint says of each stream what a run would refuse, with its place, and asks nobody.
func TestLint(t *testing.T) {
	t.Parallel()
	cfg := loaded(t, `
kafka: {brokers: ["127.0.0.1:1"], tls: {ca_file: none.pem}}
streams:
  - {name: good, url: "http://127.0.0.1:1", strategy: snapshot, schema: r.avsc}
  - {name: one, url: "http://127.0.0.1:1", strategy: snapshot, schema: bad.avsc}
  - {name: two, url: "http://127.0.0.1:1", strategy: snapshot, schema: r.avsc, primary_key: none}
  - {name: three, url: "http://127.0.0.1:1", strategy: snapshot, schema: r.avsc, auth: {kind: bearer, token_file: none}}
`)
	err := Lint(cfg)
	if class.Of(err) != class.Config {
		t.Fatalf("%v", err)
	}
	lines := strings.Split(err.Error(), "\n")
	for i, want := range []string{"none.pem", "registry", "bad.avsc:2:11", "c.yaml:6:5", "none"} {
		if i >= len(lines) || !strings.Contains(lines[i], want) {
			t.Errorf("line %d does not have %q:\n%v", i, want, err)
		}
	}
	if cfg := loaded(t, `streams: [{name: good, url: "http://127.0.0.1:1", strategy: snapshot, schema: r.avsc}]`); Lint(cfg) != nil {
		t.Errorf("%v", Lint(cfg))
	}
}
