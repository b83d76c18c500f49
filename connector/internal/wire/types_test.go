package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"

	"tidemark/strategies"
)

// recordOf is the schema of a row with the field v of the given type beside id and
// cursor field.
func recordOf(typ string) string {
	return `{"type":"record","name":"Row","fields":[{"name":"id","type":"string"},{"name":"v","type":` + typ +
		`},{"name":"at","type":["null","string"],"default":null}]}`
}

func rowOptions(schema string) Options {
	return Options{Schema: schema, SchemaID: 1, IDField: "id", CursorField: "at", Format: strategies.Opaque}
}

// scanOne scans a page of one row. The page is never released: the caller keeps its row.
func scanOne(t testing.TB, p *Plan, row string) strategies.Row {
	t.Helper()
	pg, err := p.Scan([]byte("[" + row + "]"))
	if err != nil {
		t.Fatalf("scanning %s: %v", row, err)
	}
	if len(pg.Rows) != 1 {
		t.Fatalf("scanning %s: %d rows", row, len(pg.Rows))
	}
	return pg.Rows[0]
}

// fataler is a testing.TB or a rapid.T.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// oracle decodes a body with goavro.
func oracle(t fataler, schema string, body []byte) map[string]any {
	t.Helper()
	o := goavro.DefaultCodecOption()
	o.EnableDecimalBinarySpecCompliantEncoding = true
	c, err := goavro.NewCodecWithOptions(schema, o)
	if err != nil {
		t.Fatal(err)
	}
	v, rest, err := c.NativeFromBinary(body)
	if err != nil {
		t.Fatalf("goavro cannot decode %x: %v", body, err)
	}
	if len(rest) != 0 {
		t.Fatalf("goavro leaves %x", rest)
	}
	return v.(map[string]any)
}

// TestTypes says for every type what JSON it takes and how that reads back; an expected
// text that begins with ! is part of the row's error.
func TestTypes(t *testing.T) {
	const (
		micros  = `{"type":"long","logicalType":"timestamp-micros"}`
		millis  = `{"type":"long","logicalType":"timestamp-millis"}`
		nanos   = `{"type":"long","logicalType":"timestamp-nanos"}`
		local   = `{"type":"long","logicalType":"local-timestamp-millis"}`
		date    = `{"type":"int","logicalType":"date"}`
		tmilli  = `{"type":"int","logicalType":"time-millis"}`
		tmicro  = `{"type":"long","logicalType":"time-micros"}`
		money   = `{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}`
		big     = `{"type":"bytes","logicalType":"decimal","precision":40,"scale":4}`
		fixdec  = `{"type":"fixed","name":"D","size":6,"logicalType":"decimal","precision":10,"scale":2}`
		uuid    = `{"type":"string","logicalType":"uuid"}`
		fixuuid = `{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}`
		enum    = `{"type":"enum","name":"E","symbols":["red","blue"]}`
		fixed   = `{"type":"fixed","name":"F","size":3}`
		nested  = `{"type":"record","name":"N","fields":[{"name":"a","type":"int"},{"name":"b","type":"string","default":"dflt"},{"name":"c","type":["null","long"]}]}`
		list    = `{"type":"record","name":"L","fields":[{"name":"x","type":"int"},{"name":"next","type":["null","L"],"default":null}]}`
	)
	for _, c := range []struct{ typ, in, want string }{
		{`"null"`, `null`, `null`}, {`"null"`, `0`, `!schema wants null`},
		{`"boolean"`, `true`, `true`}, {`"boolean"`, `false`, `false`}, {`"boolean"`, `1`, `!got the number 1, the schema wants boolean`}, {`"boolean"`, `"true"`, `!got a string`},

		{`"int"`, `0`, `0`}, {`"int"`, `-0`, `0`}, {`"int"`, `2147483647`, `2147483647`}, {`"int"`, `-2147483648`, `-2147483648`},
		{`"int"`, `2147483648`, `!the number 2147483648 that is out of range, the schema wants int`}, {`"int"`, `-2147483649`, `!out of range`},
		{`"int"`, `1.0`, `1`}, {`"int"`, `1e3`, `1000`}, {`"int"`, `1.5e1`, `15`}, {`"int"`, `1500e-2`, `15`}, {`"int"`, `1.5`, `!not whole`}, {`"int"`, `1e-400`, `!not whole`},
		{`"int"`, `0e99999999999999999999`, `0`}, {`"int"`, `"5"`, `!got a string, the schema wants int`}, {`"int"`, `null`, `!got null`},
		{`"long"`, `9223372036854775807`, `9223372036854775807`}, {`"long"`, `-9223372036854775808`, `-9223372036854775808`},
		{`"long"`, `9223372036854775808`, `!out of range`}, {`"long"`, `-9223372036854775809`, `!out of range`}, {`"long"`, `1e18`, `1000000000000000000`},
		{`"long"`, `999999999999999999`, `999999999999999999`}, {`"long"`, `1000000000000000001`, `1000000000000000001`},
		{`"long"`, `9007199254740993`, `9007199254740993`}, {`"long"`, `1e19`, `!out of range`}, {`"long"`, `1e1000000000`, `!out of range`},
		{`"long"`, `18446744073709551616`, `!out of range`}, {`"long"`, `0.000`, `0`}, {`"long"`, `10000000000000000000e-1`, `1000000000000000000`},

		{`"double"`, `1.5`, `1.5`}, {`"double"`, `-0.0`, `-0`}, {`"double"`, `1e308`, `1e+308`}, {`"double"`, `1e309`, `!out of range`}, {`"double"`, `3`, `3`},
		{`"double"`, `9007199254740992`, `9.007199254740992e+15`}, {`"double"`, `9007199254740993`, `!would lose digits`}, {`"double"`, `-9007199254740993`, `!would lose digits`},
		{`"double"`, `12345678901234567890`, `!would lose digits`}, {`"double"`, `36893488147419103232`, `3.6893488147419103e+19`}, {`"double"`, `0.1`, `0.1`}, {`"double"`, `"1"`, `!got a string`},
		{`"float"`, `1.5`, `1.5`}, {`"float"`, `0.1`, `0.1`}, {`"float"`, `16777216`, `1.6777216e+07`}, {`"float"`, `16777217`, `!would lose digits`}, {`"float"`, `1e39`, `!out of range`},
		{`"double"`, `NaN`, `!!`}, {`"double"`, `Infinity`, `!!`}, {`"double"`, `01`, `!!`}, {`"long"`, `01`, `!!`}, {`"long"`, `+1`, `!!`}, {`"long"`, `1.`, `!!`}, {`"long"`, `.5`, `!!`}, {`"long"`, `-`, `!!`},

		{`"string"`, `""`, `""`}, {`"string"`, `"a\n\"\\\/\u00e9\ud83d\ude00"`, `"a\n\"\\/é😀"`}, {`"string"`, `"é😀"`, `"é😀"`}, {`"string"`, `"\u0000"`, `"\u0000"`},
		{`"string"`, "\"\xff\"", `!got a string that is not valid Unicode`}, {`"string"`, "\"12345678\xc3\"", `!not valid Unicode`}, {`"string"`, `"\ud800"`, "\"\ufffd\""},
		{`"string"`, `"\udc00\ud800"`, "\"\ufffd\ufffd\""}, {`"string"`, `"\ud800\u0041\ud83d\ude00\ud83dx"`, "\"\ufffdA😀\ufffdx\""}, {`"string"`, `12`, `!got the number 12, the schema wants string`},
		{`"string"`, `{}`, `!got an object`}, {`"string"`, `["a"]`, `!got an array`}, {`"string"`, `true`, `!got a boolean`},
		{`"string"`, "\"\n\"", `!!`}, {`"string"`, `"\x"`, `!!`}, {`"string"`, `"\u12g4"`, `!!`},

		{`"bytes"`, `"AAEC/w=="`, `"AAEC/w=="`}, {`"bytes"`, `""`, `""`}, {`"bytes"`, `"AA"`, `!base64`}, {`"bytes"`, `"A A="`, `!base64`}, {`"bytes"`, `"AA\n=="`, `!base64`}, {`"bytes"`, `"AB=="`, `!base64`},
		{`"bytes"`, `[1]`, `!got an array, the schema wants bytes`},
		{fixed, `"AAEC"`, `"AAEC"`}, {fixed, `"AAE="`, `!as many bytes`}, {fixed, `"AAECAw=="`, `!as many bytes`},
		{enum, `"blue"`, `"blue"`}, {enum, `"r\u0065d"`, `"red"`}, {enum, `"green"`, `!none of the symbols`}, {enum, `1`, `!got the number 1, the schema wants enum E`},

		{`{"type":"array","items":"int"}`, `[]`, `[]`}, {`{"type":"array","items":"int"}`, `[1, 2 ,3]`, `[1,2,3]`}, {`{"type":"array","items":"int"}`, `[1,"2"]`, `!got a string, the schema wants int`},
		{`{"type":"array","items":"int"}`, `{}`, `!got an object, the schema wants array`}, {`{"type":"array","items":"int"}`, `[1,]`, `!!`}, {`{"type":"array","items":"int"}`, `[1 2]`, `!!`},
		{`{"type":"array","items":"null"}`, `[null,null]`, `[null,null]`},
		{`{"type":"map","values":"int"}`, `{}`, `{}`}, {`{"type":"map","values":"int"}`, `{"b":1,"a":2}`, `{"a":2,"b":1}`}, {`{"type":"map","values":"int"}`, `{"b":1,"a":2,"b":3,"":4}`, `{"":4,"a":2,"b":3}`},
		{`{"type":"map","values":"int"}`, `{"\u0061":1,"a":2}`, `{"a":2}`}, {`{"type":"map","values":"int"}`, `{"a":null}`, `!got null, the schema wants int`}, {`{"type":"map","values":"int"}`, `[]`, `!got an array`},
		{`{"type":"map","values":{"type":"map","values":"int"}}`, `{"z":{"b":1,"a":2},"y":{}}`, `{"y":{},"z":{"a":2,"b":1}}`},

		{nested, `{"a":1}`, `{"a":1,"b":"dflt","c":null}`}, {nested, `{"c":5,"b":"x","a":1}`, `{"a":1,"b":"x","c":5}`}, {nested, `{"b":"first","a":1,"b":"x"}`, `{"a":1,"b":"x","c":null}`},
		{nested, `{"b":"x"}`, `!field v.a: the field is missing`}, {nested, `{"a":1,"b":null}`, `!field v.b: got null, the schema wants string`}, {nested, `{"a":1,"other":[{}]}`, `{"a":1,"b":"dflt","c":null}`},
		{list, `{"x":1,"next":{"next":{"x":3},"x":2}}`, `{"x":1,"next":{"x":2,"next":{"x":3,"next":null}}}`}, {list, `{"x":1,"next":{"next":{"x":"3"}}}`, `!field v.next.next.x: got a string`},

		{`["null","string"]`, `null`, `null`}, {`["null","string"]`, `"a"`, `"a"`}, {`["string","null"]`, `null`, `null`}, {`["string","null"]`, `"a"`, `"a"`}, {`["null","string"]`, `1`, `!got the number 1, the schema wants string`},
		{`["null","long","double","string"]`, `5`, `5`}, {`["null","long","double","string"]`, `5.5`, `5.5`}, {`["null","long","double","string"]`, `"x"`, `"x"`}, {`["null","long","double","string"]`, `null`, `null`},
		{`["null","long","double","string"]`, `true`, `!got a boolean, the schema wants null or long or double or string`}, {`["int","long"]`, `3000000000`, `3000000000`},
		{`[` + micros + `,"string"]`, `"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05Z"`}, {`[` + micros + `,"string"]`, `"soon"`, `"soon"`},
		{`["null",` + nested + `,` + list + `]`, `{"x":7}`, `{"x":7,"next":null}`}, {`["null",` + nested + `,{"type":"map","values":"string"}]`, `{"k":"v"}`, `{"k":"v"}`}, {`["string"]`, `"a"`, `"a"`},

		{micros, `"2026-11-14T20:02:39Z"`, `"2026-11-14T20:02:39Z"`}, {micros, `"2026-11-14T20:02:39.123456+02:00"`, `"2026-11-14T18:02:39.123456Z"`}, {micros, `"2026-11-14 20:02:39"`, `"2026-11-14T20:02:39Z"`},
		{micros, `"2026-11-14T20:02:39.1234567Z"`, `"2026-11-14T20:02:39.123456Z"`}, {micros, `"1969-12-31T23:59:59.9999999Z"`, `"1969-12-31T23:59:59.999999Z"`},
		{micros, `"2026-11-14"`, `"2026-11-14T00:00:00Z"`}, {micros, `"2026-11-14T24:00:00Z"`, `"2026-11-15T00:00:00Z"`}, {micros, `"2016-12-31T23:59:60Z"`, `"2017-01-01T00:00:00Z"`}, {micros, `"2026-11-14 20:02:39+00"`, `"2026-11-14T20:02:39Z"`}, {micros, `"2026-11-14T20:02:39.123456000Z"`, `"2026-11-14T20:02:39.123456Z"`}, {micros, `"0001-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`},
		{micros, `"9999-12-31T23:59:59.999999Z"`, `"9999-12-31T23:59:59.999999Z"`}, {micros, `"9999-12-31T23:59:59-01:00"`, `!beyond the years`}, {micros, `"0000-01-01T00:00:00+01:00"`, `!beyond the years`},
		{micros, `"2026-02-30T00:00:00Z"`, `!no such date`}, {micros, `"yesterday"`, `!not a timestamp`}, {micros, `1794686559000000`, `"2026-11-14T20:02:39Z"`}, {micros, `1e30`, `!out of range`}, {micros, `9e17`, `!beyond the years`}, {micros, `-1`, `"1969-12-31T23:59:59.999999Z"`},
		{micros, `true`, `!got a boolean, the schema wants long (timestamp-micros)`}, {micros, `"2026-11-14T20:02:39\u005a"`, `"2026-11-14T20:02:39Z"`},
		{millis, `"2026-11-14T20:02:39.123Z"`, `"2026-11-14T20:02:39.123Z"`}, {millis, `"2026-11-14T20:02:39.1234Z"`, `"2026-11-14T20:02:39.123Z"`}, {millis, `1794686559000`, `"2026-11-14T20:02:39Z"`}, {millis, `"1969-12-31T23:59:59.999Z"`, `"1969-12-31T23:59:59.999Z"`},
		{nanos, `"2026-11-14T20:02:39.123456789Z"`, `"2026-11-14T20:02:39.123456789Z"`}, {nanos, `"1969-12-31T23:59:59.999999999Z"`, `"1969-12-31T23:59:59.999999999Z"`}, {nanos, `"2300-01-01T00:00:00Z"`, `!1677 to 2262`}, {nanos, `"1600-01-01T00:00:00Z"`, `!1677 to 2262`},
		{local, `"2026-11-14T20:02:39.5"`, `"2026-11-14T20:02:39.5"`}, {local, `"2026-11-14"`, `"2026-11-14T00:00:00"`}, {local, `"2026-11-14 20:02:39 UTC"`, `!names a zone`}, {local, `"2026-11-14T20:02:39Z"`, `!names a zone`}, {local, `"2026-11-14T20:02:39+00:00"`, `!names a zone`},
		{date, `"2026-11-14"`, `"2026-11-14"`}, {date, `0`, `"1970-01-01"`}, {date, `"1969-12-31"`, `"1969-12-31"`}, {date, `"2026-02-29"`, `!no date`}, {date, `"2026-11-14T00:00:00Z"`, `!no date`}, {date, `99999999`, `!beyond the years`},
		{tmilli, `"23:59:59.999"`, `"23:59:59.999"`}, {tmilli, `"23:59:59.9999"`, `"23:59:59.999"`}, {tmilli, `86399999`, `"23:59:59.999"`}, {tmilli, `86400000`, `!no time of day`}, {tmilli, `"24:00:00"`, `!no time of day`}, {tmilli, `"23:59:60"`, `!no time of day`}, {tmilli, `"00:00:00Z"`, `!no time of day`},
		{tmicro, `"00:00:00.000001"`, `"00:00:00.000001"`}, {tmicro, `"12:30"`, `!no time of day`}, {tmicro, `-1`, `!no time of day`}, {tmicro, `"12:30:00+01:00"`, `!no time of day`},

		{money, `12.34`, `"12.34"`}, {money, `"-12.3"`, `"-12.30"`}, {money, `0`, `"0.00"`}, {money, `-0.01`, `"-0.01"`}, {money, `9999.99`, `"9999.99"`}, {money, `10000`, `!more digits than the precision`}, {money, `0.001`, `!more digits behind the point`},
		{money, `12.340`, `"12.34"`}, {money, `1.2e3`, `"1200.00"`}, {money, `"abc"`, `!not a number`}, {money, `"1 "`, `!not a number`}, {money, `""`, `!not a number`}, {money, `1e999999999999`, `!more digits`}, {money, `-1.28`, `"-1.28"`}, {money, `1.28`, `"1.28"`},
		{big, `123456789012345678901234567890123456.7891`, `"123456789012345678901234567890123456.7891"`}, {big, `"-123456789012345678901234567890123456.7891"`, `"-123456789012345678901234567890123456.7891"`},
		{big, `-922337203685477.5808`, `"-922337203685477.5808"`}, {big, `1234567890123456789012345678901234567`, `!more digits`}, {big, `1.28e20`, `"128000000000000000000.0000"`},
		{fixdec, `-1.28`, `"-1.28"`}, {fixdec, `99999999.99`, `"99999999.99"`}, {fixdec, `"-99999999.99"`, `"-99999999.99"`},
		{uuid, `"063928bd-d32e-4cc0-af86-f8d1bcb792e9"`, `"063928bd-d32e-4cc0-af86-f8d1bcb792e9"`}, {uuid, `"063928BD-d32e-4cc0-af86-f8d1bcb792e9"`, `"063928BD-d32e-4cc0-af86-f8d1bcb792e9"`}, {uuid, `"063928bdd32e4cc0af86f8d1bcb792e9"`, `!no UUID`}, {uuid, `"063928bd-d32e-4cc0-af86-f8d1bcb792eg"`, `!no UUID`},
		{fixuuid, `"063928bd-d32e-4cc0-af86-f8d1bcb792e9"`, `"063928bd-d32e-4cc0-af86-f8d1bcb792e9"`}, {fixuuid, `"063928bd-d32e-4cc0-af86"`, `!no UUID`},
	} {
		schema := recordOf(c.typ)
		p := mustCompile(t, rowOptions(schema))
		name := fmt.Sprintf("%s as %s", c.in, c.typ)
		row := `{"id": "k", "v": ` + c.in + `, "at": "1"}`
		if c.want == "!!" {
			if _, err := p.Scan([]byte("[" + row + "]")); err == nil {
				t.Errorf("%s: broken JSON is taken", name)
			}
			continue
		}
		r := scanOne(t, p, row)
		if string(r.Key) != "k" || string(r.Value.Raw) != "1" {
			t.Errorf("%s: key %q, value %q", name, r.Key, r.Value.Raw)
		}
		if string(r.JSON) != row {
			t.Errorf("%s: JSON is %s", name, r.JSON)
		}
		if want, wrong := strings.CutPrefix(c.want, "!"); wrong {
			if r.Err == nil || r.Body != nil || !strings.Contains(r.Err.Error(), want) {
				t.Errorf("%s: body %x, error %v, want one with %q", name, r.Body, r.Err, want)
			}
			continue
		}
		if r.Err != nil {
			t.Errorf("%s: %v", name, r.Err)
			continue
		}
		oracle(t, schema, r.Body[headerLen:])
		got, err := renderBody(p.schema, r.Body[headerLen:])
		if want := `{"id":"k","v":` + c.want + `,"at":"1"}`; err != nil || string(got) != want {
			t.Errorf("%s: reads back as %s (%v), want %s", name, got, err, want)
		}
	}
}

// TestLengths walks over the places where a length or count grows by a byte.
func TestLengths(t *testing.T) {
	p := mustCompile(t, rowOptions(recordOf(`{"type":"array","items":"string"}`)))
	for _, n := range []int{0, 1, 62, 63, 64, 65, 127, 128, 8191, 8192, 8193} {
		items := strings.TrimSuffix(strings.Repeat(`"x",`, n), ",")
		plain := strings.Repeat("y", n)
		escaped := strings.Repeat(`\u0079`, n)
		r := scanOne(t, p, `{"id":"a","v":[`+items+`]}`)
		if got := oracle(t, p.opts.Schema, r.Body[headerLen:])["v"].([]any); len(got) != n {
			t.Errorf("%d items read back as %d", n, len(got))
		}
		for _, text := range []string{plain, escaped} {
			r := scanOne(t, p, `{"id":"a","v":["`+text+`"]}`)
			if got := oracle(t, p.opts.Schema, r.Body[headerLen:])["v"].([]any); got[0] != plain {
				t.Errorf("a text of %d letters reads back as %v", n, got)
			}
		}
	}
}

// TestDefaults: what missing fields become, for every type, by Avro's own rules.
func TestDefaults(t *testing.T) {
	for _, c := range []struct{ typ, dflt, want string }{
		{`"boolean"`, `true`, `true`}, {`"int"`, `-3`, `-3`}, {`"long"`, `5`, `5`}, {`"float"`, `1.5`, `1.5`}, {`"double"`, `2.5`, `2.5`},
		{`"string"`, `"x"`, `"x"`}, {`"bytes"`, `"\u0001A"`, `"AUE="`}, {`["null","string"]`, `null`, `null`}, {`["string","null"]`, `"s"`, `"s"`},
		{`{"type":"array","items":"int"}`, `[1,2]`, `[1,2]`}, {`{"type":"map","values":"int"}`, `{"b":1,"a":2}`, `{"a":2,"b":1}`},
		{`{"type":"enum","name":"E","symbols":["A","B"]}`, `"B"`, `"B"`},
		{`{"type":"long","logicalType":"timestamp-micros"}`, `0`, `"1970-01-01T00:00:00Z"`},
		{`{"type":"record","name":"N","fields":[{"name":"a","type":"int"},{"name":"b","type":"int","default":7}]}`, `{"a":1}`, `{"a":1,"b":7}`},
	} {
		schema := `{"type":"record","name":"Row","fields":[{"name":"id","type":"string"},{"name":"at","type":"string"},{"name":"v","type":` + c.typ + `,"default":` + c.dflt + `}]}`
		p, err := Compile(rowOptions(schema))
		if err != nil {
			t.Errorf("%s: %v", c.typ, err)
			continue
		}
		r := scanOne(t, p, `{"id":"k","at":"1"}`)
		if r.Err != nil {
			t.Errorf("%s: %v", c.typ, r.Err)
			continue
		}
		oracle(t, schema, r.Body[headerLen:])
		if got, err := renderBody(p.schema, r.Body[headerLen:]); err != nil || string(got) != `{"id":"k","at":"1","v":`+c.want+`}` {
			t.Errorf("%s: reads back as %s (%v)", c.typ, got, err)
		}
	}
}
