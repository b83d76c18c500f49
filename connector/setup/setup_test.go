package setup_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
	"tidemark/connector/setup"
)

func stream(name string, settings ...draft.Setting) draft.Stream {
	s := draft.Stream{Outcome: draft.Outcome{Name: name, Translated: true}, Schema: `{"type": "record", "name": "r", "fields": [{"name": "id", "type": "string"}]}`}
	s.Settings = append(draft.Section{{Key: "url", Value: "http://127.0.0.1:1/x"}, {Key: "strategy", Value: "snapshot"}}, settings...)
	return s
}

// A stream that a run would refuse is left out with the reason, and the others are written; files that exist stay.
func TestWrite(t *testing.T) {
	d := &setup.Draft{Streams: []draft.Stream{
		stream("good"),
		stream("by_env", draft.Setting{Key: "url", Value: draft.Env("${API_URL}/x")}),
		stream("no_key", draft.Setting{Key: "primary_key", Value: "none"}),
		stream("no_such_setting", draft.Setting{Key: "page_sise", Value: 5}),
		stream("good"),
		draft.Refused("csv", "answers are CSV", "3:7"),
	}}
	d.Streams[1].Settings = d.Streams[1].Settings[1:]
	dir := t.TempDir()
	o := setup.Options{Dir: filepath.Join(dir, "new"), Report: filepath.Join(dir, "reports", "r.json")}
	paths, err := setup.Write(d, o)
	if err != nil || len(paths) != 4 {
		t.Fatalf("%v, %v", paths, err)
	}
	for i, want := range []bool{true, true, false, false, false, false} {
		if s := d.Streams[i]; s.Translated != want || (s.Reason == "") != want {
			t.Errorf("%s: translated %v: %s", s.Name, s.Translated, s.Reason)
		}
	}
	t.Setenv("API_URL", "http://127.0.0.1:1")
	cfg, err := config.Load(paths[0], config.Overrides{})
	if err == nil {
		err = connector.Lint(cfg)
	}
	if err != nil || len(cfg.Streams) != 2 {
		t.Errorf("%v", err)
	}

	before, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	d.Comment = []string{"another one"}
	if paths, err := setup.Write(d, o); class.Of(err) != class.Config || len(paths) > 0 || strings.Count(err.Error(), "exists") != 4 {
		t.Errorf("files that exist: %v, %v", paths, err)
	}
	if after, _ := os.ReadFile(paths[0]); !bytes.Equal(after, before) {
		t.Error("a file that exists was written")
	}
	o.Force = true
	if _, err := setup.Write(d, o); err != nil {
		t.Error(err)
	}
	if after, _ := os.ReadFile(paths[0]); !strings.HasPrefix(string(after), "# another one\n") {
		t.Errorf("it was not replaced:\n%s", after)
	}
	var told strings.Builder
	if err := setup.Tell(&told, d); err != nil || !strings.Contains(told.String(), "answers are CSV (3:7)") {
		t.Errorf("%v\n%s", err, told.String())
	}
}

// No credential is written into a file, or told: neither one that was written out, nor one of the environment.
func TestSecretsAreNotWritten(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"TOKEN": "bearer-hunter2", "KEY": "param-hunter2", "HEAD": "header-hunter2", "API_KEY": "literal-hunter2", "X_AUTH": "plain-hunter2"}
	env := func(name string) (string, bool) { v, ok := secrets[name]; return v, ok }
	refuse := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("key") != secrets["KEY"] || q.Get("api_key") != secrets["API_KEY"] || r.Header.Get("X-Head") != "k="+secrets["HEAD"] ||
			r.Header.Get("X-Auth") != secrets["X_AUTH"] || r.Header.Get("Authorization") != "Bearer "+secrets["TOKEN"] || refuse {
			http.Error(w, "you sent "+r.URL.String()+r.Header.Get("Authorization"), http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(`{"data": [{"id": "a"}, {"id": "b"}], "total": 2}`))
	}))
	t.Cleanup(server.Close)
	o := setup.URL{Address: server.URL + "/rows?key=${KEY}&api_key=literal-hunter2&kind=x", Requests: 9, BearerEnv: "TOKEN",
		Headers: []string{"X-Head: k=${HEAD}", "X-Auth: plain-hunter2", "Accept: application/json"}}
	d, err := setup.FromURL(t.Context(), o, env)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	paths, err := setup.Write(d, setup.Options{Dir: dir, Report: filepath.Join(dir, "r.json")})
	if err != nil {
		t.Fatalf("%v %+v", err, d.Streams)
	}
	var all strings.Builder
	if err := setup.Tell(&all, d); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	if strings.Contains(all.String(), "hunter2") {
		t.Errorf("a secret is in\n%s", all.String())
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(paths[0], text, env, config.Overrides{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	s := cfg.Streams[0]
	if want := server.URL + "/rows?key=param-hunter2&api_key=literal-hunter2&kind=x"; s.URL != want ||
		s.Headers["X-Head"] != "k=header-hunter2" || s.Headers["X-Auth"] != "plain-hunter2" || s.Headers["Accept"] != "application/json" || s.Auth.Token != "bearer-hunter2" {
		t.Errorf("it is read as %s, want %s; %v", s.URL, want, s.Headers["X-Head"] == "k=header-hunter2")
	}

	refuse = true
	if _, err := setup.FromURL(t.Context(), o, env); class.Of(err) != class.Source || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	for _, o := range []setup.URL{
		{Address: server.URL + "?a=${NONE}", Requests: 1}, {Address: server.URL, Headers: []string{"X: ${NONE}"}, Requests: 1},
		{Address: server.URL, Headers: []string{"hunter2"}, Requests: 1}, {Address: server.URL, BearerEnv: "NONE", Requests: 1}, {Address: "ftp://x", Requests: 1},
	} {
		if _, err := setup.FromURL(t.Context(), o, env); class.Of(err) != class.Config || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
