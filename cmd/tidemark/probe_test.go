package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// A probe of an API that is as configured recommends what is configured, and asks the API only.
func TestProbe(t *testing.T) {
	t.Parallel()
	_, api := serve(t, playground.Options{Users: 200})
	config := seed(t, strategies.Keyset, api+"/pagination/keyset")
	p := start(t, "probe", "-c", config).exits(0)
	for _, want := range []string{"stream user: ", "of 50 requests", "recommended: keyset (all that it needs was seen)", "it does not see: "} {
		has(t, "probe", p.out.String(), want)
	}
	p = start(t, "probe", "-c", config, "user", "-o", "json", "--requests", "3").exits(0)
	var reports []struct {
		Stream           string
		Requests, Budget int
		Verdicts         []struct{ Question, Answer, Says string }
	}
	if err := json.Unmarshal([]byte(p.out.String()), &reports); err != nil || len(reports) != 1 || reports[0].Stream != "user" || reports[0].Requests != 3 || reports[0].Budget != 3 {
		t.Errorf("%v %s", err, p.out.String())
	}
}

// What a probe writes is a configuration that run takes: here of an API whose newest rows come first and whose filter is >,
// of which the first configuration knew nothing.
func TestProbeWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 1})
	url := serveNewest(t, 50)
	from := seed(t, strategies.Keyset, url, `"params": {"since": "since", "token": "page", "limit": "limit"}`, `"token_path": "next"`)
	to := filepath.Join(filepath.Dir(from), "probed.yaml")
	p := start(t, "probe", "-c", from, "-o", to).exits(0)
	has(t, "probe", p.out.String(), "recommended: sweep")
	text, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"strategy: sweep", "pages: token", "since: since", "filter: strict"} {
		has(t, "the file", string(text), want)
	}
	w.once(to)
	p = start(t, args("tail", "user", "--from-beginning", w.servers())...).exits(0)
	if n := strings.Count(p.out.String(), "\n"); n != 50 {
		t.Errorf("%d rows in the topic, want 50:\n%s", n, p.out.String())
	}
}

// serveNewest serves n rows, the newest first, in pages by token behind a filter that is >.
func serveNewest(t *testing.T, n int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		all := []map[string]string{}
		for i := n; i > 0; i-- {
			if at := time.Date(2026, 1, 1, i, i, 0, 0, time.UTC).Format(time.RFC3339); at > q.Get("since") {
				all = append(all, map[string]string{"id": strconv.Itoa(i * i % 101), "updatedAt": at})
			}
		}
		size, err := strconv.Atoi(q.Get("limit"))
		if err != nil {
			size = 10
		}
		from, _ := strconv.Atoi(q.Get("page"))
		from = min(from, len(all))
		to := min(from+size, len(all))
		page := map[string]any{"data": all[from:to], "next": nil}
		if to < len(all) {
			page["next"] = strconv.Itoa(to)
		}
		_ = json.NewEncoder(rw).Encode(page) // a client that has gone is no matter
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A probe of a URL needs no configuration: it finds out where rows stand as well, and writes what run takes.
func TestProbeURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 1})
	url, to := serveNewest(t, 30)+"/things", filepath.Join(t.TempDir(), "probed.yaml")
	p := start(t, "probe", url, "-o", to).exits(0)
	for _, want := range []string{"stream things: ", "of 50 requests", "recommended: sweep", "params.since: since"} {
		has(t, "probe", p.out.String(), want)
	}
	w.once(to)
	p = start(t, args("tail", "things", "--from-beginning", w.servers())...).exits(0)
	if n := strings.Count(p.out.String(), "\n"); n != 30 {
		t.Errorf("%d rows in the topic, want 30:\n%s", n, p.out.String())
	}
	p = start(t, "probe", "-c", url, "-o", to).exits(2)
	has(t, "probe", p.err.String(), "exists")
	p = start(t, "probe", url, "--requests", "2").exits(3)
	has(t, "probe", p.err.String(), "--requests")
	start(t, "probe", url, "-c", to).exits(2)
	start(t, "probe", serveText(t, `{"error": "no"}`)).exits(3)
}

func TestProbeRefuses(t *testing.T) {
	t.Parallel()
	config := seed(t, strategies.Keyset, serveText(t, `{"error": "no"}`), `"max_retries": 0`)
	p := start(t, "probe", "-c", config).exits(3)
	has(t, "probe", p.out.String(), "ended early: ")
	start(t, "probe", "-c", config, "--requests", "0").exits(2)
	start(t, "probe", "-c", config, "nobody").exits(2)
	start(t, "probe", "-c", config, "user", "other").exits(2)
	start(t, "probe", "-c", config, "-o", "one.yaml", "-o", "two.yaml").exits(2)
	start(t, "probe").exits(2)
}
