package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// deletedSchema has columns that every live row must have.
const deletedSchema = `{"type":"record","name":"Row","fields":[
	{"name":"id","type":"string"},{"name":"name","type":"string"},{"name":"age","type":"int"},
	{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},
	{"name":"boss","type":["null","Row"],"default":null},{"name":"state","type":["null","string"],"default":null}]}`

func deletedOptions(field, value string) Options {
	return Options{
		Schema: deletedSchema, SchemaID: 1, IDField: "id", CursorField: "at", Format: strategies.RFC3339,
		DeletedField: field, DeletedValue: value,
	}
}

// isTombstone checks all that a deleted row must be.
func isTombstone(r strategies.Row) error {
	switch {
	case r.Err != nil:
		return r.Err
	case !r.Deleted || r.Body != nil || r.Hash != TombstoneHash || len(r.Key) == 0 || len(r.JSON) == 0:
		return fmt.Errorf("deleted %v, body %x, hash %x, key %q, JSON %s", r.Deleted, r.Body, r.Hash, r.Key, r.JSON)
	}
	return nil
}

// TestDeletedValue: how the JSON of the field is compared with the configured text.
func TestDeletedValue(t *testing.T) {
	for _, c := range []struct {
		want, json string
		deleted    bool
	}{
		{"true", "true", true}, {"true", `"true"`, true}, {"true", "false", false}, {"true", "null", false}, {"true", "1", false}, {"true", `"TRUE"`, false},
		{"true", `"t\u0072ue"`, true}, {"false", "false", true}, {"null", "null", false}, {"null", `"null"`, true}, {"", `""`, true}, {"", "null", false},
		{"1", "1", true}, {"1", `"1"`, true}, {"1", "1.0", false}, {"1", "10", false}, {"-1.5e3", "-1.5e3", true},
		{"{}", "{}", false}, {"[]", "[]", false}, {`a"b`, `"a\"b"`, true}, {"gone", `"\ud800"`, false}, {"é", `"\u00e9"`, true}, {"é", `"é"`, true},
	} {
		p := mustCompile(t, deletedOptions("gone", c.want))
		pg, err := p.Scan([]byte(`[{"id":"a","name":"n","age":1,"at":"2026-01-01T00:00:00Z","gone":` + c.json + `}]`))
		if err != nil {
			t.Fatal(err)
		}
		r := pg.Rows[0]
		switch {
		case r.Deleted != c.deleted || r.Err != nil || (r.Body == nil) != c.deleted:
			t.Errorf("%s against %q: %+v", c.json, c.want, r)
		case c.deleted && r.Hash != TombstoneHash, !c.deleted && r.Hash == TombstoneHash:
			t.Errorf("%s against %q: hash %x", c.json, c.want, r.Hash)
		}
		if pg.Unknown.Count != 0 || pg.Bad != 0 {
			t.Errorf("%s against %q: unknown %+v, bad %d", c.json, c.want, pg.Unknown, pg.Bad)
		}
	}
}

// TestDeletedRows: only id and cursor value must be readable.
func TestDeletedRows(t *testing.T) {
	const at, stamp = `"at":"2026-01-01T00:00:00Z"`, "2026-01-01T00:00:00Z"
	for _, c := range []struct{ row, key, value, field, reason string }{
		// Other columns may be missing or anything.
		{`{"id":"a",` + at + `,"gone":true}`, "a", stamp, "", ""},
		{`{"gone":true,"id":"a",` + at + `}`, "a", stamp, "", ""},
		{`{` + at + `,"gone":true,"id":"a"}`, "a", stamp, "", ""},
		{`{"name":null,"age":"x","id":"a",` + at + `,"gone":true}`, "a", stamp, "", ""},
		{`{"gone":true,"name":5,"id":"\u0061",` + at + `,"boss":[1],"more":{"gone":false}}`, "a", stamp, "", ""},
		{"{\"name\":\"\xff\",\"id\":\"a\"," + at + `,"gone":true}`, "a", stamp, "", ""},
		{`{"boss":` + strings.Repeat(`{"boss":`, maxDepth) + `{"gone":false}` + strings.Repeat("}", maxDepth) + `,"id":"a",` + at + `,"gone":true}`, "a", stamp, "", ""},
		// A cursor value may be missing or null, not wrong.
		{`{"id":"a","gone":true}`, "a", "", "", ""},
		{`{"id":"a","at":null,"gone":true}`, "a", "", "", ""},
		{`{"age":{},"at":null,"gone":true,"id":"a"}`, "a", "", "", ""},
		{`{"id":"a","at":"never","gone":true}`, "a", "", "at", "not a timestamp"},
		{`{"name":7,"at":"never","gone":true,"id":"a"}`, "a", "", "at", "not a timestamp"},
		{`{"id":"a","at":[],"gone":true}`, "a", "", "at", "got an array"},
		// An id must be there.
		{`{` + at + `,"gone":true}`, "", stamp, "id", "missing"},
		{`{"gone":true}`, "", "", "id", "missing"},
		{`{"id":null,` + at + `,"gone":true}`, "", stamp, "id", "got null"},
		{`{"id":"",` + at + `,"gone":true}`, "", stamp, "id", "the id is empty"},
		{`{"name":1,"id":"",` + at + `,"gone":true}`, "", stamp, "id", "the id is empty"},
		{`{"name":1,"id":12.5,` + at + `,"gone":true}`, "12.5", stamp, "id", "the number 12.5 that is not whole"},
		{`{"name":1,"id":12,` + at + `,"gone":true}`, "12", stamp, "", ""},
		{`{"name":1,"gone":true,"id":"\ud800",` + at + `}`, "", stamp, "id", "not valid Unicode"},
		// The last of equal keys counts.
		{`{"gone":false,"id":"x","id":"a","at":"never",` + at + `,"gone":true}`, "a", stamp, "", ""},
	} {
		p := mustCompile(t, deletedOptions("gone", "true"))
		pg, err := p.Scan([]byte(`[{"id":"first","name":"n","age":1,` + at + `},` + c.row + `,{"age":1,"name":"n",` + at + `,"gone":false,"id":"last"}]`))
		if err != nil {
			t.Errorf("%s: %v", c.row, err)
			continue
		}
		r := pg.Rows[1]
		if string(r.Key) != c.key || string(r.Value.Raw) != c.value || r.Value.Set != (c.value != "") || string(r.JSON) != c.row {
			t.Errorf("%s: key %q, value %+v, JSON %s", c.row, r.Key, r.Value, r.JSON)
		}
		if want, err := strategies.RFC3339.Parse([]byte(c.value)); err == nil && want.Compare(r.Value) != 0 {
			t.Errorf("%s: value %+v, want %+v", c.row, r.Value, want)
		}
		if c.reason == "" {
			if err := isTombstone(r); err != nil {
				t.Errorf("%s: %v", c.row, err)
			}
		} else {
			var re *RowError
			if !errors.As(r.Err, &re) || re.Index != 1 || re.ID != c.key || re.Field != c.field || !strings.Contains(re.Reason, c.reason) {
				t.Errorf("%s: %v", c.row, r.Err)
			}
			if r.Deleted || r.Body != nil || r.Hash == TombstoneHash || pg.Bad != 1 {
				t.Errorf("%s: %+v, %d bad", c.row, r, pg.Bad)
			}
		}
		for _, i := range []int{0, 2} {
			if n := pg.Rows[i]; n.Err != nil || n.Deleted || oracle(t, deletedSchema, n.Body[headerLen:])["name"] != "n" {
				t.Errorf("%s: row %d suffers: %+v", c.row, i, n)
			}
		}
		pg.Release()
	}
}

// TestDeletedFieldAnywhere draws rows and shuffles their keys: what a row says does not
// depend on where it says it, and the field of a row that lives is encoded as ever.
func TestDeletedFieldAnywhere(t *testing.T) {
	inSchema, beside := mustCompile(t, deletedOptions("state", "gone")), mustCompile(t, deletedOptions("gone", "gone"))
	plain := mustCompile(t, deletedOptions("", "gone"))
	rapid.Check(t, func(t *rapid.T) {
		mark := rapid.SampledFrom([]string{"gone", "here"}).Draw(t, "mark")
		fields := []string{`"id":"a"`, `"at":"2026-01-01T00:00:00Z"`, `"name":"n"`, `"age":1`, `"boss":null`}
		spoilt := mark == "gone" && rapid.Bool().Draw(t, "spoilt")
		if spoilt {
			fields[2], fields[3] = `"name":[1,"\""]`, rapid.SampledFrom([]string{`"age":1.5`, `"other":1`}).Draw(t, "age")
		}
		for _, c := range []struct {
			p     *Plan
			field string
		}{{inSchema, "state"}, {beside, "gone"}} {
			row := "{" + strings.Join(rapid.Permutation(append(fields, fmt.Sprintf(`%q:%q`, c.field, mark))).Draw(t, "fields"), ",") + "}"
			pg, err := c.p.Scan([]byte("[" + row + "," + row + "]")) // the second time by the remembered keys
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range pg.Rows {
				if string(r.Key) != "a" || !r.Value.Set || string(r.Value.Raw) != "2026-01-01T00:00:00Z" {
					t.Fatalf("%s: %+v", row, r)
				}
				if mark == "gone" {
					if err := isTombstone(r); err != nil {
						t.Fatalf("%s: %v", row, err)
					}
					continue
				}
				same, err := plain.Scan([]byte("[" + row + "]"))
				if err != nil {
					t.Fatal(err)
				}
				if r.Err != nil || r.Deleted || r.Hash != same.Rows[0].Hash || !bytes.Equal(r.Body, same.Rows[0].Body) {
					t.Fatalf("%s: %+v, without deletes %+v", row, r, same.Rows[0])
				}
			}
		}
	})
}

// TestDeletedUnknown: the field is known, but only at the top of a row.
func TestDeletedUnknown(t *testing.T) {
	p := mustCompile(t, deletedOptions("gone", "true"))
	const boss = `{"gone":true,"id":"b","name":"n","age":1,"at":"2026-01-01T00:00:00Z"}`
	row := `{"gone":false,"id":"a","name":"n","age":1,"at":"2026-01-01T00:00:00Z","boss":` + boss + `}`
	pg, err := p.Scan([]byte("[" + row + "," + row + "]"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range pg.Rows {
		if r.Err != nil || r.Deleted || r.Body == nil {
			t.Errorf("%+v", r)
		}
	}
	if want := (Unknown{First: "gone", Count: 2}); pg.Unknown != want {
		t.Errorf("unknown %+v, want %+v", pg.Unknown, want)
	}
}

// TestDeletedIDIsCursor: step_size reads the id as its cursor.
func TestDeletedIDIsCursor(t *testing.T) {
	schema := `{"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"n","type":"string"}]}`
	p := mustCompile(t, Options{Schema: schema, IDField: "id", CursorField: "id", Format: strategies.Integer, DeletedField: "gone", DeletedValue: "1"})
	for _, row := range []string{`{"id":12,"gone":1}`, `{"n":5,"gone":1,"id":12}`, `{"n":"x","id":12,"gone":"1"}`, `{"n":5,"id":"12","gone":1}`} {
		if r := scanOne(t, p, row); isTombstone(r) != nil || string(r.Key) != "12" || r.Value.N != 12 {
			t.Errorf("%s: %+v", row, r)
		}
	}
	for _, row := range []string{`{"id":null,"gone":1}`, `{"gone":1}`, `{"id":"012","gone":1}`, `{"n":5,"id":1.5,"gone":1}`} {
		if r := scanOne(t, p, row); r.Err == nil || r.Deleted {
			t.Errorf("%s: %+v", row, r)
		}
	}
}

func TestDeletedFieldRefused(t *testing.T) {
	for _, field := range []string{"id", "at"} {
		_, err := Compile(deletedOptions(field, "true"))
		if err == nil || class.Of(err) != class.Config || !strings.Contains(err.Error(), `deleted field "`+field+`"`) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestNoAllocationPerDeletedRow: a page of deletes, most columns of which are missing or
// null, costs no more than a page of rows.
func TestNoAllocationPerDeletedRow(t *testing.T) {
	if kit.Race {
		t.Skip("the race detector makes sync.Pool drop what it holds")
	}
	p := mustCompile(t, deletedOptions("gone", "true"))
	for _, row := range []string{
		`{"gone":true,"id":"a","at":"2026-01-01T00:00:00Z"}`,
		`{"name":null,"id":"\u0061","age":null,"boss":{"id":null},"at":"2026-01-01T00:00:00Z","gone":"t\u0072ue"}`,
	} {
		body := []byte("[" + strings.Repeat(row+",", 1999) + row + "]")
		scan := func() {
			pg, err := p.Scan(body)
			if err != nil {
				t.Fatal(err)
			}
			for i := range pg.Rows {
				if err := isTombstone(pg.Rows[i]); err != nil {
					t.Fatal(err)
				}
			}
			pg.Release()
		}
		scan()
		if n := testing.AllocsPerRun(20, scan); n > 10 {
			t.Errorf("%s: %v allocations for a page of 2000 rows", row, n)
		}
	}
}

func BenchmarkScanDeleted(b *testing.B) {
	for _, c := range []struct{ name, field, row string }{
		{"live, field in no row", "gone", ""},
		{"deleted, two columns", "gone", `{"id": "063928bd-d32e-4cc0-af86-000000000001", "updatedAt": "2026-11-14T20:00:01Z", "gone": true}`},
	} {
		o := userOptions()
		o.DeletedField, o.DeletedValue = c.field, "true"
		p := mustCompile(b, o)
		body := users(1000)
		if c.row != "" {
			body = []byte(`{"data": [` + strings.Repeat(c.row+", ", 999) + c.row + `]}`)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pg, err := p.Scan(body)
				if err != nil {
					b.Fatal(err)
				}
				pg.Release()
			}
			b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
