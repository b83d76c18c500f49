package setup_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/setup"
)

// From a description to rows in topics, with nothing but init and run: each topic is what the API holds, at first and once rows
// have changed, however its pages follow each other.
func TestFromOpenAPIToTheTopic(t *testing.T) {
	t.Parallel()
	_, h := newHouse(t)
	for file, want := range map[string]map[string]string{ // strategy and pager of each stream
		"shop.yaml": {"page": "snapshot page", "skip": "snapshot offset", "token": "sweep token", "next_url": "snapshot next_url", "link_header": "snapshot link_header",
			"last_row": "snapshot last_row", "none": "snapshot none", "regions": "snapshot none", "books": "snapshot none"},
		"shop2.json": {"feed": "snapshot page"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			a := &shop{rows: items(25)}
			server := httptest.NewServer(a)
			t.Cleanup(server.Close)
			d, err := setup.FromOpenAPI(setup.OpenAPI{Path: filepath.Join("testdata", "openapi", file), Server: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			for i := range d.Streams { // all share a broker
				d.Streams[i].Settings.Set("topic", d.Streams[i].Name+"-"+file, "")
			}
			written, err := setup.Write(d, setup.Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatalf("%v %+v", err, d.Streams)
			}
			text, err := os.ReadFile(written[0])
			if err != nil {
				t.Fatal(err)
			}
			env := map[string]string{"LOGIN_TOKEN": shopKey, "KEY": shopKey}
			cfg, err := config.Parse(written[0], text, func(name string) (string, bool) { v, ok := env[name]; return v, ok },
				config.Overrides{Brokers: []string{h.brokers}, RegistryURL: h.registry})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			got := map[string]string{}
			for _, s := range cfg.Streams {
				got[s.Name] = s.Strategy + " " + s.Pages
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("the streams are %v, want %v", got, want)
			}
			for round := range 2 {
				w, err := connector.New(cfg, connector.Options{Once: true})
				if err == nil {
					err = w.Run(t.Context())
				}
				if err != nil {
					t.Fatalf("round %d: %v\n%s\n%s", round, err, text, strings.Join(a.asked, "\n"))
				}
				for _, s := range cfg.Streams {
					of := "described"
					if s.Name == "books" {
						of = "described of regions"
					}
					want := a.wanted(t, of)
					if s.Name == "regions" {
						want = map[string]any{"north": map[string]any{"id": "north"}, "south": map[string]any{"id": "south"}}
					}
					if got := h.values(t, s.Topic); !reflect.DeepEqual(got, want) {
						t.Errorf("round %d: %s: %d keys in the topic, want %d\ngot  %v\nwant %v", round, s.Name, len(got), len(want), got, want)
					}
				}
				a.change()
			}
		})
	}
}

func TestFromOpenAPIRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("openapi: 3.0.0\npaths: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]setup.OpenAPI{
		"not there":      {Path: filepath.Join(dir, "none.yaml")},
		"not YAML":       {Path: bad},
		"another server": {Path: filepath.Join("testdata", "openapi", "shop.yaml"), Server: "ftp://x"},
	} {
		if d, err := setup.FromOpenAPI(o); class.Of(err) != class.Config || d != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
