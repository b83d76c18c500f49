package rest

import (
	"net/http"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/request"
	"tidemark/strategies"
)

func TestBuildURL(t *testing.T) {
	for _, x := range []struct {
		name, url   string
		query       map[string]string
		params      []strategies.Param
		sent, shown string
	}{
		{"bare", "http://h/users", nil, nil, "http://h/users", "http://h/users"},
		{"own query first, then fixed ones by name, then params in order", "http://h/users?b=1&flag&a=%20#top",
			map[string]string{"z": "ü&", "c": ""}, []strategies.Param{{Role: strategies.RoleSince, Value: "2026-11-14T20:02:39+00:00"}, {Role: strategies.RoleOrderBy, Value: "="}},
			"http://h/users?b=1&flag&a=%20&c=&z=%C3%BC%26&since=2026-11-14T20%3A02%3A39%2B00%3A00&a+b=%3D", ""},
		{"a param is never sent twice", "http://h/?limit=5&x=1", map[string]string{"x": "2", "offset": "0"},
			[]strategies.Param{{Role: strategies.RoleLimit, Value: "50"}, {Role: strategies.RoleOffset, Value: "100"}}, "http://h/?x=2&limit=50&offset=100", ""},
		{"secrets are sent and not shown", "http://me:sesame@h/?api_key=k1&since=1", map[string]string{"access_token": "k2", "AuthCode": "k3", "author": "jo"},
			[]strategies.Param{{Role: strategies.RoleToken, Value: "MjA="}},
			"http://me:sesame@h/?api_key=k1&since=1&AuthCode=k3&access_token=k2&author=jo&scroll_token=MjA%3D",
			"http://***@h/?api_key=***&since=1&AuthCode=***&access_token=***&author=jo&scroll_token=MjA%3D"},
	} {
		t.Run(x.name, func(t *testing.T) {
			target, err := newTarget(Options{URL: x.url, Query: x.query, Params: names})
			if err != nil {
				t.Fatal(err)
			}
			for range 20 { // map order must not show
				q, err := target.build(x.params)
				if err != nil {
					t.Fatal(err)
				}
				if q.URL.String() != x.sent {
					t.Fatalf("sent\n%s, want\n%s", &q.URL, x.sent)
				}
				want := x.shown
				if want == "" {
					want = x.sent
				}
				if q.Shown != want {
					t.Fatalf("shown\n%s, want\n%s", q.Shown, want)
				}
			}
		})
	}
}

// A template's headers go with each request, whether or not they hang on the question, and so does the
// type of its body.
func TestTemplateHeaders(t *testing.T) {
	template, err := request.Compile(request.Spec{
		URL: "http://api.test/users",
		Header: []request.Field{
			{Name: "x-app", Value: request.Text{Text: "shop"}},
			{Name: "X-Since", Value: request.Text{Text: "{since}"}},
		},
		JSON: &request.Node{Kind: request.Object, Names: []string{"since"}, Items: []request.Node{{Kind: request.String, Text: request.Text{Text: "{since}"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got http.Header
	served := func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		text(200, onePage)(w, r)
	}
	c := inMemory(t, http.HandlerFunc(served), Options{Template: template})
	for _, since := range []string{"1", "2"} {
		if _, err := c.Get(t.Context(), []strategies.Param{{Role: strategies.RoleSince, Value: since}}, acceptPage); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"X-App": "shop", "X-Since": since, "Content-Type": "application/json", "Accept": "application/json"} {
			if v := got.Get(name); v != want {
				t.Errorf("since %s: %s is %q, want %q", since, name, v, want)
			}
		}
	}
}

// Bad settings are refused when the client is made, without showing a secret.
func TestBadOptions(t *testing.T) {
	for _, x := range []struct {
		name string
		o    Options
		says string
	}{
		{"no url", Options{}, "must begin with http:// or https://"},
		{"no scheme", Options{URL: "api.test/users"}, "must begin with http:// or https://"},
		{"other scheme", Options{URL: "ftp://api.test/users"}, `not with "ftp"`},
		{"no host", Options{URL: "http:///users"}, "has no host"},
		{"bad escape", Options{URL: "http://h/?a=%sesame"}, "two hexadecimal digits"},
		{"slash in a password", Options{URL: "http://me:ses/ame@h/"}, "percent-encoded"},
		{"bad port", Options{URL: "http://h:port/"}, "invalid port"},
		{"header name", Options{URL: "http://h", Headers: map[string]config.Secret{"Authorization: sesame": "x"}}, `"Authorization" is not a header's name`},
		{"header value", Options{URL: "http://h", Headers: map[string]config.Secret{"X-Key": "sesame\r\nHost: evil"}}, "value of X-Key has a line break"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := New(x.o)
			if class.Of(err) != class.Config || !strings.Contains(err.Error(), x.says) {
				t.Errorf("got %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "ses")) {
				t.Errorf("shows a secret: %v", err)
			}
		})
	}
}
