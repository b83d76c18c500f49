package config

import (
	"strings"
	"testing"
)

// keyset's page_size is sent where params.limit names the parameter. In the form with one
// stream, whose keys are those of all strategies side by side, it may stand there for another
// strategy; then it is known to be unsent.
func TestPageSizeOfKeyset(t *testing.T) {
	const list = "streams:\n  - {name: a, strategy: keyset, url: 'http://127.0.0.1:1', page_size: 500"
	const flat = "strategy: keyset\nbase_url: http://127.0.0.1:1\npage_size: 500\n"
	for name, c := range map[string]struct {
		text   string
		over   Overrides
		unsent bool
		refuse string
	}{
		"list, named":                       {list + ", params: {limit: per_page}}", Overrides{}, false, ""},
		"list, not named":                   {list + "}", Overrides{}, false, "c.yaml:2:71: streams[0].page_size: "},
		"list, for offset, read by keyset":  {strings.Replace(list, "keyset", "offset", 1) + "}", Overrides{Strategy: "keyset"}, false, "streams[0].page_size: "},
		"list, for keyset, read by replay":  {list + "}", Overrides{Strategy: "replay"}, false, ""},
		"list, for step_size, not sent yet": {strings.Replace(list, "keyset", "step_size", 1) + "}", Overrides{}, false, ""},
		"flat, named":                       {flat + "params: {limit: per_page}", Overrides{}, false, ""},
		"flat, not named":                   {flat, Overrides{}, true, ""},
		"flat, for offset":                  {strings.Replace(flat, "keyset", "offset", 1), Overrides{}, false, ""},
	} {
		cfg, err := Parse("c.yaml", []byte(c.text), nil, c.over)
		if c.refuse != "" {
			if err == nil || !strings.Contains(err.Error(), c.refuse) {
				t.Errorf("%s: got %v, want %q", name, err, c.refuse)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := cfg.Streams[0]; s.PageSizeUnsent() != c.unsent || s.PageSize != 500 {
			t.Errorf("%s: page size %d, unsent %t", name, s.PageSize, s.PageSizeUnsent())
		}
	}
	seed, err := parseFile(t, "testdata/configuration.json", Overrides{})
	if err != nil || !seed.Streams[0].PageSizeUnsent() {
		t.Errorf("the seed's file: %v", err)
	}
}

// page_size is a number, or the word that says that there are no pages.
func TestPageSizeNone(t *testing.T) {
	cfg, err := parseFile(t, "testdata/unpaged.yaml", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false} {
		s := cfg.Streams[i]
		spec, err := s.Spec()
		if err != nil || s.Unpaged != want || spec.Unpaged != want || want && s.PageSize != 0 {
			t.Errorf("%s: unpaged %v, page size %d, spec %+v, %v", s.Name, s.Unpaged, s.PageSize, spec, err)
		}
	}
}
