package connector

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// pagedAPI filters by since, sorts in an order of its own, cuts answers by default, and says
// something of what it has cut.
type pagedAPI struct {
	rows []doc
	cut  int // 0: answers are whole
	says func(e map[string]any, h http.Header, rows, matching int)
}

func (a *pagedAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	since := r.URL.Query().Get("since")
	matching := slices.DeleteFunc(slices.Clone(a.rows), func(d doc) bool { return d.at < since })
	shown := matching
	if a.cut > 0 {
		shown = matching[:min(a.cut, len(matching))]
	}
	data := make([]json.RawMessage, len(shown))
	for i := range shown {
		data[i] = json.RawMessage(shown[i].text)
	}
	envelope := map[string]any{"data": data}
	if a.says != nil {
		a.says(envelope, w.Header(), len(shown), len(matching))
	}
	json.NewEncoder(w).Encode(envelope) //nolint:errcheck // the client may be gone
}

func inOrder(order string, rows []doc) []doc {
	rows = slices.Clone(rows)
	switch order {
	case "falling":
		slices.Reverse(rows)
	case "shuffled":
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	return rows
}

// saying is the evidence that an API gives, by the name that an error has to show.
var saying = map[string]func(e map[string]any, h http.Header, rows, matching int){
	"": nil,
	"has_more: true": func(e map[string]any, _ http.Header, rows, matching int) {
		e["has_more"] = rows < matching
	},
	"next": func(e map[string]any, _ http.Header, rows, matching int) {
		e["next"] = nil
		if rows < matching {
			e["next"] = "http://127.0.0.1/?page=2"
		}
	},
	"meta.total_count: 300": func(e map[string]any, _ http.Header, _, matching int) {
		e["meta"] = map[string]any{"total_count": matching}
	},
	"Link: rel=next": func(_ map[string]any, h http.Header, rows, matching int) {
		if rows < matching {
			h.Set("Link", `<http://127.0.0.1/?page=1>; rel="first", <http://127.0.0.1/?page=2>; rel="next"`)
		}
	},
	"X-Total-Count: 300": func(_ map[string]any, h http.Header, _, matching int) {
		h.Set("X-Total-Count", strconv.Itoa(matching))
	},
	"X-Wp-Totalpages": func(_ map[string]any, h http.Header, rows, matching int) {
		h.Set("X-WP-TotalPages", strconv.Itoa((matching+max(rows, 1)-1)/max(rows, 1)))
	},
}

// Rows that the API has and does not give by itself are not lost in silence (P2): a newest
// first or unsorted answer that is cut stops the stream, with the evidence and the remedy,
// and so does check.
func TestBrokerCutAnswers(t *testing.T) {
	t.Parallel()
	type outcome struct {
		stops bool
		words []string
	}
	read, stops := outcome{}, func(words ...string) outcome { return outcome{true, words} }
	for _, strategy := range []string{strategies.Timestamp, strategies.Replay} {
		h := emptyHouse(t, "")
		var want []outcome
		var names []string
		add := func(name string, api *pagedAPI, sorted bool, o outcome) {
			server := httptest.NewServer(api)
			t.Cleanup(server.Close)
			h.url = server.URL
			s := h.add(strategy)
			s.MaxRetries, s.Sorted = 0, sorted
			want, names = append(want, o), append(names, strategy+", "+name)
		}
		rows := people(1, 300)
		for _, evidence := range slices.Sorted(maps.Keys(saying)) {
			says := saying[evidence]
			for _, cut := range []int{10, 100} {
				words := []string{"not proven whole", "page_size: none", strings.Replace(evidence, "X-Wp-Totalpages", "X-Wp-Totalpages: ", 1)}
				name := fmt.Sprintf("%d rows, %s", cut, evidence)
				add("rising, "+name, &pagedAPI{rows, cut, says}, true, read)
				add("falling, "+name, &pagedAPI{inOrder("falling", rows), cut, says}, true, stops(words...))
				add("shuffled, "+name, &pagedAPI{inOrder("shuffled", rows), cut, says}, true, stops(words...))
				add("sorted: false, "+name, &pagedAPI{inOrder("shuffled", rows), cut, says}, false, stops(words...))
			}
			add("shuffled, whole, "+evidence, &pagedAPI{inOrder("shuffled", rows), 0, says}, true, read)
			add("sorted: false, whole, "+evidence, &pagedAPI{inOrder("shuffled", rows), 0, says}, false, read)
			add("rising, whole, sorted: false, "+evidence, &pagedAPI{rows, 0, says}, false, read)
			if evidence == "" || strings.HasPrefix(evidence, "Link") { // nothing tells it from one that is cut
				add("falling, whole, "+evidence, &pagedAPI{inOrder("falling", rows), 0, says}, true, stops("page_size: none"))
			} else {
				add("falling, whole, "+evidence, &pagedAPI{inOrder("falling", rows), 0, says}, true, read)
			}
		}
		for _, evidence := range []string{"", "next", "Link: rel=next"} {
			add("falling, page_size: none, "+evidence, &pagedAPI{inOrder("falling", rows), 0, saying[evidence]}, true, read)
			h.cfg.Streams[len(h.cfg.Streams)-1].Unpaged = true
		}
		ties := people(1, 100)
		for i := range 150 {
			ties = append(ties, person(fmt.Sprintf("t%d", i), at(200), "A"))
		}
		ties = append(ties, people(300, 20)...)
		add("ties over a page", &pagedAPI{ties, 100, saying["has_more: true"]}, true, stops("has_more: true", "share that value"))
		add("one row, newest first", &pagedAPI{inOrder("falling", rows), 1, saying["has_more: true"]}, true, stops("has_more: true", "does not sort ascending"))
		h.once() //nolint:errcheck // each stream is looked at
		for i, status := range h.last.Status() {
			o, s, name := want[i], h.cfg.Streams[i], names[i]
			offline := *h.cfg // without brokers, no stored cursor is asked from
			offline.Kafka.Brokers, offline.SchemaRegistry.URL, offline.Streams = nil, "", []config.Stream{s}
			checked := Check(t.Context(), &offline, io.Discard)
			for what, err := range map[string]error{"the run": status.Err, "check": checked} {
				if what == "check" && err == nil && slices.Contains(o.words, "share that value") {
					continue // far behind the first answer
				}
				switch {
				case !o.stops && err != nil:
					t.Errorf("%s: %s says %v", name, what, err)
				case o.stops && (err == nil || class.Of(err) != class.Source):
					t.Errorf("%s: %s says %v", name, what, err)
				}
				for _, w := range o.words {
					if err != nil && !strings.Contains(err.Error(), w) {
						t.Errorf("%s: %q is not in what %s says: %v", name, w, what, err)
					}
				}
			}
			n, mark := len(h.events(s.Topic)), h.cursor(s.Name).Mark
			if !o.stops && n != 300 || o.stops && mark != "" {
				t.Errorf("%s: %d of 300 rows came, mark %q", name, n, mark)
			}
		}
	}
}

// The same in pieces (rule 8): the rows of a long answer are gone when it turns out to need
// proof, and asked for again.
func TestBrokerCutAnswersInPieces(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		order string
		cut   int
		stops bool
	}{
		"rising, cut":     {"rising", 1000, false},
		"shuffled, whole": {"shuffled", 0, false},
		"shuffled, cut":   {"shuffled", 1000, true},
		"falling, cut":    {"falling", 1000, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(&pagedAPI{inOrder(tc.order, people(1, 3000)), tc.cut, nil})
			t.Cleanup(server.Close)
			h := emptyHouse(t, server.URL)
			h.cfg.Kafka.MaxInFlight = 64 << 10 // pieces of some thirty rows
			s := h.add(strategies.Timestamp)
			s.MaxRetries = 0
			err := h.once()
			n, mark := len(h.events(s.Topic)), h.cursor(s.Name).Mark
			switch {
			case tc.stops && (class.Of(err) != class.Source || !strings.Contains(err.Error(), "not proven whole") || mark != ""):
				t.Errorf("%d rows, mark %q: %v", n, mark, err)
			case !tc.stops && (err != nil || n != 3000 || mark != at(3000)):
				t.Errorf("%d of 3000 rows, mark %q: %v", n, mark, err)
			}
		})
	}
}
