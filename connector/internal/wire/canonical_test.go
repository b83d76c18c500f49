package wire

import (
	"testing"

	"tidemark/schemas"
)

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		` "long" `: `"long"`,
		`{"type": "record", "namespace": "n", "name": "R", "doc": "x", "aliases": ["Q"], "fields": [
			{"doc": "y", "type": {"type": "long", "logicalType": "timestamp-millis"}, "name": "at", "default": 0, "order": "ignore"},
			{"name": "next", "type": ["null", "R"], "default": null},
			{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A"}},
			{"name": "f", "type": {"type": "fixed", "name": "m.F", "size": 4, "logicalType": "decimal", "precision": 3}},
			{"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
			{"name": "l", "type": {"type": "array", "items": {"type": "map", "values": {"type": "string", "logicalType": "uuid"}}}},
			{"name": "u", "type": {"type": "long", "logicalType": "of-tomorrow"}}]}`: `{"name":"n.R","type":"record","fields":[` +
			`{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"next","type":["null","n.R"]},` +
			`{"name":"e","type":{"name":"n.E","type":"enum","symbols":["A","B"]}},` +
			`{"name":"f","type":{"name":"m.F","type":"fixed","size":4,"logicalType":"decimal","precision":3,"scale":0}},` +
			`{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},` +
			`{"name":"l","type":{"type":"array","items":{"type":"map","values":{"type":"string","logicalType":"uuid"}}}},` +
			`{"name":"u","type":"long"}]}`,
	} {
		if got, err := Canonical(text); err != nil || got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s\n%v", text, got, want, err)
		}
	}
	if _, err := Canonical("{"); err == nil {
		t.Error("what is no schema has a canonical form")
	}
}

// What reads a record otherwise is another schema.
func TestFingerprint(t *testing.T) {
	seen := map[string]string{}
	for _, text := range []string{
		schemas.User, `"long"`, `"int"`, `{"type": "long", "logicalType": "timestamp-millis"}`, `{"type": "long", "logicalType": "timestamp-micros"}`,
		`{"type": "long", "logicalType": "local-timestamp-micros"}`, `{"type": "long", "logicalType": "time-micros"}`,
		`{"type": "int", "logicalType": "date"}`, `{"type": "int", "logicalType": "time-millis"}`,
		`{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}`, `{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}`,
		`["null", "long"]`, `["long", "null"]`, `{"type": "array", "items": "long"}`, `{"type": "map", "values": "long"}`,
		`{"type": "fixed", "name": "F", "size": 4}`, `{"type": "fixed", "name": "F", "size": 5}`,
		`{"type": "enum", "name": "F", "symbols": ["A", "B"]}`, `{"type": "enum", "name": "F", "symbols": ["B", "A"]}`,
	} {
		mark, err := Fingerprint(text)
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[mark]; twice {
			t.Errorf("%s and %s have one fingerprint", text, other)
		}
		seen[mark] = text
	}
}
