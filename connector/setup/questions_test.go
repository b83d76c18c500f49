package setup_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/setup"
)

// coded serves rows whose key nobody could tell by its name: one page, with a filter.
func coded(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "open" {
			http.Error(w, "who asks?", http.StatusUnauthorized)
			return
		}
		rows := []map[string]any{}
		for i := range 5 {
			rows = append(rows, map[string]any{"serial": fmt.Sprint("s", i), "kind": i % 2, "changed": fmt.Sprintf("2026-01-0%dT00:00:00Z", i+1), "edited_on": "2026-01-01"})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"total": 5, "rows": rows})
	}))
	t.Cleanup(server.Close)
	return server.URL + "/parts"
}

func asked(t *testing.T, answers string) (*setup.Draft, string, error) {
	t.Helper()
	env := func(name string) (string, bool) { return "open", name == "PARTS_KEY" }
	var out bytes.Buffer
	d, err := setup.FromQuestions(t.Context(), strings.NewReader(answers), &out, setup.URL{Requests: 60}, env)
	return d, out.String(), err
}

// What the API does not tell a person is asked for; an answer that cannot be is asked for again.
func TestQuestions(t *testing.T) {
	t.Parallel()
	url := coded(t)
	d, out, err := asked(t, "parts\n"+url+"\n\nX-Key\nX-Key: ${PARTS_KEY}\n\n\nweight\nserial\nchanged_since\nat\nedited_on\n")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"that is no http or https URL", "a header looks like Name: value", "[parts]", "5 rows that were read", "it is one of serial", "of changed, edited_on? [changed]"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	s := d.Streams[0]
	text := string(d.Render("x.yaml"))
	for _, want := range []string{"name: parts", "strategy: sweep", "primary_key: serial", "cursor_field: edited_on", "cursor_format: date", "filter: strict", "since: changed_since", `X-Key: "${PARTS_KEY}"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the draft has no %s:\n%s", want, text)
		}
	}
	if strings.Contains(text, "poll_interval") || strings.Contains(text, "what rows are known by") {
		t.Errorf("the draft has what an answer made untrue:\n%s", text)
	}
	if _, err := setup.Write(d, setup.Options{Dir: t.TempDir()}); err != nil {
		t.Errorf("%v %+v", err, s)
	}
}

// Who knows nothing gets what init --url writes.
func TestQuestionsWithoutAnswers(t *testing.T) {
	t.Parallel()
	d, out, err := asked(t, coded(t)+"\n\nX-Key: ${PARTS_KEY}\n\n\n\nnone\n")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if text := string(d.Render("x.yaml")); !strings.Contains(text, "strategy: snapshot") || !strings.Contains(text, "primary_key: row_hash") {
		t.Errorf("the draft is\n%s", text)
	}
	if _, out, err := asked(t, "https://x.example/a\n"); class.Of(err) != class.Config || !strings.Contains(err.Error(), "the input ended") {
		t.Errorf("%v\n%s", err, out)
	}
}
