package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// keyset sends page_size as params.limit. The seed's file, which is for all strategies, has
// a page_size and no such parameter: it runs, and both check and run say what that means.
func TestPageSizeOfKeyset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 5})
	const unsent = "params.limit is not given"
	seeded := w.seed(strategies.Keyset)
	has(t, "check", start(t, args("check", "-c", seeded, w.servers())...).exits(0).out.String(), "page_size 100 is not sent: "+unsent)
	log := w.once(seeded).err.String()
	if n := strings.Count(log, unsent); n != 1 || strings.Contains(log, "level=WARN") {
		t.Errorf("run says %d times that page_size is not sent:\n%s", n, log)
	}

	var mu sync.Mutex
	var asked []string
	api := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if asked = append(asked, r.URL.RawQuery); r.FormValue("rows") == "400" {
			http.Error(out, "rows must be no more than 30", http.StatusBadRequest)
			return
		}
		fmt.Fprint(out, `{"data": [{"id": "1", "updatedAt": "2026-01-01T00:00:00Z"}], "scroll_param": null}`)
	}))
	t.Cleanup(api.Close)
	listed := write(t, "tidemark.yaml", fmt.Sprintf("streams:\n  - name: sized\n    strategy: keyset\n    url: %s\n    page_size: 400\n    params: {limit: rows}\n", api.URL))
	if log := w.once(listed).err.String(); strings.Contains(log, unsent) {
		t.Errorf("run says that page_size is not sent: %s", log)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) < 2 || !strings.HasSuffix(asked[0], "rows=400") || !strings.HasSuffix(asked[1], "rows=30") {
		t.Errorf("the API was asked %q", asked)
	}
}
