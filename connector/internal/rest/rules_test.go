package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

func text1(s string) *string { return &s }

func at(statuses ...int) (out []config.StatusRange) {
	for _, n := range statuses {
		out = append(out, config.StatusRange{From: n, To: n})
	}
	return out
}

// Which answers a rule looks at, and what it takes for a match.
func TestRulesMatch(t *testing.T) {
	fives := []config.StatusRange{{From: 500, To: 599}}
	for _, x := range []struct {
		name   string
		rule   config.ErrorRule
		status int
		body   string
		want   bool
	}{
		{"a status", config.ErrorRule{Status: at(403, 404)}, 404, "", true},
		{"another status", config.ErrorRule{Status: at(403, 404)}, 410, "", false},
		{"a class", config.ErrorRule{Status: fives}, 599, "", true},
		{"another class", config.ErrorRule{Status: fives}, 499, "", false},
		{"text in a refusal", config.ErrorRule{Contains: "no access"}, 403, `{"error": "no access here"}`, true},
		{"other text", config.ErrorRule{Contains: "no access"}, 403, `{"error": "denied"}`, false},
		{"text in a page may be a row's", config.ErrorRule{Contains: "no access"}, 200, `{"data": [{"note": "no access here"}]}`, false},
		{"text in a page that is asked for", config.ErrorRule{Status: at(200), Contains: "no access"}, 200, `{"error": "no access"}`, true},
		{"a value in a page", config.ErrorRule{Body: config.BodyTest{Path: "ok", Equals: text1("false")}}, 200, `{"data": [], "ok": false}`, true},
		{"another value", config.ErrorRule{Body: config.BodyTest{Path: "ok", Equals: text1("false")}}, 200, `{"ok": true}`, false},
		{"status and value", config.ErrorRule{Status: at(400), Body: config.BodyTest{Path: "error.code", Equals: text1("NOT_FOUND")}}, 400, `{"error": {"code": "NOT_FOUND"}}`, true},
		{"the value, not the status", config.ErrorRule{Status: at(400), Body: config.BodyTest{Path: "error.code", Equals: text1("NOT_FOUND")}}, 409, `{"error": {"code": "NOT_FOUND"}}`, false},
		{"value and no text", config.ErrorRule{Contains: "x", Body: config.BodyTest{Path: "a", Equals: text1("1")}}, 200, `{"a": 1}`, false},
		{"GraphQL errors", config.ErrorRule{Body: config.BodyTest{Path: "errors"}}, 200, `{"data": null, "errors": [{"message": "no"}]}`, true},
		{"no GraphQL errors", config.ErrorRule{Body: config.BodyTest{Path: "errors"}}, 200, `{"data": {}, "errors": [ ]}`, false},
	} {
		x.rule.Action = config.ErrorFail
		rules, err := newRules([]config.ErrorRule{x.rule})
		if err != nil {
			t.Fatal(err)
		}
		if got := ruleFor(rules, x.status, []byte(x.body), actionFor(x.status).do == page) != nil; got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}

func TestBodyTests(t *testing.T) {
	const body = `{"ok": false, "n": 404, "f": 4.04e2, "s": "ratelimited", "none": null, "empty": "", "zero": 0, "list": [], "object": {},
		"error": {"code": "E42", "fields": {"b": 1}}, "errors": [{"code": 1}, {"code": 2, "tags": ["x", "y"]}], "esc": "a\"\u00e9", "ok ": true}`
	for _, x := range []struct {
		path    string
		equals  *string
		matches string
		want    bool
	}{
		{"ok", nil, "", false}, {"n", nil, "", true}, {"s", nil, "", true}, {"none", nil, "", false}, {"empty", nil, "", false},
		{"zero", nil, "", false}, {"list", nil, "", false}, {"object", nil, "", false}, {"errors", nil, "", true}, {"error", nil, "", true},
		{"nothing", nil, "", false}, {"error.nothing", nil, "", false}, {"s.further", nil, "", false}, {"ok ", nil, "", true},
		{"n", text1("404"), "", true}, {"n", text1("404.0"), "", true}, {"f", text1("404"), "", true}, {"n", text1("40"), "", false},
		{"ok", text1("false"), "", true}, {"s", text1("ratelimited"), "", true}, {"s", text1("limited"), "", false},
		{"empty", text1(""), "", true}, {"none", text1("null"), "", false}, {"none", text1(""), "", false}, {"list", text1("[]"), "", false},
		{"s", nil, "limit", true}, {"s", nil, "^limit", false}, {"n", nil, "^4..$", true}, {"error", nil, "E42", false},
		{"error.code", nil, "^E[0-9]+$", true}, {"esc", text1(`a"é`), "", true},
		{"errors.0.code", text1("1"), "", true}, {"errors.1.code", text1("1"), "", false}, {"errors.2.code", nil, "", false},
		{"errors.*.code", text1("2"), "", true}, {"errors.*.tags.*", text1("y"), "", true}, {"error.*.b", text1("1"), "", true},
		{"errors.code", text1("1"), "", false}, {"*", text1("ratelimited"), "", true},
	} {
		rules, err := newRules([]config.ErrorRule{{Body: config.BodyTest{Path: x.path, Equals: x.equals, Matches: x.matches}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := rules[0].body.in([]byte(body)); got != x.want {
			t.Errorf("%s %v %q: %v", x.path, x.equals, x.matches, got)
		}
	}
	ok, err := newRules([]config.ErrorRule{{Body: config.BodyTest{Path: "ok"}}})
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]bool{
		"": false, "null": false, "[1]": false, `"ok"`: false, `{"ok"`: false, `{"ok": `: false, "<html>": false,
		`{"ok": true, "data": [{"i`: true, `{"data": [}, "ok": true}`: false,
	} {
		if got := ok[0].body.in([]byte(body)); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}

// The walk finds what encoding/json finds, in any JSON.
func FuzzBodyTest(f *testing.F) {
	for _, s := range []string{`{"a": {"b": [1, "x", true, null, {}]}}`, `{"a": [{"b": "1"}, {"b": [[]]}]}`, `[{"a": 0}]`, `{"a": {"b": -0.0}}`, `{"a": "", "b": [{}]}`} {
		for _, path := range []string{"a.b.0", "a.*.b", "*.*", "0.a", "a.b"} {
			f.Add(s, path, "1", true)
			f.Add(s, path, "", false)
		}
	}
	f.Fuzz(func(t *testing.T, body, path, equals string, given bool) {
		var v any
		d := json.NewDecoder(strings.NewReader(body))
		d.UseNumber()
		if len(body) > 1000 || !json.Valid([]byte(body)) || d.Decode(&v) != nil || twice(body) || strings.Contains(body, "\\") {
			return
		}
		test := bodyTest{path: strings.Split(path, ".")}
		if given {
			test.equals = &equals
		}
		if got, want := test.in([]byte(body)), found(v, test.path, test.equals); got != want {
			t.Errorf("%s in %s, equals %q (%v): %v", path, body, equals, given, got)
		}
	})
}

// twice reports whether an object has a key twice, of which encoding/json keeps the last.
func twice(body string) bool {
	d := json.NewDecoder(strings.NewReader(body))
	var keys []map[string]bool
	var expects []bool // a key, in the object or list at hand
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		last := len(keys) - 1
		switch v := token.(type) {
		case json.Delim:
			switch v {
			case '{', '[':
				if last >= 0 && keys[last] != nil {
					expects[last] = true
				}
				if v == '{' {
					keys = append(keys, map[string]bool{})
				} else {
					keys = append(keys, nil)
				}
				expects = append(expects, true)
			default:
				keys, expects = keys[:last], expects[:last]
			}
			continue
		case string:
			if last >= 0 && keys[last] != nil && expects[last] {
				if keys[last][v] {
					return true
				}
				keys[last][v], expects[last] = true, false
				continue
			}
		}
		if last >= 0 {
			expects[last] = true
		}
	}
}

// found is bodyTest on a decoded value.
func found(v any, path []string, equals *string) bool {
	if len(path) > 0 {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				if (path[0] == "*" || path[0] == key) && found(value, path[1:], equals) {
					return true
				}
			}
		case []any:
			n, err := strconv.Atoi(path[0])
			for i, value := range v {
				if (path[0] == "*" || err == nil && n == i) && found(value, path[1:], equals) {
					return true
				}
			}
		}
		return false
	}
	switch v := v.(type) {
	case string:
		return equals != nil && *equals == v || equals == nil && v != ""
	case json.Number:
		f, err := v.Float64()
		if equals == nil {
			return strings.ContainsAny(strings.FieldsFunc(v.String(), func(r rune) bool { return r == 'e' || r == 'E' })[0], "123456789")
		}
		g, errG := strconv.ParseFloat(*equals, 64)
		return v.String() == *equals || err == nil && errG == nil && f == g
	case bool:
		return equals != nil && *equals == strconv.FormatBool(v) || equals == nil && v
	case map[string]any:
		return equals == nil && len(v) > 0
	case []any:
		return equals == nil && len(v) > 0
	}
	return false
}

// The first rule that matches says what happens, whatever the status table would say.
func TestRulesAct(t *testing.T) {
	rules := []config.ErrorRule{
		{Status: at(404), Body: config.BodyTest{Path: "code", Equals: text1("GONE")}, Action: config.ErrorSkip},
		{Status: at(404), Contains: "behind", Action: config.ErrorEnd},
		{Status: at(404, 503), Action: config.ErrorFail, Message: "ask support"},
		{Body: config.BodyTest{Path: "error", Matches: "^rate"}, Action: config.ErrorRetry, Wait: 7 * time.Second},
		{Body: config.BodyTest{Path: "errors"}, Action: config.ErrorFail},
		{Status: at(401), Action: config.ErrorRetry},
	}
	for _, x := range []struct {
		name   string
		bad    http.HandlerFunc
		after  time.Duration // until the second request, where there is one
		status int           // of a Response; 0: an error
		parts  []string
		end    bool
	}{
		{name: "skip", bad: text(404, `{"code": "GONE"}`), status: 404},
		{name: "end", bad: text(404, "behind the last"), end: true, parts: []string{"404 Not Found: behind the last"}},
		{name: "fail", bad: text(404, "{}"), parts: []string{"404 Not Found (ask support)"}},
		{name: "fail what would be asked again", bad: text(503, "{}", "Retry-After", "3"), parts: []string{"503 Service Unavailable (ask support)"}},
		{name: "retry a page", bad: text(200, `{"ok": false, "error": "ratelimited"}`), after: 7 * time.Second, status: 200},
		{name: "as long as it says", bad: text(200, `{"error": "ratelimited"}`, "Retry-After", "3"), after: 3 * time.Second, status: 200},
		{name: "fail a page", bad: text(200, `{"data": [], "errors": [{"message": "no such field"}]}`), parts: []string{"200 OK: no such field (errors[4] of the configuration says fail)"}},
		{name: "retry a refusal", bad: text(401, "", "Retry-After", "2"), after: 2 * time.Second, status: 200},
		{name: "a page", bad: text(200, onePage), status: 200},
		{name: "what no rule matches", bad: text(410, ""), parts: []string{"410 Gone (what was asked for is no longer there)"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{answers: []http.HandlerFunc{x.bad, text(200, onePage)}}
				c := inMemory(t, a, Options{MaxRetries: 1, Errors: rules})
				r, err := c.Get(t.Context(), nil, nil)
				if n := a.requests.Load(); n != 1 && x.after == 0 || x.after > 0 && (n != 2 || a.times[1].Sub(a.times[0]) != x.after) {
					t.Errorf("%d requests, at %v", n, a.times)
				}
				if x.status != 0 {
					if err != nil || r.Status != x.status || r.Skipped != (x.status != 200) || r.Skipped != (len(r.Body) == 0) {
						t.Errorf("got %+v, %v", r, err)
					}
					return
				}
				wantSource(t, err, append(x.parts, "GET http://api.test/users: ")...)
				var status *StatusError
				var ruled *RuleError
				switch {
				case x.end:
					if !errors.As(err, &status) || !status.End || status.Means() != strategies.Said || status.Status != 404 {
						t.Errorf("got %#v", err)
					}
				case x.name == "what no rule matches":
					if !errors.As(err, &status) || status.End || status.Means() != 410 {
						t.Errorf("got %#v", err)
					}
				case errors.As(err, &status) || !errors.As(err, &ruled):
					t.Errorf("got %#v", err)
				}
			})
		})
	}
}

// A rule that asks again does so max_retries times, and never for longer than max_wait at once.
func TestRulesRetryForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := []config.ErrorRule{{Body: config.BodyTest{Path: "error"}, Action: config.ErrorRetry, Message: "it does so at night"}}
		a := &api{answers: []http.HandlerFunc{text(200, `{"error": "busy"}`)}}
		err := get(t, inMemory(t, a, Options{MaxRetries: 3, Errors: rules}))
		wantTries(t, err, 4)
		wantSource(t, err, "200 OK: busy (it does so at night)")
		wantRequests(t, a, 4)
		if status := (*StatusError)(nil); errors.As(err, &status) {
			t.Errorf("it is a refusal: %v", err)
		}
		a = &api{answers: []http.HandlerFunc{text(200, `{"error": "busy"}`, "Retry-After", "7200")}}
		err = get(t, inMemory(t, a, Options{MaxRetries: 3, Errors: rules}))
		wantSource(t, err, "2h0m0s", "Retry-After: 7200", "max_wait 1h0m0s", "busy")
		wantRequests(t, a, 1)
	})
}

// What rules look for in a page may stand at its end: the page is not taken in pieces then.
func TestRulesReadWholePages(t *testing.T) {
	body := `{"data": [` + strings.Repeat(`{"id": "1"}, `, 1000) + `{"id": "1"}], "errors": ["partial"]}`
	for _, x := range []struct {
		rule config.ErrorRule
		fail bool
	}{
		{config.ErrorRule{Body: config.BodyTest{Path: "errors"}, Action: config.ErrorFail}, true},
		{config.ErrorRule{Contains: "partial", Action: config.ErrorFail}, false},
		{config.ErrorRule{Status: at(404), Body: config.BodyTest{Path: "errors"}, Action: config.ErrorFail}, false},
	} {
		c, _ := onLoopback(t, text(200, body), Options{Piece: 1000, Errors: []config.ErrorRule{x.rule}})
		r, err := c.Get(t.Context(), nil, nil)
		if x.fail {
			wantSource(t, err, "partial")
			continue
		}
		if err != nil || r.Rest == nil {
			t.Errorf("%+v: %v, %v", x.rule, r, err)
			continue
		}
		r.drop()
	}
}

// P11: what a rule's error quotes of the answer holds no secret.
func TestRulesHideSecrets(t *testing.T) {
	for _, action := range []string{config.ErrorFail, config.ErrorEnd, config.ErrorRetry} {
		c, _ := onLoopback(t, text(200, `{"error": "the key hunter2hunter2 is not known"}`), Options{
			Headers: map[string]config.Secret{"X-Api-Key": "hunter2hunter2"},
			Errors:  []config.ErrorRule{{Body: config.BodyTest{Path: "error"}, Action: action}},
		})
		err := get(t, c)
		wantSource(t, err, "is not known")
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", action, err)
		}
	}
}

func TestRuleWithBadExpression(t *testing.T) {
	_, err := New(Options{URL: "http://127.0.0.1/", Errors: []config.ErrorRule{{}, {Body: config.BodyTest{Path: "a", Matches: "("}}}})
	if class.Of(err) != class.Config || !strings.Contains(err.Error(), "errors[1].body.matches: ") {
		t.Errorf("got %v", err)
	}
}
