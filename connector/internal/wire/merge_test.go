package wire

import (
	"strings"
	"testing"
)

// What a file's schema takes from the subject's latest one, and what it does not.
func TestMerged(t *testing.T) {
	record := func(fields string) string {
		return `{"type": "record", "name": "R", "fields": [{"name": "id", "type": "string"}` + fields + `]}`
	}
	const plan = `, {"name": "plan", "type": ["null", "string"], "default": null, "doc": "paid"}`
	for _, c := range []struct{ name, file, latest, want string }{
		{"there is none", record(""), "", record("")},
		{"nothing besides", record(""), record(""), record("")},
		{"a field", record(""), record(plan), record(plan)},
		{"a field beside another", record(`, {"name": "a", "type": "int"}`), record(plan), record(`, {"name": "a", "type": "int"}` + plan)},
		{"one without a default", record(""), record(`, {"name": "x", "type": "int"}`), record("")},
		{"one that is called otherwise now", record(`, {"name": "tariff", "type": ["null", "string"], "default": null, "aliases": ["plan"]}`), record(plan),
			record(`, {"name": "tariff", "type": ["null", "string"], "default": null, "aliases": ["plan"]}`)},
		{"a wider number", record(`, {"name": "n", "type": ["null", "int"], "default": null}`), record(`, {"name": "n", "type": ["null", "double"], "default": null}`),
			record(`, {"name": "n", "type": ["null", "double"], "default": null}`)},
		{"a narrower number", record(`, {"name": "n", "type": "long"}`), record(`, {"name": "n", "type": "int"}`), record(`, {"name": "n", "type": "long"}`)},
		{"another type", record(`, {"name": "n", "type": "string"}`), record(`, {"name": "n", "type": "long"}`), record(`, {"name": "n", "type": "string"}`)},
		{"a number that became a time", record(`, {"name": "n", "type": "int"}`), record(`, {"name": "n", "type": {"type": "long", "logicalType": "timestamp-millis"}}`),
			record(`, {"name": "n", "type": "int"}`)},
		{"further down", record(`, {"name": "in", "type": ["null", {"type": "array", "items": {"type": "record", "name": "In", "fields": []}}]}`),
			record(`, {"name": "in", "type": ["null", {"type": "array", "items": {"type": "record", "name": "In", "fields": [{"name": "b", "type": "int", "default": 1}]}}]}`),
			record(`, {"name": "in", "type": ["null", {"type": "array", "items": {"type": "record", "name": "In", "fields": [{"name": "b", "type": "int", "default": 1}]}}]}`)},
		{"its own text, where it is the same", record(strings.ReplaceAll(plan, `, "doc": "paid"`, "")), record(plan), record(plan)},
		{"another default", record(`, {"name": "n", "type": "int", "default": 1}`), record(`, {"name": "n", "type": "int", "default": 2}`), record(`, {"name": "n", "type": "int", "default": 1}`)},
	} {
		got, err := Merged(c.file, c.latest)
		if err != nil || got != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.name, err, got, c.want)
		}
	}
	clash := record(`, {"name": "x", "type": ["null", {"type": "record", "name": "R", "namespace": "", "fields": []}], "default": null}`)
	for _, latest := range []string{clash, "{", record(`, {"name": "y", "type": ["null", "Elsewhere"], "default": null}`)} {
		if got, err := Merged(record(""), latest); err == nil {
			t.Errorf("%s gives %s", latest, got)
		}
	}
}

// How schemas differ, in words.
func TestDifferences(t *testing.T) {
	const before = `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":["null",{"type":"record","name":"B","fields":[{"name":"c","type":"string"}]}]},
		{"name":"e","type":{"type":"enum","name":"E","symbols":["x"]}},{"name":"f","type":{"type":"array","items":"int"}},{"name":"gone","type":"bytes"}]}`
	const now = `{"type":"record","name":"S","fields":[{"name":"a","type":["null","int"]},{"name":"b","type":["null",{"type":"record","name":"B","fields":[{"name":"c","type":{"type":"long","logicalType":"timestamp-micros"}}]}]},
		{"name":"e","type":{"type":"enum","name":"E","symbols":["x","y"]}},{"name":"f","type":{"type":"array","items":"long"}},{"name":"new","type":"int","default":1},{"name":"bare","type":"int"}]}`
	const want = "the record is called S and was R, a is null or int and was int, b.c is long (timestamp-micros) and was string, e has the symbols [x y] and had [x], " +
		"f[] is long and was int, new is new (int, with a default), bare is new (int, without a default), gone is gone (bytes)"
	if got := strings.Join(Differences(before, now), ", "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, same := range []string{before, "{"} {
		if got := Differences(same, before); len(got) > 0 {
			t.Errorf("got %q", got)
		}
	}
}
