package connector

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/config"
	"tidemark/connector/internal/kit"
)

// doc is a row of a script: its id and cursor value, for sorting and filtering, and its text.
type doc struct{ id, at, text string }

// at is a time in the years the tests live in: minute n of 2026.
func at(n int) string {
	return time.Date(2026, 1, 1, 0, n, 0, 0, time.UTC).Format(time.RFC3339)
}

// person is a row of the user schema.
func person(id, at, name string) doc {
	return doc{id, at, fmt.Sprintf(`{"id": %q, "name": %q, "updatedAt": %q}`, id, name, at)}
}

// personSchema has the fields of a person; a field that no row has would be said.
const personSchema = `{"type": "record", "name": "User", "fields": [{"name": "id", "type": "string"}, {"name": "name", "type": ["null", "string"], "default": null},
	{"name": "updatedAt", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}], "default": null}]}`

// people are n persons, one a minute from minute first on, with ids "p<minute>".
func people(first, n int) []doc {
	docs := make([]doc, n)
	for i := range docs {
		docs[i] = person(fmt.Sprintf("p%d", first+i), at(first+i), "A")
	}
	return docs
}

// script is an API of which the test decides everything: rows, order, page size, tokens,
// totals, clock, and what happens between two requests. It has the paths of the
// playground. Its fields may be changed under do once it serves.
type script struct {
	mu       sync.Mutex
	docs     []doc
	page     int                                     // rows a page; 0: 3, and all for timestamp
	unsorted bool                                    // rows come in the order of docs, and tokens are positions in it
	strict   bool                                    // the filter is > instead of >=
	nofilter bool                                    // there is no filter
	nolimit  bool                                    // pages have the API's own size, whatever is asked for
	turns    bool                                    // offset: rows of one value come in another order for each offset and limit
	total    func(n int) string                      // the total as JSON, for n matching rows; nil: the truth
	token    func(next string) string                // changes a token; nil: as it is
	date     time.Time                               // of the Date header; zero: see clock
	before   func(n int)                             // called before request n, from 1, is looked at; may change the script
	instead  func(w http.ResponseWriter, n int) bool // answers request n in the API's stead, if it returns true
	asked    []url.Values
}

// scripted is a house around a script, with one stream.
func scripted(t *testing.T, strategy string, s *script) (*house, *config.Stream) {
	t.Helper()
	h := emptyHouse(t, "")
	return h, h.script(strategy, s)
}

// script adds a stream that reads a script. The pointer is good until the next one is added.
func (h *house) script(strategy string, s *script) *config.Stream {
	h.t.Helper()
	server := httptest.NewServer(s)
	h.t.Cleanup(server.Close)
	h.url = server.URL
	h.cfg.Kafka.Compression = "none" // lz4's buffers of 4 MB are slow under the race detector
	stream := h.add(strategy)
	stream.MaxRetries, stream.RequestTimeout, stream.Schema = 0, 10*time.Second, personSchema
	h.topics(stream.Topic)
	return stream
}

// topics makes a stream's topics, which takes a worker longer: it waits until they have
// leaders.
func (h *house) topics(topic string) {
	h.t.Helper()
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers)
	defer cl.Close()
	compact, adm := "compact", kadm.NewClient(cl)
	for name, partitions := range map[string]int{topic: h.cfg.Kafka.Partitions, h.cfg.Kafka.StateTopic: h.cfg.Kafka.StatePartitions} {
		_, err := adm.CreateTopic(h.t.Context(), int32(partitions), -1, map[string]*string{"cleanup.policy": &compact}, name)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			h.t.Fatal(err)
		}
	}
	kit.Eventually(h.t, "the broker to know of its topics", func() bool {
		topics, err := adm.ListTopics(h.t.Context(), topic, h.cfg.Kafka.StateTopic)
		return err == nil && topics.Error() == nil && topics.Has(topic) && topics.Has(h.cfg.Kafka.StateTopic)
	})
}

// do changes the script.
func (s *script) do(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// set puts rows in, in the place of those with their ids or behind all others.
func (s *script) set(docs ...doc) {
	s.do(func() { s.put(docs...) })
}

func (s *script) put(docs ...doc) {
	for _, d := range docs {
		if i := slices.IndexFunc(s.docs, func(e doc) bool { return e.id == d.id }); i >= 0 {
			s.docs[i] = d
		} else {
			s.docs = append(s.docs, d)
		}
	}
}

// drop takes rows out.
func (s *script) drop(ids ...string) {
	s.docs = slices.DeleteFunc(slices.Clone(s.docs), func(d doc) bool { return slices.Contains(ids, d.id) })
}

// requests is how many have come, and forgets them.
func (s *script) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.asked)
	s.asked = nil
	return n
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	s.asked = append(s.asked, q)
	if s.before != nil {
		s.before(len(s.asked))
	}
	w.Header().Set("Date", s.clock().Format(http.TimeFormat))
	if s.instead != nil && s.instead(w, len(s.asked)) {
		return
	}
	switch r.URL.Path {
	case "/pagination/keyset":
		s.keyset(w, q)
	case "/pagination/offset":
		docs := s.since(q.Get("updated_since"))
		if s.turns {
			turn(docs, number(q, "offset")+number(q, "limit"))
		}
		size := s.size()
		if !s.nolimit {
			size = min(size, number(q, "limit"))
		}
		s.send(w, docs[min(number(q, "offset"), len(docs)):], size,
			fmt.Sprintf(`, "total": %s`, s.count(len(docs))))
	case "/incremental/timestamp":
		docs := s.since(q.Get("since"))
		s.send(w, docs, cmp.Or(s.page, len(docs)), "")
	case "/incremental/step":
		first, last := number(q, "start_id"), number(q, "end_id")
		s.send(w, slices.DeleteFunc(slices.Clone(s.docs), func(d doc) bool {
			n, err := strconv.Atoi(d.id)
			return err == nil && (n < first || n > last)
		}), len(s.docs), "")
	default:
		http.NotFound(w, r)
	}
}

// clock is the API's, which stands still in June.
func (s *script) clock() time.Time {
	if s.date.IsZero() {
		return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	}
	return s.date.UTC()
}

func number(q url.Values, name string) int {
	n, _ := strconv.Atoi(q.Get(name))
	return n
}

func (s *script) size() int {
	if s.page == 0 {
		return 3
	}
	return s.page
}

func (s *script) count(n int) string {
	if s.total == nil {
		return strconv.Itoa(n)
	}
	return s.total(n)
}

// since are the rows that a filter lets through, in the order in which they are served.
func (s *script) since(from string) []doc {
	docs := slices.Clone(s.docs)
	if !s.nofilter {
		docs = slices.DeleteFunc(docs, func(d doc) bool { return d.at != "" && (d.at < from || s.strict && d.at == from) })
	}
	byValue := func(a, b doc) int { return cmp.Compare(a.at, b.at) }
	if !s.unsorted && !slices.IsSortedFunc(docs, byValue) {
		slices.SortStableFunc(docs, byValue)
	}
	return docs
}

// keyset serves a page. Tokens are strictly greater than the last value, as the
// playground's, or else a filter and the id of the next row.
func (s *script) keyset(w http.ResponseWriter, q url.Values) {
	docs := s.since(q.Get("updated_since"))
	if token := q.Get("scroll_param"); token != "" {
		if s.unsorted {
			var from, id string
			if n, _ := fmt.Sscanf(token, "%s %s", &from, &id); n != 2 {
				http.Error(w, `{"error": "bad token"}`, http.StatusBadRequest)
				return
			}
			docs = s.since(from)
			docs = docs[max(0, slices.IndexFunc(docs, func(d doc) bool { return d.id == id })):]
		} else {
			docs = slices.DeleteFunc(s.since(""), func(d doc) bool { return d.at <= token })
		}
	}
	next := "null"
	if len(docs) > s.size() {
		text := docs[s.size()-1].at
		if s.unsorted {
			from := cmp.Or(q.Get("updated_since"), at(-1<<20))
			if token := q.Get("scroll_param"); token != "" {
				fmt.Sscanf(token, "%s", &from) //nolint:errcheck // made below
			}
			text = from + " " + docs[s.size()].id
		}
		if s.token != nil {
			text = s.token(text)
		}
		b, _ := json.Marshal(text) // a string always marshals
		next = string(b)
	}
	s.send(w, docs, s.size(), `, "scroll_param": `+next)
}

func (s *script) send(w http.ResponseWriter, docs []doc, limit int, more string) {
	body := []byte(`{"data": [`)
	for i, d := range docs[:min(max(limit, 0), len(docs))] {
		if i > 0 {
			body = append(body, ", "...)
		}
		body = append(body, d.text...)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(append(body, "]"+more...), '}')) //nolint:errcheck // the client may be gone
}

// fails answers every request from the nth on with a status.
func fails(nth, status int, body string) func(http.ResponseWriter, int) bool {
	return func(w http.ResponseWriter, n int) bool {
		if n < nth {
			return false
		}
		http.Error(w, body, status)
		return true
	}
}

// polled waits until n sweeps that begin from now on are committed. The fetcher runs ahead of
// the commits by some sweeps, each of a page at the least.
func polled(t *testing.T, c *Connector, n int64) {
	t.Helper()
	from := c.Status()[0].Pages
	kit.Eventually(t, "sweeps", func() bool {
		s := c.Status()[0]
		if s.Err != nil {
			t.Fatalf("the stream failed: %v", s.Err)
		}
		return s.Sweeps >= from+n
	})
}
