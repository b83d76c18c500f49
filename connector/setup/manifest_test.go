package setup_test

import (
	"encoding/json"
	"fmt"
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
	"time"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/setup"
)

// shop is an API that is asked in all the ways that the definitions of testdata/manifests describe, a path for each.
type shop struct {
	mu    sync.Mutex
	rows  []item
	asked []string
}

const shopKey = "open-sesame"

// known reports whether a request proves who asks, in one of the ways.
func known(r *http.Request) bool {
	user, password, basic := r.BasicAuth()
	return r.Header.Get("Authorization") == "Bearer "+shopKey || r.Header.Get("Authorization") == "Bearer session-1" ||
		r.URL.Query().Get("key") == shopKey || basic && user == "reader" && password == shopKey
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
	w.Header().Set("Content-Type", "application/json")
	say := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	wrong := func(code int, why string) { http.Error(w, fmt.Sprintf(`{"error": %q}`, why), code) }
	switch r.URL.Path {
	case "/login":
		var body struct{ User, Secret string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.User != "reader" || body.Secret != shopKey {
			wrong(401, "who is that?")
			return
		}
		say(map[string]any{"session": map[string]any{"token": "session-1"}})
		return
	case "/token":
		if r.Method == http.MethodPost {
			if r.PostFormValue("client_secret") != shopKey || r.PostFormValue("scope") != "books.read" {
				wrong(401, "who is that?")
				return
			}
			say(map[string]any{"access_token": shopKey, "token_type": "Bearer", "expires_in": 3600})
			return
		}
	}
	if !known(r) {
		wrong(401, "who asks?")
		return
	}
	q, rows := r.URL.Query(), slices.Clone(s.rows)
	cut := func(from, size int) []item {
		from = min(max(from, 0), len(rows))
		return append([]item{}, rows[from:min(from+size, len(rows))]...)
	}
	between := func(from, to string) {
		rows = slices.DeleteFunc(rows, func(x item) bool { return x.Updated < from || to != "" && x.Updated > to })
	}
	answer := map[string]any{}
	switch path := strings.TrimPrefix(r.URL.Path, "/"); path {
	case "page":
		answer["data"] = cut((number(r, "page", 1)-1)*number(r, "per_page", 10), number(r, "per_page", 10))
	case "offset/search":
		var body struct {
			Filter struct{ Shop string }
			Page   struct{ Skip, Take int }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost || body.Filter.Shop != "north" || body.Page.Take != 9 {
			wrong(400, fmt.Sprintf("%v, %+v", err, body))
			return
		}
		answer["data"] = cut(body.Page.Skip, body.Page.Take)
	case "token":
		if (q.Get("sort") == "id") == (q.Get("cursor") != "") && q.Has("kind") {
			wrong(400, "sort goes with the first page, and with no other")
			return
		}
		between(strings.TrimSuffix(q.Get("updated_since"), "Z"), "")
		at := number(r, "cursor", 0)
		meta := map[string]any{"next": nil, "has_more": at+10 < len(rows)}
		if at+10 < len(rows) {
			meta["next"] = strconv.Itoa(at + 10)
		}
		answer["data"], answer["meta"] = cut(at, 10), meta
	case "next_url", "cut_out":
		at := number(r, "at", 0)
		links := map[string]any{"next": nil}
		if at+10 < len(rows) {
			links["next"] = fmt.Sprintf("http://%s/%s?at=%d", r.Host, path, at+10)
		}
		answer["data"], answer["links"] = cut(at, 10), links
	case "link_header":
		at := number(r, "at", 0)
		if at+10 < len(rows) {
			w.Header().Set("Link", fmt.Sprintf(`</link_header?at=%d>; rel="next"`, at+10))
		}
		answer["data"] = cut(at, 10)
	case "last_row":
		from := slices.IndexFunc(rows, func(x item) bool { return x.ID == q.Get("starting_after") }) + 1
		answer["data"], answer["has_more"] = cut(from, 10), from+10 < len(rows)
	case "window":
		var from, to int64
		if n, err := fmt.Sscanf(q.Get("between"), "%d,%d", &from, &to); n != 2 || err != nil {
			wrong(400, "from when to when?")
			return
		}
		text := func(at int64) string { return time.Unix(at, 0).UTC().Format("2006-01-02T15:04:05") }
		between(text(from), text(to)+"~")
		answer["data"] = rows
	case "feed":
		slices.SortStableFunc(rows, func(a, b item) int { return strings.Compare(b.Updated, a.Updated) })
		answer["data"] = cut((number(r, "page", 1)-1)*10, 10)
	case "groups":
		answer["groups"] = []any{map[string]any{"books": rows[:7]}, map[string]any{"books": rows[7:]}}
	case "none":
		answer["data"] = rows
	case "skip":
		answer["data"] = cut(number(r, "offset", 0), number(r, "limit", 10))
	case "regions":
		answer["data"] = []any{map[string]any{"id": "north"}, map[string]any{"id": "south"}}
	case "regions/north/books":
		answer["data"] = rows[:10]
	case "regions/south/books":
		answer["data"] = rows[10:]
	default:
		wrong(404, "there is no such thing")
		return
	}
	say(answer)
}

// change gives a row a new price and adds one, now.
func (s *shop) change() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().UTC().Add(-time.Minute).Format("2006-01-02T15:04:05") + ".5Z"
	s.rows[4].Price, s.rows[4].Updated = 99, now
	s.rows = append(s.rows, item{ID: "new", Price: 1, Updated: now, Day: "2026-02-01", Tags: []string{}, Owner: map[string]any{"name": "n", "age": 20}})
}

// wanted are the rows as the topic of a definition has them: some leave fields and rows out, or have another key.
func (s *shop) wanted(t *testing.T, definition string) map[string]any {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]any{}
	for i, x := range s.rows {
		raw, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		owner := v["owner"].(map[string]any)
		size, mail := v["size-in-cm"], owner["e-mail"]
		delete(v, "size-in-cm") // most of the definitions' schemas do not have these
		delete(owner, "e-mail")
		key := x.ID
		switch definition {
		case "rows":
			if x.Owner["age"].(int) < 10 || x.ID == "i003" {
				continue
			}
			delete(v, "day")
			delete(owner, "name")
			v["size_in_cm"], owner["e_mail"] = size, mail
			v["origin"], v["level"], v["since"], v["note"] = "shelf", 3.0, "2026-01-01T00:00:00Z", "of ours"
		case "described", "described of regions": // a description's schema has them all
			v["size_in_cm"], owner["e_mail"] = size, mail
			if definition != "described" {
				key = fmt.Sprintf(`[%q,%q]`, map[bool]string{true: "north", false: "south"}[i < 10], x.ID)
			}
		case "lists":
			region := map[bool]string{true: "north", false: "south"}[i < 10]
			v["region"] = region
			key = fmt.Sprintf(`[%q,%q]`, region, x.ID)
		}
		out[key] = v
	}
	return out
}

// From a definition of each kind to its rows in a topic, with nothing but init and run: the topic is what the API holds, at
// first and once rows have changed, and the strategy is the one that the definition describes.
func TestFromManifestToTheTopic(t *testing.T) {
	t.Parallel()
	_, h := newHouse(t)
	strategies := map[string]string{"token": "sweep", "window": "window", "feed": "feed"}
	paths, err := filepath.Glob(filepath.Join("testdata", "manifests", "*.yaml"))
	if err != nil || len(paths) < 15 {
		t.Fatalf("%d definitions, %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &shop{rows: items(25)}
			server := httptest.NewServer(a)
			t.Cleanup(server.Close)
			d, err := setup.FromManifest(setup.Manifest{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			for i := range d.Streams { // all share a broker
				d.Streams[i].Settings.Set("topic", "books-"+name, "")
				d.Streams[i].Name += "-" + name
			}
			dir := t.TempDir()
			written, err := setup.Write(d, setup.Options{Dir: dir})
			if err != nil {
				t.Fatalf("%v %+v", err, d.Streams)
			}
			text, err := os.ReadFile(written[0])
			if err != nil {
				t.Fatal(err)
			}
			env := map[string]string{"URL": server.URL, "API_KEY": shopKey, "START_DATE": "2026-01-01T00:00:00Z"}
			cfg, err := config.Parse(written[0], text, func(name string) (string, bool) { v, ok := env[name]; return v, ok },
				config.Overrides{Brokers: []string{h.brokers}, RegistryURL: h.registry})
			if err == nil {
				err = connector.Lint(cfg)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			want := strategies[name]
			if want == "" {
				want = "snapshot"
			}
			if got := cfg.Streams[0].Strategy; got != want {
				t.Errorf("strategy %s, want %s", got, want)
			}
			for round := range 2 {
				w, err := connector.New(cfg, connector.Options{Once: true})
				if err == nil {
					err = w.Run(t.Context())
				}
				if err != nil {
					t.Fatalf("round %d: %v\n%s\n%s", round, err, text, strings.Join(a.asked, "\n"))
				}
				if got, want := h.values(t, cfg.Streams[0].Topic), a.wanted(t, name); !reflect.DeepEqual(got, want) {
					t.Fatalf("round %d: %d keys in the topic, want %d\ngot  %v\nwant %v\n%s\n%s", round, len(got), len(want), got, want, text, strings.Join(a.asked, "\n"))
				}
				a.change()
			}
		})
	}
}

// A path that is not there, a text that is no definition and settings that are none are errors of the configuration.
func TestFromManifestRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := filepath.Join("testdata", "manifests", "page.yaml")
	for name, o := range map[string]setup.Manifest{
		"not there":             {Path: filepath.Join(dir, "none.yaml")},
		"not YAML":              {Path: file("bad.yaml", "a: [")},
		"not a definition":      {Path: file("other.yaml", "a: 1")},
		"settings not there":    {Path: good, Config: filepath.Join(dir, "none.json")},
		"settings that are not": {Path: good, Config: file("list.json", "[1]")},
	} {
		if d, err := setup.FromManifest(o); class.Of(err) != class.Config || d != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
