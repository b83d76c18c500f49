package wire

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

// A mistake in a schema is said with line and column, in tidemark's words and not in those of
// the library that decodes Avro.
func TestSchemaErrors(t *testing.T) {
	t.Parallel()
	theirs := regexp.MustCompile(`ought to|cannot unmarshal|goavro|interface \{\}|map\[|%!`)
	for name, c := range map[string]struct {
		schema string // ^ stands before the place
		says   string
	}{
		"empty":                            {"^", "ends too early"},
		"cut off":                          {`{"type": "record", "fields": [^`, "ends too early"},
		"no JSON":                          {"{\n  \"type\": \"record\",\n  ^'name'}", "not JSON"},
		"a comma too many":                 {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n {\"name\": \"a\", \"type\": \"int\"},\n^]}", "not JSON"},
		"something behind":                 {"{\"type\": \"record\", \"name\": \"R\", \"fields\": []}\n  ^{}", "follows"},
		"not a type":                       {"^7", "a type must be"},
		"no type":                          {`^{"name": "R"}`, "lacks its type"},
		"no name":                          {`^{"type": "record", "fields": []}`, "lacks its name"},
		"no fields":                        {`^{"type": "record", "name": "R"}`, "fields must be an array"},
		"fields of another kind":           {`{"type": "record", "name": "R", "fields": ^{}}`, "fields must be an array"},
		"a bad name":                       {`{"type": "record", "name": ^"my-record", "fields": []}`, "my-record"},
		"a bad namespace":                  {`{"type": "record", "name": "R", "namespace": ^"a..b", "fields": []}`, "namespace"},
		"a namespace of a kind":            {`{"type": "record", "name": "R", "namespace": ^7, "fields": []}`, "namespace"},
		"a field without a name":           {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"a\", \"type\": \"int\"},\n  ^{\"type\": \"int\"}]}", "field 2 has no name"},
		"a field without a type":           {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  ^{\"name\": \"a\"}]}", "field a has no type"},
		"a field's bad name":               {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": ^\"first name\", \"type\": \"int\"}]}", "first name"},
		"a field twice":                    {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"a\", \"type\": \"int\"},\n  {\"name\": ^\"a\", \"type\": \"int\"}]}", "declared twice"},
		"an unknown type":                  {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"a\", \"type\": ^\"integer\"}]}", `type "integer" is not declared`},
		"one in a union":                   {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"a\", \"type\": [\"null\", ^\"strng\"]}]}", `type "strng"`},
		"one in an object":                 {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"a\", \"type\": {\"type\": ^\"timestamp\"}}]}", `type "timestamp"`},
		"one in an array":                  {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"a\", \"type\": {\"type\": \"array\", \"items\": ^\"strng\"}}]}", `type "strng"`},
		"an array of nothing":              {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": ^{"type": "array"}}]}`, "lacks its items"},
		"an array of nothing in the field": {`{"type": "record", "name": "R", "fields": [^{"name": "a", "type": "array"}]}`, "lacks its items"},
		"a union in a union":               {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", ^["null", "int"]]}]}`, "directly in a union"},
		"an empty union":                   {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": ^[]}]}`, "at least one"},
		"a type twice":                     {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": ^["int", "null", "int"]}]}`, "int twice"},
		"two arrays":                       {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": ^[{"type": "array", "items": "int"}, {"type": "array", "items": "long"}]}]}`, "array twice"},
		"a type declared twice":            {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "record", "name": ^"R", "fields": []}}]}`, "declared twice"},
		"a default of another kind":        {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"a\", \"type\": \"int\", \"default\": ^\"x\"}]}", "does not fit int"},
		"a default of the second type":     {"{\"type\": \"record\", \"name\": \"R\", \"fields\": [\n  {\"name\": \"a\", \"type\": [\"null\", \"int\"], \"default\": ^7}]}", "first type"},
		"no symbols":                       {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": ^{"type": "enum", "name": "E"}}]}`, "no symbols"},
		"a bad symbol":                     {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "enum", "name": "E", "symbols": ^["on hold"]}}]}`, "on hold"},
		"a size":                           {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "fixed", "name": "F", "size": ^"8"}}]}`, "size"},
		"a size of nothing":                {`{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "fixed", "name": "F", "size": ^0}}]}`, "size"},
		"a decimal without precision":      {`^{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "bytes", "logicalType": "decimal"}}]}`, "precision"},
	} {
		t.Run(name, func(t *testing.T) {
			before, after, _ := strings.Cut(c.schema, "^")
			_, err := parseSchema(before + after)
			var e *SchemaError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a SchemaError", err)
			}
			line := 1 + strings.Count(before, "\n")
			column := len(before) - strings.LastIndexByte(before, '\n')
			if e.Line != line || e.Column != column || !strings.Contains(e.Message, c.says) {
				t.Errorf("got %v, want line %d, column %d and %q", e, line, column, c.says)
			}
			if theirs.MatchString(e.Error()) {
				t.Errorf("those are the library's words: %v", e)
			}
		})
	}
}
