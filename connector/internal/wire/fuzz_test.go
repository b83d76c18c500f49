package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"

	"tidemark/connector/internal/reshape"
	"tidemark/schemas"
	"tidemark/strategies"
)

// everything is a record with a field of every kind.
const everything = `{"type":"record","name":"All","fields":[
	{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},
	{"name":"b","type":["null","boolean"],"default":null},{"name":"i","type":["null","int"],"default":null},{"name":"l","type":["null","long"],"default":null},
	{"name":"f","type":["null","float"],"default":null},{"name":"d","type":["null","double"],"default":null},{"name":"y","type":["null","bytes"],"default":null},
	{"name":"x","type":["null",{"type":"fixed","name":"X","size":3}],"default":null},{"name":"e","type":["null",{"type":"enum","name":"E","symbols":["A","B"]}],"default":null},
	{"name":"a","type":["null",{"type":"array","items":["null","long","string"]}],"default":null},{"name":"m","type":["null",{"type":"map","values":"double"}],"default":null},
	{"name":"r","type":["null","All"],"default":null},{"name":"u","type":["null","long","double","string",{"type":"array","items":"All"},"All"],"default":null},
	{"name":"ts","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null},{"name":"dt","type":["null",{"type":"int","logicalType":"date"}],"default":null},
	{"name":"t","type":["null",{"type":"int","logicalType":"time-millis"}],"default":null},{"name":"n","type":["null",{"type":"bytes","logicalType":"decimal","precision":25,"scale":3}],"default":null}]}`

// FuzzScan feeds any bytes to Scan: it never panics; what it takes is valid JSON and what
// it refuses is Malformed; every body is what goavro can decode and Inspect and the
// decoder understand.
func FuzzScan(f *testing.F) {
	user := userOptions()
	all := Options{Schema: everything, SchemaID: 1, IDField: "id", CursorField: "at", Format: strategies.Opaque}
	soft, known := all, user
	soft.DeletedField, soft.DeletedValue = "gone", "true"
	known.DeletedField, known.DeletedValue = "job", "none"
	shaped := soft
	shaped.Shape = reshape.Spec{Flatten: reshape.Flatten{On: true, Separator: "t"}, Drop: []string{"r.b", "zz"}, Rename: map[string]string{"q.w": "ts", "i": "l"},
		Mask: map[string]reshape.Mask{"u": {Method: reshape.Redact}, "r.r.id": {Method: reshape.Truncate, Keep: 1}, "a": {Method: reshape.Hash, Key: maskKey}},
		Add:  []reshape.Constant{{Name: "d", Value: "1.5"}}}
	type target struct {
		plan  *Plan
		codec *goavro.Codec
	}
	var targets []target
	for _, o := range []Options{user, all, soft, known, shaped} {
		p, err := Compile(o)
		if err != nil {
			f.Fatal(err)
		}
		co := goavro.DefaultCodecOption()
		co.EnableDecimalBinarySpecCompliantEncoding = true
		c, err := goavro.NewCodecWithOptions(o.Schema, co)
		if err != nil {
			f.Fatal(err)
		}
		targets = append(targets, target{p, c})
	}
	for _, seed := range []string{
		string(users(2)), `{"data":[]}`, `{"data":null}`, `{"error":"x"}`, `{}`, `[]`, `<html>`, `{"data":[{"id":0e`, `{"data":[{"id":"1","id":"2"},5,null,{"id":3}],"total":1e3,"scroll_param":null}`,
		`[{"id":"\ud83d\ude00","at":"x","b":true,"i":1e2,"l":-9223372036854775808,"f":1.5,"d":1e300,"y":"AAE=","x":"AAEC","e":"B","a":[null,1,"s"],"m":{"z":1,"a":2},"r":{"id":"q"},"u":[{"id":"w"}],"ts":"2026-01-01T00:00:00Z","dt":"2026-01-01","t":"01:02:03.004","n":"12.345"}]`,
		`[{"gone":true,"id":"1","b":5},{"id":"2","b":5,"gone":"true","at":"x"},{"gone":true},{"id":"3","r":{"id":"q","gone":true},"gone":null}]`, `{"data":[{"id":"1","name":5,"job":"none"},{"job":"none","updatedAt":"never"}]}`,
		`[{"u":{"u":{"u":{"id":"x"}}},"id":"1","n":-1.28,"n":128e-2,"zz":[{}]}]`, "\xEF\xBB\xBF[{\"id\":\"\xff\"}]",
		`[{"id":"1","\u0064":{"t":"2026-01-01"},"r":[{"r":{"id":"xy","b":1}},5],"q":{"w":"2026-01-01T00:00:00Z"},"i":7,"a":[1,"\ud800",[true]],"zz":1},{"id":"2","d":1,"r":{"r":5}}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		for _, x := range targets {
			pg, err := x.plan.Scan(body)
			text := bytes.TrimPrefix(body, bom)
			if err != nil {
				var m *Malformed
				if !errors.As(err, &m) || m.Offset < 0 || m.Offset > len(body) {
					t.Fatalf("%v", err)
				}
				if x.plan.opts.RecordsPath == "" && json.Valid(text) && len(bytes.TrimSpace(text)) > 0 && bytes.TrimSpace(text)[0] == '[' {
					t.Fatalf("a valid array is refused: %v", err)
				}
				continue
			}
			if !json.Valid(text) && strings.Count(string(text), "[")+strings.Count(string(text), "{") < 10000 { // encoding/json's own limit
				t.Fatal("broken JSON is taken")
			}
			for i, r := range pg.Rows {
				if r.Err != nil {
					var re *RowError
					if !errors.As(r.Err, &re) || re.Index != i || r.Body != nil {
						t.Fatalf("row %d: %v", i, r.Err)
					}
					continue
				}
				if len(r.Key) == 0 || !json.Valid(r.JSON) {
					t.Fatalf("key %q, JSON %s", r.Key, r.JSON)
				}
				if r.Deleted || r.Body == nil {
					if err := isTombstone(r); err != nil || x.plan.opts.DeletedField == "" {
						t.Fatalf("%s is deleted: %v", r.JSON, err)
					}
					continue
				}
				if _, rest, err := x.codec.NativeFromBinary(r.Body[headerLen:]); err != nil || len(rest) > 0 {
					t.Fatalf("goavro cannot decode %x: %v", r.Body, err)
				}
				if v, hash, err := x.plan.Inspect(r.Body); err != nil || hash != r.Hash || v.Set != r.Value.Set || v.Compare(r.Value) != 0 {
					t.Fatalf("Inspect: %+v %v", v, err)
				}
				if js, err := renderBody(x.plan.schema, r.Body[headerLen:]); err != nil || !json.Valid(js) {
					t.Fatalf("rendered as %s: %v", js, err)
				}
			}
			pg.Release()
		}
		if !bytes.Equal(before, body) {
			t.Fatal("Scan writes into the answer")
		}
	})
}

// FuzzRead feeds any bytes to what reads Avro: Inspect, Resolve and the decoder return
// or refuse, and agree on which.
func FuzzRead(f *testing.F) {
	p, err := Compile(Options{Schema: everything, SchemaID: 1, IDField: "id", CursorField: "at", Format: strategies.Opaque})
	if err != nil {
		f.Fatal(err)
	}
	pg, err := p.Scan([]byte(`[{"id":"a","a":[null,1,"s"],"m":{"z":1,"a":2},"r":{"id":"q"},"u":[{"id":"w"}],"n":"12.345"}]`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pg.Rows[0].Body)
	f.Add([]byte{0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, value []byte) {
		if len(value) >= headerLen {
			copy(value, []byte{0, 0, 0, 0, 1})
		}
		_, _, inspected := p.Inspect(value)
		_, _, resolved := p.Resolve(value, everything)
		if inspected == nil && resolved != nil {
			t.Fatalf("Inspect takes it, Resolve says %v", resolved)
		}
		if len(value) >= headerLen {
			if js, err := renderBody(p.schema, value[headerLen:]); err == nil && !json.Valid(js) {
				t.Fatalf("rendered as %s", js)
			}
		}
		_, _, _ = p.Resolve(value, schemas.User)
	})
}

// A schema that a registry gives, put together with a file's, is a schema that reads what either has written, or an error.
func FuzzMerged(f *testing.F) {
	f.Add(growSchema, growSchema)
	f.Add(growSchema, `{"type":"record","name":"R","fields":[{"name":"x","type":["null","int"],"default":null},{"name":"n","type":"double"}]}`)
	f.Add(`{"type":"record","name":"R","fields":[],"fields":[{"name":"a","type":"int"}]}`, `{"type":"record","name":"R","fields":[{"name":"b","type":"int","default":1}]}`)
	f.Add(`{"type":"record","name":"R","fields":[{"name":"a","type":"float"}]}`, `{"fields":7,"type":"record","name":"R","fields":[{"name":"a","type":"double","default":1}]}`)
	f.Fuzz(func(t *testing.T, file, latest string) {
		text, err := Merged(file, latest)
		if err != nil {
			return
		}
		if _, err := parseSchema(text); err != nil && latest != "" {
			t.Fatalf("%s and %s make %s: %v", file, latest, text, err)
		}
		if again, err := Merged(text, latest); err != nil || again != text {
			t.Fatalf("once more, %s and %s make %s: %v", text, latest, again, err)
		}
	})
}
