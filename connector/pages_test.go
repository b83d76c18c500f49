package connector

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// shelf is an API whose collection can be read in many ways, a path for each.
type shelf struct {
	mu    sync.Mutex
	rows  []book
	asked []string
}

type book struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Updated string `json:"updatedAt"`
}

const shelfPage = 7 // rows a page where nothing else is asked for

func newShelf(n int) *shelf {
	s := &shelf{}
	began := time.Now().Add(-72 * time.Hour)
	for i := range n {
		at := began.Add(time.Duration(i*7919%n) * time.Hour * 70 / time.Duration(n)) // in no order by id
		s.rows = append(s.rows, book{fmt.Sprintf("b%03d", i), fmt.Sprintf("book %d", i), at.UTC().Format(time.RFC3339)})
	}
	return s
}

// do works at the shelf while it answers nobody.
func (s *shelf) do(work func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	work()
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
	rows := slices.Clone(s.rows)
	if q.Get("order") == "newest" {
		slices.SortStableFunc(rows, func(a, b book) int { return cmp.Compare(b.Updated, a.Updated) })
	}
	between := func(from, to string) {
		rows = slices.DeleteFunc(rows, func(b book) bool { return b.Updated < from || to != "" && b.Updated > to })
	}
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(q.Get(name))
		if err != nil {
			return otherwise
		}
		return n
	}
	cut := func(from, size int) (page []book, more bool) {
		from = min(from, len(rows))
		to := min(from+size, len(rows))
		return rows[from:to], to < len(rows)
	}
	answer := map[string]any{}
	switch r.URL.Path {
	case "/page":
		size := number("per_page", shelfPage)
		answer["data"], _ = cut((number("page", 1)-1)*size, size)
		answer["total"] = len(rows)
	case "/offset":
		between(q.Get("updated_since"), "")
		answer["data"], _ = cut(number("skip", 0), number("take", shelfPage))
	case "/token":
		since, from := q.Get("updated_since"), 0
		if token := q.Get("cursor"); token != "" {
			if since != "" {
				http.Error(w, `{"error": "cursor and updated_since exclude each other"}`, http.StatusBadRequest)
				return
			}
			before, at, _ := strings.Cut(token, "|")
			since = before
			from, _ = strconv.Atoi(at)
		}
		between(since, "")
		page, more := cut(from, shelfPage)
		answer["data"], answer["meta"] = page, map[string]any{"next": nil}
		if more {
			answer["meta"] = map[string]any{"next": fmt.Sprintf("%s|%d", since, from+len(page))}
		}
	case "/next_url":
		page, more := cut(number("at", 0), shelfPage)
		if answer["data"], answer["next"] = page, nil; more {
			answer["next"] = fmt.Sprintf("http://%s/next_url?at=%d", r.Host, number("at", 0)+len(page))
		}
	case "/next_page":
		page, more := cut(number("at", 0), shelfPage)
		if answer["data"] = page; more {
			w.Header().Set("Next-Page", fmt.Sprintf("http://%s/next_page?at=%d", r.Host, number("at", 0)+len(page)))
		}
	case "/link_header":
		page, more := cut(number("at", 0), shelfPage)
		if answer["data"] = page; more {
			w.Header().Set("Link", fmt.Sprintf(`</link_header?order=newest&at=%d>; rel="next", </link_header>; rel="first"`, number("at", 0)+len(page)))
		}
	case "/last_row":
		from := slices.IndexFunc(rows, func(b book) bool { return b.ID == q.Get("starting_after") }) + 1
		answer["data"], answer["has_more"] = cut(from, shelfPage)
	case "/none":
		between(q.Get("from"), q.Get("to"))
		answer["data"] = rows
	case "/days":
		between(q.Get("day"), "") // as texts: from the day's midnight on
		answer["data"] = rows
	case "/search":
		var body struct {
			Where struct {
				Updated struct {
					From int64 `json:"$gte"`
				} `json:"updatedAt"`
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost {
			http.Error(w, `{"error": "cannot read the search"}`, http.StatusBadRequest)
			return
		}
		between(time.UnixMilli(body.Where.Updated.From).UTC().Format(time.RFC3339), "")
		answer["data"] = rows
	case "/graphql":
		var body struct {
			Query     string
			Variables struct{ Since, After string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || !strings.Contains(body.Query, "pageInfo") {
			http.Error(w, `{"error": "cannot read the query"}`, http.StatusBadRequest)
			return
		}
		between(body.Variables.Since, "")
		from, _ := strconv.Atoi(body.Variables.After)
		page, more := cut(from, 20)
		answer["data"] = map[string]any{"users": map[string]any{"nodes": page,
			"pageInfo": map[string]any{"hasNextPage": more, "endCursor": strconv.Itoa(from + len(page))}}}
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// change gives a row a new name, adds one, and takes one away where the strategy sees that.
func (s *shelf) change(gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().UTC().Format(time.RFC3339)
	s.rows[11].Name, s.rows[11].Updated = "another title", now
	s.rows = append(s.rows, book{"new", "a new book", now})
	if gone {
		s.rows = slices.Delete(s.rows, 20, 21)
	}
}

// eachShelf runs a test for each example whose name matches, of which there are to be so many, each with an API of its own at
// server.
func eachShelf(t *testing.T, pattern string, least int, test func(t *testing.T, file string, h *house, api *shelf, server string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("config", "testdata", "examples", pattern))
	if err != nil || len(files) < least {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			api := newShelf(100)
			server := httptest.NewServer(api)
			t.Cleanup(server.Close)
			test(t, filepath.Base(file), emptyHouse(t, server.URL), api, server.URL)
		})
	}
}

// The examples of pagers and of requests by template read the API whole, once more to no effect, and then what has
// changed: the topic is what the API holds.
func TestExamplesOfPages(t *testing.T) {
	t.Parallel()
	eachShelf(t, "[pr][ae][gq]*.yaml", 9, func(t *testing.T, file string, h *house, api *shelf, server string) {
		s := h.example(file, map[string]string{"API": server, "FROM": time.Now().Add(-80 * time.Hour).UTC().Format(time.RFC3339)})
		var said strings.Builder
		if err := Check(t.Context(), h.cfg, &said); err != nil {
			t.Fatalf("%v\n%s", err, said.String())
		}
		t.Log(said.String())
		for range 2 {
			h.mustOnce()
			if n := len(h.events(s.Topic)); n != 100 {
				t.Fatalf("%d events, want 100\n%s\n%s", n, strings.Join(api.asked, "\n"), h.logs.String())
			}
		}
		all := s.Traits().All
		api.change(all)
		h.mustOnce()
		h.mustOnce()
		want := map[string]string{}
		for _, b := range api.rows {
			want[b.ID] = b.Name
		}
		got := map[string]string{}
		events := h.events(s.Topic)
		for _, e := range events {
			if e.value == nil {
				delete(got, e.key)
			} else {
				got[e.key] = e.value["name"].(string)
			}
		}
		added := 102
		if all {
			added = 103
		}
		if len(got) != len(want) || len(events) != added {
			t.Errorf("%d keys from %d events, want %d from %d\n%s\n%s", len(got), len(events), len(want), added, strings.Join(api.asked, "\n"), h.logs.String())
		}
		for id, name := range want {
			if got[id] != name {
				t.Errorf("%s is %q, want %q", id, got[id], name)
			}
		}
	})
}

// Each example is run by some test.
func TestExamplesAreRun(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(filepath.Join("config", "testdata", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		kinds := []string{"apis-", "auth-", "pages-", "request-", "rows-", "slices-"}
		if name := f.Name(); !slices.ContainsFunc(kinds, func(kind string) bool { return strings.HasPrefix(name, kind) }) {
			t.Errorf("%s is run by no test", name)
		}
	}
}
