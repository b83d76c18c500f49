package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// anyObject draws an object of few keys, so that paths meet something, with keys given twice and escaped.
func anyObject(t *rapid.T, depth int) string {
	var b strings.Builder
	b.WriteString("{" + blank(t))
	for i := range rapid.IntRange(0, 4).Draw(t, "keys") {
		if i > 0 {
			b.WriteString(blank(t) + ",")
		}
		key := rapid.SampledFrom([]string{`"a"`, `"b"`, `"c"`, `"\u0061"`, `"d\""`}).Draw(t, "key")
		value := rapid.SampledFrom([]string{`1`, `"x"`, `"\u00e9{"`, `null`, `true`, `[{"a":1}]`, `-7`, `""`}).Draw(t, "value")
		if depth < 3 && rapid.Bool().Draw(t, "deeper") {
			value = anyObject(t, depth+1)
		}
		b.WriteString(blank(t) + key + blank(t) + ":" + blank(t) + value)
	}
	return b.String() + blank(t) + "}"
}

// follow is what encoding/json finds at a path; false: nothing.
func follow(v any, path string) (any, bool) {
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[key]; !ok {
			return nil, false
		}
	}
	return v, true
}

// Places further down in a row are those that encoding/json finds, whatever the row looks like, and
// looking for them changes nothing of what is written.
func TestPicksAgainstJSON(t *testing.T) {
	const schema = `{"type":"record","name":"A","fields":[{"name":"id","type":"long"},
		{"name":"b","type":["null",{"type":"record","name":"B","fields":[{"name":"a","type":["null","long"],"default":null}]}],"default":null}]}`
	rapid.Check(t, func(t *rapid.T) {
		path := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 2, 4).Draw(t, "path"), ".")
		object := anyObject(t, 0)
		row := `{"id":7,` + object[1:]
		if strings.TrimSpace(object[1:]) == "}" {
			row = `{"id":7}`
		}
		var v any
		if err := json.Unmarshal([]byte(row), &v); err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		o := Options{Schema: schema, KeyFields: []string{"id"}, CursorField: path, Format: strategies.Opaque}
		p, err := Compile(o)
		if err != nil { // the schema has something else on the way
			return
		}
		page, err := p.Scan([]byte("[" + row + "]"))
		if err != nil {
			t.Fatal(err)
		}
		defer page.Release()
		r := &page.Rows[0]
		want, found := follow(v, path)
		text, isText := want.(string)
		if n, ok := want.(float64); ok {
			text, isText = fmt.Sprint(n), true
		}
		if _, err := strconv.ParseInt(text, 10, 64); path == "b.a" && err != nil {
			isText = false // no long, as the schema has it, so the row has no cursor value
		}
		if got := string(r.Value.Raw); r.Value.Set != isText || isText && got != text {
			t.Fatalf("%s in %s: %q, want %v, %v", path, row, got, want, found)
		}
		if _, isValue := want.(bool); found && isValue && r.Err == nil {
			t.Fatalf("%s in %s is taken for a cursor value", path, row)
		}
		o.CursorField = "x.y.z"
		plain, err := mustCompileIn(t, o).Scan([]byte("[" + row + "]"))
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Release()
		if r.Err == nil && plain.Rows[0].Hash != r.Hash {
			t.Fatalf("%s: the body is another one where %s is looked for", row, path)
		}
	})
}

func mustCompileIn(t *rapid.T, o Options) *Plan {
	p, err := Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
