package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// onThatDay is an API whose filter means "changed on that day" and not "from that day on".
type onThatDay struct {
	docs    []doc
	filters func(doc, string) bool // nil: no row at all
	total   int                    // beside the rows; 0: not said
	blanks  atomic.Int64           // answers without a row to come
	bare    atomic.Int64           // requests without the filter
	wants   bool                   // refuses a request without the filter
}

func (a *onThatDay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	from := q.Get("since") + q.Get("updated_since")
	if from == "" {
		a.bare.Add(1)
		if a.wants {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	rows := []json.RawMessage{}
	if a.blanks.Add(-1) < 0 && number(q, "offset") == 0 {
		for _, d := range a.docs {
			if from == "" || a.filters != nil && a.filters(d, from) {
				rows = append(rows, json.RawMessage(d.text))
			}
		}
	}
	out := map[string]any{"data": rows, "scroll_param": nil}
	if a.total > 0 {
		out["total"] = a.total
	}
	json.NewEncoder(w).Encode(out) //nolint:errcheck // the client may be gone
}

// A first sweep that shows nothing is looked behind: a filter that brings nothing at all, and
// a count of rows that never come, are errors, and check says the same. An empty collection
// is none, and neither is one that an initial mark leaves out, or an answer that was empty once.
func TestBrokerNothingAtAll(t *testing.T) {
	t.Parallel()
	from := func(d doc, from string) bool { return d.at >= from }
	everything := []string{strategies.Keyset, strategies.Offset, strategies.Timestamp, strategies.Replay}
	paged := []string{strategies.Offset}
	for name, c := range map[string]struct {
		api        *onThatDay
		mark       string
		strategies []string
		refused    string
		rows       int
	}{
		"the filter means a day":        {&onThatDay{docs: people(1, 5)}, "", everything, "params.since", 0},
		"an empty collection":           {&onThatDay{}, "", everything, "", 0},
		"a mark in the future":          {&onThatDay{docs: people(1, 5), filters: from}, at(900), everything, "", 0},
		"a filter that has to be there": {&onThatDay{docs: people(1, 5), wants: true}, "", everything, "", 0},
		"a count without rows":          {&onThatDay{total: 237}, "", everything, "237", 0},
		"an empty answer once":          {&onThatDay{docs: people(1, 5), filters: from, total: 5}, "", paged, "", 5},
	} {
		for _, strategy := range c.strategies {
			t.Run(name+" "+strategy, func(t *testing.T) {
				t.Parallel()
				api := &onThatDay{docs: c.api.docs, filters: c.api.filters, total: c.api.total, wants: c.api.wants}
				server := httptest.NewServer(api)
				t.Cleanup(server.Close)
				h := emptyHouse(t, server.URL)
				s := h.add(strategy)
				s.URL, s.MaxRetries, s.Schema = server.URL, 0, personSchema
				h.topics(s.Topic)
				if c.mark != "" {
					s.InitialMark = c.mark
				}
				if c.rows > 0 {
					api.blanks.Store(2)
				}
				err := h.once()
				var out bytes.Buffer
				checked := Check(t.Context(), &config.Config{Streams: []config.Stream{*s}}, &out)
				if c.refused != "" {
					for who, err := range map[string]error{"run": err, "check": checked} {
						if class.Of(err) != class.Source || !strings.Contains(fmt.Sprint(err), c.refused) {
							t.Errorf("%s: want an error of the API that says %q: %v", who, c.refused, err)
						}
					}
					return
				}
				if err != nil || checked != nil {
					t.Fatalf("run: %v, check: %v", err, checked)
				}
				bare := api.bare.Load()
				if c.rows == 0 && bare == 0 {
					t.Error("nobody asked without the filter")
				}
				if n := len(h.events(s.Topic)); n != c.rows {
					t.Errorf("%d records, want %d", n, c.rows)
				}
			})
		}
	}
}

// It is looked at once in a process, not with each poll.
func TestNothingIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	api := &onThatDay{}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	h := emptyHouse(t, server.URL)
	s := h.add(strategies.Timestamp)
	s.URL, s.Schema, s.PollInterval = server.URL, personSchema, 1e6
	h.topics(s.Topic)
	c, stop := h.start(Options{})
	polled(t, c, 5)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := api.bare.Load(); n != 1 {
		t.Errorf("asked %d times without the filter", n)
	}
}
