package config

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/connector/internal/class"
)

// alike compares configurations but for where their streams stand.
func alike(a, b *Config) bool {
	for _, c := range []*Config{a, b} {
		for i := range c.Streams {
			for s := &c.Streams[i]; s != nil; s = s.ForEach.Parent {
				s.Pos = Position{}
			}
		}
	}
	return reflect.DeepEqual(a, b)
}

// What is rewritten without a change says the same, whatever it is written in.
func TestRewriteKeeps(t *testing.T) {
	paths, err := filepath.Glob("testdata/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`\$\{(\w+)\}`)
	for _, path := range append(paths, "testdata/configuration.json", "testdata/all.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range variable.FindAllSubmatch(data, -1) {
				t.Setenv(string(name[1]), strings.Repeat("5a", 32))
			}
			before, err := Load(path, Overrides{})
			if err != nil {
				t.Skip("it cannot be loaded with these values of the environment: ", err)
			}
			to := filepath.Join(filepath.Dir(path), "rewritten.yaml")
			text, err := Rewrite(path, to, nil)
			if err != nil {
				t.Fatal(err)
			}
			after, err := Parse(to, text, os.LookupEnv, Overrides{})
			if err != nil || !alike(before, after) {
				t.Errorf("%v\n%s", err, text)
			}
			if bytes.Contains(text, []byte("5a5a")) {
				t.Errorf("the environment's values are in it:\n%s", text)
			}
		})
	}
}

// Keys are set where they stand and where they do not, in the flat form and in the list; of sections that two streams
// share only the one of the stream that is meant.
func TestRewriteSets(t *testing.T) {
	for _, tt := range []struct{ name, from, want string }{
		{"flat.json", `{"name": "a", "strategy": "keyset", /* ! */ "base_url": "http://api.test/${PART:-users}", "sorted": true}`, `
name: a
strategy: sweep
base_url: "http://api.test/${PART:-users}"
sorted: false
pages: token
params:
  since: "changed[gte]"
  token: page
token_path: "next"
end:
  - token
`},
		{"list.yaml", `
streams:
  - {name: b, url: "http://api.test/b", strategy: keyset, params: &p {since: after, token: page}}
  - name: a # mine
    url: http://api.test/a
    strategy: keyset
    params: *p
`, `
streams:
  - name: b
    url: "http://api.test/b"
    strategy: keyset
    params:
      since: after
      token: page
  - name: a
    url: "http://api.test/a"
    strategy: sweep
    params:
      since: "changed[gte]"
      token: page
    pages: token
    token_path: "next"
    sorted: false
    end:
      - token
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.name)
			if err := os.WriteFile(path, []byte(tt.from), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Rewrite(path, filepath.Join(filepath.Dir(path), "new.yaml"), map[string][]Set{"a": {
				{"strategy", "sweep"}, {"pages", "token"}, {"params.since", `"changed[gte]"`}, {"params.token", "page"}, {"token_path", `"next"`},
				{"sorted", "false"}, {"end", "[token]"}, {"strategy", "sweep"},
			}})
			if want := strings.ReplaceAll(strings.TrimPrefix(tt.want, "\n"), `"next"`, "next"); err != nil || string(got) != want {
				t.Errorf("%v\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}

// What is no configuration is not written: settings that contradict each other, and a file to which the paths in it do
// not lead.
func TestRewriteRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	text := "name: a\nstrategy: keyset\nbase_url: http://api.test/a\nschema: a.avsc\n"
	for name, text := range map[string]string{path: text, filepath.Join(dir, "a.avsc"): `{"type": "record"}`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		from, to string
		sets     []Set
	}{
		"no file":        {filepath.Join(dir, "none.yaml"), path, nil},
		"no strategy":    {path, path, []Set{{"strategy", "fastest"}}},
		"no value":       {path, path, []Set{{"end", "[token"}}},
		"another folder": {path, filepath.Join(dir, "far", "c.yaml"), nil},
	} {
		if text, err := Rewrite(tt.from, tt.to, map[string][]Set{"a": tt.sets}); class.Of(err) != class.Config || text != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// A tree that is written and read again is the same one.
func TestLawWrite(t *testing.T) {
	scalar := rapid.Custom(func(t *rapid.T) *node {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return &node{kind: isNumber, text: rapid.StringMatching(`-?[1-9][0-9]{0,5}(\.[0-9]{1,3})?`).Draw(t, "number")}
		case 1:
			return &node{kind: isBool, text: rapid.SampledFrom([]string{"true", "false"}).Draw(t, "boolean")}
		case 2:
			return &node{kind: isText, text: rapid.SampledFrom([]string{"", "yes", "~", "null", "1e3", "0x1", "- a", "a: b", "#", "é „x“", "a\nb\n", "${X}", "!!str", "&a", "*", "2026-01-01", "\u2028"}).Draw(t, "word")}
		}
		return &node{kind: isText, text: rapid.StringN(0, 12, -1).Draw(t, "text")}
	})
	var tree func(depth int) *rapid.Generator[*node]
	tree = func(depth int) *rapid.Generator[*node] {
		return rapid.Custom(func(t *rapid.T) *node {
			kind := rapid.IntRange(0, 2).Draw(t, "form")
			if depth == 0 || kind == 0 {
				return scalar.Draw(t, "scalar")
			}
			n := &node{kind: isList}
			if kind == 1 {
				n.kind = isObject
			}
			for range rapid.IntRange(0, 3).Draw(t, "members") {
				member := tree(depth-1).Draw(t, "member")
				if n.kind == isList {
					n.items = append(n.items, member)
					continue
				}
				key := rapid.StringMatching(`[a-z_\[\]. -]{1,8}`).Draw(t, "key")
				n.entries = append(n.entries, entry{key: key, value: member})
			}
			return n
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		n := &node{kind: isObject, entries: []entry{{key: "top", value: tree(3).Draw(t, "tree")}}}
		var b bytes.Buffer
		n.write(&b, "", false)
		back, problem := parseYAML("c.yaml", b.Bytes())
		if problem != nil || !same(n, back) {
			t.Fatalf("%v\n%s", problem, b.String())
		}
	})
}

func same(a, b *node) bool {
	if a.kind != b.kind || a.text != b.text || len(a.items) != len(b.items) || len(a.entries) != len(b.entries) {
		return false
	}
	for i := range a.items {
		if !same(a.items[i], b.items[i]) {
			return false
		}
	}
	for i := range a.entries {
		if a.entries[i].key != b.entries[i].key || !same(a.entries[i].value, b.entries[i].value) {
			return false
		}
	}
	return true
}
