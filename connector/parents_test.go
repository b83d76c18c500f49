package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tidemark/connector/config"
)

// orgRow is a row of the scripted API, in the built-in schema.
type orgRow struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	Address   string `json:"address"`
	Company   string `json:"company"`
	Job       string `json:"job"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
}

// orgs is an API of companies, their departments, and the employees of these: lists by their paths.
type orgs struct {
	mu    sync.Mutex
	lists map[string][]orgRow
	gone  map[string]bool // answered with 404 although the row above is there
	asked []string
	clock int
	named map[string]string // path: header X-Company
}

func newOrgs(t *testing.T, companies, departments, employees int) (*orgs, string) {
	a := &orgs{lists: map[string][]orgRow{}, gone: map[string]bool{}, named: map[string]string{}}
	for c := range companies {
		top := a.add("/companies", strconv.Itoa(c))
		for d := range departments {
			below := a.add(top+"/departments", strconv.Itoa(d))
			for e := range employees {
				a.add(below+"/employees", strconv.Itoa(e))
			}
		}
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return a, server.URL
}

// add puts a row into a list, and returns the path that lists below it begin with.
func (a *orgs) add(list, id string) string {
	a.clock++
	at := time.Date(2026, 1, 1, 0, 0, a.clock, 0, time.UTC).Format(time.RFC3339)
	a.lists[list] = append(a.lists[list], orgRow{ID: id, Name: "name " + id, CreatedAt: at, UpdatedAt: at})
	return list + "/" + id
}

func (a *orgs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.URL.RequestURI())
	a.named[r.URL.Path] = r.Header.Get("X-Company")
	rows, ok := a.lists[r.URL.Path]
	if !ok || a.gone[r.URL.Path] {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if since := r.FormValue("updated_since"); since != "" {
		rows = slices.DeleteFunc(slices.Clone(rows), func(o orgRow) bool { return o.UpdatedAt < since })
	}
	if size, _ := strconv.Atoi(r.FormValue("per_page")); size > 0 {
		page, _ := strconv.Atoi(r.FormValue("page"))
		from := min((page-1)*size, len(rows))
		rows = rows[from:min(from+size, len(rows))]
	}
	if rows == nil {
		rows = []orgRow{}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": rows})
}

// times is how often paths that end in a word were asked since the last call.
func (a *orgs) times(word string) (n int) {
	for _, path := range a.asked {
		path, _, _ = strings.Cut(path, "?")
		if strings.HasSuffix(path, word) {
			n++
		}
	}
	a.asked = nil
	return n
}

// relatives makes the house's streams those of the example, each of which reads by the names that they have here.
func (h *house) relatives(name string, env map[string]string) (streams []*config.Stream) {
	h.t.Helper()
	h.examples(name, env)
	for i := range h.cfg.Streams {
		streams = append(streams, &h.cfg.Streams[i])
	}
	return streams
}

// Three levels are read, twice to no effect; what is new, changed or gone below shows, wherever it is.
func TestExampleOfParents(t *testing.T) {
	t.Parallel()
	api, url := newOrgs(t, 25, 2, 3)
	h := emptyHouse(t, url)
	streams := h.relatives("slices-parents.yaml", map[string]string{"API": url})
	departments, employees := streams[1].Topic, streams[2].Topic
	for range 2 {
		h.mustOnce()
		if c, d, e := len(h.events(streams[0].Topic)), len(h.events(departments)), len(h.events(employees)); c != 25 || d != 50 || e != 150 {
			t.Fatalf("%d companies, %d departments, %d employees, want 25, 50, 150\n%s", c, d, e, h.logs.String())
		}
	}
	if name := api.named["/companies/7/departments"]; name != "name 7" {
		t.Errorf("the header has %q of the parent", name)
	}
	if key := h.events(employees)[0].key; key != `["0","0","0"]` {
		t.Errorf("the key of an employee is %s", key)
	}

	// A company that is new has departments that are older than the mark.
	api.lists["/companies"] = append(api.lists["/companies"], orgRow{ID: "new", CreatedAt: "2020-01-01T00:00:00Z", UpdatedAt: "2020-01-01T00:00:00Z"})
	api.lists["/companies/new/departments"] = []orgRow{{ID: "old", CreatedAt: "2020-01-01T00:00:00Z", UpdatedAt: "2020-01-01T00:00:00Z"}}
	api.lists["/companies/new/departments/old/employees"] = []orgRow{{ID: "1", CreatedAt: "2020-01-01T00:00:00Z", UpdatedAt: "2020-01-01T00:00:00Z"}}
	h.mustOnce()
	if d, e := h.events(departments), h.events(employees); len(d) != 51 || d[50].key != `["new","old"]` || len(e) != 151 || e[150].key != `["new","old","1"]` {
		t.Fatalf("%d departments, %d employees\n%s", len(d), len(e), h.logs.String())
	}

	// One that is there and whose list is not deletes nothing; one that has gone takes along what it had.
	api.gone["/companies/3/departments/1/employees"] = true
	api.lists["/companies"] = slices.DeleteFunc(api.lists["/companies"], func(o orgRow) bool { return o.ID == "5" })
	h.mustOnce()
	if e := h.events(employees); len(e) != 151 {
		t.Fatalf("%d employees, the last one %v", len(e), e[len(e)-1])
	}
	if !strings.Contains(h.logs.String(), "no deletes are written") {
		t.Errorf("nothing is said of the slice that was left out: %s", h.logs.String())
	}
	delete(api.gone, "/companies/3/departments/1/employees")
	h.mustOnce()
	if e := h.events(employees); len(e) != 157 || e[156].value != nil {
		t.Fatalf("%d employees, the last one %v", len(e), e[len(e)-1])
	}
}

// A sweep asks for the children of those only whose row has changed.
func TestParentChanged(t *testing.T) {
	t.Parallel()
	api, url := newOrgs(t, 1, 40, 1)
	h := emptyHouse(t, url)
	s := h.relatives("slices-parents.yaml", map[string]string{"API": url})[2]
	s.ReconcileInterval = config.Never
	h.cfg.Streams = []config.Stream{*s}
	h.mustOnce()
	asked := slices.Clone(api.asked)
	if n := api.times("/employees"); n != 40 {
		t.Fatalf("a first sweep asks %d times", n)
	}
	api.asked = asked
	// Two passes of three pages: what was listed for the page that is read before the stream is opened serves the sweep.
	if n := api.times("/departments"); n != 6 {
		t.Fatalf("before the sweep and for it the parents are asked for %d times: %q", n, asked)
	}
	h.mustOnce()
	if n := api.times("/employees"); n != 0 {
		t.Fatalf("with nothing changed it asks %d times", n)
	}
	api.lists["/companies/0/departments"][7].UpdatedAt = "2026-02-01T00:00:00Z"
	api.lists["/companies/0/departments/7/employees"][0].Name = "another name"
	h.mustOnce()
	if n, e := api.times("/employees"), h.events(s.Topic); n != 1 || len(e) != 41 || e[40].value["name"] != "another name" {
		t.Fatalf("it asks %d times, %d events", n, len(e))
	}
}

// What is not as the configuration says is an error that says what to do, and no empty stream.
func TestParentsRefused(t *testing.T) {
	t.Parallel()
	api, url := newOrgs(t, 3, 1, 1)
	for name, c := range map[string]struct {
		change func(s *config.Stream)
		says   string
	}{
		"a wrong path": {func(*config.Stream) {
			for id := range 3 {
				api.gone[fmt.Sprintf("/companies/%d/departments", id)] = true
			}
		}, "for_each.gone"},
		"gone: fail": {func(s *config.Stream) {
			api.gone["/companies/0/departments"] = true
			s.ForEach.Gone = config.GoneFail
		}, "404"},
		"too many parents": {func(s *config.Stream) { s.ForEach.Most = 2 }, "for_each.max_parents"},
	} {
		t.Run(name, func(t *testing.T) {
			clear(api.gone)
			h := emptyHouse(t, url)
			s := h.relatives("slices-parents.yaml", map[string]string{"API": url})[1]
			c.change(s)
			h.cfg.Streams = []config.Stream{*s}
			if err := h.once(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// check says for how many rows of which stream a stream is read.
func TestCheckOfParents(t *testing.T) {
	t.Parallel()
	_, url := newOrgs(t, 30, 1, 1)
	h := emptyHouse(t, url)
	h.relatives("slices-parents.yaml", map[string]string{"API": url})
	var out bytes.Buffer
	err := Check(t.Context(), h.cfg, &out)
	if want := fmt.Sprintf("one for each of the %d rows of stream companies", 30); !strings.Contains(out.String(), want) {
		t.Errorf("%v: %s", err, out.String())
	}
}

// With concurrency the first pages of several slices are under way at once, and stay so while a slice has more pages
// than was guessed: no page is asked for twice, nor is the one that is read before the stream is opened.
func TestSlicesAtOnce(t *testing.T) {
	t.Parallel()
	api, url := newOrgs(t, 1, 12, 0)
	for d := range 12 {
		for e := range 1 + d%3*20 { // one, two or three pages
			api.add(fmt.Sprintf("/companies/0/departments/%d/employees", d), strconv.Itoa(e))
		}
	}
	together := make(chan struct{})
	var mu sync.Mutex
	under, most, asked := 0, 0, map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/employees") {
			mu.Lock()
			asked[r.URL.RequestURI()]++
			first := len(asked) == 1
			if under++; under > most {
				if most = under; most == 4 {
					close(together)
				}
			}
			mu.Unlock()
			if !first { // only behind it the next ones can be told
				select {
				case <-together:
				case <-r.Context().Done():
				}
			}
			defer func() {
				mu.Lock()
				under--
				mu.Unlock()
			}()
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h := emptyHouse(t, url)
	s := h.relatives("slices-parents.yaml", map[string]string{"API": server.URL})[2]
	s.Pages, s.PageSize, s.Params.Page, s.Params.Limit = "page", 20, "page", "per_page"
	s.End = []string{config.EndShortPage}
	s.Concurrency, s.ReconcileInterval = 4, config.Never
	h.cfg.Streams = []config.Stream{*s}
	h.mustOnce()
	if n := len(h.events(s.Topic)); n != 4*(1+21+41) {
		t.Errorf("%d events", n)
	}
	for uri, n := range asked {
		if n > 1 {
			t.Errorf("%s was asked for %d times", uri, n)
		}
	}
	if most != 4 {
		t.Errorf("%d requests were under way at once\n%s", most, h.logs.String())
	}
}
