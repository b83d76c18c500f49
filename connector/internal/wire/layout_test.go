package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

const layoutSchema = `{"type":"record","name":"A","fields":[
	{"name":"v","type":["null","long"],"default":null},
	{"name":"id","type":"string"},
	{"name":"at","type":["null","long"],"default":null}]}`

func layoutOptions(path string, l Layout) Options {
	o := Options{Schema: layoutSchema, RecordsPath: path, Records: l, IDField: "id", CursorField: "at", Format: strategies.Integer}
	if l == RecordsByKey {
		o.KeyField = "id"
	}
	return o
}

// Where the rows are, and what is no page.
func TestLayouts(t *testing.T) {
	const array, one, byKey = RecordsArray, RecordsOne, RecordsByKey
	for _, c := range []struct {
		path   string
		layout Layout
		answer string
		want   string // the rows' keys; with a ! what the error says
	}{
		{"data.*.items", array, `{"data":[{"items":[{"id":"a"},{"id":"b"}]},{"x":1,"items":[]},{"items":[{"id":"c"}]}]}`, "a b c"},
		{"data.*.items", array, `{"data":[]}`, ""},
		{"data.*.items", array, `{"data":[{"items":[{"id":"a"}]},{"y":[]}]}`, `!there is no array at "data.*.items" in an element that begins with {"y":[]}`},
		{"data.*.items", array, `{"data":[{"items":[]},{}]}`, `!there is no array at "data.*.items" in an element`},
		{"data.*.items", array, `{"data":[{"items":[]},"x"]}`, `!there is no array at "data.*.items" in an element`},
		{"data.*.items", array, `{"data":[{"items":[],"items":[]}]}`, `!"data.*.items" is there twice`},
		{"data.*.items", array, `{"data":[{"items":[]}],"data":[]}`, `!"data.*.items" is there twice`},
		{"data.*.items", array, `{"data":[{"items":null}]}`, `!"data.*.items" is not an array but null`},
		{"data.*.items", array, `{"data":[{"items":{}}]}`, `!"data.*.items" is not an array but {}`},
		{"data.*.items", array, `{"data":{"items":[]}}`, `!"data" is not an array but {"items":[]}`},
		{"data.*.items", array, `{"data":null}`, `!"data" is not an array but null`},
		{"data.*.items", array, `{"error":"x"}`, `!there is no array at "data.*.items"`},
		{"data.*.items", array, `{}`, `!there is no array at`},
		{"data.*.items", array, `[]`, `!not a JSON object`},
		{"*.items", array, `[{"items":[{"id":"a"}]},{"items":[{"id":"b"}]}]`, "a b"},
		{"*.items", array, `[]`, ""},
		{"*.items", array, `{}`, "!not the JSON array"},
		{"*.items", array, `null`, "!not the JSON array"},
		{"a.*.b.*.c", array, `{"a":[{"b":[]},{"b":[{"c":[{"id":"a"}]},{"c":[{"id":"b"}]}]},{"b":[{"c":[]}]}]}`, "a b"},
		{"a.*.b.*.c", array, `{"a":[{"b":[]},{}]}`, `!there is no array at "a.*.b.*.c" in an element that begins with {}`},
		{"a.*.b.*.c", array, `{"a":[{"b":[],"b":[]}]}`, `!is there twice`},
		{"*.*", array, `[[[{"id":"a"}],[]],[]]`, "a"},
		{"edges.*.node", one, `{"edges":[{"node":{"id":"a"},"count":9},{"count":9,"node":{"id":"b"}}]}`, "a b"},
		{"edges.*.node", one, `{"edges":[{"node":{"id":"a"}},{}]}`, `!there is no object at "edges.*.node"`},
		{"edges.*.node", one, `{"edges":[{"node":null}]}`, `!"edges.*.node" is not an object but null`},
		{"edges.*.node", one, `{"edges":[{"node":{"id":7.5}},{"node":{"id":"b"}}]}`, "?7.5 b"},
		{"result", one, `{"result":{"id":"a"},"ok":true}`, "a"},
		{"result", one, `{"result":{"id":"a","v":"x"}}`, "?a"},
		{"result", one, `{"result":[{"id":"a"}]}`, `!"result" is not an object but [`},
		{"result", one, `{"result":null}`, `!"result" is not an object but null`},
		{"result", one, `{"result":{}}`, `!the object at "result" is no row: field id: the field is missing`},
		{"result", one, `{"result":{"error":"x"}}`, `!the object at "result" is no row`},
		{"", one, `{"id":"a","v":1}`, "a"},
		{"", one, `{}`, `!the object at "" is no row`},
		{"", one, `{"error":"x"}`, `!the object at "" is no row`},
		{"", one, `[]`, "!not a JSON object"},
		{"", one, `{"id":"a"} x`, "!something follows"},
		{"items", byKey, `{"items":{"a":{"v":1},"b":{"v":2,"id":"B"},"c\u0041":{"at":1,"id":"x","v":4}}}`, "a B x"},
		{"items", byKey, `{"items":{"c\u0041\"":{}}}`, `cA"`},
		{"items", byKey, `{"items":{"":{}}}`, `?`},
		{"items", byKey, `{"items":{"a":{"id":null}}}`, `?`},
		{"items", byKey, `{"items":{"a":{"v":"x"}}}`, `?a`},
		{"items", byKey, `{"items":{}}`, ""},
		{"items", byKey, `{"items":[]}`, ""},
		{"items", byKey, `{"items":[{"id":"a"}]}`, `!"items" is not an object but [`},
		{"items", byKey, `{"items":{"a":{},"count":3}}`, `!member "count" of "items" is no row but 3`},
		{"items", byKey, `{"items":{"a":null}}`, `!member "a" of "items" is no row but null`},
		{"items", byKey, `{"items":null}`, `!"items" is not an object but null`},
		{"items", byKey, `{}`, `!there is no object at "items"`},
		{"", byKey, `{"a":{},"b":{}}`, "a b"},
		{"", byKey, `{}`, "!an empty object"},
		{"", byKey, `{"error":"x"}`, `!member "error" of "" is no row`},
		{"", byKey, `{"error":{"id":"x"}}`, `!member "error" of "" is no row`},
		{"", byKey, `[]`, "!not a JSON object"},
		{"shelves.*.books", byKey, `{"shelves":[{"books":{"a":{}}},{"books":[]},{"books":{"b":{}}}]}`, "a b"},
	} {
		p := mustCompile(t, layoutOptions(c.path, c.layout))
		page, err := p.Scan([]byte(c.answer))
		if want, fails := strings.CutPrefix(c.want, "!"); fails {
			if m := malformed(t, err); !strings.Contains(m.Reason, want) {
				t.Errorf("%s in %s: %s, want %s", c.path, c.answer, m.Reason, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s in %s: %v", c.path, c.answer, err)
			continue
		}
		var keys []string
		for _, r := range page.Rows {
			key := string(r.Key)
			if r.Err != nil {
				key = "?" + key
			} else if v, _, err := p.Inspect(r.Body); err != nil || v.Set != r.Value.Set {
				t.Errorf("%s: %v", r.JSON, err)
			}
			keys = append(keys, key)
		}
		if got := strings.Join(keys, " "); got != c.want || page.More.More != "" {
			t.Errorf("%s in %s: %q, want %q; more: %s", c.path, c.answer, got, c.want, page.More.More)
		}
	}
}

// The name of a row is its field as if the row had it: the schema takes it, and decides what it is.
func TestNames(t *testing.T) {
	const row = `{"type":"record","name":"A","fields":[{"name":"v","type":["null","long"],"default":null},{"name":"id","type":"long"},{"name":"at","type":["null","long"],"default":null}]}`
	o := layoutOptions("", RecordsByKey)
	o.Schema = row
	long := mustCompile(t, o)
	o.KeyFields, o.KeyField = []string{"id", "v"}, "id"
	two := mustCompile(t, o)
	o.KeyFields, o.CursorField = nil, "id"
	cursor := mustCompile(t, o)
	o.Schema, o.KeyFields, o.CursorField, o.KeyField = layoutSchema, []string{"id", "name.x"}, "m.at", "id"
	o.DeletedField, o.DeletedValue = "gone", "true"
	gone := mustCompile(t, o)
	for _, c := range []struct {
		plan               *Plan
		answer, key, value string
		bad                string
	}{
		{long, `{"12":{"at":3,"v":4}}`, "12", "3", ""},
		{long, `{"12":{"at":3,"id":13}}`, "13", "3", ""},
		{long, `{"012":{"at":3}}`, "012", "3", "field id: got a string that is not how its number 12 is written"},
		{long, `{"x":{"at":3}}`, "x", "3", "field id: got a string that is no whole number"},
		{two, `{"12":{"at":3,"v":4}}`, `["12","4"]`, "3", ""},
		{two, `{"12":{"at":3}}`, ``, "3", "field v: the part of the key is missing"},
		{cursor, `{"12":{"v":4}}`, "12", "12", ""},
		{cursor, `{"12":{"v":"x"}}`, "12", "12", "field v"},
		{gone, `{"k":{"gone":true,"name":{"x":1},"m":{"at":5}}}`, `["k","1"]`, "5", ""},
		{gone, `{"k":{"m":{"at":5},"name":{"x":1}}}`, `["k","1"]`, "5", ""},
	} {
		page, err := c.plan.Scan([]byte(c.answer))
		if err != nil {
			t.Errorf("%s: %v", c.answer, err)
			continue
		}
		r := page.Rows[0]
		if c.bad == "" && r.Err != nil || c.bad != "" && (r.Err == nil || !strings.Contains(r.Err.Error(), c.bad)) {
			t.Errorf("%s: %v, want %q", c.answer, r.Err, c.bad)
		}
		if string(r.Key) != c.key || string(r.Value.Raw) != c.value {
			t.Errorf("%s: key %s, value %s, want %s and %s", c.answer, r.Key, r.Value.Raw, c.key, c.value)
		}
		if page.Adjusted.Retyped.Count != 0 {
			t.Errorf("%s: a name counts as retyped", c.answer)
		}
	}
	// What becomes a dead letter is the row with its name.
	page, err := long.Scan([]byte(`{"x": {"v":1}, "y":{"v":1}}`))
	if err != nil || string(page.Rows[0].JSON) != `"x": {"v":1}` || page.Rows[0].Hash == page.Rows[1].Hash {
		t.Errorf("%v: %s, %s", err, page.Rows[0].JSON, page.Rows[1].JSON)
	}
}

// An object that is hashed for its key has to have a field of the schema.
func TestOneWithoutID(t *testing.T) {
	o := layoutOptions("", RecordsOne)
	o.Schema = `{"type":"record","name":"A","fields":[{"name":"v","type":["null","long"],"default":null},{"name":"at","type":["null","long"],"default":null}]}`
	o.RowHash = true
	p := mustCompile(t, o)
	for answer, rows := range map[string]int{`{"v":1}`: 1, `{"v":null,"error":1}`: 1, `{}`: 0, `{"error":"x"}`: 0} {
		page, err := p.Scan([]byte(answer))
		if rows == 0 {
			_ = malformed(t, err)
		} else if err != nil || len(page.Rows) != rows || page.Bad > 0 {
			t.Errorf("%s: %+v, %v", answer, page, err)
		}
	}
}

func TestLayoutsRefused(t *testing.T) {
	for _, c := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.RecordsPath, o.TokenPath = "data.*.items", "data.next" }, "leads through an array"},
		{func(o *Options) { o.TokenPath = "page.*.next" }, "only the records path has a *"},
		{func(o *Options) { o.RecordsPath, o.Records, o.TotalPath = "", RecordsOne, "total" }, "no place for a token or a total"},
		{func(o *Options) { o.Records, o.KeyField = RecordsByKey, "idd" }, "did you mean id?"},
		{func(o *Options) { o.Records, o.KeyFields, o.KeyField = RecordsByKey, []string{"a.b"}, "a.b" }, "is not in the schema"},
		{func(o *Options) { o.RecordsPath = "data..x" }, "has an empty part"},
	} {
		o := layoutOptions("data", RecordsArray)
		c.change(&o)
		if _, err := Compile(o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// Read in pieces of any length, an answer of any layout yields the rows that it yields as a whole.
func TestPiecesOfLayouts(t *testing.T) {
	plans := map[string]*Plan{
		"one":     mustCompile(t, layoutOptions("e.*.n", RecordsOne)),
		"by key":  mustCompile(t, layoutOptions("e", RecordsByKey)),
		"nested":  mustCompile(t, layoutOptions("e.*.n", RecordsArray)),
		"by keys": mustCompile(t, layoutOptions("e.*.n", RecordsByKey)),
	}
	rapid.Check(t, func(t *rapid.T) {
		layout := rapid.SampledFrom([]string{"one", "by key", "nested", "by keys"}).Draw(t, "layout")
		n := 0
		row := func() string {
			n++
			id := rapid.SampledFrom([]string{fmt.Sprintf(`"id":"%d",`, n), `"id":4.5,`, ""}).Draw(t, "id")
			return fmt.Sprintf(`{%s"n":[{"n":{}}], "at":%d}`, id, n)
		}
		some := func(most int, one func() string) string {
			var all []string
			for range rapid.IntRange(0, most).Draw(t, "n") {
				all = append(all, one())
			}
			return strings.Join(all, rapid.SampledFrom([]string{",", " ,\n"}).Draw(t, "between"))
		}
		member := func() string { return fmt.Sprintf(`"k%d" : %s`, n, row()) }
		around := func(inner func() string) func() string {
			return func() string { return `{"x":"[{", "n": ` + inner() + `, "next":[{}]}` }
		}
		var answer string
		switch layout {
		case "one":
			answer = `{"e":[` + some(8, around(row)) + `]}`
		case "by key":
			answer = `{"e":{` + some(8, member) + `}}`
		case "nested":
			answer = `{"e":[` + some(5, around(func() string { return "[" + some(4, row) + "]" })) + `]}`
		case "by keys":
			answer = `{"e":[` + some(5, around(func() string { return "{" + some(4, member) + "}" })) + `]}`
		}
		plan := plans[layout]
		whole, err := plan.Scan([]byte(answer))
		if err != nil {
			t.Fatalf("%v in %s", err, answer)
		}
		defer whole.Release()
		size := rapid.IntRange(1, len(answer)).Draw(t, "piece")
		got, piece, rest := 0, "", answer
		for done := false; !done; {
			more := min(size, len(rest))
			piece, rest = piece+rest[:more], rest[more:]
			scan := plan.ScanPiece
			if rest == "" {
				scan = plan.Scan
			}
			page, err := scan([]byte(piece))
			if err != nil {
				t.Fatalf("%v\nin %q", err, piece)
			}
			for _, r := range page.Rows {
				want := &whole.Rows[got]
				if !bytes.Equal(r.JSON, want.JSON) || !bytes.Equal(r.Body, want.Body) || !bytes.Equal(r.Key, want.Key) || (r.Err == nil) != (want.Err == nil) {
					t.Fatalf("row %d is %q, want %q", got, r.JSON, want.JSON)
				}
				got++
			}
			if done = !page.Cut; !done && len(page.Rows) > 0 {
				piece = piece[:page.Head] + piece[page.Taken:]
			}
			page.Release()
		}
		if got != len(whole.Rows) || got != n {
			t.Fatalf("%d rows, want %d of %d", got, len(whole.Rows), n)
		}
	})
}
