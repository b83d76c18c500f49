package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// same compares what goavro decoded with what was drawn.
func same(got, want any) bool {
	switch want := want.(type) {
	case inUnion:
		m, ok := got.(map[string]any)
		if !ok || len(m) != 1 {
			return false
		}
		for _, v := range m {
			return same(v, want.v)
		}
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok || len(m) != len(want) {
			return false
		}
		for k, v := range want {
			if g, ok := m[k]; !ok || !same(g, v) {
				return false
			}
		}
		return true
	case []any:
		l, ok := got.([]any)
		if !ok || len(l) != len(want) {
			return false
		}
		for i := range want {
			if !same(l[i], want[i]) {
				return false
			}
		}
		return true
	case []byte:
		b, ok := got.([]byte)
		return ok && bytes.Equal(b, want)
	case time.Time:
		g, ok := got.(time.Time)
		return ok && g.Equal(want)
	case *big.Rat:
		g, ok := got.(*big.Rat)
		return ok && g.Cmp(want) == 0
	case float64:
		g, ok := got.(float64)
		return ok && math.Float64bits(g) == math.Float64bits(want)
	case float32:
		g, ok := got.(float32)
		return ok && math.Float32bits(g) == math.Float32bits(want)
	}
	return reflect.DeepEqual(got, want)
}

// TestEncoderAgainstGoavro draws schemas and rows and has goavro decode what Scan made of
// them. Further: Inspect and Resolve know the row again, and the decoder's JSON, scanned
// once more, gives the same body. A schema's canonical form reads the same rows, and is its own.
func TestEncoderAgainstGoavro(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := 0
		id := member{"id", sample{`"string"`, '"', func(t *rapid.T) (string, any) {
			v := rapid.StringMatching(`[a-z\\é]{1,12}`).Draw(t, "id")
			return quote(t, v), v
		}}}
		at := member{"at", sample{`["null","string"]`, 'u', func(t *rapid.T) (string, any) {
			if rapid.IntRange(0, 4).Draw(t, "no cursor") == 0 {
				return "null", nil
			}
			v := rapid.StringMatching(`[a-z"]{0,12}`).Draw(t, "cursor")
			return quote(t, v), inUnion{v}
		}}}
		row, _ := recordType(t, &names, 0, []member{id, at})
		p, err := Compile(rowOptions(row.schema))
		if err != nil {
			t.Fatalf("%s: %v", row.schema, err)
		}
		var rows []string
		var wants []map[string]any
		for range rapid.IntRange(1, 3).Draw(t, "rows") {
			text, want := row.draw(t)
			rows = append(rows, text)
			wants = append(wants, want.(map[string]any))
		}
		page := []byte(blank(t) + "[" + strings.Join(rows, ",") + "]" + blank(t))
		if !json.Valid(page) {
			t.Fatalf("the test drew broken JSON: %s", page)
		}
		pg, err := p.Scan(page)
		if err != nil {
			t.Fatalf("%s: %v", page, err)
		}
		defer pg.Release()
		again := strings.Replace(row.schema, `"fields":[`, `"doc":"another schema","fields":[`, 1)
		canonical, err := Canonical(again)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := Canonical(canonical); err != nil || twice != canonical {
			t.Fatalf("%s\nbecomes %s\nand then %s, %v", row.schema, canonical, twice, err)
		}
		for i, r := range pg.Rows {
			if r.Err != nil {
				t.Fatalf("schema %s\nrow %s\n%v", row.schema, rows[i], r.Err)
			}
			got := oracle(t, row.schema, r.Body[headerLen:])
			if !same(got, wants[i]) {
				t.Fatalf("schema %s\nrow %s\ngoavro reads %v\nwant %v", row.schema, rows[i], got, wants[i])
			}
			if string(r.Key) != wants[i]["id"] || string(r.JSON) != strings.TrimSpace(rows[i]) {
				t.Fatalf("key %q, JSON %s", r.Key, r.JSON)
			}
			if u, set := wants[i]["at"].(inUnion); set != r.Value.Set || (set && string(r.Value.Raw) != u.v) {
				t.Fatalf("cursor value %+v, want %v", r.Value, wants[i]["at"])
			}
			v, hash, err := p.Inspect(r.Body)
			if err != nil || hash != r.Hash || v.Set != r.Value.Set || !bytes.Equal(v.Raw, r.Value.Raw) {
				t.Fatalf("Inspect: %+v %x %v, want %+v %x", v, hash, err, r.Value, r.Hash)
			}
			for _, writer := range []string{again, canonical} {
				v, hash, err = p.Resolve(r.Body, writer)
				if err != nil || hash != r.Hash || v.Set != r.Value.Set || !bytes.Equal(v.Raw, r.Value.Raw) {
					t.Fatalf("Resolve: %+v %x %v, want %+v %x", v, hash, err, r.Value, r.Hash)
				}
			}
			js, err := renderBody(p.schema, r.Body[headerLen:])
			if err != nil || !json.Valid(js) {
				t.Fatalf("rendered as %s, %v", js, err)
			}
			pg2, err := p.Scan(append(append([]byte("["), js...), ']'))
			if err != nil {
				t.Fatal(err)
			}
			if r2 := pg2.Rows[0]; r2.Err != nil || !bytes.Equal(r2.Body, r.Body) {
				t.Fatalf("schema %s\n%s\nis scanned back as %x (%v), was %x", row.schema, js, r2.Body, r2.Err, r.Body)
			}
			pg2.Release()
		}
	})
}
