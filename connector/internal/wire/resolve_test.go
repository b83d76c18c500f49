package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/strategies"
)

// TestResolve: a row written under an older schema has the hash and cursor value that the
// same row has under the new one, so a schema's growth re-emits nothing (rule 11).
func TestResolve(t *testing.T) {
	rec := func(fields string) string {
		return `{"type":"record","name":"R","fields":[{"name":"id","type":"string"},` + fields + `{"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null}]}`
	}
	nested := `{"type":"record","name":"N","fields":[{"name":"x","type":"int"}`
	for _, c := range []struct{ name, old, new, row string }{
		{"the same", rec(``), rec(``), ``},
		{"a new nullable field", rec(``), rec(`{"name":"v","type":["null","string"],"default":null},`), ``},
		{"a new field with a default", rec(``), rec(`{"name":"v","type":"string","default":"d"},`), ``},
		{"a dropped field", rec(`{"name":"v","type":["null","string"],"default":null},`), rec(``), `,"v":"gone"`},
		{"another order", rec(`{"name":"v","type":"int"},{"name":"w","type":"string"},`), rec(`{"name":"w","type":"string"},{"name":"v","type":"int"},`), `,"v":1,"w":"x"`},
		{"int to long", rec(`{"name":"v","type":"int"},`), rec(`{"name":"v","type":"long"},`), `,"v":7`},
		{"int to double", rec(`{"name":"v","type":"int"},`), rec(`{"name":"v","type":"double"},`), `,"v":7`},
		{"int to float", rec(`{"name":"v","type":"int"},`), rec(`{"name":"v","type":"float"},`), `,"v":7`},
		{"float to double", rec(`{"name":"v","type":"float"},`), rec(`{"name":"v","type":"double"},`), `,"v":1.5`},
		{"to nullable", rec(`{"name":"v","type":"string"},`), rec(`{"name":"v","type":["null","string"],"default":null},`), `,"v":"x"`},
		{"union turned round", rec(`{"name":"v","type":["null","string"]},`), rec(`{"name":"v","type":["string","null"]},`), `,"v":null`},
		{"wider union", rec(`{"name":"v","type":["null","string"]},`), rec(`{"name":"v","type":["null","long","string"]},`), `,"v":"x"`},
		{"nullable to required", rec(`{"name":"v","type":["null","string"]},`), rec(`{"name":"v","type":"string"},`), `,"v":"x"`},
		{"millis to micros", rec(`{"name":"v","type":{"type":"long","logicalType":"timestamp-millis"}},`), rec(`{"name":"v","type":{"type":"long","logicalType":"timestamp-micros"}},`), `,"v":"2026-01-01T00:00:00.5Z"`},
		{"uuid from string", rec(`{"name":"v","type":"string"},`), rec(`{"name":"v","type":{"type":"string","logicalType":"uuid"}},`), `,"v":"063928bd-d32e-4cc0-af86-f8d1bcb792e9"`},
		{"nested field added", rec(`{"name":"v","type":` + nested + `]}},`), rec(`{"name":"v","type":` + nested + `,{"name":"y","type":["null","int"],"default":null}]}},`), `,"v":{"x":1}`},
		{"array of nested", rec(`{"name":"v","type":{"type":"array","items":` + nested + `]}}},`), rec(`{"name":"v","type":{"type":"array","items":` + nested + `,{"name":"y","type":"int","default":3}]}}},`), `,"v":[{"x":1},{"x":2}]`},
		{"map of nested", rec(`{"name":"v","type":{"type":"map","values":` + nested + `]}}},`), rec(`{"name":"v","type":{"type":"map","values":` + nested + `,{"name":"y","type":"int","default":3}]}}},`), `,"v":{"b":{"x":1},"a":{"x":2}}`},
		{"enum's symbols moved", rec(`{"name":"v","type":{"type":"enum","name":"E","symbols":["A","B"]}},`), rec(`{"name":"v","type":{"type":"enum","name":"E","symbols":["C","B","A"]}},`), `,"v":"B"`},
		{"empty collections", rec(`{"name":"v","type":{"type":"array","items":"int"}},{"name":"w","type":{"type":"map","values":"int"}},`), rec(`{"name":"v","type":{"type":"array","items":"long"}},{"name":"w","type":{"type":"map","values":"long"}},`), `,"v":[],"w":{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Schema: c.old, SchemaID: 1, IDField: "id", CursorField: "at", Format: strategies.RFC3339}
			before := mustCompile(t, o)
			o.Schema, o.SchemaID = c.new, 2
			now := mustCompile(t, o)
			text := `{"id":"k"` + c.row + `,"at":"2026-11-14T20:02:39.123456Z"}`
			w, r := scanOne(t, before, text), scanOne(t, now, text)
			if w.Err != nil || r.Err != nil {
				t.Fatal(w.Err, r.Err)
			}
			v, hash, err := now.Resolve(w.Body, c.old)
			if err != nil || hash != r.Hash || v.Compare(r.Value) != 0 || !v.Set {
				t.Errorf("resolved %+v %x (%v), the row now has %+v %x", v, hash, err, r.Value, r.Hash)
			}
			if _, _, err := now.Inspect(w.Body); err == nil {
				t.Error("Inspect takes a value of another schema id")
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	p := mustCompile(t, userOptions())
	other := `{"type":"record","name":"User","fields":[{"name":"id","type":"long"}]}`
	q := mustCompile(t, Options{Schema: other, SchemaID: 9, IDField: "id", CursorField: "id", Format: strategies.Integer})
	body := scanOne(t, q, `{"id":5}`).Body
	if _, _, err := p.Resolve(body, other); err == nil || !strings.Contains(err.Error(), "long cannot be read as string") {
		t.Error(err)
	}
	if _, _, err := p.Resolve(body, `{"type":`); err == nil {
		t.Error("a broken writer's schema is taken")
	}
	if _, _, err := p.Resolve([]byte("x"), other); err == nil {
		t.Error("a value without header is taken")
	}
	if _, _, err := p.Resolve(append(bytes.Clone(body), 0), other); err == nil {
		t.Error("bytes behind the data are taken")
	}
}

// TestResolveOrdersMaps: a map that another producer wrote in its own order and in
// several blocks has the hash of ours.
func TestResolveOrdersMaps(t *testing.T) {
	schema := recordOf(`{"type":"map","values":"int"}`)
	p := mustCompile(t, rowOptions(schema))
	want := scanOne(t, p, `{"id":"k","v":{"b":1,"a":2,"c":3}}`)
	foreign := []byte{0, 0, 0, 0, 9, 2, 'k', 2, 2, 'c', 6, 3, 12, 2, 'b', 2, 2, 'a', 4, 0, 0}
	oracle(t, schema, foreign[headerLen:])
	if _, hash, err := p.Resolve(foreign, schema); err != nil || hash != want.Hash {
		t.Errorf("%x (%v), want %x", hash, err, want.Hash)
	}
}

// TestInspectFormats: each cursor format gives the same value from the body as from the row.
func TestInspectFormats(t *testing.T) {
	ts := func(unit string) string { return `{"type":"long","logicalType":"timestamp-` + unit + `"}` }
	format := func(zone *time.Location, names ...string) strategies.Format {
		f, err := strategies.ParseFormats(names, zone)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	east := time.FixedZone("", 7200)
	const day, double = `{"type":"int","logicalType":"date"}`, `"double"`
	for _, c := range []struct {
		typ    string
		format strategies.Format
		in     string
	}{
		{day, strategies.Date, `"2026-11-29"`}, {day, format(east, "date"), `"1969-11-29"`}, {`"string"`, strategies.Date, `"2026-11-29"`},
		{double, strategies.EpochFloat, `1700000000.123456`}, {double, strategies.EpochFloat, `-1.5e-3`}, {double, strategies.EpochFloat, `1700000000`},
		{double, strategies.EpochFloat, `1700000000.1234567`}, {`"string"`, strategies.EpochFloat, `"1700000000.1234567"`},
		{`"long"`, strategies.EpochMicros, `1700000000123456`}, {ts("micros"), strategies.EpochMicros, `1700000000123456`},
		{ts("millis"), format(nil, "%FT%T.%LZ"), `"2026-11-29T01:02:03.004Z"`}, {ts("micros"), format(east, "%d.%m.%Y %T"), `"29.11.2026 01:02:03"`},
		{ts("nanos"), format(east, "rfc3339"), `"2026-11-29 01:02:03.123456789"`}, {ts("micros"), format(east, "rfc3339", "date", "%d.%m.%Y"), `"29.11.2026"`},
		{`"string"`, format(nil, "rfc3339", "epoch_millis"), `1700000000123`}, {`"string"`, format(nil, "rfc3339", "epoch_millis"), `"2026-11-29T01:02:03Z"`},
		{`"string"`, strategies.RFC3339, `"2026-01-01T00:00:00.123456789+02:00"`}, {`"string"`, strategies.Opaque, `"abc\n"`}, {`"string"`, strategies.Integer, `"-17"`},
		{`"int"`, strategies.Integer, `17`}, {`"long"`, strategies.EpochSeconds, `1700000000`}, {`"long"`, strategies.EpochMillis, `1700000000123`}, {ts("millis"), strategies.EpochMillis, `1700000000123`},
		{ts("millis"), strategies.RFC3339, `"1969-12-31T23:59:59.999Z"`}, {ts("micros"), strategies.RFC3339, `"2026-01-01T00:00:00.123456Z"`}, {ts("nanos"), strategies.RFC3339, `"1969-12-31T23:59:59.123456789Z"`}, {ts("micros"), strategies.Integer, `1700000000123456`},
	} {
		for _, typ := range []string{c.typ, `["null",` + c.typ + `]`, `[` + c.typ + `,"null"]`} {
			p := mustCompile(t, Options{Schema: recordOf(typ), SchemaID: 3, IDField: "id", CursorField: "v", Format: c.format})
			r := scanOne(t, p, `{"id":"k","v":`+c.in+`}`)
			if r.Err != nil {
				t.Error(r.Err)
				continue
			}
			v, hash, err := p.Inspect(r.Body)
			if err != nil || hash != r.Hash || v.Compare(r.Value) != 0 || !v.Set || (v.Raw != nil && !bytes.Equal(v.Raw, r.Value.Raw)) {
				t.Errorf("%s as %s: %+v (%v), the row has %+v", typ, c.format, v, err, r.Value)
			}
			if want, err := c.format.ParseString(strings.ReplaceAll(strings.Trim(c.in, `"`), `\n`, "\n")); err != nil || want.Compare(r.Value) != 0 {
				t.Errorf("%s as %s: the row has %+v, want %+v (%v)", typ, c.format, r.Value, want, err)
			}
		}
	}
}

// TestInspectHostile: values that are not what they should be are errors.
func TestInspectHostile(t *testing.T) {
	p := mustCompile(t, userOptions())
	good := scanOne(t, mustCompile(t, func() Options { o := userOptions(); o.RecordsPath, o.TokenPath, o.TotalPath = "", "", ""; return o }()),
		`{"id":"a","name":"b","updatedAt":"2026-01-01T00:00:00Z"}`).Body
	if _, _, err := p.Inspect(good); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if _, _, err := p.Inspect(good[:n]); err == nil {
			t.Errorf("cut at %d it is taken", n)
		}
		if _, _, err := p.Resolve(good[:n], schemas.User); err == nil {
			t.Errorf("cut at %d it is resolved", n)
		}
	}
	for _, b := range [][]byte{append(bytes.Clone(good), 0), {0, 0, 0, 0, 7, 1}, {0, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {1, 0, 0, 0, 7}, {0, 0, 0, 0, 7, 2, 'a', 8}} {
		if _, _, err := p.Inspect(b); err == nil {
			t.Errorf("%x is taken", b)
		}
	}
}

// What a worker's start costs a row of the window, by the schema the row was written with.
func BenchmarkInspect(b *testing.B) {
	p := mustCompile(b, userOptions())
	pg, err := p.Scan(users(1))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.Inspect(pg.Rows[0].Body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	p := mustCompile(b, userOptions())
	pg, err := p.Scan(users(1))
	if err != nil {
		b.Fatal(err)
	}
	older := strings.Replace(schemas.User, `"doc"`, `"note"`, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.Resolve(pg.Rows[0].Body, older); err != nil {
			b.Fatal(err)
		}
	}
}

// What a schema cannot read of another one's values is known without a value, and the field is named.
func TestReads(t *testing.T) {
	record := func(fields string) string {
		return `{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null}` + fields + `]}`
	}
	for name, c := range map[string]struct{ was, is, says string }{
		"the same":                 {`,{"name":"a","type":"int"}`, `,{"name":"a","type":"int"}`, ""},
		"wider":                    {`,{"name":"a","type":"int"}`, `,{"name":"a","type":["null","long"]}`, ""},
		"gone":                     {`,{"name":"a","type":"int"}`, ``, ""},
		"new with a default":       {``, `,{"name":"a","type":"int","default":7}`, ""},
		"new without one":          {``, `,{"name":"a","type":"int"}`, "field a is new and has no default"},
		"another type":             {`,{"name":"a","type":"string"}`, `,{"name":"a","type":"int"}`, "field a: string cannot be read as int"},
		"another one in a union":   {`,{"name":"a","type":["null","string"]}`, `,{"name":"a","type":["null","int"]}`, "field a: string cannot be read as"},
		"no longer null":           {`,{"name":"a","type":["null","int"]}`, `,{"name":"a","type":"int"}`, "field a: null cannot be read as int"},
		"further down":             {`,{"name":"a","type":{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"b","type":"int"}]}}}`, `,{"name":"a","type":{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"b","type":"boolean"}]}}}`, "field a: field b: int cannot be read as boolean"},
		"a symbol":                 {`,{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"]}}`, `,{"name":"a","type":{"type":"enum","name":"E","symbols":["A"]}}`, "has no symbol B"},
		"a symbol with a fallback": {`,{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"]}}`, `,{"name":"a","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}}`, ""},
		"a list of itself":         {`,{"name":"a","type":["null","R"]}`, `,{"name":"a","type":["null","R"]}`, ""},
	} {
		p := mustCompile(t, Options{Schema: record(c.is), SchemaID: 1, IDField: "id", CursorField: "at", Format: strategies.RFC3339})
		err := p.Reads(record(c.was))
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
		var e *UnlikeError
		if err != nil && !errors.As(err, &e) {
			t.Errorf("%s: %v is no UnlikeError", name, err)
		}
	}
}
