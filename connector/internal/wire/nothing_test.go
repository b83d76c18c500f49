package wire

import (
	"strings"
	"testing"

	"tidemark/strategies"
)

// A token that is left out, or blank, is for the strategy to judge: what it is not is a broken
// answer, which would be asked for again and again.
func TestTokenForms(t *testing.T) {
	p := mustCompile(t, userOptions())
	for body, want := range map[string]strategies.Token{
		`{"data":[]}`:                              {},
		`{"data":[],"scroll_param":null}`:          {Present: true, Null: true},
		`{"data":[],"scroll_param":""}`:            {Present: true, Null: true},
		`{"data":[],"scroll_param":false}`:         {Present: true, Blank: true, Text: "false"},
		`{"data":[],"scroll_param":0}`:             {Present: true, Blank: true, Text: "0"},
		`{"data":[],"scroll_param":"0"}`:           {Present: true, Blank: true, Text: "0"},
		`{"data":[],"scroll_param":-1}`:            {Present: true, Blank: true, Text: "-1"},
		`{"data":[],"scroll_param":"null"}`:        {Present: true, Blank: true, Text: "null"},
		`{"data":[],"scroll_param":"None"}`:        {Present: true, Blank: true, Text: "None"},
		`{"data":[],"scroll_param":"nullable"}`:    {Present: true, Text: "nullable"},
		`{"data":[],"scroll_param":10}`:            {Present: true, Text: "10"},
		`{"data":[],"other":{"scroll_param":"x"}}`: {},
	} {
		page, err := p.Scan([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if page.Token != want {
			t.Errorf("%s: %+v, want %+v", body, page.Token, want)
		}
		page.Release()
	}
}

// Null for the rows is none where it is so configured, and no error stands beside it.
func TestNullData(t *testing.T) {
	o := userOptions()
	o.NullData = true
	p := mustCompile(t, o)
	for _, body := range []string{`{"data":null}`, `{"data": null, "scroll_param": null}`, `{"error": null, "data": null}`,
		`{"data": null, "errors": [], "error": "", "total": 0}`, `{"data":null,"error":false}`} {
		page, err := p.Scan([]byte(body))
		if err != nil || len(page.Rows) != 0 {
			t.Errorf("%s: %v", body, err)
			continue
		}
		page.Release()
	}
	for body, want := range map[string]string{
		`{"data": null, "errors": [{"message": "boom"}]}`: "boom",
		`{"error": "boom", "data": null}`:                 "boom",
		`{"error": true, "data": null}`:                   "true",
		`{"error": {"code": 7}, "data": null}`:            "7",
		`{"data": nul}`:                                   "broken",
		`{"data": null`:                                   "cut off",
		`{"data": null, "data": []}`:                      "twice",
		`{"data": [], "data": null}`:                      "twice",
		`{}`:                                              "no array",
		`{"data": {}}`:                                    "not an array",
	} {
		if _, err := p.Scan([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
