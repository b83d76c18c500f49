package wire

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

const growSchema = `{
  "type": "record", "name": "Row", "namespace": "shop",
  "fields": [
    {"name": "id", "type": "string", "doc": "stays"},
    {"name": "at", "type": ["null", "string"], "default": null},
    {"name": "n", "type": ["null", "int"], "default": null},
    {"name": "in", "type": ["null", {"type": "record", "name": "In", "fields": [{"name": "a", "type": "int", "default": 7}]}], "default": null},
    {"name": "list", "type": {"type": "array", "items": "long"}, "default": []},
    {"name": "m", "type": {"type": "map", "values": "float"}, "default": {}},
    {"name": "old", "type": ["null", "string"], "default": null, "aliases": ["older"]}
  ]
}`

func learning(schema string) Options {
	o := rowOptions(schema)
	o.NewFields = Learnt
	return o
}

// What a schema learns of rows, and what it does not.
func TestGrow(t *testing.T) {
	for _, c := range []struct {
		name, rows    string
		grows         bool // the scan says that there may be something
		changes, left string
	}{
		{"nothing new", `{"n":1,"in":{"a":1},"list":[1],"m":{"x":1.5}}`, false, "", ""},
		{"a text that looks like a time", `{"when":"2026-01-31T00:00:00Z"}`, true, "when is new", ""},
		{"fields in the order in which they came", `{"b":1,"a":true},{"c":1.5}`, true, "b is new, a is new, c is new", ""},
		{"null says nothing", `{"x":null}`, false, "", ""},
		{"what is empty says nothing", `{"x":[],"y":{ }}`, false, "", ""},
		{"what holds nothing says nothing", `{"x":[null],"y":{"z":[]}}`, true, "", ""},
		{"an object", `{"x":{"y":1,"z":null,"w":[{"v":"t"}]}}`, true, "x is new", ""},
		{"further down", `{"in":{"a":1,"b":"x"}}`, true, "in.b is new", ""},
		{"an int that is too great", `{"n":3000000000}`, true, "n is long and was int", ""},
		{"an int that is no whole number", `{"n":1.5}`, true, "n is double and was int", ""},
		{"both", `{"n":1.5},{"n":3000000000}`, true, "n is double and was int", ""},
		{"further down, with a default", `{"in":{"a":-3000000000}}`, true, "in.a is long and was int", ""},
		{"of an array", `{"list":[1,2.5]}`, true, "list is double and was long", ""},
		{"of a map", `{"m":{"x":1e300}}`, true, "m is double and was float", ""},
		{"not where a double would not hold others", `{"list":[1.5,9007199254740993]}`, true, "", ""},
		{"not beyond 64 bits", `{"list":[18446744073709551615]}`, true, "", ""},
		{"not to a text", `{"n":"text"}`, false, "", ""},
		{"several at once", `{"n":1e10,"x":1,"in":{"a":0.5,"y":[]}}`, true, "n is long and was int, x is new, in.a is double and was int", ""},
		{"a name that Avro does not allow", `{"a-b":1}`, true, "", "a-b (Avro does not allow its name: rename gives it another one)"},
		{"an alias", `{"older":1}`, true, "", "older (it is an alias of field old)"},
		{"a name that is allowed beside it", `{"a-b":1,"ok":1}`, true, "ok is new", "a-b (Avro does not allow its name: rename gives it another one)"},
		{"a number that no type holds", `{"x":` + strings.Repeat("9", 40) + `}`, true, "", "x (it has a whole number of more than 38 digits)"},
	} {
		p := mustCompile(t, learning(growSchema))
		const start = `{"id":"k","at":"1",`
		body := `[` + start + strings.ReplaceAll(c.rows[1:], `},{`, `},`+start) + `]`
		page, err := p.Scan([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if page.Grows != c.grows {
			t.Errorf("%s: the page says %v", c.name, page.Grows)
		}
		g, left, err := p.Grow(page.Rows)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		changes := ""
		if g != nil {
			changes = strings.Join(g.Changes, ", ")
		}
		if changes != c.changes || strings.Join(left, ", ") != c.left {
			t.Errorf("%s: %q, left %q; want %q, %q", c.name, changes, left, c.changes, c.left)
		}
		page.Release()
		if g == nil {
			if p.Drift().left != nil { // it is not looked at again
				again, err := p.Scan([]byte(body))
				if err != nil || again.Grows || again.Bad > 0 {
					t.Errorf("%s, again: %v, grows %v", c.name, err, again.Grows)
				}
			}
			continue
		}
		if !strings.Contains(g.Text, `"doc": "stays"`) || !strings.HasSuffix(g.Text, "\n  ]\n}") {
			t.Errorf("%s: %s", c.name, g.Text)
		}
		if err := g.Plan.Reads(growSchema); err != nil {
			t.Errorf("%s: the schema does not read what was written before: %v", c.name, err)
		}
		after, err := g.Plan.Scan([]byte(body))
		if err != nil || after.Bad > 0 || after.Grows {
			t.Errorf("%s, with the schema it has become: %v, %v, grows %v\n%s", c.name, err, after.Rows[0].Err, after.Grows, g.Text)
		}
		merged, err := Merged(growSchema, g.Text)
		if err != nil || merged != g.Text {
			t.Errorf("%s: put together with the file's: %v\n%s", c.name, err, merged)
		}
		after.Release()
	}
}

// A new field of an object gets a type that reads well, and a name that no other type has.
func TestGrowWrites(t *testing.T) {
	p := mustCompile(t, learning(growSchema))
	page := mustScan(t, p, `[{"id":"k","at":"1","in":{"a":1,"In":{"b":1}},"x":{"y":[{"z":1}]},"n":5000000000}]`, 1)
	g, _, err := p.Grow(page.Rows)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(`"int"], "default": null},`, `"long"], "default": null},`,
		`"default": 7}]`, `"default": 7}, {"name": "In", "type": ["null", {"type": "record", "name": "In_In", "fields": [
  {"name": "b", "type": ["null", "long"], "default": null}
]}], "default": null}]`, `"aliases": ["older"]}`, `"aliases": ["older"]},
    {"name": "x", "type": ["null", {"type": "record", "name": "Row_x", "fields": [
      {"name": "y", "type": ["null", {"type": "array", "items": {"type": "record", "name": "Row_x_y_item", "fields": [
        {"name": "z", "type": ["null", "long"], "default": null}
      ]}}], "default": null}
    ]}], "default": null}`).Replace(growSchema)
	if got := g.Text; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The type of what the configuration goes by is not the rows' to say: the key of 7.5 and 7 would change with it.
func TestGrowKeepsTheKey(t *testing.T) {
	o := learning(`{"type":"record","name":"R","fields":[{"name":"id","type":"int"},{"name":"at","type":"int"},{"name":"v","type":"int"}]}`)
	o.Format = strategies.Integer
	p := mustCompile(t, o)
	page := mustScan(t, p, `[{"id":1.5,"at":2.5,"v":1.5},{"id":3000000000,"at":1,"v":1}]`, 2)
	g, _, err := p.Grow(page.Rows)
	if err != nil || g == nil || strings.Join(g.Changes, ", ") != "v is double and was int" {
		t.Errorf("%+v, %v", g, err)
	}
}

// Objects whose keys are data do not make a schema grow for ever.
func TestGrowIsBounded(t *testing.T) {
	p := mustCompile(t, learning(growSchema))
	for i := range 2 * mostFields / 100 {
		var b strings.Builder
		for j := range 100 {
			fmt.Fprintf(&b, `,"k%d_%d":1`, i, j)
		}
		page := mustScan(t, p, `[{"id":"k","at":"1"`+b.String()+`}]`, 1)
		g, _, err := p.Grow(page.Rows)
		if err != nil {
			t.Fatal(err)
		}
		if g != nil {
			p = g.Plan
		}
	}
	if n := len(p.root.fields); n != mostFields {
		t.Errorf("it has %d fields", n)
	}
}

// Rows that are deleted or not wanted teach nothing.
func TestGrowOfWantedRows(t *testing.T) {
	o := learning(growSchema)
	o.Where, o.DeletedField, o.DeletedValue = "n = 1", "gone", "true"
	p := mustCompile(t, o)
	page := mustScan(t, p, `[{"id":"k","at":"1","n":2,"x":1},{"id":"l","at":"1","n":1,"gone":true,"y":1}]`, 2)
	if g, left, err := p.Grow(page.Rows); g != nil || left != nil || err != nil {
		t.Errorf("%+v, %v, %v", g, left, err)
	}
}

// anyRow is a row of few names and values, so that rows have some in common.
func anyRow(t *rapid.T, depth int) string {
	var all []string
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "n", "in", "list", "x-y"}), 0, 4, rapid.ID).Draw(t, "names") {
		value := rapid.SampledFrom([]string{`1`, `-7`, `1.5`, `3000000000`, `1e300`, `9007199254740993`, `"x"`, `null`, `true`, `[]`, `[1]`, `[1.5]`, `["s"]`, `{}`}).Draw(t, "value")
		if depth < 3 && rapid.Bool().Draw(t, "deeper") {
			if value = anyRow(t, depth+1); rapid.Bool().Draw(t, "in an array") {
				value = "[" + value + "]"
			}
		}
		all = append(all, fmt.Sprintf("%q:%s", name, value))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// Law: whatever comes, page after page, the schema grows to an end, reads what any earlier one of it has written, and takes each row
// that an earlier one took; what is put together of the file and the latest one is the latest one.
func TestLawGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, texts := mustCompileIn(t, learning(growSchema)), []string{growSchema}
		var bodies [][]byte
		var taken []string
		for range rapid.IntRange(1, 4).Draw(t, "pages") {
			var rows []string
			for range rapid.IntRange(1, 3).Draw(t, "rows") {
				row := anyRow(t, 0)
				rows = append(rows, `{"id":"k","at":"1"`+strings.TrimSuffix(","+row[1:], ",}")+map[bool]string{true: "}"}[row == "{}"])
			}
			body := []byte("[" + strings.Join(rows, ",") + "]")
			for round := 0; ; round++ {
				page, err := p.Scan(body)
				if err != nil {
					t.Fatalf("%s: %v", body, err)
				}
				g, _, err := p.Grow(page.Rows)
				if err != nil {
					t.Fatalf("%s: %v", body, err)
				}
				if g == nil || !page.Grows { // rows that are bad ones for something else teach nothing by themselves

					for i, row := range page.Rows {
						if row.Err == nil {
							bodies, taken = append(bodies, slices.Clone(row.Body)), append(taken, rows[i])
							texts = append(texts, p.opts.Schema)
						}
					}
					page.Release()
					break
				}
				page.Release()
				if round > 3 {
					t.Fatalf("%s: it grows and grows: %q", body, g.Changes)
				}
				if merged, err := Merged(growSchema, g.Text); err != nil || merged != g.Text {
					t.Fatalf("put together with the file's: %v\n%s\nnot\n%s", err, merged, g.Text)
				}
				p = g.Plan
			}
		}
		for i, body := range bodies {
			if _, _, err := p.Resolve(body, texts[i+1]); err != nil {
				t.Fatalf("%s, written before, cannot be read: %v", taken[i], err)
			}
		}
		page, err := p.Scan([]byte("[" + strings.Join(taken, ",") + "]"))
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range page.Rows {
			// What was empty said nothing of a type, and another row did later.
			if row.Err != nil && !strings.Contains(row.Err.Error(), "9007199254740993") && !strings.Contains(row.Err.Error(), "got an ") {
				t.Fatalf("%s was taken before: %v", taken[i], row.Err)
			}
		}
		page.Release()
	})
}
