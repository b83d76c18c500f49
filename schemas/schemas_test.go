package schemas_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"

	"tidemark/schemas"
	"tidemark/strategies"
)

// TestUserCanonical pins the schema: a change of fields, order or types is a change of
// every topic that has been written and must be meant.
func TestUserCanonical(t *testing.T) {
	c, err := goavro.NewCodec(schemas.User)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"name":"tidemark.User","type":"record","fields":[{"name":"id","type":"string"},` +
		`{"name":"name","type":["null","string"]},{"name":"email","type":["null","string"]},{"name":"address","type":["null","string"]},` +
		`{"name":"company","type":["null","string"]},{"name":"job","type":["null","string"]},` +
		`{"name":"createdAt","type":["null",{"type":"long"}]},{"name":"updatedAt","type":["null",{"type":"long"}]}]}`
	if got := c.CanonicalSchema(); got != want {
		t.Errorf("canonical form\n%s\nwant\n%s", got, want)
	}
	// The canonical form leaves out logical types and defaults, so they are looked at here.
	var s struct {
		Fields []struct {
			Name, Doc string
			Type      any
			Default   *json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(schemas.User), &s); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Fields {
		if f.Doc == "" {
			t.Errorf("field %s has no doc", f.Name)
		}
		types, isUnion := f.Type.([]any)
		if isUnion == (f.Name == "id") {
			t.Errorf("field %s has type %v", f.Name, f.Type)
		}
		if !isUnion {
			continue
		}
		if !strings.Contains(schemas.User, `"name": "`+f.Name+`"`) || types[0] != "null" {
			t.Errorf("field %s has type %v", f.Name, f.Type)
		}
		if m, isTime := types[1].(map[string]any); isTime != strings.HasSuffix(f.Name, "At") || (isTime && m["logicalType"] != "timestamp-micros") {
			t.Errorf("field %s has type %v", f.Name, f.Type)
		}
	}
	if n := strings.Count(schemas.User, `"default": null`); n != 7 {
		t.Errorf("%d fields have the default null, want 7", n)
	}
}

// full is a cursor with every field set, down to the last.
func full(t *testing.T) strategies.Cursor {
	t.Helper()
	var c strategies.Cursor
	fill(t, reflect.ValueOf(&c).Elem())
	c.Version, c.Strategy = strategies.CursorVersion, strategies.Keyset
	return c
}

func fill(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64, reflect.Uint64:
		if v.CanInt() {
			v.SetInt(7)
		} else {
			v.SetUint(7)
		}
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("the cursor has a field of type %s, which this test does not know", v.Type())
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCursorShapes: every cursor that the program can write follows the schema.
func TestCursorShapes(t *testing.T) {
	all := full(t)
	bare := strategies.Cursor{Version: strategies.CursorVersion, Stream: "user", Strategy: strategies.Offset}
	open := bare
	open.Sweep = &strategies.Sweep{}
	read := bare
	read.ReadBack = &strategies.ReadBack{}
	shapes := []strategies.Cursor{all, bare, open, read}
	for _, name := range strategies.Names() {
		c := all
		c.Strategy = name
		shapes = append(shapes, c)
	}
	for _, c := range shapes {
		if b := marshal(t, c); schemas.CheckCursor(b) != nil {
			t.Errorf("%s\n%v", b, schemas.CheckCursor(b))
		}
	}
}

// TestCursorDescribed: the schema names every field of the cursor and no other.
func TestCursorDescribed(t *testing.T) {
	var doc struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(schemas.Cursor, &doc); err != nil {
		t.Fatal(err)
	}
	compare := func(name string, props map[string]any, object any) {
		var m map[string]any
		if err := json.Unmarshal(marshal(t, object), &m); err != nil {
			t.Fatal(err)
		}
		for k := range m {
			if props[k] == nil {
				t.Errorf("%s: field %s is not in the schema", name, k)
			}
		}
		for k := range props {
			if _, ok := m[k]; !ok {
				t.Errorf("%s: the schema has %s, the cursor does not", name, k)
			}
		}
	}
	c := full(t)
	compare("cursor", doc.Properties, c)
	compare("sweep", doc.Defs["sweep"].Properties, c.Sweep)
	compare("read_back", doc.Defs["read_back"].Properties, c.ReadBack)
}

// TestCursorMutations: what is no cursor is refused, field by field.
func TestCursorMutations(t *testing.T) {
	whole := marshal(t, full(t))
	if err := schemas.CheckCursor(whole); err != nil {
		t.Fatal(err)
	}
	// Every value anywhere in the cursor, replaced by one of another type.
	var walk func(path []string, v any)
	refuse := func(path []string, value any) {
		var doc map[string]any
		if err := json.Unmarshal(whole, &doc); err != nil {
			t.Fatal(err)
		}
		at := doc
		for _, k := range path[:len(path)-1] {
			at = at[k].(map[string]any)
		}
		at[path[len(path)-1]] = value
		if b := marshal(t, doc); schemas.CheckCursor(b) == nil {
			t.Errorf("taken: %s", b)
		}
	}
	walk = func(path []string, v any) {
		if len(path) > 0 {
			refuse(path, map[string]any{"no": "such"})
			refuse(path, 1.5)
		}
		if m, ok := v.(map[string]any); ok {
			refuse(append(path[:len(path):len(path)], "stranger"), 1)
			for k, v := range m {
				walk(append(path[:len(path):len(path)], k), v)
			}
		}
	}
	var doc map[string]any
	if err := json.Unmarshal(whole, &doc); err != nil {
		t.Fatal(err)
	}
	walk(nil, doc)
	for _, required := range []string{"version", "stream", "strategy", "fingerprint", "seq", "owner"} {
		var doc map[string]any
		if err := json.Unmarshal(whole, &doc); err != nil {
			t.Fatal(err)
		}
		delete(doc, required)
		if schemas.CheckCursor(marshal(t, doc)) == nil {
			t.Errorf("a cursor without %s is taken", required)
		}
	}
	for _, c := range []struct {
		field string
		value any
	}{{"version", 0}, {"version", 99}, {"strategy", "guess"}, {"stream", ""}, {"seq", -1}, {"page_limit", 0}} {
		refuse([]string{c.field}, c.value)
	}
	for _, b := range []string{"", "null", "[]", `"x"`, "{", "{}"} {
		if schemas.CheckCursor([]byte(b)) == nil {
			t.Errorf("taken: %s", b)
		}
	}
}
