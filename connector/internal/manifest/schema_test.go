package manifest

import (
	"encoding/json"
	"reflect"
	"testing"
)

// JSON Schemas become Avro types: all may be null, what is left open takes any value, and names are legal.
func TestAvro(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]string{
		`{type: string}`:                                           `["null", "string"]`,
		`{type: [integer, "null"]}`:                                `["null", "long"]`,
		`{type: number}`:                                           `["null", "double"]`,
		`{type: [number, integer]}`:                                `["null", "double"]`,
		`{type: boolean}`:                                          `["null", "boolean"]`,
		`{type: string, format: date-time}`:                        `["null", {"type": "long", "logicalType": "timestamp-micros"}]`,
		`{type: string, format: date}`:                             `["null", {"type": "int", "logicalType": "date"}]`,
		`{type: string, format: uuid}`:                             `["null", {"type": "string", "logicalType": "uuid"}]`,
		`{type: string, format: email}`:                            `["null", "string"]`,
		`{type: [string, integer], format: date-time}`:             `["null", "long", "string"]`,
		`{enum: [a, b]}`:                                           `["null", "string"]`,
		`{type: array, items: {type: string}}`:                     `["null", {"type": "array", "items": ["null", "string"]}]`,
		`{type: object, properties: {a: {type: string}}}`:          `["null", {"type": "record", "name": "rows_x", "fields": [{"name": "a", "type": ["null", "string"], "default": null}]}]`,
		`{properties: {a-b: {type: string}, c: {type: boolean}}}`:  `["null", {"type": "record", "name": "rows_x", "fields": [{"name": "a_b", "type": ["null", "string"], "default": null}, {"name": "c", "type": ["null", "boolean"], "default": null}]}]`,
		`{type: object, additionalProperties: {type: integer}}`:    `["null", {"type": "map", "values": ["null", "long"]}]`,
		`{oneOf: [{type: "null"}, {type: string}]}`:                `["null", "string"]`,
		`{anyOf: [{type: string, format: date}, {type: boolean}]}`: `["null", "boolean", "string"]`,
		`{allOf: [{$ref: "#/schemas/text"}]}`:                      `["null", "string"]`,
		`{$ref: "#/schemas/text"}`:                                 `["null", "string"]`,
	} {
		text := definition{top: "schemas: {text: {type: string}}", schema: "{type: InlineSchemaLoader, schema: {properties: {id: {type: integer}, x: " + of + "}}}"}.text()
		s, _ := drafted(t, text, Options{})
		if !s.Translated {
			t.Errorf("%s: %s", of, s.Reason)
			continue
		}
		var got struct{ Fields []struct{ Type any } }
		var wanted any
		if err := json.Unmarshal([]byte(s.Schema), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if len(got.Fields) != 2 || !reflect.DeepEqual(got.Fields[1].Type, wanted) {
			t.Errorf("%s is\n%s\nwant %s", of, s.Schema, want)
		}
	}
}

// What a field is for decides its type: a key is a text or a whole number, a cursor what its format reads; those that the
// definition's schema lacks are there.
func TestAvroOfKeysAndCursors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stream, properties, want string }{
		{"primary_key: [a, b]", "a: {type: number}", `{"a": ["null", "long"], "b": ["null", "string"]}`},
		{"primary_key: a", "a: {type: [string, integer]}", `{"a": ["null", "string"]}`},
		{"incremental_sync: {type: DatetimeBasedCursor, cursor_field: at, datetime_format: '%s', start_datetime: '2026-01-01', " +
			"start_time_option: {inject_into: request_parameter, field_name: since}}", "x: {type: string}", `{"x": ["null", "string"], "at": ["null", "long"]}`},
		{"incremental_sync: {type: DatetimeBasedCursor, cursor_field: at, datetime_format: '%Y-%m-%dT%H:%M:%SZ', start_datetime: '2026-01-01', " +
			"start_time_option: {inject_into: request_parameter, field_name: since}}", "at: {type: string, format: date-time}",
			`{"at": ["null", {"type": "long", "logicalType": "timestamp-micros"}]}`},
	} {
		s, _ := drafted(t, definition{stream: c.stream, schema: "{type: InlineSchemaLoader, schema: {properties: {" + c.properties + "}}}"}.text(), Options{})
		var got struct {
			Fields []struct {
				Name string
				Type any
			}
		}
		if err := json.Unmarshal([]byte(s.Schema), &got); err != nil {
			t.Fatalf("%s: %v", s.Reason, err)
		}
		types, want := map[string]any{}, map[string]any{}
		for _, f := range got.Fields {
			types[f.Name] = f.Type
		}
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(types, want) {
			t.Errorf("%s: %v, want %v", c.stream, types, want)
		}
	}
}
