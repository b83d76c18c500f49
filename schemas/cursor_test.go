package schemas_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/strategies"
)

// full is a cursor of a strategy with every field set, down to the last, and its pager's position.
func full(t *testing.T, strategy, pager string) strategies.Cursor {
	t.Helper()
	var c strategies.Cursor
	fill(t, reflect.ValueOf(&c).Elem())
	c.Version, c.Strategy = strategies.CursorVersion, strategy
	c.Sweep.Slice().Pager, c.Sweep.Slice().Position = pager, position(t, pager)
	return c
}

// position is one of a pager, with every field set.
func position(t *testing.T, pager string) strategies.Position {
	t.Helper()
	var s strategies.Slices
	if err := json.Unmarshal([]byte(`[{"pager":"`+pager+`","position":{}}]`), &s); err != nil {
		t.Fatal(err)
	}
	fill(t, reflect.ValueOf(s[0].Position).Elem())
	return s[0].Position
}

// everyFull are full cursors of all strategies by all of their pagers that have positions.
func everyFull(t *testing.T) (all []strategies.Cursor) {
	t.Helper()
	for _, r := range strategies.Recipes() {
		for _, pager := range r.PagedBy() {
			if pager != strategies.Unpaged {
				all = append(all, full(t, r.Name, pager))
			}
		}
	}
	return all
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
	case reflect.Interface: // the position, which is that of the pager
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i))
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

// cursorSchema is the schema as a well-kept library understands it.
var cursorSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemas.Cursor))
	if err != nil {
		return nil, err
	}
	const name = "cursor.schema.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		return nil, err
	}
	return c.Compile(name)
})

// checkCursor says whether data is a cursor as cursor.schema.json describes it.
func checkCursor(t fataler, data []byte) error {
	t.Helper()
	sch, err := cursorSchema()
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return sch.Validate(v)
}

// in is what an object or a list holds at a place.
func in(of any, key string) any {
	switch of := of.(type) {
	case map[string]any:
		return of[key]
	case []any:
		return of[0]
	}
	return nil
}

// fataler is a testing.T or a rapid.T.
type fataler interface {
	Helper()
	Fatal(args ...any)
}

// mustRefuse: neither the schema nor the program takes it.
func mustRefuse(t *testing.T, data []byte) {
	t.Helper()
	if checkCursor(t, data) == nil {
		t.Errorf("the schema takes %s", data)
	}
	if c, err := strategies.ParseCursor(data); err == nil && c.Version <= strategies.CursorVersion {
		t.Errorf("ParseCursor takes %s", data)
	}
}

func marshal(t fataler, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCursorShapes: every cursor that the program can write follows the schema.
func TestCursorShapes(t *testing.T) {
	bare := strategies.Cursor{Version: strategies.CursorVersion, Stream: "user", Strategy: strategies.Offset}
	open := bare
	open.Sweep = &strategies.Sweep{}
	read := bare
	read.ReadBack = &strategies.ReadBack{}
	written := bare
	written.Written = &strategies.Written{}
	for _, c := range append(everyFull(t), bare, open, read, written) {
		if b := marshal(t, c); checkCursor(t, b) != nil {
			t.Errorf("%s\n%v", b, checkCursor(t, b))
		} else if got, err := strategies.ParseCursor(b); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%s\nis read as %+v, %v", b, got, err)
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
	c := full(t, strategies.Snapshot, strategies.ByNumber)
	compare("cursor", doc.Properties, c)
	compare("sweep", doc.Defs["sweep"].Properties, c.Sweep)
	compare("observed", doc.Defs["observed"].Properties, c.Sweep.Observed)
	compare("parents", doc.Defs["parents"].Properties, c.Sweep.Parents)
	compare("slice", doc.Defs["slice"].Properties, c.Sweep.Slice())
	names := map[string]string{strategies.ByURL: "token", strategies.ByLink: "token", strategies.ByRow: "row"}
	for _, c := range everyFull(t) {
		pager := c.Sweep.Slice().Pager
		name := cmp.Or(names[pager], pager)
		compare(name, doc.Defs[name].Properties, c.Sweep.Slice().Position)
		if at, ok := c.Sweep.Slice().Position.(*strategies.AnswerPosition); ok {
			compare("part", doc.Defs["part"].Properties, at.Part)
			compare("proof", doc.Defs["proof"].Properties, at.Proof)
		}
	}
	compare("read_back", doc.Defs["read_back"].Properties, c.ReadBack)
	compare("schema", doc.Defs["schema"].Properties, c.Schemas[0])
	compare("written", doc.Defs["written"].Properties, c.Written)
	compare("topic", doc.Defs["topic"].Properties, c.Topic)
}

// TestCursorMutations: what is no cursor is refused, field by field.
func TestCursorMutations(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range everyFull(t) { // by each pager once
		if pager := c.Sweep.Slice().Pager; !seen[pager] {
			seen[pager] = true
			t.Run(pager, func(t *testing.T) { mutations(t, marshal(t, c)) })
		}
	}
	whole := marshal(t, full(t, strategies.Keyset, "value"))
	for _, required := range []string{"version", "stream", "strategy", "fingerprint", "seq", "owner"} {
		var doc map[string]any
		if err := json.Unmarshal(whole, &doc); err != nil {
			t.Fatal(err)
		}
		delete(doc, required)
		mustRefuse(t, marshal(t, doc))
	}
	for _, b := range []string{"", "null", "[]", `"x"`, "{", "{}"} {
		mustRefuse(t, []byte(b))
	}
}

// mutations refuses what a whole cursor is not, field by field.
func mutations(t *testing.T, whole []byte) {
	t.Helper()
	if err := checkCursor(t, whole); err != nil {
		t.Fatal(err)
	}
	// Every value anywhere in the cursor, replaced by one of another type.
	var walk func(path []string, v any)
	refuse := func(path []string, value any) {
		var doc map[string]any
		if err := json.Unmarshal(whole, &doc); err != nil {
			t.Fatal(err)
		}
		var at any = doc
		for _, k := range path[:len(path)-1] {
			at = in(at, k)
		}
		if list, ok := at.([]any); ok {
			list[0] = value
		} else {
			at.(map[string]any)[path[len(path)-1]] = value
		}
		mustRefuse(t, marshal(t, doc))
	}
	walk = func(path []string, v any) {
		if len(path) > 0 {
			refuse(path, map[string]any{"no": "such"})
			refuse(path, 1.5)
		}
		switch v := v.(type) {
		case map[string]any:
			refuse(append(path[:len(path):len(path)], "stranger"), 1)
			for k, v := range v {
				walk(append(path[:len(path):len(path)], k), v)
			}
		case []any:
			walk(append(path[:len(path):len(path)], "0"), v[0])
		}
	}
	var doc map[string]any
	if err := json.Unmarshal(whole, &doc); err != nil {
		t.Fatal(err)
	}
	walk(nil, doc)
	for _, c := range []struct {
		field string
		value any
	}{{"version", 0}, {"version", 1}, {"version", 99}, {"strategy", "guess"}, {"stream", ""}, {"seq", -1}, {"page_limit", -1}} {
		refuse([]string{c.field}, c.value)
	}
	slice := []string{"sweep", "slices", "0"}
	for _, pager := range []string{"value", "count", "answer", "range", strategies.Unpaged, strategies.ByNumber, "guess"} {
		if at, _ := doc["sweep"].(map[string]any)["slices"].([]any)[0].(map[string]any); at["pager"] != pager {
			refuse(append(slice[:3:3], "pager"), pager) // another pager has another position
		}
	}
	refuse(append(slice[:3:3], "position"), nil)
	refuse(slice[:2], []any{})
	refuse(slice[:2], []any{map[string]any{}, map[string]any{}})
}

// A later version's cursor is read as far as it goes: a worker that it has taken the stream
// from says by whom.
func TestCursorOfALaterVersion(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(marshal(t, full(t, strategies.Keyset, "value")), &doc); err != nil {
		t.Fatal(err)
	}
	doc["version"], doc["mark"], doc["news"] = strategies.CursorVersion+1, map[string]any{}, 1
	doc["owner"], doc["seq"] = "young", 8
	c, err := strategies.ParseCursor(marshal(t, doc))
	if err != nil || c.Version != strategies.CursorVersion+1 || c.Owner != "young" || c.Seq != 8 {
		t.Errorf("read as %+v, %v", c, err)
	}
}

// TestCursorLaw: what follows the schema is read, and what is read follows the schema when it
// is written again. Whole cursors are changed in a few places.
func TestCursorLaw(t *testing.T) {
	var wholes [][]byte
	for _, c := range everyFull(t) {
		wholes = append(wholes, marshal(t, c))
	}
	values := []string{"null", `""`, `"x"`, "true", "{}", "[]", "[3, -1]", "[null]", "-1", "0", "1", "2", "1.5"}
	var taken, refused int
	rapid.Check(t, func(t *rapid.T) {
		var doc map[string]any
		if err := json.Unmarshal(rapid.SampledFrom(wholes).Draw(t, "cursor"), &doc); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := doc
			for {
				keys := append(slices.Sorted(maps.Keys(at)), "stranger")
				key := rapid.SampledFrom(keys).Draw(t, "key")
				if inner, ok := in(at, key).(map[string]any); ok && rapid.Bool().Draw(t, "deeper") {
					at = inner
					continue
				}
				if list, ok := at[key].([]any); ok && key == "slices" && rapid.Bool().Draw(t, "deeper") {
					at = list[0].(map[string]any)
					continue
				}
				if rapid.Bool().Draw(t, "without") {
					delete(at, key)
				} else {
					var v any
					if err := json.Unmarshal([]byte(rapid.SampledFrom(values).Draw(t, "value")), &v); err != nil {
						t.Fatal(err)
					}
					at[key] = v
				}
				break
			}
		}
		b := marshal(t, doc)
		c, err := strategies.ParseCursor(b)
		if c.Version > strategies.CursorVersion {
			return
		}
		schema := checkCursor(t, b)
		if schema == nil && err != nil {
			t.Fatalf("%s follows the schema: %v", b, err)
		}
		if err != nil {
			refused++
			return
		}
		taken++
		if again := marshal(t, c); checkCursor(t, again) != nil {
			t.Fatalf("%s\nis written as\n%s\n%v", b, again, checkCursor(t, again))
		}
	})
	if taken == 0 || refused == 0 {
		t.Errorf("%d cursors were read and %d refused", taken, refused)
	}
}
