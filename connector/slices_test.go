package connector

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A collection in slices is one stream: the keys of all are apart although the ids are not, a row that is
// deleted in one of them gets a tombstone, and a slice that is not there any more deletes nothing (P9).
func TestExampleOfSlices(t *testing.T) {
	t.Parallel()
	regions := map[string]*shelf{"north": newShelf(30), "south": newShelf(25), "west": newShelf(5)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		region, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/regions/"), "/")
		if regions[region] == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		inner := r.Clone(r.Context())
		inner.URL.Path = "/page"
		regions[region].ServeHTTP(w, inner)
	}))
	t.Cleanup(server.Close)
	h := emptyHouse(t, server.URL)
	s := h.example("slices-values.yaml", map[string]string{"API": server.URL})
	for range 2 {
		h.mustOnce()
		if n := len(h.events(s.Topic)); n != 60 {
			t.Fatalf("%d events, want 60", n)
		}
	}
	south := regions["south"]
	gone := south.rows[3]
	south.rows = append(south.rows[:3:3], south.rows[4:]...)
	h.mustOnce()
	events := h.events(s.Topic)
	key, _ := json.Marshal([]string{"south", gone.ID})
	if last := events[len(events)-1]; len(events) != 61 || last.value != nil || last.key != string(key) {
		t.Fatalf("%d events, the last one %+v, want a tombstone of %s", len(events), last, key)
	}
	regions["north"] = nil
	south.rows[0].Name = "another title"
	h.mustOnce()
	if events = h.events(s.Topic); len(events) != 62 || events[61].value == nil || events[61].value["name"] != "another title" {
		t.Errorf("%d events, the last one %+v", len(events), events[len(events)-1])
	}
	if !strings.Contains(h.logs.String(), "left out") {
		t.Errorf("nothing is said of the slice that was left out: %s", h.logs.String())
	}
}
