package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A stream with an api is what it is with everything written out, whatever of the two gives which key.
func TestLawAPIsAreWrittenOut(t *testing.T) {
	keys := map[string][]string{
		"auth":            {"{kind: bearer, token: one}", "{kind: basic, username: me}", "{kind: api_key, key: two, name: X-Key}"},
		"tls":             {"{ca_file: ca.pem}", "{cert_file: c.pem, key_file: k.pem}"},
		"proxy":           {"http://proxy.example:1", "http://proxy.example:2"},
		"request_timeout": {"1s", "2s"},
		"max_retries":     {"0", "7"},
		"max_wait":        {"1m", "2m"},
		"rate_limit":      {"0", "2.5", "[{requests: 1, per: 1s}]"},
		"errors":          {"[]", "[{status: 404, action: skip}]", "[{status: 5xx, action: fail}, {contains: x, action: end}]"},
		"headers":         nil,
		"query":           nil,
	}
	names := map[string][]string{"headers": {"X-One", "x-one", "X-Two", "Accept"}, "query": {"one", "One", "two"}}
	fold := func(key, name string) string {
		if key == "headers" {
			return strings.ToLower(name)
		}
		return name
	}
	section := func(values map[string]string) string {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(values)) {
			parts = append(parts, name+": "+values[name])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(who string) (plain map[string]string, named map[string]map[string]string) {
			plain, named = map[string]string{}, map[string]map[string]string{}
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				if !rapid.Bool().Draw(t, who+" gives "+key) {
					continue
				}
				if values := keys[key]; values != nil {
					plain[key] = rapid.SampledFrom(values).Draw(t, who+" "+key)
					continue
				}
				named[key] = map[string]string{}
				has := map[string]bool{}
				for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(names[key]), func(s string) string { return s }).Draw(t, who+" "+key) {
					if !has[fold(key, name)] {
						has[fold(key, name)] = true
						named[key][name] = who
					}
				}
			}
			return plain, named
		}
		apiPlain, apiNamed := draw("api")
		ownPlain, ownNamed := draw("stream")
		write := func(plain map[string]string, named map[string]map[string]string, more map[string]string) string {
			all := maps.Clone(plain)
			for key, values := range named {
				all[key] = section(values)
			}
			maps.Copy(all, more)
			return section(all)
		}
		outPlain, outNamed := maps.Clone(apiPlain), map[string]map[string]string{}
		maps.Copy(outPlain, ownPlain)
		for key := range names {
			a, given := apiNamed[key]
			o, own := ownNamed[key]
			if !given && !own {
				continue
			}
			outNamed[key] = map[string]string{}
			for name, v := range a {
				if !slices.ContainsFunc(slices.Collect(maps.Keys(o)), func(mine string) bool { return fold(key, mine) == fold(key, name) }) {
					outNamed[key][name] = v
				}
			}
			maps.Copy(outNamed[key], o)
		}
		const strategy = "keyset"
		text := fmt.Sprintf("apis: {crm: %s}\nstreams: [%s]", write(apiPlain, apiNamed, map[string]string{"url": "https://api.example/v1"}),
			write(ownPlain, ownNamed, map[string]string{"api": "crm", "path": "/x", "strategy": strategy}))
		out := fmt.Sprintf("streams: [%s]", write(outPlain, outNamed, map[string]string{"url": "https://api.example/v1/x", "strategy": strategy}))
		var streams []Stream
		for _, text := range []string{text, out} {
			c, err := Parse("c.yaml", []byte(text), nil, Overrides{})
			if err != nil {
				t.Fatalf("%s\n%v", text, err)
			}
			s := c.Streams[0]
			s.API, s.shared, s.Pos = "", nil, Position{}
			streams = append(streams, s)
		}
		if !reflect.DeepEqual(streams[0], streams[1]) {
			t.Fatalf("%s\n%+v\n%s\n%+v", text, streams[0], out, streams[1])
		}
	})
}
