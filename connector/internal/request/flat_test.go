package request

import (
	"strings"
	"testing"

	"tidemark/connector/internal/class"
)

// A stream without a template sends what it always sent: the URL's own parameters, the fixed ones by name, and
// the question's in its order, which replace those of the same name.
func TestFlat(t *testing.T) {
	names := map[Role]string{Since: "since", Limit: "limit", Offset: "offset", Token: "scroll_token", OrderBy: "a b", OrderType: ""}
	for _, x := range []struct {
		name, url   string
		query       map[string]string
		q           Question
		sent, shown string
	}{
		{"bare", "http://h/users", nil, nil, "http://h/users", ""},
		{"no path", "http://h", nil, ask("since", "1"), "http://h?since=1", ""},
		{"a lone question mark", "http://h/users?", nil, nil, "http://h/users", ""},
		{"the path as it is written", "http://h/a%2Fb/(c)?x", nil, nil, "http://h/a%2Fb/(c)?x", ""},
		{"a path with letters that are escaped", "http://h/ü?x", nil, nil, "http://h/%C3%BC?x", ""},
		{"own query first, then fixed ones by name, then the question in order", "http://h/users?b=1&flag&a=%20#top",
			map[string]string{"z": "ü&", "c": ""}, ask("since", "2026-11-14T20:02:39+00:00", "order_by", "="),
			"http://h/users?b=1&flag&a=%20&c=&z=%C3%BC%26&since=2026-11-14T20%3A02%3A39%2B00%3A00&a+b=%3D", ""},
		{"the question's order", "http://h/", nil, ask("offset", "1", "limit", "2"), "http://h/?offset=1&limit=2", ""},
		{"no value, no name", "http://h/", nil, ask("since", "", "order_type", "asc", "page", "1"), "http://h/?since=", ""},
		{"nothing is sent twice", "http://h/?limit=5&x=1", map[string]string{"x": "2", "offset": "0"},
			ask("limit", "50", "offset", "100"), "http://h/?x=2&limit=50&offset=100", ""},
		{"what is not asked stays fixed", "http://h/?limit=5", map[string]string{"offset": "0"}, nil, "http://h/?limit=5&offset=0", ""},
		{"braces are themselves", "http://h/?a={since}", map[string]string{"b": "{token}"}, nil, "http://h/?a={since}&b=%7Btoken%7D", ""},
		{"secrets are sent and not shown", "http://me:sesame@h/?api_key=k1&since=1", map[string]string{"access_token": "k2", "AuthCode": "k3", "author": "jo"},
			ask("token", "MjA="),
			"http://me:sesame@h/?api_key=k1&since=1&AuthCode=k3&access_token=k2&author=jo&scroll_token=MjA%3D",
			"http://***@h/?api_key=***&since=1&AuthCode=***&access_token=***&author=jo&scroll_token=MjA%3D"},
	} {
		t.Run(x.name, func(t *testing.T) {
			template, err := Flat(x.url, x.query, names)
			if err != nil {
				t.Fatal(err)
			}
			for range 20 { // map order must not show
				r, err := template.Build(x.q)
				if err != nil || r.Method != "GET" || r.Header != nil || r.Body != nil {
					t.Fatalf("%+v, %v", r, err)
				}
				if r.URL.String() != x.sent {
					t.Fatalf("sent\n%s, want\n%s", r.URL.String(), x.sent)
				}
				want := x.shown
				if want == "" {
					want = x.sent
				}
				if r.Shown != want || r.String() != "GET "+want {
					t.Fatalf("shown\n%s, want\n%s", r.Shown, want)
				}
			}
		})
	}
}

// A bad URL is refused without showing a secret (P11).
func TestBadURL(t *testing.T) {
	for url, says := range map[string]string{
		"":                           "must begin with http:// or https://",
		"api.test/users":             "must begin with http:// or https://",
		"ftp://api.test/users":       `not with "ftp"`,
		"http:///users":              "has no host",
		"http://h/?a=%sesame":        "two hexadecimal digits",
		"http://me:ses/ame@h/":       "percent-encoded",
		"http://h:port/":             "invalid port",
		"http://h/\x7f?token=sesame": "cannot be read",
	} {
		_, err := Flat(url, nil, nil)
		if class.Of(err) != class.Config || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "ses") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
