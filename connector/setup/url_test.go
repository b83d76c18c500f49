package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
	"tidemark/connector/setup"
)

// item is a row of the scripted APIs.
type item struct {
	ID      string         `json:"id"`
	Price   any            `json:"price"`
	Updated string         `json:"updated_at"`
	Day     string         `json:"day"`
	Tags    []string       `json:"tags"`
	Owner   map[string]any `json:"owner"`
	Note    *string        `json:"note"`
	Size    int            `json:"size-in-cm"`
}

func items(n int) (all []item) {
	for i := range n {
		x := item{ID: fmt.Sprintf("i%03d", i*7919%n), Price: i, Updated: fmt.Sprintf("2026-01-02T03:04:%02d.5Z", i%60), Day: fmt.Sprintf("2026-01-%02d", 1+i%28),
			Tags: []string{"a", "b"}[:i%3], Owner: map[string]any{"name": fmt.Sprint("n", i), "age": i, "e-mail": "x"}, Size: i}
		if i == n-1 { // what the last row alone shows widens the type
			x.Price = 0.5
			note := "last"
			x.Note = &note
		}
		all = append(all, x)
	}
	return all
}

// api is a scripted API: a shape says how it answers.
type api struct {
	rows  []item
	shape func(a *api, w http.ResponseWriter, r *http.Request) any // the answer; nil: it was written
	mu    sync.Mutex
	asked []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.URL.RequestURI())
	if answer := a.shape(a, w, r); answer != nil {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}
}

// cut is a part of the rows, never nil.
func (a *api) cut(from, size int) []item {
	from = min(max(from, 0), len(a.rows))
	return append([]item{}, a.rows[from:min(from+size, len(a.rows))]...)
}

func number(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return otherwise
	}
	return n
}

// shapes are APIs that page in different ways, with the pager that is to be found.
var shapes = map[string]struct {
	pages string
	rows  int
	shape func(a *api, w http.ResponseWriter, r *http.Request) any
}{
	"link header": {"link_header", 25, func(a *api, w http.ResponseWriter, r *http.Request) any {
		page := number(r, "page", 1)
		if page*10 < len(a.rows) {
			w.Header().Set("Link", fmt.Sprintf(`<http://%s/items?page=%d>; rel="next", </items>; rel="first"`, r.Host, page+1))
		}
		return a.cut((page-1)*10, 10)
	}},
	"token in the body": {"token", 25, func(a *api, _ http.ResponseWriter, r *http.Request) any {
		at := number(r, "cursor", 0)
		var next any
		if at+10 < len(a.rows) {
			next = strconv.Itoa(at + 10)
		}
		return map[string]any{"data": a.cut(at, 10), "meta": map[string]any{"next_cursor": next}}
	}},
	"token on each page": {"token", 20, func(a *api, _ http.ResponseWriter, r *http.Request) any {
		at := number(r, "pageToken", 0)
		return map[string]any{"items": a.cut(at, 10), "nextPageToken": strconv.Itoa(min(at+10, 20)), "kind": "list"}
	}},
	"bare list": {"none", 25, func(a *api, _ http.ResponseWriter, _ *http.Request) any { return a.rows }},
	"offset and total": {"offset", 25, func(a *api, _ http.ResponseWriter, r *http.Request) any {
		return map[string]any{"data": map[string]any{"items": a.cut(number(r, "offset", 0), number(r, "limit", 10)), "total": len(a.rows)}, "status": "ok"}
	}},
	"page numbers and 404": {"page", 25, func(a *api, w http.ResponseWriter, r *http.Request) any {
		size := number(r, "per_page", 10)
		rows := a.cut((number(r, "page", 1)-1)*size, size)
		if len(rows) == 0 {
			http.Error(w, `{"error": "no such page"}`, http.StatusNotFound)
			return nil
		}
		return map[string]any{"results": rows, "other": []map[string]any{{"x": 1}}}
	}},
	"page numbers from 0": {"page", 25, func(a *api, _ http.ResponseWriter, r *http.Request) any {
		return map[string]any{"rows": a.cut(number(r, "page", 0)*10, 10)}
	}},
	"the last page again": {"page", 25, func(a *api, _ http.ResponseWriter, r *http.Request) any {
		return map[string]any{"rows": a.cut((min(number(r, "p", 1), 3)-1)*10, 10)}
	}},
	"next URL": {"next_url", 25, func(a *api, _ http.ResponseWriter, r *http.Request) any {
		at := number(r, "at", 0)
		links := map[string]any{"self": map[string]any{"href": r.URL.String()}}
		if at+10 < len(a.rows) {
			links["next"] = map[string]any{"href": fmt.Sprintf("/items?at=%d", at+10)}
		}
		return map[string]any{"_embedded": map[string]any{"items": a.cut(at, 10)}, "_links": links}
	}},
	"behind the last row": {"last_row", 25, func(a *api, _ http.ResponseWriter, r *http.Request) any {
		from := slices.IndexFunc(a.rows, func(x item) bool { return x.ID == r.URL.Query().Get("starting_after") }) + 1
		return map[string]any{"object": "list", "data": a.cut(from, 10), "has_more": from+10 < len(a.rows)}
	}},
	"URL in a header": {"next_url", 25, func(a *api, w http.ResponseWriter, r *http.Request) any {
		at := number(r, "at", 0)
		if at+10 < len(a.rows) {
			w.Header().Set("Next-Page", fmt.Sprintf("http://%s/items?at=%d", r.Host, at+10))
		}
		return a.cut(at, 10)
	}},
	"token in a header": {"token", 25, func(a *api, w http.ResponseWriter, r *http.Request) any {
		at := number(r, "after", 0)
		if w.Header().Set("X-Next-Cursor", ""); at+10 < len(a.rows) {
			w.Header().Set("X-Next-Cursor", strconv.Itoa(at+10))
		}
		return a.cut(at, 10)
	}},
	"empty pages at the end": {"token", 20, func(a *api, _ http.ResponseWriter, r *http.Request) any {
		at := number(r, "token", 0)
		answer := map[string]any{"data": a.cut(at, 10)}
		if at < len(a.rows) {
			answer["next_token"] = strconv.Itoa(at + 10)
		}
		return answer
	}},
	"all of it, and said so": {"none", 7, func(a *api, _ http.ResponseWriter, _ *http.Request) any {
		return map[string]any{"records": a.rows, "total": len(a.rows)}
	}},
}

// house is an embedded broker and registry.
type house struct{ brokers, registry string }

func newHouse(t *testing.T) (*connector.Local, house) {
	t.Helper()
	l, err := connector.StartLocal(t.Context(), connector.LocalOptions{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, house{l.Brokers()[0], l.RegistryURL()}
}

// values are the values in a topic, the last one of each key.
func (h house) values(t *testing.T, topic string) map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := connector.Tail(t.Context(), connector.TailOptions{Topic: topic, Brokers: []string{h.brokers}, Registry: config.Registry{URL: h.registry}}, &out); err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	for line := range strings.Lines(out.String()) {
		var rec struct {
			Key   string
			Value any
		}
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		all[rec.Key] = rec.Value
	}
	return all
}

// From the URL of an API of each shape to its rows in a topic, with nothing but init and run: the topic is what the API
// holds, and what was written is clean.
func TestFromURLToTheTopic(t *testing.T) {
	t.Parallel()
	_, h := newHouse(t)
	for name, c := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{rows: items(c.rows), shape: c.shape}
			server := httptest.NewServer(a)
			t.Cleanup(server.Close)
			stream := strings.ReplaceAll(name, " ", "_")
			dir := t.TempDir()
			d, err := setup.FromURL(t.Context(), setup.URL{Address: server.URL + "/items", Requests: 50, Name: stream}, os.LookupEnv)
			if err != nil {
				t.Fatal(err)
			}
			paths, err := setup.Write(d, setup.Options{Dir: dir, Report: filepath.Join(dir, "report.json")})
			if err != nil || len(paths) != 3 {
				t.Fatalf("%v %v\n%+v", paths, err, d.Streams)
			}
			if len(a.asked) > 50 {
				t.Errorf("%d requests", len(a.asked))
			}
			text, err := os.ReadFile(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Load(paths[0], config.Overrides{Brokers: []string{h.brokers}, RegistryURL: h.registry})
			if err == nil {
				err = connector.Lint(cfg)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if got := cfg.Streams[0].Pages; got != c.pages {
				t.Errorf("pages %s, want %s\n%s\n%s", got, c.pages, text, strings.Join(a.asked, "\n"))
			}
			w, err := connector.New(cfg, connector.Options{Once: true})
			if err == nil {
				err = w.Run(t.Context())
			}
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, text, strings.Join(a.asked, "\n"))
			}
			got := h.values(t, cfg.Streams[0].Topic)
			want := map[string]any{}
			for _, x := range a.rows {
				raw, err := json.Marshal(x)
				if err != nil {
					t.Fatal(err)
				}
				var v any
				if err := json.Unmarshal(raw, &v); err != nil {
					t.Fatal(err)
				}
				row := v.(map[string]any)
				owner := row["owner"].(map[string]any)
				row["size_in_cm"], owner["e_mail"] = row["size-in-cm"], owner["e-mail"]
				delete(row, "size-in-cm")
				delete(owner, "e-mail")
				want[x.ID] = v
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%d keys in the topic, want %d\ngot  %v\nwant %v\n%s", len(got), len(want), got, want, text)
			}
		})
	}
}

// What is no collection is told, with the place, and nothing but the report is written.
func TestFromURLRefuses(t *testing.T) {
	t.Parallel()
	cut := func(a *api, _ http.ResponseWriter, _ *http.Request) any {
		return map[string]any{"data": a.cut(0, 10), "total": len(a.rows)}
	}
	capped := func(a *api, _ http.ResponseWriter, r *http.Request) any { return a.cut(0, number(r, "limit", 10)) }
	for name, c := range map[string]struct {
		shape  func(a *api, w http.ResponseWriter, r *http.Request) any
		reason string
	}{
		"no JSON": {func(_ *api, w http.ResponseWriter, _ *http.Request) any {
			_, _ = w.Write([]byte("id,name\n1,x\n"))
			return nil
		}, "not JSON"},
		"one object":       {func(*api, http.ResponseWriter, *http.Request) any { return map[string]any{"id": 1} }, "no array of objects"},
		"an empty list":    {func(*api, http.ResponseWriter, *http.Request) any { return map[string]any{"data": []any{}} }, "is empty"},
		"more than it has": {cut, "says that there is more (total: 25)"},
		"a silent cap":     {capped, "is cut: asked with limit"},
		"the first page again": {func(a *api, _ http.ResponseWriter, r *http.Request) any {
			page := number(r, "page", 1)
			if page > 3 {
				page = 1
			}
			return map[string]any{"data": a.cut((page-1)*10, 10)}
		}, "gives the first one again"},
		"arrays": {func(*api, http.ResponseWriter, *http.Request) any {
			return map[string]any{"rows": [][]any{{1, "x"}}, "facets": []map[string]any{{"x": 1}}}
		}, `list at "rows" holds no objects`},
		"numbers": {func(*api, http.ResponseWriter, *http.Request) any { return []int{1, 2} }, "holds no objects"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(&api{rows: items(25), shape: c.shape})
			t.Cleanup(server.Close)
			dir := t.TempDir()
			d, err := setup.FromURL(t.Context(), setup.URL{Address: server.URL + "/items", Requests: 60}, nil)
			if err != nil {
				t.Fatal(err)
			}
			paths, err := setup.Write(d, setup.Options{Dir: dir, Report: filepath.Join(dir, "report.json")})
			if class.Of(err) != class.Config || len(paths) != 1 {
				t.Errorf("wrote %v: %v", paths, err)
			}
			raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
			if err != nil {
				t.Fatal(err)
			}
			var report struct {
				Streams []struct {
					Name, Reason, Place string
					Translated          *bool
				}
			}
			if err := json.Unmarshal(raw, &report); err != nil {
				t.Fatal(err)
			}
			if len(report.Streams) != 1 {
				t.Fatalf("%s", raw)
			}
			s := report.Streams[0]
			if s.Name != "items" || s.Translated == nil || *s.Translated || !strings.Contains(s.Reason, c.reason) || s.Place != server.URL+"/items" {
				t.Errorf("%s", raw)
			}
		})
	}
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	if _, err := setup.FromURL(context.Background(), setup.URL{Address: server.URL, Requests: 5}, nil); class.Of(err) != class.Source {
		t.Errorf("404: %v", err)
	}
}

// drafted asks an API and returns the draft's stream.
func drafted(t *testing.T, o setup.URL, shape func(a *api, w http.ResponseWriter, r *http.Request) any) (draft.Stream, *api) {
	t.Helper()
	a := &api{rows: items(25), shape: shape}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	o.Address = server.URL + o.Address
	d, err := setup.FromURL(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d.Streams[0], a
}

func said(lines []string, part string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, part) })
}

// What the budget does not reach is told, and not made up; rows without a key are known by what they say; a parameter of the
// URL that the pager sends is taken out of it.
func TestFromURLTells(t *testing.T) {
	t.Parallel()
	paged := func(a *api, _ http.ResponseWriter, r *http.Request) any {
		return map[string]any{"rows": a.cut((number(r, "page", 1)-1)*5, 5)}
	}
	s, a := drafted(t, setup.URL{Address: "/things.json?page=1&kind=x", Requests: 6}, paged)
	if len(a.asked) != 6 || s.Name != "things" || s.Settings.Get("pages") != "page" || !said(s.Unknown, "how the last page looks") {
		t.Errorf("%d requests: %+v", len(a.asked), s)
	}
	if url, ok := s.Settings.Get("url").(draft.Env); !ok || !strings.HasSuffix(string(url), "/things.json?kind=x") {
		t.Errorf("url: %v", s.Settings.Get("url"))
	}
	if s.Settings.Get("total_path") != nil || s.Settings.Get("end") != nil {
		t.Errorf("%+v", s.Settings)
	}

	s, a = drafted(t, setup.URL{Address: "/x", Requests: 3}, func(a *api, _ http.ResponseWriter, _ *http.Request) any { return a.rows })
	if len(a.asked) != 3 || s.Translated || !strings.Contains(s.Reason, "--requests") {
		t.Errorf("%d requests: %+v", len(a.asked), s)
	}

	s, _ = drafted(t, setup.URL{Address: "/x", Requests: 30}, func(*api, http.ResponseWriter, *http.Request) any {
		return map[string]any{"data": []map[string]any{{"id": 1, "a.b": 1, "n": 1}, {"id": 1, "n": "x"}}, "total": 2}
	})
	if s.Settings.Get("primary_key") != "row_hash" || !said(s.Saw, "id is no key: two rows have the same one") || !said(s.Unknown, "row_hash") ||
		!said(s.Unknown, `"a.b" is not in the schema`) || !said(s.Unknown, `"n" is of several types`) {
		t.Errorf("%+v", s)
	}
}
