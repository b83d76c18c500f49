package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/twmb/franz-go/pkg/sr"
	"pgregory.net/rapid"

	"tidemark/connector/config"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// everything has a field of every kind, some of them twice.
const everything = `{"type":"record","name":"All","namespace":"shop.v1","fields":[
	{"name":"id","type":"long"},{"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null},
	{"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"f","type":"float"},{"name":"d","type":["double","null"]},{"name":"y","type":"bytes"},
	{"name":"x","type":{"type":"fixed","name":"X","size":3}},{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
	{"name":"a","type":{"type":"array","items":["null","long"]}},{"name":"m","type":{"type":"map","values":"double"}},
	{"name":"r","type":["null","All"],"default":null},{"name":"s","type":{"type":"record","name":"Sub","fields":[{"name":"t","type":"string"},{"name":"e","type":["null","E"],"default":null}]}},
	{"name":"u","type":["null","double","long","string",{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}],"default":null},
	{"name":"dt","type":{"type":"int","logicalType":"date"}},{"name":"t","type":{"type":"long","logicalType":"time-micros"}},
	{"name":"n","type":{"type":"bytes","logicalType":"decimal","precision":25,"scale":3}},{"name":"g","type":{"type":"string","logicalType":"uuid"}},
	{"name":"oa","type":["null",{"type":"array","items":"string"}],"default":null},{"name":"aa","type":{"type":"array","items":{"type":"array","items":"long"}}},
	{"name":"mo","type":["null",{"type":"map","values":["null","string"]}],"default":null},{"name":"sd","type":["string","null"],"default":"x"},
	{"name":"w","type":["null","boolean","All",{"type":"array","items":["null","boolean"]},{"type":"map","values":"All"}],"default":null},
	{"name":"tn","type":{"type":"array","items":{"type":"long","logicalType":"timestamp-nanos"}}},{"name":"ug","type":["null",{"type":"fixed","name":"G","size":16,"logicalType":"uuid"}],"default":null},
	{"name":"lt","type":["null",{"type":"long","logicalType":"local-timestamp-millis"}],"default":null}]}`

// anyRow draws a row of everything and scans it. text is the page that has it.
func anyRow(t *rapid.T, plan *wire.Plan) (r strategies.Row, text []byte) {
	text, err := json.Marshal([]any{row(t, 2)})
	if err != nil {
		t.Fatal(err)
	}
	page, err := plan.Scan(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Release)
	return page.Rows[0], text
}

// row draws a row of everything, as an API writes it.
func row(t *rapid.T, depth int) map[string]any {
	text := rapid.String()
	maybe := func(v any) any {
		if rapid.Bool().Draw(t, "null") {
			return nil
		}
		return v
	}
	clock := rapid.SampledFrom([]string{"2026-01-02T03:04:05Z", "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.5Z"})
	r := map[string]any{
		"id": rapid.Int64Range(-1<<62, 1<<62).Draw(t, "id"), "at": maybe(clock.Draw(t, "at")), "b": rapid.Bool().Draw(t, "b"), "i": rapid.Int32().Draw(t, "i"),
		"f": rapid.Float32Range(-1e30, 1e30).Draw(t, "f"), "d": maybe(rapid.Float64Range(-1e300, 1e300).Draw(t, "d")), "y": rapid.SliceOf(rapid.Byte()).Draw(t, "y"),
		"x": "AAEC", "e": rapid.SampledFrom([]string{"A", "B"}).Draw(t, "e"), "a": rapid.SliceOf(rapid.SampledFrom([]any{nil, 1, -7})).Draw(t, "a"),
		"m": rapid.MapOf(text, rapid.Float64Range(-1, 1)).Draw(t, "m"), "s": map[string]any{"t": text.Draw(t, "t"), "e": maybe("B")},
		"u":  rapid.SampledFrom([]any{nil, 1, 1.5, "12.34", "x", 1e30}).Draw(t, "u"),
		"dt": rapid.SampledFrom([]string{"0001-01-01", "2026-02-28"}).Draw(t, "dt"), "t": rapid.SampledFrom([]string{"00:00:00", "23:59:59.999999"}).Draw(t, "t"),
		"n": rapid.SampledFrom([]string{"0.000", "-1234567890.123", "0.001"}).Draw(t, "n"), "g": "123e4567-e89b-12d3-a456-426614174000",
		"lt": maybe("2026-01-02T03:04:05.678"), "oa": maybe(rapid.SliceOf(text).Draw(t, "oa")), "aa": rapid.SliceOf(rapid.SliceOf(rapid.Int64())).Draw(t, "aa"),
		"mo": maybe(map[string]any{"a": nil, "b": text.Draw(t, "mo")}), "sd": maybe(text.Draw(t, "sd")), "tn": []any{"2026-01-02T03:04:05.123456789Z"},
		"w": rapid.SampledFrom([]any{nil, true, []any{true, nil}, map[string]any{}}).Draw(t, "w"), "ug": maybe("123e4567-e89b-12d3-a456-426614174000"),
	}
	if depth > 0 && rapid.Bool().Draw(t, "nested") {
		r["r"] = row(t, depth-1)
	}
	return r
}

func stream(values, envelope, keys string) config.Stream {
	s := config.NewStream("items", strategies.Keyset, "http://api.example.com/items")
	s.Topic, s.CursorField, s.Schema = "crm.items", "at", everything
	s.ValueFormat, s.Envelope, s.KeyFormat = values, envelope, keys
	return s
}

func codecOf(t interface {
	Fatal(args ...any)
	Helper()
}, s config.Stream, schema string) (*Codec, *wire.Plan) {
	t.Helper()
	o := wire.Options{Schema: schema, SchemaID: 7, IDField: s.IDField, KeyFields: s.PrimaryKey, RowHash: s.RowHash, CursorField: s.CursorField, Format: strategies.RFC3339}
	if len(s.PrimaryKey) > 0 {
		o.IDField = ""
	}
	plan, err := wire.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(s, schema, strategies.RFC3339, plan)
	if err != nil {
		t.Fatal(err)
	}
	return c, plan
}

// ways are all but the default one.
func ways() (all []config.Stream) {
	for _, values := range Names() {
		for _, envelope := range []string{config.Flat, config.Debezium} {
			for _, keys := range []string{config.KeyString, config.Avro} {
				if s := stream(values, envelope, keys); !s.Plain() {
					all = append(all, s)
				}
			}
		}
	}
	return all
}

// What is read back of a record is the row's cursor value and hash, whatever it is written as; its key comes back as it was.
func TestLawReadBack(t *testing.T) {
	codecs := ways()
	rapid.Check(t, func(t *rapid.T) {
		s := codecs[rapid.IntRange(0, len(codecs)-1).Draw(t, "way")]
		c, plan := codecOf(t, s, everything)
		r, text := anyRow(t, plan)
		if r.Err != nil {
			t.Fatalf("%s: %v", text, r.Err)
		}
		op := rapid.SampledFrom([]kafka.Op{kafka.OpRead, kafka.OpCreate, kafka.OpUpdate}).Draw(t, "op")
		var o kafka.Options
		c.Into(&o)
		made, err := o.Values([]kafka.Record{{Key: r.Key, Value: r.Body, Op: op}, {Key: r.Key, Op: kafka.OpDelete}, {Key: r.Key, Value: r.Body, Ready: true}, {Value: r.JSON, Dead: true}})
		if err != nil {
			t.Fatal(err)
		}
		v, hash, err := c.Inspect(made[0].Value)
		if err != nil || hash != r.Hash || v.Set != r.Value.Set || v.N != r.Value.N {
			t.Fatalf("%s %s: read back as %+v %x, %v, want %+v %x\n%s\n%s", s.ValueFormat, s.Envelope, v, hash, err, r.Value, r.Hash, made[0].Value, r.JSON)
		}
		size, exact, err := c.Size(r.Key, r.Body, false, 0)
		key := r.Key
		if o.WriteKey != nil {
			if key, err = o.WriteKey(r.Key); err != nil {
				t.Fatal(err)
			}
			if back, err := o.ReadKey(key); err != nil || !bytes.Equal(back, r.Key) {
				t.Fatalf("the key %s comes back as %q, %v", r.Key, back, err)
			}
		}
		if most := len(key) + len(made[0].Value) + 1; err != nil || !exact || size != most && size != most-1 {
			t.Fatalf("the size is %d, %v, of %d and %d bytes", size, err, len(key), len(made[0].Value))
		}
		if bound, exact, err := c.Size(r.Key, r.Body, false, 1<<30); err != nil || exact || bound < size {
			t.Fatalf("%s %s: the size is bounded by %d, %v, and is %d", s.ValueFormat, s.Envelope, bound, err, size)
		}
		rest := made[1:]
		if s.Envelope == config.Debezium {
			if v, hash, err := c.Inspect(rest[0].Value); err != nil || hash != wire.TombstoneHash || v.Set {
				t.Fatalf("a delete is read back as %+v %x, %v", v, hash, err)
			}
			rest = rest[1:]
		}
		if len(rest) != 3 || rest[0].Value != nil || !bytes.Equal(rest[1].Value, r.Body) || !bytes.Equal(rest[2].Value, r.JSON) {
			t.Fatalf("%d records behind the first: %+v", len(rest), rest)
		}
	})
}

// Values of json_schema are what the schema says, which has a place for each type.
func TestLawJSONSchema(t *testing.T) {
	for _, envelope := range []string{config.Flat, config.Debezium} {
		s := stream(config.JSONBySchema, envelope, config.KeyString)
		c, plan := codecOf(t, s, everything)
		of := c.Subjects()
		if len(of) != 1 || of[0].Name != "crm.items-value" || of[0].Schema.Type != sr.TypeJSON {
			t.Fatalf("%+v", of)
		}
		parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(of[0].Schema.Schema))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		if err := compiler.AddResource("x.json", parsed); err != nil {
			t.Fatal(err)
		}
		schema, err := compiler.Compile("x.json")
		if err != nil {
			t.Fatalf("%s\n%v", of[0].Schema.Schema, err)
		}
		again := c.format.(jsonSchema).text
		if other, _ := codecOf(t, s, everything); other.format.(jsonSchema).text != again {
			t.Error("the schema is another one each time")
		}
		check := func(value []byte) error {
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(value[5:])))
			if err != nil {
				return err
			}
			return schema.Validate(v)
		}
		rapid.Check(t, func(t *rapid.T) {
			r, _ := anyRow(t, plan)
			made, err := c.values([]kafka.Record{{Key: r.Key, Value: r.Body, Op: kafka.OpCreate}})
			if err != nil || string(made[0].Value[:5]) != "\x00\x00\x00\x00\x07" {
				t.Fatalf("%q, %v", made[0].Value, err)
			}
			if err := check(made[0].Value); err != nil {
				t.Fatalf("%s\n%v", made[0].Value[5:], err)
			}
		})
		for _, wrong := range []string{`{}`, `{"id": "x"}`, `[]`} {
			if check([]byte("12345"+wrong)) == nil {
				t.Errorf("the schema takes %s", wrong)
			}
		}
	}
}

// A schema's JSON Schema is closed, and says what need not be there.
func TestJSONSchema(t *testing.T) {
	typ, err := wire.TypeOf(`{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"n","type":["null","long"],"default":null},
		{"name":"w","type":["long","string"]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := JSONSchema(typ)
	want := `{"$schema":"http://json-schema.org/draft-07/schema#","title":"R","type":"object","properties":{` +
		`"id":{"type":"string","connect.index":0},"n":{"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int64"}],"connect.index":1},` +
		`"w":{"anyOf":[{"type":"integer","connect.type":"int64"},{"type":"string"}],"connect.index":2}},"required":["id","w"],"additionalProperties":false}`
	if err != nil || got != want {
		t.Errorf("got  %s\nwant %s, %v", got, want, err)
	}
}

// An envelope is an Avro record that others read, by the name that they know it by; the values of the row are as they were.
func TestEnvelope(t *testing.T) {
	for schema, name := range map[string]string{
		everything: "shop.v1.Envelope",
		`{"type":"record","name":"Plain","namespace":"","fields":[{"name":"id","type":"long"},{"name":"at","type":["null","string"],"default":null},{"name":"up","type":["null","Plain"],"default":null}]}`: "Plain.Envelope",
	} {
		s := stream(config.Avro, config.Debezium, config.KeyString)
		s.TopicPrefix = "crm"
		c, plan := codecOf(t, s, schema)
		text, _, isAvro, ok := c.Schema()
		codec, err := goavro.NewCodec(text)
		if err != nil || !isAvro || !ok {
			t.Fatalf("%s\n%v", text, err)
		}
		var root struct{ Name, Namespace string }
		if err := json.Unmarshal([]byte(text), &root); err != nil || root.Namespace+"."+root.Name != name {
			t.Errorf("it is called %+v, want %s, %v", root, name, err)
		}
		rapid.Check(t, func(t *rapid.T) {
			of := map[string]any{"id": 5, "at": "2026-01-02T03:04:05Z"}
			if schema == everything {
				of = row(t, 1)
			}
			list, err := json.Marshal([]any{of})
			if err != nil {
				t.Fatal(err)
			}
			page, err := plan.Scan(list)
			if err != nil {
				t.Fatal(err)
			}
			defer page.Release()
			r := page.Rows[0]
			made, err := c.values([]kafka.Record{{Key: r.Key, Value: r.Body, Op: kafka.OpUpdate}, {Key: r.Key, Op: kafka.OpDelete}})
			if err != nil || len(made) != 3 {
				t.Fatal(err)
			}
			for i, op := range []string{"u", "d"} {
				native, rest, err := codec.NativeFromBinary(made[i].Value[5:])
				if err != nil || len(rest) > 0 {
					t.Fatal(err)
				}
				v := native.(map[string]any)
				source := v["source"].(map[string]any)
				if v["op"] != op || (v["after"] == nil) != (op == "d") || (v["before"] == nil) == (op == "d") ||
					source["connector"] != "tidemark" || source["name"] != "crm" || source["table"] != "items" || source["db"] != "api.example.com" {
					t.Fatalf("%v", v)
				}
			}
			shown, err := c.Show(kafka.Record{Key: r.Key, Value: r.Body, Op: kafka.OpRead})
			if err != nil || !strings.Contains(string(shown), `"op":"r"`) || !strings.Contains(string(shown), `"snapshot":"true"`) {
				t.Fatalf("%s, %v", shown, err)
			}
		})
	}
	s := stream(config.Avro, config.Debezium, config.KeyString)
	schema := `{"type":"record","name":"Envelope","fields":[{"name":"id","type":"long"},{"name":"at","type":"string"}]}`
	plan, err := wire.Compile(wire.Options{Schema: schema, IDField: "id", CursorField: "at", Format: strategies.RFC3339})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = New(s, strings.Replace(schema, `"Envelope"`, `"Envelope","namespace":"a"`, 1), strategies.RFC3339, plan); err == nil || !strings.Contains(err.Error(), "another one") {
		t.Errorf("a row that is called as the envelope: %v", err)
	}
}

// Keys of several fields, of slices, and those that are no fields of their own become records, and texts again.
func TestLawKeys(t *testing.T) {
	parent := stream(config.Avro, config.Flat, config.Avro)
	parent.Name, parent.PrimaryKey = "teams", []string{"org", "no"}
	for name, c := range map[string]struct {
		change func(*config.Stream)
		fields string // and types
		parts  int
	}{
		"one field":      {func(*config.Stream) {}, "id long", 1},
		"several":        {func(s *config.Stream) { s.PrimaryKey = []string{"id", "s.t", "g"} }, "id long, s_t string, g string", 3},
		"the row's hash": {func(s *config.Stream) { s.RowHash = true }, "row_hash string", 1},
		"slices":         {func(s *config.Stream) { s.ForEach = config.ForEach{Values: []string{"a"}, Key: true} }, "slice string, id long", 2},
		"parents":        {func(s *config.Stream) { s.ForEach = config.ForEach{Stream: "teams", Parent: &parent, Key: true} }, "teams_org string, teams_no string, id long", 3},
		"not in the key": {func(s *config.Stream) { s.ForEach = config.ForEach{Values: []string{"a"}} }, "id long", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := stream(config.Avro, config.Flat, config.Avro)
			c.change(&s)
			codec, _ := codecOf(t, s, everything)
			subjects := codec.Subjects()
			if len(subjects) != 2 || subjects[1].Name != "crm.items-key" || subjects[1].Value {
				t.Fatalf("%+v", subjects)
			}
			codec.Identify(subjects[1], 9)
			typ, err := wire.TypeOf(subjects[1].Schema.Schema)
			if err != nil {
				t.Fatal(err)
			}
			var fields []string
			for _, f := range typ.Fields {
				fields = append(fields, f.Name+" "+f.Type.Base)
			}
			if got := strings.Join(fields, ", "); got != c.fields || typ.Name != "shop.v1.Key" {
				t.Errorf("%s has the fields %s, want %s", typ.Name, got, c.fields)
			}
			rapid.Check(t, func(t *rapid.T) {
				parts := make([]string, c.parts)
				for i, f := range typ.Fields {
					if parts[i] = rapid.String().Draw(t, "part"); f.Type.Base == "long" {
						parts[i] = fmt.Sprint(rapid.Int64().Draw(t, "number"))
					}
				}
				text := []byte(parts[0])
				if c.parts > 1 {
					text = wire.AppendKey(nil, parts...)
				}
				key, err := codec.key.write(text)
				if err != nil || string(key[:5]) != "\x00\x00\x00\x00\x09" {
					t.Fatalf("%q: %q, %v", text, key, err)
				}
				if back, err := codec.key.read(key); err != nil || !bytes.Equal(back, text) {
					t.Fatalf("%q comes back as %q, %v", text, back, err)
				}
				for _, wrong := range [][]byte{nil, key[:4], append(key[:len(key):len(key)], 0), text} {
					if _, err := codec.key.read(wrong); !errors.Is(err, errNotKey) && len(wrong) > 0 && wrong[0] != 0 {
						t.Fatalf("%q is read as a key: %v", wrong, err)
					}
				}
			})
		})
	}
	s := stream(config.Avro, config.Flat, config.Avro)
	s.PrimaryKey = []string{"s.t", "s_t"}
	if _, err := newKey(s, &wire.Type{Name: "R"}); err == nil || !strings.Contains(err.Error(), "s_t") {
		t.Errorf("two fields of one name: %v", err)
	}
}

// A stream of the default has no codec, and all that is asked of none is answered.
func TestPlain(t *testing.T) {
	s := stream(config.Avro, config.Flat, config.KeyString)
	c, _ := codecOf(t, s, everything)
	if c != nil {
		t.Fatal("it has one")
	}
	var o kafka.Options
	c.Into(&o)
	if o.Values != nil || o.WriteKey != nil || c.Wraps() || c.Use(everything, nil) != nil {
		t.Errorf("%+v", o)
	}
}

// Every format that the configuration knows is there, and no other.
func TestNames(t *testing.T) {
	if got := slices.Sorted(maps.Keys(formats)); !slices.Equal(got, config.ValueFormats()) {
		t.Errorf("formats %v, the configuration has %v", got, config.ValueFormats())
	}
}
