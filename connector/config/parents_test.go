package config

import (
	"strings"
	"testing"
)

const family = `
streams:
  - {name: companies, url: "http://127.0.0.1:1/companies", strategy: snapshot}
  - name: departments
    url: "http://127.0.0.1:1"
    strategy: sweep
    params: {since: since}
    for_each: {stream: companies}
    request: {path: "/companies/{parent.id}/departments"}
  - name: employees
    url: "http://127.0.0.1:1"
    strategy: snapshot
    for_each: {stream: departments, when: parent_changed}
    request: {path: "/companies/{parent.parent.id}/departments/{parent.id}/employees"}
`

// A stream whose rows others are read for is found wherever it stands, with its own parent.
func TestParents(t *testing.T) {
	c, err := Parse("c.yaml", []byte(family), nil, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	e := c.Streams[2].ForEach
	if e.Parent == nil || e.Parent.Name != "departments" || e.Parent.ForEach.Parent == nil || e.Parent.ForEach.Parent.Name != "companies" {
		t.Errorf("the parent is %+v", e.Parent)
	}
	spec, err := c.Streams[2].Spec()
	if err != nil || !spec.Parents || !spec.Changed {
		t.Errorf("%+v, %v", spec, err)
	}
}

// The fingerprint hangs on that by which a parent is known, and not on its name or which there are.
func TestFingerprintOfParents(t *testing.T) {
	of := func(text string) string {
		t.Helper()
		c, err := Parse("c.yaml", []byte(text), nil, Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		return c.Streams[2].Fingerprint()
	}
	is := of(family)
	renamed := strings.NewReplacer("name: companies", "name: firms", "stream: companies", "stream: firms").Replace(family)
	if of(renamed) != is || of(strings.Replace(family, "name: companies", `name: companies, where: "a = 1"`, 1)) != is {
		t.Error("another name, or another choice of parents, changes the fingerprint")
	}
	if of(strings.Replace(family, "name: companies", "name: companies, primary_key: no", 1)) == is {
		t.Error("another key of the parents does not change the fingerprint")
	}
}

// What is wrong with for_each is said with its place and what to do.
func TestWrongParents(t *testing.T) {
	for name, x := range map[string]struct{ old, with, says string }{
		"no such stream":        {"stream: companies}", "stream: companie}", `c.yaml:8:24: streams[1].for_each.stream: there is no stream "companie" (did you mean companies?)`},
		"itself":                {"stream: companies}", "stream: departments}", "c.yaml:8:24: streams[1].for_each.stream: leads back to the stream itself"},
		"a circle":              {"stream: companies}", "stream: employees}", "c.yaml:8:24: streams[1].for_each.stream: leads back to the stream itself"},
		"values, too":           {"stream: companies}", "stream: companies, values: [a]}", "streams[1].for_each.stream: is given beside for_each.values (keep one of the two)"},
		"when, with a mark":     {"stream: companies}", "stream: companies, when: parent_changed}", "streams[1].for_each.when: reads whole slices, which sweep does not"},
		"when, and no stream":   {"stream: companies}", "values: [a], when: parent_changed}", "streams[1].for_each.when: says nothing without for_each.stream"},
		"no field of it":        {"/companies/{parent.id}/departments", "/departments", "streams[1].for_each: each request would be the same (put a field of the parent, as {parent.id}, into"},
		"a word of gone":        {"stream: companies}", "stream: companies, gone: maybe}", "streams[1].for_each.gone: "},
		"no parents at all":     {"stream: companies}", "stream: companies, max_parents: 0}", "streams[1].for_each.max_parents: "},
		"a strategy of its own": {"strategy: sweep", "strategy: timestamp", "streams[1].for_each: timestamp reads no slices"},
		"parent, and none":      {"    for_each: {stream: companies}\n", "", "{parent.id} has no value, for the stream has no parent"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("c.yaml", []byte(strings.Replace(family, x.old, x.with, 1)), nil, Overrides{})
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("got %v, want %q", err, x.says)
			}
		})
	}
}
