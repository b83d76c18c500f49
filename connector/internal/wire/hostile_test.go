package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/schemas"
	"tidemark/strategies"
)

// TestMalformed: answers that are no pages are errors, never an empty page, which would
// end a sweep (P8).
func TestMalformed(t *testing.T) {
	deep := strings.Repeat("[", 1<<20)
	for _, c := range []struct{ body, want string }{
		{``, "it is empty"}, {"  \n", "it is empty"}, {`{}`, `no array at "data"`}, {`{"error":"rate limit exceeded"}`, `rate limit exceeded`},
		{`{"data":null}`, `"data" is not an array but null`}, {`{"data":{}}`, `"data" is not an array but {}`}, {`{"data":"x"}`, `not an array`}, {`{"data":0,"scroll_param":null}`, `not an array`},
		{`[]`, "it is not a JSON object but []"}, {`"data"`, "not a JSON object"}, {`null`, "not a JSON object"}, {`17`, "not a JSON object"},
		{`<!doctype html><html>`, "it is not JSON; it begins with <!doctype html>"}, {`Internal error`, "not JSON"}, {"\x1f\x8b\x08", "not JSON"},
		{`{"data":[],"scroll_param":null}x`, "something follows the JSON: x"}, {`{"data":[],"scroll_param":null}{}`, "something follows"}, {`{"data":[],"scroll_param":null}]`, "something follows"},
		{`{"data":[],"data":[],"scroll_param":null}`, `"data" is there twice`}, {`{"d\u0061ta":[],"data":[],"scroll_param":null}`, `"data" is there twice`}, {`{"data":[],"scroll_param":null,"scroll_param":null}`, "twice"},
		{`{"data":[],"total":1,"total":2,"scroll_param":null}`, "twice"},
		{`{"data":[],"scroll_param":true}`, "neither text nor number nor null"}, {`{"data":[],"scroll_param":{}}`, "neither text"},
		{"{\"data\":[],\"scroll_param\":\"\xff\"}", "not valid UTF-8"}, {`{"data":[],"scroll_param":"\ud800"}`, "not valid UTF-8"},
		{`{"data":[,],"scroll_param":null}`, "broken"}, {`{"data":[{}{}],"scroll_param":null}`, "broken"}, {`{"data":[{"id":"1",}],"scroll_param":null}`, "broken"}, {`{"data":[{"id" "1"}],"scroll_param":null}`, "broken"},
		{`{"data":[{"id":"1"]],"scroll_param":null}`, "broken"}, {`{data:[]}`, "broken"}, {`{"data":[],}`, "broken"}, {`{"data":[{"x":nul}],"scroll_param":null}`, "broken"}, {`{"data":[{"x":[1}]],"scroll_param":null}`, "broken"},
		{"{\"data\":[{\"x\":\"a\x01\"}],\"scroll_param\":null}", "broken"}, {`{"data":[{"id":"1"}`, "cut off"}, {`{"data":` + deep, "cut off"}, {`{"x":` + deep, "cut off"}, {`{"data":[{"x":` + deep, "cut off"},
		{"\x00", "not JSON"}, {"{\"data\":[\x00]}", "broken"},
	} {
		p := mustCompile(t, userOptions())
		pg, err := p.Scan([]byte(c.body))
		if err == nil {
			t.Errorf("%.60s gives a page of %d rows", c.body, len(pg.Rows))
			continue
		}
		if m := malformed(t, err); !strings.Contains(m.Reason, c.want) || m.Offset > len(c.body) {
			t.Errorf("%.60s: %v (at %d), want %q", c.body, m.Reason, m.Offset, c.want)
		}
	}
}

// TestTruncated cuts a page at every byte.
func TestTruncated(t *testing.T) {
	p := mustCompile(t, userOptions())
	page := []byte(`{"data": [{"id": "a\u00e9\n", "name": "é", "updatedAt": null, "more": [1.5e3, true, false, null, {"k": "v"}]}, {"id": "b"}], "scroll_param": "x", "total": -12}`)
	if pg, err := p.Scan(page); err != nil || pg.Rows[0].Err != nil {
		t.Fatal(err, pg)
	}
	for n := range page {
		_, err := p.Scan(page[:n])
		if m := malformed(t, err); n > 0 && m.Reason != "the JSON is cut off" {
			t.Errorf("cut at %d: %v", n, m)
		}
	}
}

func TestTokenAndTotal(t *testing.T) {
	p := mustCompile(t, userOptions())
	none := strategies.Token{}
	for _, c := range []struct {
		rest  string
		token strategies.Token
		total int64
	}{
		{``, none, -1}, {`,"scroll_param":null`, strategies.Token{Present: true, Null: true}, -1}, {`,"scroll_param":""`, strategies.Token{Present: true, Null: true}, -1},
		{`,"scroll_param":"a\/b="`, strategies.Token{Present: true, Text: "a/b="}, -1}, {`,"scroll_param":42`, strategies.Token{Present: true, Text: "42"}, -1}, {`,"other":{"scroll_param":"x"}`, none, -1},
		{`,"total":0`, none, 0}, {`,"total":"17"`, none, 17}, {`,"total":null`, none, -1}, {`,"total":-1`, none, -1}, {`,"total":1.5`, none, -1}, {`,"total":99999999999999999999`, none, -1}, {`,"total":{"total":3}`, none, -1},
	} {
		pg, err := p.Scan([]byte(`{"data":[]` + c.rest + `}`))
		if err != nil {
			t.Errorf("%s: %v", c.rest, err)
			continue
		}
		if pg.Token != c.token || pg.Total != c.total {
			t.Errorf("%s: token %+v, total %d", c.rest, pg.Token, pg.Total)
		}
		pg.Release()
	}
}

func TestPaths(t *testing.T) {
	o := userOptions()
	o.RecordsPath, o.TokenPath, o.TotalPath = "result.items", "result.page.next", "meta.total"
	p := mustCompile(t, o)
	pg, err := p.Scan([]byte("\xEF\xBB\xBF" + `{"meta":{"x":1,"total":5},"items":[1],"result":{"page":{"next":"n","data":[]},"items":[{"id":"1"}]}}`))
	if err != nil || len(pg.Rows) != 1 || pg.Token.Text != "n" || pg.Total != 5 {
		t.Fatalf("%+v %v", pg, err)
	}
	for _, body := range []string{`{"result":null}`, `{"result":[]}`, `{"result":{"items":null}}`, `{"items":[]}`, `{"result.items":[]}`} {
		if pg, err := p.Scan([]byte(body)); err == nil {
			t.Errorf("%s gives a page of %d rows", body, len(pg.Rows))
		}
	}
	o.RecordsPath, o.TokenPath, o.TotalPath = "", "", ""
	p = mustCompile(t, o)
	if pg, err = p.Scan([]byte(` [ {"id":"1"} , {"id":"2"} ] `)); err != nil || len(pg.Rows) != 2 {
		t.Fatalf("%+v %v", pg, err)
	}
	for _, body := range []string{`{"data":[]}`, `null`, `[`, `[]]`, `{}`} {
		_, err := p.Scan([]byte(body))
		_ = malformed(t, err)
	}
}

// TestBadRows: a bad row says what is wrong and leaves its neighbours alone; key and
// cursor value are known wherever they can be.
func TestBadRows(t *testing.T) {
	p := mustCompile(t, userOptions())
	for _, c := range []struct{ row, key, value, field, reason string }{
		{`17`, "", "", "", "got the number 17, the schema wants record tidemark.User"}, {`null`, "", "", "", "got null"}, {`[{"id":"1"}]`, "", "", "", "got an array"}, {`"x"`, "", "", "", "got a string"},
		{`{}`, "", "", "id", "missing"}, {`{"name":"x","updatedAt":"2026-01-01T00:00:00Z"}`, "", "2026-01-01T00:00:00Z", "id", "missing"},
		{`{"id":null}`, "", "", "id", "got null, the schema wants string"}, {`{"id":""}`, "", "", "id", "the id is empty"}, {`{"id":1.2,"updatedAt":"2026-01-01T00:00:00Z"}`, "1.2", "2026-01-01T00:00:00Z", "id", "got the number 1.2 that is not whole"},
		{`{"id":true}`, "", "", "id", "got a boolean"}, {`{"id":{"a":1}}`, "", "", "id", "got an object"}, {"{\"id\":\"\xff\"}", "", "", "id", "not valid Unicode"}, {`{"id":"\ud800x"}`, "", "", "id", "not valid Unicode"},
		{`{"name":5,"id":"k","updatedAt":"2026-01-01T00:00:00Z"}`, "k", "2026-01-01T00:00:00Z", "name", "got the number 5"},
		{`{"name":5,"id":null,"updatedAt":"never"}`, "", "", "name", "got the number 5"}, {`{"id":"k","updatedAt":"never"}`, "k", "", "updatedAt", "not a timestamp"}, {`{"id":"k","updatedAt":true}`, "k", "", "updatedAt", "got a boolean"},
		{`{"id":"k","updatedAt":1700000000000000}`, "k", "", "updatedAt", "not a timestamp"},
		{`{"id":"k","createdAt":"never","updatedAt":"2026-01-01T00:00:00Z","job":[[["\""]]]}`, "k", "2026-01-01T00:00:00Z", "createdAt", "not a timestamp"},
	} {
		body := `{"data":[{"id":"first"},` + c.row + `,{"id":"last","name":"\u0041"}]}`
		pg, err := p.Scan([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", c.row, err)
			continue
		}
		r := pg.Rows[1]
		var re *RowError
		if !errors.As(r.Err, &re) {
			t.Errorf("%s: error %v", c.row, r.Err)
			continue
		}
		if re.Index != 1 || re.Field != c.field || re.ID != c.key || !strings.Contains(re.Reason, c.reason) {
			t.Errorf("%s: %+v", c.row, re)
		}
		if string(r.Key) != c.key || string(r.Value.Raw) != c.value || r.Value.Set != (c.value != "") || r.Body != nil || string(r.JSON) != c.row || r.Hash == 0 {
			t.Errorf("%s: key %q, value %+v, body %x, JSON %s", c.row, r.Key, r.Value, r.Body, r.JSON)
		}
		if pg.Bad != 1 || len(pg.Rows) != 3 || pg.Rows[0].Err != nil || pg.Rows[2].Err != nil || string(pg.Rows[2].Key) != "last" {
			t.Errorf("%s: the neighbours suffer: %+v", c.row, pg.Rows)
		}
		if got := oracle(t, schemas.User, pg.Rows[2].Body[headerLen:]); got["name"].(map[string]any)["string"] != "A" {
			t.Errorf("%s: the row behind reads %v", c.row, got)
		}
		pg.Release()
	}
}

// TestDuplicateKeys: the last one counts and nothing of the first is left.
func TestDuplicateKeys(t *testing.T) {
	p := mustCompile(t, userOptions())
	once := `{"data":[{"id":"b","name":"last","updatedAt":"2026-01-01T00:00:00Z"}]}`
	twice := `{"data":[{"id":"a","updatedAt":"2020-01-01T00:00:00Z","name":"first, and longer","id":"b","name":"last","updatedAt":"2026-01-01T00:00:00Z"}]}`
	a, err := p.Scan([]byte(once))
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Scan([]byte(twice))
	if err != nil {
		t.Fatal(err)
	}
	x, y := a.Rows[0], b.Rows[0]
	if !bytes.Equal(x.Body, y.Body) || !bytes.Equal(x.Key, y.Key) || x.Hash != y.Hash || x.Value.Compare(y.Value) != 0 || !bytes.Equal(x.Value.Raw, y.Value.Raw) {
		t.Errorf("%+v\n%+v", x, y)
	}
}

func TestUnknownKeys(t *testing.T) {
	p := mustCompile(t, userOptions())
	pg, err := p.Scan([]byte(`{"data":[{"id":"a","extra":{"id":"x"},"n\u0061me":"n"},{"extra":1,"id":"b","phone":[]},{"extra":1,"id":"c"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Unknown{First: "extra", Count: 4}); pg.Unknown != want {
		t.Errorf("unknown %+v, want %+v", pg.Unknown, want)
	}
	if pg.Bad != 0 || string(pg.Rows[0].Key) != "a" || oracle(t, schemas.User, pg.Rows[0].Body[headerLen:])["name"] == nil {
		t.Errorf("rows %+v", pg.Rows)
	}
}

// TestNesting: what is nested too deep is one bad row; where nobody looks, no depth hurts.
func TestNesting(t *testing.T) {
	p := mustCompile(t, rowOptions(`{"type":"record","name":"L","fields":[{"name":"id","type":"string"},{"name":"next","type":["null","L"],"default":null},{"name":"at","type":["null","string"],"default":null}]}`))
	nest := func(n int) string {
		return strings.Repeat(`{"id":"a","next":`, n) + `null` + strings.Repeat(`}`, n)
	}
	r := scanOne(t, p, nest(maxDepth))
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if _, hash, err := p.Inspect(r.Body); err != nil || hash != r.Hash {
		t.Error(err)
	}
	if r := scanOne(t, p, nest(1e5)); r.Err == nil || !strings.Contains(r.Err.Error(), "nested too deep") {
		t.Error("a row nested 100,000 times gives", r.Err)
	}
	deep := strings.Repeat(`[{"x":`, 1e5) + `0` + strings.Repeat(`}]`, 1e5)
	if r := scanOne(t, p, `{"id":"a","other":`+deep+`}`); r.Err != nil {
		t.Error(r.Err)
	}
}

// TestUnionTries: a union that could double the work at every level is given up; without that this
// test would not end.
func TestUnionTries(t *testing.T) {
	p := mustCompile(t, rowOptions(`{"type":"record","name":"Row","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},
		{"name":"v","type":["null",
			{"type":"record","name":"A","fields":[{"name":"v","type":["null","A","int",{"type":"record","name":"B","fields":[{"name":"v","type":["null","A","B"]}]}]}]},"B"]}]}`))
	row := `{"id":"a","v":` + strings.Repeat(`{"v":`, 150) + `true` + strings.Repeat(`}`, 151)
	r := scanOne(t, p, row)
	if r.Err == nil {
		t.Error("the row is taken")
	}
	if r := scanOne(t, p, `{"id":"a","v":{"v":{"v":5}}}`); r.Err != nil {
		t.Error(r.Err)
	}
}

// TestKeys: ids as record keys.
func TestKeys(t *testing.T) {
	schema := `{"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"n","type":["null","string"],"default":null}]}`
	p := mustCompile(t, Options{Schema: schema, IDField: "id", CursorField: "id", Format: strategies.Integer})
	for _, c := range []struct {
		in, key string
		n       int64
		bad     bool
	}{
		{"12", "12", 12, false}, {"-5", "-5", -5, false}, {"0", "0", 0, false}, {"9223372036854775807", "9223372036854775807", 9223372036854775807, false},
		{`"12"`, "12", 12, false}, {`"\u0031"`, "1", 1, false}, {`"x"`, "x", 0, true}, {"null", "", 0, true}, {"true", "", 0, true}, {"1.5", "1.5", 0, true}, {"1e3", "1000", 1000, false}, {"12.0", "12", 12, false}, {"-0", "0", 0, false},
	} {
		r := scanOne(t, p, `{"n":"x","id":`+c.in+`}`)
		if string(r.Key) != c.key || (r.Err != nil) != c.bad || r.Value.N != c.n {
			t.Errorf("id %s: key %q, value %+v, error %v", c.in, r.Key, r.Value, r.Err)
		}
	}
	// The key alone is plain where the cursor is another field.
	p = mustCompile(t, Options{Schema: strings.Replace(schema, `"long"`, `["null","long"]`, 1), IDField: "id", CursorField: "n", Format: strategies.Opaque})
	for in, key := range map[string]string{"1e3": "1000", "12.0": "12", "-0": "0", "-0.0": "0"} {
		if r := scanOne(t, p, `{"id":`+in+`}`); string(r.Key) != key || r.Err != nil {
			t.Errorf("id %s: key %q, error %v", in, r.Key, r.Err)
		}
	}
	if r := scanOne(t, p, `{"id":null}`); r.Err == nil || r.Key != nil {
		t.Error("a null id is taken")
	}
	// step_size reads the id as its cursor, also where it is text.
	o := userOptions()
	o.CursorField, o.Format, o.RecordsPath, o.TokenPath, o.TotalPath = "id", strategies.Integer, "", "", ""
	p = mustCompile(t, o)
	if r := scanOne(t, p, `{"id":"12"}`); r.Err != nil || string(r.Key) != "12" || r.Value.N != 12 || string(r.Value.Raw) != "12" {
		t.Errorf("%+v", r)
	}
	if r := scanOne(t, p, `{"id":"x12"}`); r.Err == nil || string(r.Key) != "x12" || r.Value.Set {
		t.Errorf("%+v", r)
	}
}

// TestCursorNull: a row without a cursor value is a good row where the schema allows it.
func TestCursorNull(t *testing.T) {
	p := mustCompile(t, userOptions())
	pg, err := p.Scan([]byte(`{"data":[{"id":"a"},{"id":"b","updatedAt":null},{"id":"c","updatedAt":"2026-01-01T00:00:00.5+01:00"}]}`))
	if err != nil || pg.Bad != 0 {
		t.Fatal(err, pg)
	}
	for i, set := range []bool{false, false, true} {
		r := pg.Rows[i]
		v, hash, err := p.Inspect(r.Body)
		if r.Value.Set != set || v.Set != set || hash != r.Hash || err != nil || v.Compare(r.Value) != 0 {
			t.Errorf("row %d: %+v, inspected %+v, %v", i, r.Value, v, err)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"no schema":      {func(o *Options) { o.Schema = "" }, "reading the Avro schema"},
		"broken schema":  {func(o *Options) { o.Schema = `{"type":"record"}` }, "reading the Avro schema"},
		"not a record":   {func(o *Options) { o.Schema = `"string"` }, "must be a record, not string"},
		"no such id":     {func(o *Options) { o.IDField = "uid" }, `id field "uid" is not in the schema; it has id, name, email`},
		"id of a time":   {func(o *Options) { o.IDField = "createdAt" }, "a key can be made of"},
		"no such cursor": {func(o *Options) { o.CursorField = "updated" }, `cursor field "updated" is not in the schema`},
		"opaque time":    {func(o *Options) { o.Format = strategies.Opaque }, "cannot be read as opaque"},
		"seconds":        {func(o *Options) { o.Format = strategies.EpochSeconds }, "cannot be read as epoch_seconds"},
		"micros of millis": {func(o *Options) {
			o.Format, o.Schema = strategies.EpochMicros, strings.ReplaceAll(o.Schema, "timestamp-micros", "timestamp-millis")
		}, "cannot be read as epoch_micros"},
		"dates in numbers": {func(o *Options) {
			o.Format, _ = strategies.ParseFormats([]string{"%Y%m%d", "rfc3339"}, nil)
		}, "cannot be read as %Y%m%d, rfc3339"},
		"day of an instant": {func(o *Options) {
			o.Schema = strings.ReplaceAll(o.Schema, `{"type": "long", "logicalType": "timestamp-micros"}`, `{"type": "int", "logicalType": "date"}`)
		}, "use cursor format date"},
		"millis of micros": {func(o *Options) { o.Format = strategies.EpochMillis }, "cannot be read as epoch_millis"},
		"empty part":       {func(o *Options) { o.RecordsPath = "data..x" }, "empty part"},
		"same path":        {func(o *Options) { o.TokenPath = "data" }, "taken by another path"},
		"path through":     {func(o *Options) { o.TotalPath = "data.total" }, "leads through the records path"},
		"array and token":  {func(o *Options) { o.RecordsPath = "" }, "no place for a token"},
		"cursor default": {func(o *Options) {
			o.Schema = strings.Replace(o.Schema, `"name": "name", "type": ["null", "string"], "default": null`, `"name": "name", "type": "string", "default": "x"`, 1)
			o.CursorField = "name"
		}, "only null may stand"},
		"double cursor": {func(o *Options) {
			o.Schema = strings.Replace(o.Schema, `"name": "name", "type": ["null", "string"]`, `"name": "name", "type": ["null", "double"]`, 1)
			o.CursorField = "name"
		}, "use string, int, long or a timestamp"},
	} {
		o := userOptions()
		c.change(&o)
		_, err := Compile(o)
		if err == nil || !strings.Contains(err.Error(), c.want) || class.Of(err) != class.Config {
			t.Errorf("%s: %v (class %v)", name, err, class.Of(err))
		}
	}
}

// TestRowsSurviveGrowth: rows keep their bytes while the page's buffers grow under them,
// and a page that follows in the same buffers is not mixed with the last.
func TestRowsSurviveGrowth(t *testing.T) {
	p := mustCompile(t, userOptions())
	for _, n := range []int{1, 3000, 5, 700} {
		pg, err := p.Scan(users(n))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range pg.Rows {
			if js, err := renderBody(p.schema, r.Body[headerLen:]); err != nil || !json.Valid(js) || !bytes.Contains(js, r.Key) {
				t.Fatalf("row %d of %d reads %s (%v), key %s", i, n, js, err, r.Key)
			}
		}
		pg.Release()
		pg.Release()
	}
}

// TestNoAllocationPerRow counts: a page costs the same few allocations whatever its size.
func TestNoAllocationPerRow(t *testing.T) {
	if kit.Race {
		t.Skip("the race detector makes sync.Pool drop what it holds")
	}
	p := mustCompile(t, userOptions())
	shuffled := []byte(`{"data":[` + strings.TrimSuffix(strings.Repeat(`{"updatedAt":"2026-01-01T00:00:00Z","extra":{"a":[1]},"name":"a\u00e9","id":"k\/1"},`, 2000), ",") + `]}`)
	for name, body := range map[string][]byte{"as the schema has it": users(2000), "in another order, with escapes": shuffled} {
		scan := func() {
			pg, err := p.Scan(body)
			if err != nil {
				t.Fatal(err)
			}
			pg.Release()
		}
		scan()
		if n := testing.AllocsPerRun(20, scan); n > 10 {
			t.Errorf("%s: %v allocations for a page of 2000 rows", name, n)
		}
	}
	pg, err := p.Scan(users(1))
	if err != nil {
		t.Fatal(err)
	}
	value := pg.Rows[0].Body
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := p.Inspect(value); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Inspect allocates %v times", n)
	}
}
