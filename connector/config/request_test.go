package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tidemark/connector/internal/request"
	"tidemark/strategies"
)

// The question that each strategy asks, by role.
var question = request.Question{
	{Role: request.Since, Text: "2026-01-31T12:00:00Z", Micros: 1769860800e6, Temporal: true},
	{Role: request.Limit, Text: "100"}, {Role: request.Offset, Text: "200"}, {Role: request.OrderBy, Text: "updatedAt"}, {Role: request.OrderType, Text: "asc"},
}

func sends(t *testing.T, s Stream, q request.Question) string {
	t.Helper()
	template, err := s.Template()
	if err != nil {
		t.Fatal(err)
	}
	r, err := template.Build(q)
	if err != nil {
		t.Fatal(err)
	}
	out := r.Method + " " + r.URL.String()
	for _, h := range append(template.Header(), r.Header...) {
		out += "\n" + h.Name + ": " + h.Value
	}
	return strings.TrimSuffix(out+"\n"+string(r.Body), "\n")
}

// What all.yaml says of requests is what is sent; what it holds of the environment is not shown (P11).
func TestRequests(t *testing.T) {
	c, err := parseFile(t, "testdata/all.yaml", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"search": "POST https://api.example/v1/search?tenant=42&sort=updatedAt%3Aasc&expand=address&expand=phone\n" +
			"X-Key: token-hunter2\nContent-Type: application/vnd.api+json\nX-Since: 2026-01-31T12:00:00Z\n" +
			`{"where":{"modified":{"$gte":"2026-01-31T12:00:00Z"}},"limit":100,"offset":200,"archived":[false,null]}`,
		"graph": "POST http://127.0.0.1:5001/graphql\nContent-Type: application/json\n" +
			`{"query":"query($since: String) { people(since: $since) { id } }","variables":{"since":"2026-01-31T12:00:00Z"}}`,
		"form":  "POST http://127.0.0.1:5001/search\nContent-Type: application/x-www-form-urlencoded\nsince=2026-01-31",
		"plain": "POST http://127.0.0.1:5001/search\nContent-Type: application/xml\n<since>2026-01-31T12:00:00Z</since>",
	} {
		found := false
		for _, s := range c.Streams {
			if s.Name != name {
				continue
			}
			found = true
			if got := sends(t, s, question); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
			}
			if shown := fmt.Sprintf("%v %+v %#v", s, s.Request, s.Request.Headers); strings.Contains(shown, "hunter2") {
				t.Errorf("%s is shown: %s", name, shown)
			}
		}
		if !found {
			t.Errorf("there is no stream %s", name)
		}
	}
}

// A stream without the section sends its params by name, and one with it what it says: params only
// where the file gives them, and all of them where there is no placeholder.
func TestParamsBesideRequest(t *testing.T) {
	for text, want := range map[string]string{
		`"strategy": "offset"`: "GET http://127.0.0.1/?updated_since=2026-01-31T12%3A00%3A00Z&limit=100&offset=200&order_by=updatedAt&order_type=asc",
		`"strategy": "offset", "request": {"method": "POST", "query": {"a": "b"}}`:                                          "POST http://127.0.0.1/?a=b&updated_since=2026-01-31T12%3A00%3A00Z&limit=100&offset=200&order_by=updatedAt&order_type=asc",
		`"strategy": "offset", "request": {"query": {"q": "u>{since:date}", "skip": "{offset}"}}, "params": {"limit": "n"}`: "GET http://127.0.0.1/?q=u%3E2026-01-31&skip=200&n=100",
		`"strategy": "keyset", "page_size": 100, "request": {"json": {"since": "{since}", "after": "{token}", "n": "{limit:number}"}}`: "POST http://127.0.0.1/\nContent-Type: application/json\n" +
			`{"since":"2026-01-31T12:00:00Z","n":100}`,
	} {
		c := mustParse(t, "c.json", `{"base_url": "http://127.0.0.1/", `+text+`}`, Overrides{})
		s := c.Streams[0]
		if got := sends(t, s, question); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
		spec, err := s.Spec()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := strategies.New(spec); err != nil {
			t.Errorf("%s: the strategy refuses it: %v", text, err)
		}
	}
}

// Later pages repeat the bounds unless the file says that the token is enough.
func TestRepeatParamsOfRequest(t *testing.T) {
	const text = `{"base_url": "http://127.0.0.1/", "strategy": "keyset", "request": {"query": {"since": "{since}", "sort": "{first}u", "page": "{token}"}}%s}`
	later := request.Question{question[0], {Role: request.Token, Text: "t"}}
	for more, want := range map[string]string{
		"":                         "GET http://127.0.0.1/?since=2026-01-31T12%3A00%3A00Z&page=t",
		`, "repeat_params": false`: "GET http://127.0.0.1/?page=t",
	} {
		c := mustParse(t, "c.json", fmt.Sprintf(text, more), Overrides{})
		if got := sends(t, c.Streams[0], later); got != want {
			t.Errorf("%s: got %s, want %s", more, got, want)
		}
		if got, want := sends(t, c.Streams[0], question), "GET http://127.0.0.1/?since=2026-01-31T12%3A00%3A00Z&sort=u"; got != want {
			t.Errorf("%s: first %s, want %s", more, got, want)
		}
	}
}

// A strategy asks by the name that params gives, or by the placeholder that has its role.
func TestSpecOfRequest(t *testing.T) {
	c := mustParse(t, "c.json", `{"base_url": "http://127.0.0.1/", "strategy": "offset", "request": {"query": {"q": "{since}", "skip": "{offset}"}}, "params": {"limit": "n"}}`, Overrides{})
	spec, err := c.Streams[0].Spec()
	if err != nil {
		t.Fatal(err)
	}
	if want := (strategies.ParamNames{Since: "{since}", Offset: "{offset}", Limit: "n"}); !reflect.DeepEqual(spec.Params, want) {
		t.Errorf("got %+v, want %+v", spec.Params, want)
	}
}

// Whatever the environment holds is sent as it is: its braces begin no placeholder. The same text read through
// an alias elsewhere is no other.
func TestEnvironmentInRequests(t *testing.T) {
	env := func(string) (string, bool) { return "}{since}{{oops", true }
	c, err := Parse("c.yaml", []byte(`
strategy: timestamp
base_url: http://127.0.0.1/
query: {fixed: &x "a${X}b"}
request:
  query: {since: "{since}", key: *x, more: "{{${X:-y}{since:date}"}
`), env, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	const value = "%7D%7Bsince%7D%7B%7Boops"
	if got, want := sends(t, c.Streams[0], question[:1]), "GET http://127.0.0.1/?fixed=a"+value+"b&since=2026-01-31T12%3A00%3A00Z&key=a"+value+"b&more=%7B"+value+"2026-01-31"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What chooses the rows is in the fingerprint (rule 19); how it is written is not.
func TestFingerprintOfRequest(t *testing.T) {
	of := func(query string) string {
		c := mustParse(t, "c.json", `{"base_url": "http://127.0.0.1/", "strategy": "timestamp", "request": {`+query+`}}`, Overrides{})
		return c.Streams[0].Fingerprint()
	}
	base := of(`"query": {"q": "open and u>{since}"}`)
	for _, same := range []string{`"query": {"q": "open and u>{since:date}"}`, `"query": {"q": "open and u>{since}"}, "path": "/x", "headers": {"A": "b"}`} {
		if of(same) != base {
			t.Errorf("%s changes the fingerprint", same)
		}
	}
	seen := map[string]bool{base: true}
	for _, other := range []string{`"query": {"q": "shut and u>{since}"}`, `"form": {"q": "open and u>{since}"}`, `"json": {"q": "open and u>{since}"}`, `"text": "open and u>{since}"`,
		`"graphql": {"query": "{a}", "variables": {"s": "{since}"}}`, `"graphql": {"query": "{b}", "variables": {"s": "{since}"}}`} {
		if f := of(other); seen[f] {
			t.Errorf("%s has another's fingerprint", other)
		} else {
			seen[f] = true
		}
	}
}

// A problem points at its character where the file writes the text as it is, else at the text.
func TestPlaceOfProblem(t *testing.T) {
	for text, want := range map[string]string{
		"  query: {q: 'é>={sinze}'}":        "c.yaml:4:19",
		"  query:\n    q: é>={sinze}":       "c.yaml:5:12",
		"  query: {q: \"\\u00e9={sinze}\"}": "c.yaml:4:14",
		"  text: |\n    a{sinze}":           "c.yaml:4:",
	} {
		_, err := Parse("c.yaml", []byte("strategy: timestamp\nurl: http://127.0.0.1/\nrequest:\n"+text+"\n"), nil, Overrides{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want it at %s", text, err, want)
		}
	}
}

// A row that a page begins behind is no token: the bounds go with it, whatever is said of tokens.
func TestBoundsGoWithTheLastRow(t *testing.T) {
	c := mustParse(t, "c.yaml", "strategy: sweep\nbase_url: http://127.0.0.1:1/\npages: last_row\nrepeat_params: false\nparams: {since: since, token: after}\n", Overrides{})
	template, err := c.Streams[0].Template()
	if err != nil {
		t.Fatal(err)
	}
	r, err := template.Build(request.Question{{Role: request.Since, Text: "5"}, {Role: request.Token, Text: "7"}})
	if err != nil || r.URL.RawQuery != "since=5&after=7" {
		t.Errorf("asks %s, %v", r.URL.RawQuery, err)
	}
}
