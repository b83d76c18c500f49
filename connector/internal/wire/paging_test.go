package wire

import (
	"net/http"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/strategies"
)

// What the configuration says tells of further pages is read as a yes, a no or a number, and anything else is
// an error.
func TestReadsPaging(t *testing.T) {
	plan, err := Compile(Options{Schema: schemas.User, SchemaID: 1, RecordsPath: "data", MorePath: "meta.more", PagesPath: "meta.pages", IDField: "id", CursorField: "updatedAt"})
	if err != nil {
		t.Fatal(err)
	}
	for meta, want := range map[string]struct {
		flag  bool
		end   string
		pages int64
		wrong string
	}{
		`{"more": true}`:               {flag: true},
		`{"more": "1", "pages": 7}`:    {flag: true, pages: 7},
		`{"more": false, "pages": 0}`:  {end: "meta.more: false", pages: 1},
		`{"more": null}`:               {end: "meta.more: null"},
		`{"pages": "12"}`:              {pages: 12},
		`{"more": "perhaps"}`:          {wrong: `"meta.more" is neither yes nor no`},
		`{"pages": -1}`:                {wrong: `"meta.pages" is no number of pages`},
		`{"pages": null, "more": [1]}`: {wrong: `"meta.pages" is no number of pages`},
	} {
		page, err := plan.Scan([]byte(`{"data": [], "meta": ` + meta + `}`))
		if want.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), want.wrong) {
				t.Errorf("%s: got %v, want %q", meta, err, want.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", meta, err)
			continue
		}
		if page.More.Flag != want.flag || page.More.End != want.end || page.Pages != want.pages {
			t.Errorf("%s: got %+v, %d pages", meta, page.More, page.Pages)
		}
		page.Release()
	}
}

func TestHeaderToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header http.Header
		want   strategies.Token
	}{
		"no such header": {http.Header{"X-Other": {"a"}}, strategies.Token{}},
		"a URL":          {http.Header{"Next-Page": {" http://127.0.0.1/a?b=1 "}}, strategies.Token{Present: true, Text: "http://127.0.0.1/a?b=1"}},
		"of two":         {http.Header{"Next-Page": {"a", "b"}}, strategies.Token{Present: true, Text: "a"}},
		"empty":          {http.Header{"Next-Page": {" "}}, strategies.Token{Present: true, Null: true}},
		"a word":         {http.Header{"Next-Page": {"false"}}, strategies.Token{Present: true, Text: "false", Blank: true}},
	} {
		if got := HeaderToken(c.header, "next-page"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
