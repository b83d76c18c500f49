package options

import (
	"log/slog"
	"testing"

	"tidemark/connector/config"
)

// Streams of an api have one credential and one limit, but for what one gives itself. All that go the same way
// have one list of ways.
func TestStreamsShare(t *testing.T) {
	c, err := config.Parse("c.yaml", []byte(`
apis:
  budgets: {url: "http://127.0.0.1:1", auth: {kind: bearer, token: one}, rate_limit: [{requests: 1, per: 1s}]}
  number: {url: "http://127.0.0.1:1", rate_limit: 2}
streams:
  - {name: a, api: budgets, strategy: keyset}
  - {name: b, api: budgets, strategy: keyset, auth: {kind: bearer, token: two}}
  - {name: c, api: budgets, strategy: keyset, rate_limit: 5}
  - {name: d, api: number, strategy: keyset}
  - {name: e, api: number, strategy: keyset, auth: {kind: bearer, token: two}}
  - {name: f, strategy: keyset, url: "http://127.0.0.1:1", auth: {kind: bearer, token: one}, rate_limit: 2}
`), nil, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	apis := NewAPIs(nil, nil, slog.New(slog.DiscardHandler))
	defer apis.Close()
	type parts struct{ auth, limiter, budgets, ways any }
	all := map[string]parts{}
	for _, s := range c.Streams {
		for range 2 { // asked for again it is the same
			o, err := apis.Rest(s, 0, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			p := parts{ways: o.Ways}
			if o.Auth != nil {
				p.auth = o.Auth
			}
			if o.Limiter != nil {
				p.limiter = o.Limiter
			}
			if o.Budgets != nil {
				p.budgets = o.Budgets
			}
			if before, again := all[s.Name]; again && before.auth != p.auth {
				t.Errorf("%s has another credential when it is read for another stream", s.Name)
			}
			all[s.Name] = p
		}
	}
	a, b, own, d, e, f := all["a"], all["b"], all["c"], all["d"], all["e"], all["f"]
	switch {
	case a.auth == nil || a.auth != own.auth || a.auth == b.auth || b.auth == nil || b.auth == e.auth || d.auth != nil || f.auth == a.auth:
		t.Error("credentials")
	case a.budgets == nil || a.budgets != b.budgets || own.budgets != nil || own.limiter != nil || a.limiter != nil:
		t.Error("budgets")
	case d.limiter == nil || d.limiter != e.limiter || f.limiter != nil || d.budgets != nil:
		t.Error("limiters")
	}
	for name, p := range all {
		if p.ways == nil || p.ways != a.ways {
			t.Errorf("%s goes its own way", name)
		}
	}
}

// What is wrong with an api's credential is said of each stream that uses it, and not of others.
func TestWrongCredential(t *testing.T) {
	c, err := config.Parse("c.yaml", []byte(`
apis: {crm: {url: "http://127.0.0.1:1", auth: {kind: bearer, token_file: no-such-file}}}
streams:
  - {name: a, api: crm, strategy: keyset}
  - {name: b, api: crm, strategy: keyset}
  - {name: c, api: crm, strategy: keyset, auth: {kind: bearer, token: two}}
`), nil, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	apis := NewAPIs(nil, nil, slog.New(slog.DiscardHandler))
	for i, s := range c.Streams {
		if _, err := apis.Rest(s, 0, slog.New(slog.DiscardHandler)); (err != nil) != (i < 2) {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}
