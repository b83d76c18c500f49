package infer

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// schemaOf infers the schema of rows, without its white space.
func schemaOf(t *testing.T, o Options, rows ...string) (Schema, string) {
	t.Helper()
	var s Samples
	for _, row := range rows {
		if err := s.Add([]byte(row)); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Infer(o)
	var out strings.Builder
	enc := json.NewEncoder(&out)
	if err := enc.Encode(json.RawMessage(got.Text)); err != nil {
		t.Fatal(err)
	}
	return got, strings.TrimSpace(out.String())
}

func TestTypes(t *testing.T) {
	t.Parallel()
	const micros, date, uuid = `{"type":"long","logicalType":"timestamp-micros"}`, `{"type":"int","logicalType":"date"}`, `{"type":"string","logicalType":"uuid"}`
	const decimal = `{"type":"bytes","logicalType":"decimal","precision":38,"scale":0}`
	for name, c := range map[string]struct {
		values []string // of field x, row by row; "-": the row has not got it
		want   string   // of its type; "": it is left out
	}{
		"boolean":              {[]string{"true", "false"}, `["null","boolean"]`},
		"whole":                {[]string{"1", "-"}, `["null","long"]`},
		"whole, then real":     {[]string{"1", "1.5"}, `["null","double"]`},
		"more than a double":   {[]string{"9007199254740993", "1.5"}, `["null","long","double"]`},
		"more than 64 bits":    {[]string{"1", "18446744073709551616"}, `["null",` + decimal + `]`},
		"more than 38 digits":  {[]string{strings.Repeat("9", 39)}, ``},
		"no double":            {[]string{"1e999"}, ``},
		"text":                 {[]string{`"a"`, "null"}, `["null","string"]`},
		"times":                {[]string{`"2026-01-31T10:00:00Z"`, `"2026-01-31T10:00:00.123456+02:00"`}, `["null",` + micros + `]`},
		"finer times":          {[]string{`"2026-01-31T10:00:00.1234567Z"`}, `["null","string"]`},
		"times without a zone": {[]string{`"2026-01-31T10:00:00"`}, `["null","string"]`},
		"no time":              {[]string{`"2026-02-31T10:00:00Z"`}, `["null","string"]`},
		"times and an empty":   {[]string{`"2026-01-31T10:00:00Z"`, `""`}, `["null","string"]`},
		"dates":                {[]string{`"2026-01-31"`}, `["null",` + date + `]`},
		"dates and times":      {[]string{`"2026-01-31"`, `"2026-01-31T10:00:00Z"`}, `["null","string"]`},
		"uuids":                {[]string{`"6f9619ff-8b86-d011-b42d-00cf4fc964ff"`}, `["null",` + uuid + `]`},
		"text and number":      {[]string{`"a"`, "7"}, `["null","string","long"]`},
		"time and number":      {[]string{`"2026-01-31T10:00:00Z"`, "7"}, `["null","string","long"]`},
		"text and object":      {[]string{`"a"`, `{"b":1}`}, `["null","string",{"type":"record","name":"r_x","fields":[{"name":"b","type":["null","long"],"default":null}]}]`},
		"null alone":           {[]string{"null"}, `["null","string"]`},
		"array":                {[]string{`[1]`, `[]`}, `["null",{"type":"array","items":"long"}]`},
		"array with a null":    {[]string{`[1,null]`}, `["null",{"type":"array","items":["null","long"]}]`},
		"empty array":          {[]string{`[]`}, `["null",{"type":"array","items":"string"}]`},
		"empty object":         {[]string{`{}`}, `["null",{"type":"map","values":"string"}]`},
		"keys that are dates":  {[]string{`{"2026-01-31":5}`}, `["null",{"type":"map","values":"long"}]`},
		"keys that vary": {[]string{`{"a":1,"b":2}`, `{"c":1.5,"d":null}`},
			`["null",{"type":"map","values":["null","double"]}]`},
		"keys that stay": {[]string{`{"a":1,"b":"x"}`, `{"a":2}`},
			`["null",{"type":"record","name":"r_x","fields":[{"name":"a","type":["null","long"],"default":null},{"name":"b","type":["null","string"],"default":null}]}]`},
		"list of objects": {[]string{`[{"a":1},{"b":[{"c":true}]}]`},
			`["null",{"type":"array","items":{"type":"record","name":"r_x_item","fields":[{"name":"a","type":["null","long"],"default":null},` +
				`{"name":"b","type":["null",{"type":"array","items":{"type":"record","name":"r_x_item_b_item","fields":[{"name":"c","type":["null","boolean"],"default":null}]}}],"default":null}]}}]`},
		"too deep": {[]string{strings.Repeat("[", 40) + strings.Repeat("]", 40)}, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var rows []string
			for _, v := range c.values {
				row := `{"id":"a","x":` + v + `}`
				if v == "-" {
					row = `{"id":"a"}`
				}
				rows = append(rows, row)
			}
			got, text := schemaOf(t, Options{Name: "r", Key: []string{"id"}}, rows...)
			want := `{"type":"record","name":"r","fields":[{"name":"id","type":"string"}`
			if c.want != "" {
				want += `,{"name":"x","type":` + c.want + `,"default":null}`
			}
			if want += `]}`; text != want {
				t.Errorf("got  %s\nwant %s", text, want)
			}
			if left := len(got.Left) > 0; left != (c.want == "") {
				t.Errorf("left out: %v", got.Left)
			}
		})
	}
}

// Names that Avro does not allow are made legal where rows' names are mapped to them, and left out where not;
// records have names of their own.
func TestNames(t *testing.T) {
	t.Parallel()
	rows := []string{`{"first-name":1,"first.name":2,"first_name":3,"1st":4,"":5,"ä":6,"a":{"b_c":{"x":1}},"a_b":{"c":{"x":1}},"deep":{"no-name":1,"x":"y"}}`}
	got, text := schemaOf(t, Options{Name: "sales orders", Rename: true}, rows...)
	want := []Rename{{"first-name", "first_name_2"}, {"1st", "_1st"}, {"ä", "_"}, {"deep.no-name", "no_name"}}
	if !slices.Equal(got.Renamed, want) {
		t.Errorf("renamed: %v, want %v", got.Renamed, want)
	}
	if !strings.Contains(text, `"name":"sales_orders_a_b_c"`) || !strings.Contains(text, `"name":"sales_orders_a_b_c_2"`) {
		t.Errorf("two records have one name: %s", text)
	}
	if want := []Left{{"first.name", "Avro does not allow its name"}, {"", "Avro does not allow its name"}}; !slices.Equal(got.Left, want) {
		t.Errorf("left out: %v", got.Left)
	}
	got, _ = schemaOf(t, Options{Name: "r"}, rows...)
	if len(got.Renamed) > 0 || len(got.Left) != 6 {
		t.Errorf("renamed: %v, left out: %v", got.Renamed, got.Left)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	var s Samples
	for _, row := range []string{
		`{"id":1,"kind":"a","at":"2026-01-31T10:00:00Z","price":1.5,"tags":[],"gone":null,"who":{"id":1}}`,
		`{"id":2,"kind":"a","at":"2026-01-31T10:00:01Z","price":2.5,"tags":[],"x":1}`,
		`{"id":3,"kind":"b","at":null,"price":3.5,"x":"1"}`,
	} {
		if err := s.Add([]byte(row)); err != nil {
			t.Fatal(err)
		}
	}
	want := []Field{
		{"id", 3, Whole, true}, {"kind", 3, Text, false}, {"at", 2, Time, false}, {"price", 3, Number, false}, {"tags", 2, Array, false},
		{"gone", 0, Nothing, false}, {"who", 1, Object, false}, {"x", 2, Mixed, false},
	}
	if got := s.Fields(); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if s.Rows() != 3 {
		t.Errorf("%d rows", s.Rows())
	}
}

func TestNoRow(t *testing.T) {
	t.Parallel()
	var s Samples
	for _, row := range []string{``, `[]`, `7`, `{"a":`, `{"a":1} {}`, `{"a":1}]`, `{"a":tru}`} {
		if err := s.Add([]byte(row)); err == nil {
			t.Errorf("%s is taken for a row", row)
		}
	}
	if s.Rows() != 0 || len(s.Fields()) != 0 {
		t.Errorf("rows that were refused left %d rows with %v", s.Rows(), s.Fields())
	}
}
