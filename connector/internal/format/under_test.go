package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"tidemark/connector/config"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/wire"
)

// small has a field of each kind by which the schemas below differ.
const small = `{"type":"record","name":"Row","namespace":"shop","fields":[{"name":"id","type":"string"},{"name":"n","type":["null","int"],"default":null},
	{"name":"d","type":"double"},{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},{"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null},
	{"name":"s","type":{"type":"record","name":"Sub","fields":[{"name":"t","type":["null","string"],"default":null}]}},{"name":"l","type":{"type":"array","items":"long"}},
	{"name":"m","type":{"type":"map","values":"string"}},{"name":"u","type":["null","string","boolean"],"default":null}]}`

// latest is a case of a schema that the registry has: the stream's own, changed.
type latest struct {
	name, from, to string
	wrong          string // what the refusal says; "": it holds what is written
}

// holds runs cases of changes to what a stream would register itself, each with what is read back of a row under it.
func holds(t *testing.T, values string, cases []latest, valid func(t *testing.T, schema string, value []byte)) {
	for _, envelope := range []string{config.Flat, config.Debezium} {
		for _, l := range cases {
			t.Run(envelope+" "+l.name, func(t *testing.T) {
				s := stream(values, envelope, config.KeyString)
				s.Schema = small
				c, plan := codecOf(t, s, small)
				of := c.Subjects()[0]
				if !strings.Contains(of.Schema.Schema, l.from) {
					t.Fatalf("%s has no %s", of.Schema.Schema, l.from)
				}
				changed := strings.Replace(of.Schema.Schema, l.from, l.to, 1)
				err := c.Under(of, changed)
				if l.wrong != "" {
					if err == nil || !strings.Contains(err.Error(), l.wrong) || !strings.Contains(err.Error(), "auto_register: true") {
						t.Errorf("%v, want %s", err, l.wrong)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range []string{
					`{"id":"a","n":7,"d":1.5,"e":"B","at":"2026-01-02T03:04:05Z","s":{"t":"x"},"l":[1,2],"m":{"k":"v"},"u":true}`,
					`{"id":"b","n":null,"d":0,"e":"A","at":null,"s":{"t":null},"l":[],"m":{},"u":null}`,
				} {
					page, err := plan.Scan([]byte("[" + text + "]"))
					if err != nil || page.Rows[0].Err != nil {
						t.Fatal(err, page.Rows[0].Err)
					}
					r := page.Rows[0]
					made, err := c.values([]kafka.Record{{Key: r.Key, Value: r.Body, Op: kafka.OpCreate}})
					if err != nil {
						t.Fatal(err)
					}
					if _, hash, err := c.Inspect(made[0].Value); err != nil || hash != r.Hash {
						t.Errorf("%s is read back as another row, %v", text, err)
					}
					valid(t, changed, made[0].Value)
					page.Release()
				}
				if again, _, _, ok := c.Schema(); !ok || again != changed {
					t.Errorf("it is said to write by %s", again)
				}
			})
		}
	}
}

// The JSON Schema of the registry has to take all that rows can be; what it says in words that are not known counts against it.
func TestUnderJSONSchema(t *testing.T) {
	holds(t, config.JSONBySchema, []latest{
		{"the same", `{`, `{`, ""},
		{"an optional property more", `"properties":{"id"`, `"properties":{"more":{"type":"string"},"id"`, ""},
		{"open", `"additionalProperties":false`, `"additionalProperties":true`, ""},
		{"said in another way", `"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]`, `"type":["number","null"]`, ""},
		{"any value", `"d":{"type":"number","connect.type":"float64","connect.index":2}`, `"d":true`, ""},
		{"described", `"type":"number"`, `"description":"x","examples":[1],"type":"number"`, ""},
		{"an enum with more", `["A","B"]`, `["A","B","C"]`, ""},
		{"closed without the field", `"d":{`, `"dd":{`, `d is not among the properties`},
		{"a property required", `"required":["id"`, `"required":["more","id"`, `more is required there`},
		{"not null", `"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]`, `"type":"integer"`, `n may be null, and there is integer`},
		{"a number that is whole", `"type":"number","connect.type":"float64"`, `"type":"integer"`, `d may be number, and there is integer`},
		{"an enum with less", `["A","B"]`, `["A"]`, `e may be B`},
		{"an enum of another field", `"type":"number"`, `"enum":[1,2],"type":"number"`, `d is one of an enum there`},
		{"a limit", `"type":"number"`, `"maximum":100,"type":"number"`, `d is described by maximum`},
		{"a pattern", `"id":{"type":"string"`, `"id":{"type":"string","pattern":"^[a-z]+$"`, `id has a pattern`},
		{"another format", `"format":"date-time"`, `"format":"date"`, `at has a format`},
		{"several that take it", `"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int32"}]`, `"oneOf":[{"type":"null"},{"type":"integer"},{"type":"number"}]`, `n is to be of one schema there`},
		{"items", `"items":{"type":"integer"`, `"items":{"type":"string"`, `l[] may be integer, and there is string`},
		{"a map's values", `"connect.type":"map","additionalProperties":{"type":"string"}`, `"additionalProperties":false`, `m[] is allowed no value`},
		{"nested", `"t":{"oneOf":[{"type":"null"},{"type":"string"}]`, `"t":{"oneOf":[{"type":"string"}]`, `s.t may be null, and there is string`},
		{"a reference that leads nowhere", `"id":{"type":"string"`, `"id":{"$ref":"#/definitions/None"`, `id is allowed no value`},
		{"no schema", `{`, `[`, `reading the JSON Schema`},
	}, func(t *testing.T, schema string, value []byte) {
		parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("x.json", parsed); err != nil {
			t.Fatal(err)
		}
		compiled, err := compiler.Compile("x.json")
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value[5:]))
		if err == nil {
			err = compiled.Validate(v)
		}
		if err != nil {
			t.Errorf("%s is not what the schema says: %v", value[5:], err)
		}
	})
}

// Of the registry's Protobuf file the numbers are taken; its fields have to be there, of the same kinds, and null where rows can be.
func TestUnderProtobuf(t *testing.T) {
	own := fmt.Sprint(" id = ", numberOf("id"), ";")
	n := fmt.Sprint("optional int32 n = ", numberOf("n"), ";")
	d := fmt.Sprint("double d = ", numberOf("d"), ";")
	holds(t, config.Protobuf, []latest{
		{"the same", `syntax`, `syntax`, ""},
		{"other numbers", own, ` id = 1;`, ""},
		{"a field more", n, n + ` string more = 2;`, ""},
		{"a wider number", n, strings.Replace(n, "int32", "int64", 1), ""},
		{"without the field", d, ``, `d is not in the file`},
		{"not optional", n, strings.TrimPrefix(n, "optional "), `n may be null, and there is not optional`},
		{"another kind", d, strings.Replace(d, "double", "float", 1), `d is float and not double`},
		{"another form of number", n, strings.Replace(n, "int32", "sint32", 1), `n is sint32 and not int32`},
		{"repeated", d, "repeated " + d, `d is repeated or a map there`},
		{"a list that is one", `repeated int64 l`, `int64 l`, `l is not repeated there`},
		{"no map", `map<string, string> m`, `string m`, `m is no map of texts there`},
		{"keys that are numbers", `map<string, string> m`, `map<int32, string> m`, `m is no map of texts there`},
		{"a text for a message", `Sub s =`, `string s =`, `s is string and not a message`},
		{"another message", `Sub s =`, `Row_u s =`, `s.t is not in the file`},
		{"no oneof", `oneof kind {`, `message kind {`, `u.string_value is not in the file`},
		{"nested", `optional string t`, `string t`, `s.t may be null, and there is not optional`},
		{"no file", `syntax`, `sintax`, `reading the Protobuf file`},
	}, func(t *testing.T, schema string, value []byte) {
		file, err := compiled(t.Context(), schema)
		if err != nil {
			t.Fatal(err)
		}
		m := dynamicpb.NewMessage(file.Messages().Get(0))
		if err := proto.Unmarshal(value[6:], m); err != nil || len(m.GetUnknown()) > 0 {
			t.Errorf("%x is not what the file says: %v, %x is unknown", value, err, m.GetUnknown())
		}
	})
}

// Avro values, which are envelopes, are made values of the registry's schema by the rules of resolution.
func TestUnderAvro(t *testing.T) {
	for _, l := range []latest{
		{"the same", `{`, `{`, ""},
		{"documented", `"name":"Row"`, `"name":"Row","doc":"x"`, ""},
		{"a field more", `"name":"Row","namespace":"shop","type":"record"`, ``, ""},
		{"a field of the source more", `{"name":"table","type":"string"}`, `{"name":"table","type":"string"},{"name":"more","type":["null","string"],"default":null}`, ""},
		{"one without a default", `{"name":"table","type":"string"}`, `{"name":"table","type":"string"},{"name":"more","type":"string"}`, `source.more is new (string, without a default)`},
		{"without a field", `{"name":"db","type":"string"},`, ``, `source.db is gone`},
		{"another type", `{"name":"op","type":"string"}`, `{"name":"op","type":"bytes"}`, `op is bytes and was string`},
		{"wider", `"int"`, `"long"`, `after.n is long and was int`},
		{"no schema", `{`, `[`, `reading the Avro schema of the registry`},
	} {
		t.Run(l.name, func(t *testing.T) {
			s := stream(config.Avro, config.Debezium, config.KeyString)
			s.Schema = small
			c, plan := codecOf(t, s, small)
			of := c.Subjects()[0]
			changed := of.Schema.Schema
			if l.to == "" && l.wrong == "" { // in the row
				changed = regexp.MustCompile(`"fields":\[\{"name":"id"`).ReplaceAllString(changed, `"fields":[{"default":null,"name":"more","type":["null","long"]},{"name":"id"`)
			} else {
				changed = strings.Replace(changed, l.from, l.to, 1)
			}
			if l.from != l.to && changed == of.Schema.Schema {
				t.Fatalf("nothing is changed in %s", changed)
			}
			err := c.Under(of, changed)
			if l.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), l.wrong) {
					t.Errorf("%v, want %s", err, l.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			page, err := plan.Scan([]byte(`[{"id":"a","n":7,"d":1.5,"e":"B","at":null,"s":{"t":"x"},"l":[1,2],"m":{"k":"v"},"u":true}]`))
			if err != nil {
				t.Fatal(err)
			}
			r := page.Rows[0]
			made, err := c.values([]kafka.Record{{Key: r.Key, Value: r.Body, Op: kafka.OpCreate}})
			if err != nil {
				t.Fatal(err)
			}
			if _, hash, err := c.Inspect(made[0].Value); err != nil || hash != r.Hash {
				t.Errorf("it is read back as another row, %v", err)
			}
			bodies, err := wire.NewBodies(changed)
			if err != nil {
				t.Fatal(err)
			}
			shown, err := bodies.AppendJSON(nil, made[0].Value[5:])
			var v struct{ After map[string]any }
			if err == nil {
				err = json.Unmarshal(shown, &v)
			}
			if err != nil || v.After["id"] != "a" || v.After["n"] != 7.0 {
				t.Errorf("its schema says %s, %v", shown, err)
			}
		})
	}
}

// Keys keep their form: their schema may have another name, and no other field.
func TestUnderKeys(t *testing.T) {
	for _, l := range []latest{
		{"another name", `"Key"`, `"Other"`, ""},
		{"a narrower number", `"long"`, `"int"`, ""},
		{"another field", `"id"`, `"number"`, `id of the key is not in its place`},
		{"a text", `"long"`, `"string"`, `id of the key is string and not long`},
		{"one more", `"type":"long"}`, `"type":"long"},{"name":"more","type":["null","string"],"default":null}`, `more is no part of the key`},
	} {
		t.Run(l.name, func(t *testing.T) {
			c, _ := codecOf(t, stream(config.JSON, config.Flat, config.Avro), everything)
			of := c.Subjects()[0]
			changed := strings.Replace(of.Schema.Schema, l.from, l.to, 1)
			err := c.Under(of, changed)
			if changed == of.Schema.Schema || of.Value || l.wrong == "" && err != nil || l.wrong != "" && (err == nil || !strings.Contains(err.Error(), l.wrong)) {
				t.Errorf("%s: %v, want %s", changed, err, l.wrong)
			}
		})
	}
}

// Law: what a stream would register itself holds all of its rows.
func TestLawUnder(t *testing.T) {
	codecs := ways()
	rapid.Check(t, func(t *rapid.T) {
		s := codecs[rapid.IntRange(0, len(codecs)-1).Draw(t, "way")]
		c, plan := codecOf(t, s, everything)
		for _, of := range c.Subjects() {
			if err := c.Under(of, of.Schema.Schema); err != nil {
				t.Fatalf("%s: %v\n%s", s.ValueFormat, err, of.Schema.Schema)
			}
		}
		r, _ := anyRow(t, plan)
		made, err := c.values([]kafka.Record{{Key: r.Key, Value: r.Body, Op: kafka.OpCreate}})
		if err != nil {
			t.Fatal(err)
		}
		if _, hash, err := c.Inspect(made[0].Value); err != nil || hash != r.Hash {
			t.Fatalf("%s is read back as another row, %v", r.JSON, err)
		}
	})
}
