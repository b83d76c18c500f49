package wire

import (
	"testing"
	"time"

	"github.com/linkedin/goavro/v2"
)

// textual is a value that goavro is given as JSON.
type textual string

// TestWhereGoavroDiffers lists what goavro lets through when it encodes and Scan does
// not: the reason why ranges, text and drift are checked here. If goavro mends one, this
// test says so and the list gets shorter.
func TestWhereGoavroDiffers(t *testing.T) {
	const micros = `{"type":"long","logicalType":"timestamp-micros"}`
	for _, c := range []struct {
		name, typ string
		native    any    // what goavro is given
		reads     any    // what it makes of it
		json      string // the same in an API's answer, which Scan refuses
	}{
		{"whole numbers beyond a double's digits", `"double"`, textual(`9007199254740993`), float64(9007199254740992), `9007199254740993`},
		{"years that wrap", micros, time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC), time.UnixMicro(time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()), `9404656588800000000`},
		{"bytes that are not UTF-8", `"string"`, "\xff", "\xff", "\"\xff\""},
	} {
		schema := recordOf(c.typ)
		codec, err := goavro.NewCodec(schema)
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := c.native.(textual); ok {
			native, _, err := codec.NativeFromTextual([]byte(`{"id":"k","at":null,"v":` + string(text) + `}`))
			if err != nil {
				t.Errorf("%s: goavro refuses it by now: %v", c.name, err)
				continue
			}
			c.native = native.(map[string]any)["v"]
		}
		body, err := codec.BinaryFromNative(nil, map[string]any{"id": "k", "v": c.native, "at": nil, "stranger": 1})
		if err != nil {
			t.Errorf("%s: goavro refuses it by now: %v", c.name, err)
			continue
		}
		if got := oracle(t, schema, body)["v"]; !same(got, c.reads) {
			t.Errorf("%s: goavro makes %v of it, it used to make %v", c.name, got, c.reads)
		}
		if r := scanOne(t, mustCompile(t, rowOptions(schema)), `{"id":"k","v":`+c.json+`}`); r.Err == nil {
			t.Errorf("%s: Scan takes it", c.name)
		}
	}
	if _, err := goavro.NewCodec(recordOf(`["null",["null","int"]]`)); err != nil {
		t.Errorf("goavro refuses a union in a union by now: %v", err)
	}
	if _, err := Compile(rowOptions(recordOf(`["null",["null","int"]]`))); err == nil {
		t.Error("a union in a union compiles")
	}
}
