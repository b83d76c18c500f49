package config

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A stream has from its api what it does not give itself: headers and query name by name, all else as a whole.
func TestStreamsOfAnAPI(t *testing.T) {
	c := mustParse(t, "c.yaml", `
streams:
  - {name: plain, strategy: keyset, api: crm, path: /users}
  - name: own
    strategy: keyset
    api: crm
    path: orders/?state=open
    headers: {x-tenant: mine, X-Own: here}
    query: {region: us}
    auth: {kind: basic, username: me, password: sesame}
    max_retries: 9
    errors: []
  - {name: root, strategy: timestamp, api: crm}
  - {name: whole, strategy: timestamp, api: crm, url: "https://CRM.example:443/v9/x", path: /y}
  - {name: alone, strategy: timestamp, url: "https://other.example", path: /z}
apis:
  crm:
    url: https://crm.example/v2/?v=2
    headers: {X-Tenant: theirs, Accept: application/json}
    query: {region: eu, lang: de}
    auth: {kind: bearer, token: token-hunter2}
    tls: {ca_file: ca.pem}
    proxy: http://proxy.example:3128
    rate_limit: [{requests: 10, per: 1s}]
    errors: [{status: 404, action: end}]
    request_timeout: 5s
    max_retries: 2
    max_wait: 10m
  unused: {url: "https://unused.example"}
`, Overrides{})
	type facts struct {
		url, kind string
		headers   map[string]string
		query     map[string]string
		retries   int
		rules     int
		shared    string
	}
	all := map[string]facts{}
	for _, s := range c.Streams {
		f := facts{s.URL, s.Auth.Kind, map[string]string{}, s.Query, s.MaxRetries, len(s.Errors), strings.Join(s.shared, " ")}
		for name, v := range s.Headers {
			f.headers[name] = v.Reveal()
		}
		all[s.Name] = f
		if s.API == "" {
			continue
		}
		if s.API != "crm" || s.RequestTimeout != 5*time.Second || s.MaxWait != 10*time.Minute || len(s.Budgets) != 1 || s.Proxy == "" || s.TLS.CAFile.Path != "ca.pem" {
			t.Errorf("%s: %+v", s.Name, s)
		}
	}
	theirs := map[string]string{"X-Tenant": "theirs", "Accept": "application/json"}
	eu := map[string]string{"region": "eu", "lang": "de"}
	const most = "query headers auth tls proxy request_timeout max_retries max_wait rate_limit errors"
	want := map[string]facts{
		"plain": {"https://crm.example/v2/users?v=2", "bearer", theirs, eu, 2, 1, "url " + most},
		"own": {"https://crm.example/v2/orders/?v=2&state=open", "basic", map[string]string{"x-tenant": "mine", "X-Own": "here", "Accept": "application/json"},
			map[string]string{"region": "us", "lang": "de"}, 9, 0, "url tls proxy request_timeout max_wait rate_limit"},
		"root":  {"https://crm.example/v2/?v=2", "bearer", theirs, eu, 2, 1, "url " + most},
		"whole": {"https://CRM.example:443/v9/x/y", "bearer", theirs, eu, 2, 1, most},
		"alone": {"https://other.example/z", "", map[string]string{}, nil, 5, 0, ""},
	}
	for name, w := range want {
		got := all[name]
		// Which keys a stream shares counts, not their order, which is the table's.
		a, b := strings.Fields(got.shared), strings.Fields(w.shared)
		slices.Sort(a)
		slices.Sort(b)
		got.shared, w.shared = strings.Join(a, " "), strings.Join(b, " ")
		if !reflect.DeepEqual(got, w) {
			t.Errorf("%s: got %+v\nwant %+v", name, got, w)
		}
	}
	if s := c.Streams[1]; s.Shares("auth") || !s.Shares("rate_limit") || c.Streams[4].Shares("auth") {
		t.Error("who shares what")
	}
}

// The form with one stream may have apis, too.
func TestAPIOfTheFlatForm(t *testing.T) {
	c := mustParse(t, "c.json", `{"strategy": "keyset", "api": "crm", "path": "/users", "apis": {"crm": {"url": "http://crm.example/v1", "max_retries": 1}}}`, Overrides{})
	if s := c.Streams[0]; s.URL != "http://crm.example/v1/users" || s.MaxRetries != 1 || s.Name != "user" {
		t.Errorf("%+v", s)
	}
}

// A path is put behind the url as it is written, with one slash between them.
func TestPathBehindURL(t *testing.T) {
	for _, c := range [][3]string{
		{"https://api.example", "/users", "https://api.example/users"},
		{"https://api.example/", "users", "https://api.example/users"},
		{"https://api.example/v1/", "/users/", "https://api.example/v1/users/"},
		{"https://api.example/v1/", "?a=b", "https://api.example/v1/?a=b"},
		{"https://api.example?a=b", "?c=d", "https://api.example?a=b&c=d"},
		{"https://api.example/a//b", "c//d", "https://api.example/a//b/c//d"},
		{"https://api.example/a%2Fb", "/c%2Fd", "https://api.example/a%2Fb/c%2Fd"},
		{"https://api.example/a b", "/é", "https://api.example/a%20b/%C3%A9"},
		{"https://[::1]:8443/v1?x=%2F", "/odata/Users('1')", "https://[::1]:8443/v1/odata/Users('1')?x=%2F"},
	} {
		got := mustParse(t, "c.yaml", fmt.Sprintf("{strategy: keyset, base_url: %q, path: %q}", c[0], c[1]), Overrides{}).Streams[0].URL
		if got != c[2] {
			t.Errorf("%s behind %s: got %s, want %s", c[1], c[0], got, c[2])
		}
	}
}

// The address of an api may come from the environment, and is in no message (P11).
func TestAPIFromTheEnvironment(t *testing.T) {
	c := mustParse(t, "c.yaml", "apis: {crm: {url: 'https://crm.example/${API_TOKEN}'}}\nstreams: [{strategy: keyset, api: crm, path: '/${API_TOKEN}/x'}]", Overrides{})
	if got, want := c.Streams[0].URL, "https://crm.example/token-hunter2/token-hunter2/x"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err := Parse("c.yaml", []byte("apis: {crm: {url: 'https://crm.example/'}}\nstreams: [{strategy: keyset, api: '${API_TOKEN}', path: '#${API_TOKEN}'}]"), environment, Overrides{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

// doc.go names the keys of an entry of apis, which are all a stream's.
func TestDocNamesTheKeysOfAnAPI(t *testing.T) {
	data, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), "// An entry has ")
	said, _, _ := strings.Cut(after, ". A stream")
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(said, func(r rune) bool { return strings.ContainsRune(" ,\n/'", r) }) {
		words[w] = true
	}
	stream := map[string]bool{}
	for _, f := range streamFields(&Stream{}) {
		stream[f.name] = true
	}
	for _, key := range apiKeys {
		if !words[key] || !stream[key] {
			t.Errorf("%s: said %v, a stream's key %v", key, words[key], stream[key])
		}
	}
	if len(apiFields(&Stream{})) != len(apiKeys) {
		t.Errorf("%v", slices.Sorted(maps.Keys(stream)))
	}
}
