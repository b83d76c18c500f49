package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// accounts have an id of their own, one of their account, and a time further down.
const accountSchema = `{"type":"record","name":"A","fields":[
	{"name":"id","type":"long"},
	{"name":"code","type":["null","string"],"default":null},
	{"name":"account","type":["null",{"type":"record","name":"B","fields":[{"name":"id","type":"string"},{"name":"n","type":"long","default":0}]}],"default":null},
	{"name":"note","type":["null","string"],"default":null}]}`

func pickOptions(cursor string, key ...string) Options {
	return Options{Schema: accountSchema, KeyFields: key, CursorField: cursor, Format: strategies.RFC3339}
}

// Keys of several parts, of parts further down, and of parts that the schema does not have.
func TestPickedKeys(t *testing.T) {
	const at = `"meta":{"at":"2026-01-02T03:04:05Z"}`
	for _, c := range []struct {
		key, row, want string
		bad            string // what the row's error says instead
		has            string // the key that a bad row has
	}{
		{"id", `"id":7`, `7`, "", ""},
		{"account.id", `"id":7,"account":{"id":"a"}`, `a`, "", ""},
		{"account.id id", `"id":7,"account":{"id":"a"}`, `["a","7"]`, "", ""},
		{"account.id id", `"account":{"n":1,"id":"a"},"id":7`, `["a","7"]`, "", ""},
		{"id account.id", `"account":{"id":"a"},"id":7`, `["7","a"]`, "", ""},
		{"id code", `"id":7e0,"code":"x"`, `["7","x"]`, "", ""},
		{"id code", `"id":"7","code":"x"`, `["7","x"]`, "", ""},
		{"id code", `"id":7,"code":12`, `["7","12"]`, "", ""},
		{"id code", `"id":7,"code":""`, `["7",""]`, "", ""},
		{"id code", `"id":7,"code":"a\"b\\c\u0001\u00e9é"`, `["7","a\"b\\c\u0001éé"]`, "", ""},
		{"id code", `"id":7,"code":"1\",\"2"`, `["7","1\",\"2"]`, "", ""},
		{"id other.x", `"id":7,"other":{"y":{"x":0},"x":5}`, `["7","5"]`, "", ""},
		{"id other.x", `"id":7,"other":{"x":5},"other":{"x":6}`, `["7","6"]`, "", ""},
		{"id other.x", `"id":7,"other":{"\u0078":5.0}`, `["7","5"]`, "", ""},
		{"id other.x.y", `"id":7,"other":{"x":[],"x":{"y":"z"}}`, `["7","z"]`, "", ""},
		{"id other.x", `"id":7,"other":{"x":5},"other":{}`, ``, "field other.x: the part of the key is missing", ""},
		{"id other.x", `"id":7,"other":[{"x":5}]`, ``, "field other.x: the part of the key is missing", ""},
		{"id other.x", `"id":7,"other":{"x":null}`, ``, "field other.x: the part of the key is null", ""},
		{"id other.x", `"id":7,"other":{"x":{}}`, ``, "field other.x: got an object, the schema wants a text or a whole number", ""},
		{"id other.x", `"id":7,"other":{"x":7.5}`, ``, "field other.x: got the number 7.5 that", ""},
		{"id other.x", `"id":7,"other":{"x":"\ud800"}`, ``, "field other.x: got a string that is not valid Unicode", ""},
		{"id other.x", "\"id\":7,\"other\":{\"x\":\"\xff\"}", ``, "field other.x: got a string that is not valid Unicode", ""},
		{"id code", `"code":"x"`, ``, "field id: the field is missing", ""},
		{"id code", `"id":7`, ``, "field code: the part of the key is missing", ""},
		{"id code", `"id":7,"code":null`, ``, "field code: the part of the key is null", ""},
		{"id code", `"id":"07","code":"x"`, ``, "field id: got a string that is not how its number 7 is written", ""},
		{"account.id", `"id":7,"account":null`, ``, "field account.id: the id is missing", ""},
		{"account.id", `"id":7,"account":{"id":""}`, ``, "field account.id: the id is empty", ""},
		{"account.id id", `"id":7,"account":{"id":"a"},"note":5`, ``, "field note: got the number 5", `["a","7"]`},
		{"account.id id", `"note":5,"id":7,"account":{"id":"a"}`, ``, "field note: got the number 5", `["a","7"]`},
	} {
		p := mustCompile(t, pickOptions("meta.at", strings.Fields(c.key)...))
		for _, row := range []string{`{` + c.row + `,` + at + `}`, `{` + at + `,` + c.row + `}`} {
			r := scanOne(t, p, row)
			key := c.want
			if c.bad != "" {
				key = c.has
				if r.Err == nil || !strings.Contains(r.Err.Error(), c.bad) {
					t.Errorf("%s of %s: %v, want %s", c.key, row, r.Err, c.bad)
				}
			} else if r.Err != nil {
				t.Errorf("%s of %s: %v", c.key, row, r.Err)
			}
			if string(r.Key) != key {
				t.Errorf("%s of %s is %s, want %s", c.key, row, r.Key, key)
			}
			if string(r.Value.Raw) != "2026-01-02T03:04:05Z" {
				t.Errorf("%s of %s: cursor value %q", c.key, row, r.Value.Raw)
			}
		}
	}
}

// A key of several parts is the JSON array of its texts, in one form: two rows whose parts differ
// never share a key.
func TestPickedKeysAreTheirParts(t *testing.T) {
	p := mustCompile(t, Options{Schema: `{"type":"record","name":"A","fields":[{"name":"a","type":"string"},{"name":"b","type":"string"},{"name":"u","type":"long"}]}`,
		KeyFields: []string{"b", "a"}, CursorField: "u", Format: strategies.Integer})
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts.Draw(t, "a"), texts.Draw(t, "b")
		page, err := p.Scan([]byte(fmt.Sprintf(`[{"u":1,"a":%s,"b":%s}]`, quote(t, a), quote(t, b))))
		if err != nil {
			t.Fatal(err)
		}
		defer page.Release()
		r := page.Rows[0]
		var got []string
		if r.Err != nil || json.Unmarshal(r.Key, &got) != nil || len(got) != 2 || got[0] != b || got[1] != a {
			t.Fatalf("%q, %q: key %s, %v", b, a, r.Key, r.Err)
		}
	})
}

// A cursor value that no body holds is found wherever it stands, and read as one of the schema's.
func TestPickedCursor(t *testing.T) {
	for _, c := range []struct {
		format    strategies.Format
		row, want string
		bad       string
	}{
		{strategies.RFC3339, `"m":{"at":"2026-01-02"}`, "2026-01-02", ""},
		{strategies.RFC3339, `"m":{"at":"2026-01-02T03:04:05\u005a"}`, "2026-01-02T03:04:05Z", ""},
		{strategies.RFC3339, `"m":{"at":"soon"}`, "", "field m.at: the cursor value"},
		{strategies.RFC3339, `"m":{"at":7}`, "", "field m.at: the cursor value"},
		{strategies.RFC3339, `"m":{"at":true}`, "", "field m.at: got a boolean"},
		{strategies.RFC3339, `"m":{"at":null}`, "", ""},
		{strategies.RFC3339, `"m":{}`, "", ""},
		{strategies.RFC3339, `"m":null`, "", ""},
		{strategies.RFC3339, `"x":{"at":"2026-01-02"}`, "", ""},
		{strategies.RFC3339, `"account":{"id":"a","m":{"at":"2026-01-02"}}`, "", ""},
		{strategies.Integer, `"m":{"at":12}`, "12", ""},
		{strategies.Integer, `"m":{"at":"12"}`, "12", ""},
		{strategies.EpochMillis, `"m":{"at":1767225600000}`, "1767225600000", ""},
		{strategies.Opaque, `"m":{"at":"x7"}`, "x7", ""},
		{strategies.Opaque, `"m":{"at":7.50}`, "", "field m.at: got the number 7.50 that"},
		{strategies.Opaque, `"m":{"at":"` + strings.Repeat("x", 5000) + `"}`, "", "field m.at: the cursor value has 5000 bytes"},
	} {
		o := pickOptions("m.at", "id")
		o.Format = c.format
		p := mustCompile(t, o)
		if !p.CursorBeside() {
			t.Fatal("the body is said to hold the cursor value")
		}
		r := scanOne(t, p, `{"id":7,`+c.row+`}`)
		if c.bad == "" && r.Err != nil || c.bad != "" && (r.Err == nil || !strings.Contains(r.Err.Error(), c.bad)) {
			t.Errorf("%v of %s: %v, want %q", c.format, c.row, r.Err, c.bad)
		}
		if string(r.Value.Raw) != c.want || r.Value.Set != (c.want != "") || string(r.Key) != "7" {
			t.Errorf("%v of %s: key %s, value %+v, want %q", c.format, c.row, r.Key, r.Value, c.want)
		}
		if r.Err != nil {
			continue
		}
		if v, hash, err := p.Inspect(r.Body); err != nil || v.Set || hash != r.Hash {
			t.Errorf("%s reads back as %+v %x %v", c.row, v, hash, err)
		}
	}
}

// Rows that are marked as deleted have their key and cursor value in picks too, whatever else they have.
func TestPickedDeleted(t *testing.T) {
	o := pickOptions("meta.at", "account.id", "id")
	for _, field := range []string{"gone", "meta"} {
		o.DeletedField, o.DeletedPresent = field, true
		p := mustCompile(t, o)
		for _, c := range []struct{ row, key, value, bad string }{
			{`"account":{"id":"a"},"id":7,"meta":{"at":"2026-01-02"}`, `["a","7"]`, "2026-01-02", ""},
			{`"account":{"id":"a"},"id":7,"note":5,"meta":{"at":"2026-01-02"}`, `["a","7"]`, "2026-01-02", ""},
			{`"account":{"id":"a"},"id":7,"meta":{"at":null}`, `["a","7"]`, "", ""},
			{`"id":7,"meta":{"at":"2026-01-02"}`, ``, "2026-01-02", "field account.id: the part of the key is missing"},
		} {
			r := scanOne(t, p, `{"gone":true,`+c.row+`}`)
			if c.bad != "" {
				if r.Err == nil || !strings.Contains(r.Err.Error(), c.bad) {
					t.Errorf("%s: %v", c.row, r.Err)
				}
				continue
			}
			if r.Err != nil || !r.Deleted || string(r.Key) != c.key || string(r.Value.Raw) != c.value || r.Hash != TombstoneHash {
				t.Errorf("%s: %+v, key %s, %v", c.row, r, r.Key, r.Err)
			}
		}
	}
}

// A row without an id is known by what it says, not by how it is written.
func TestRowHash(t *testing.T) {
	o := pickOptions("meta.at")
	o.RowHash = true
	p := mustCompile(t, o)
	key := func(row string) string {
		r := scanOne(t, p, row)
		if r.Err != nil || len(r.Key) != 32 {
			t.Fatalf("%s: key %s, %v", row, r.Key, r.Err)
		}
		return string(r.Key)
	}
	first := key(`{"id":7,"code":"x","meta":{"at":"2026-01-02"}}`)
	const golden = "7740f360c7a912f2d90c04497dbf1386" // what stored keys depend on
	if first != golden {
		t.Errorf("the key is %s, and was %s: a change of it makes every stored key foreign", first, golden)
	}
	for row, same := range map[string]bool{
		`{"meta":{"at":"2026-01-02"}, "code":"\u0078","id":7.0}`:             true,
		`{"id":7,"code":"x","meta":{"at":"2026-01-02"},"new":[1]}`:           true,
		`{"id":7,"code":"x","note":null,"meta":{"at":"2026-01-02"}}`:         true,
		`{"id":7,"code":"y","meta":{"at":"2026-01-02"}}`:                     false,
		`{"id":7,"code":"x","meta":{"at":"2026-01-03"}}`:                     false,
		`{"id":7,"code":"x","note":"","meta":{"at":"2026-01-02"}}`:           false,
		`{"id":7,"code":null,"note":"x","meta":{"at":"2026-01-02"}}`:         false,
		`{"id":7,"code":"x","account":{"id":""},"meta":{"at":"2026-01-02"}}`: false,
	} {
		if got := key(row); (got == first) != same {
			t.Errorf("%s has the key %s, and %v", row, got, same)
		}
	}
	if r := scanOne(t, p, `{"id":"x"}`); r.Err == nil || r.Key != nil {
		t.Errorf("a bad row has the key %s", r.Key)
	}
}

// Keys of the schema's records further down are counted as unknown ones where they are, even if one
// at the top of a row would be wanted.
func TestPickedAtTheTopOnly(t *testing.T) {
	o := pickOptions("meta.at", "id")
	o.Schema = `{"type":"record","name":"A","fields":[{"name":"id","type":"long"},{"name":"sub","type":["null","A"],"default":null}]}`
	p := mustCompile(t, o)
	page, err := p.Scan([]byte(`[{"id":1,"sub":{"id":2,"meta":{"at":"2026-01-01"}}},{"id":1,"meta":{"at":"2026-01-02"},"sub":{"id":2,"meta":{"at":"2026-01-01"}}}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer page.Release()
	if page.Rows[0].Value.Set || string(page.Rows[1].Value.Raw) != "2026-01-02" || page.Unknown.Count != 2 || page.Bad != 0 {
		t.Errorf("values %s, %s; unknown %+v", page.Rows[0].Value.Raw, page.Rows[1].Value.Raw, page.Unknown)
	}
}

func TestPicksRefused(t *testing.T) {
	for _, c := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.KeyFields = []string{"id", "cod"} }, `id field "cod" is not in the schema; it has id, code, account, note; did you mean code?`},
		{func(o *Options) { o.KeyFields = []string{"id", "account"} }, `id field "account" is`},
		{func(o *Options) { o.KeyFields = []string{"id", "code.x"} }, `id field "code.x" leads through string, which has no fields`},
		{func(o *Options) { o.KeyFields = []string{"id", "x..y"} }, `id field "x..y" has an empty part`},
		{func(o *Options) { o.CursorField = "updated" }, `cursor field "updated" is not in the schema; it has id, code, account, note; give the schema this field`},
		{func(o *Options) { o.CursorField = "id.at" }, `cursor field "id.at" leads through long`},
		{func(o *Options) { o.KeyFields, o.RowHash, o.DeletedField = nil, true, "gone" }, "a full scan"},
		{func(o *Options) { o.KeyFields, o.DeletedField = []string{"id", "code"}, "code" }, "is the id or cursor field"},
	} {
		o := pickOptions("meta.at", "id")
		c.change(&o)
		if _, err := Compile(o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// pickedPage is a page of rows with everything further down.
func pickedPage(n int) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"account":{"id":"a%d","n":4},"code":"c","meta":{"by":"me","at":"2026-01-02T03:04:05Z"}}`, i, i%7)
	}
	b.WriteByte(']')
	return b.Bytes()
}

func TestNoAllocationPerPickedRow(t *testing.T) {
	for _, o := range []Options{pickOptions("meta.at", "account.id", "id"), pickOptions("meta.at")} {
		o.RowHash = len(o.KeyFields) == 0
		p := mustCompile(t, o)
		allocs := func(n int) float64 {
			body := pickedPage(n)
			return testing.AllocsPerRun(20, func() {
				page, err := p.Scan(body)
				if err != nil || page.Bad > 0 {
					t.Fatal(err, page.Rows[0].Err)
				}
				page.Release()
			})
		}
		few, many := allocs(100), allocs(2000)
		if many > few+20 {
			t.Errorf("%v: %v allocations for 100 rows, %v for 2000", o.KeyFields, few, many)
		}
	}
}

func BenchmarkScanPicked(b *testing.B) {
	p := mustCompile(b, pickOptions("meta.at", "account.id", "id"))
	const n = 1000
	body := pickedPage(n)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		page, err := p.Scan(body)
		if err != nil {
			b.Fatal(err)
		}
		page.Release()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}
