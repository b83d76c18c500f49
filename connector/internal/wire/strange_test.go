package wire

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const strangeSchema = `{"type":"record","name":"Row","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},
	{"name":"v","type":["null","int"],"default":null},{"name":"in","type":["null",{"type":"record","name":"In","fields":[
		{"name":"a","type":["null","int"],"default":null}]}],"default":null},{"name":"gone","type":["null","boolean"],"default":null}]}`

// A row with a field that the schema does not have, or without one that it has, is a bad one where so configured, at any
// depth, and says which field it is. Keys that the configuration reads are none of them, and a deleted row may lack all.
func TestRefuseDrift(t *testing.T) {
	const whole = `"at":"1","v":1,"in":{"a":1}`
	for _, c := range []struct {
		name, row string
		drift     Drifted
		field     string
		deleted   bool
	}{
		{"all fields", `{"id":"a",` + whole + `}`, NoDrift, "", false},
		{"in another order, and null", `{"v":null,"in":{"a":null},"gone":null,"at":"1","id":"a"}`, NoDrift, "", false},
		{"a new one", `{"id":"a","x":1,` + whole + `}`, NewField, "x", false},
		{"a new one that is null", `{"id":"a",` + whole + `,"x":null}`, NewField, "x", false},
		{"a new one that is escaped", `{"id":"a",` + whole + `, "\u0078\"y" : [1]}`, NewField, `x"y`, false},
		{"a new one further down", `{"id":"a","at":"1","v":1,"in":{"b":2,"a":1}}`, NewField, "in.b", false},
		{"the deleted field further down", `{"id":"a","at":"1","v":1,"in":{"a":1,"gone":true}}`, NewField, "in.gone", false},
		{"a missing one", `{"id":"a","at":"1","in":{"a":1}}`, MissingField, "v", false},
		{"a missing one at the end", `{"id":"a","at":"1","v":1}`, MissingField, "in", false},
		{"a missing one further down", `{"id":"a","at":"1","v":1,"in":{}}`, MissingField, "in.a", false},
		{"what the configuration reads", `{"id":"a",` + whole + `,"meta":{"at":"1"}}`, NoDrift, "", false},
		{"a deleted row", `{"id":"a","x":1,"gone":true}`, NoDrift, "", true},
	} {
		o := rowOptions(strangeSchema)
		o.NewFields, o.AllFields, o.CursorField, o.DeletedField, o.DeletedValue = Refused, true, "meta.at", "gone", "true"
		page, err := mustCompile(t, o).Scan([]byte(`[` + c.row + `,` + c.row + `]`)) // the second by the first one's shape
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range page.Rows {
			var bad *RowError
			if errors.As(row.Err, &bad) != (c.drift != NoDrift) || row.Deleted != c.deleted || string(row.Key) != "a" {
				t.Errorf("%s, row %d: %v, key %q, deleted %v", c.name, i, row.Err, row.Key, row.Deleted)
			} else if bad != nil && (bad.Drift != c.drift || bad.Field != c.field) {
				t.Errorf("%s, row %d: %d, field %q: %v", c.name, i, bad.Drift, bad.Field, bad)
			}
		}
		page.Release()
		o.NewFields, o.AllFields = LeftOut, false
		lax, err := mustCompile(t, o).Scan([]byte(`[` + c.row + `]`))
		if err != nil || lax.Bad > 0 {
			t.Errorf("%s, taken as it is: %v, %v", c.name, err, lax.Rows[0].Err)
		}
		lax.Release()
	}
}

// A row that is a bad one for another reason is so first, and one that is not wanted is none.
func TestRefuseDriftBesides(t *testing.T) {
	o := rowOptions(strangeSchema)
	o.NewFields, o.Where = Refused, "at = '1'"
	page := mustScan(t, mustCompile(t, o), `[{"id":"a","at":"1","v":"text","x":1},{"id":"b","at":"2","v":1,"x":1}]`, 2)
	var bad *RowError
	if !errors.As(page.Rows[0].Err, &bad) || bad.Field != "v" || bad.Drift != NoDrift || !page.Rows[1].Filtered || page.Rows[1].Err != nil {
		t.Errorf("got %v, %+v", page.Rows[0].Err, page.Rows[1])
	}
}

// Law: the field that a row is refused for is the key as JSON has it, whatever it is made of and stands between.
func TestLawStrangeKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := rowOptions(strangeSchema)
		o.NewFields = Refused
		key := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune(`"\/: {},ab`+"\n\té")), 0, 8, -1), rapid.StringN(0, 8, -1)).Draw(t, "key")
		text, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains([]string{"id", "at", "v", "in", "gone"}, key) {
			return
		}
		row := `{"id":"a","at":"1"` + blank(t) + "," + blank(t) + string(text) + blank(t) + ":" + blank(t) + `"\":{"}`
		page, err := mustCompileIn(t, o).Scan([]byte("[" + row + "]"))
		if err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		defer page.Release()
		var bad *RowError
		if !errors.As(page.Rows[0].Err, &bad) || bad.Field != clip(key) {
			t.Fatalf("%s: %v, field %q, want %q", row, page.Rows[0].Err, bad.Field, clip(key))
		}
	})
}
