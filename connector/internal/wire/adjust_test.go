package wire

import (
	"bytes"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/strategies"
)

// Ids and cursor values of the other JSON type are what the schema says: one row, whichever way
// an answer writes it.
func TestIdsOfTwoTypes(t *testing.T) {
	plan := func(id, at string, format strategies.Format) *Plan {
		return mustCompile(t, Options{Schema: `{"type":"record","name":"R","fields":[{"name":"id","type":` + id + `},{"name":"at","type":` + at + `,"default":null}]}`,
			IDField: "id", CursorField: "at", Format: format, DeletedField: "gone", DeletedValue: "true"})
	}
	const text, long, optional = `"string"`, `"long"`, `["null","string"]`
	for _, c := range []struct {
		id, at string
		format strategies.Format
		row    string
		same   string // the row as the schema has it; else a part of the error
		key    string
		n      int64
	}{
		{text, optional, strategies.Integer, `{"id":7}`, `{"id":"7"}`, "7", 0},
		{text, optional, strategies.Integer, `{"id":7.0}`, `{"id":"7"}`, "7", 0},
		{text, optional, strategies.Integer, `{"id":-7e1}`, `{"id":"-70"}`, "-70", 0},
		{text, optional, strategies.Integer, `{"id":-0}`, `{"id":"0"}`, "0", 0},
		{text, optional, strategies.Integer, `{"id":12345678901234567890123}`, `{"id":"12345678901234567890123"}`, "12345678901234567890123", 0},
		{text, optional, strategies.Integer, `{"id":7.5}`, "got the number 7.5 that is not whole and so has no one form as a text, the schema wants string", "", 0},
		{text, optional, strategies.Integer, `{"id":1e30}`, "the number 1e30 that is out of range and so has", "", 0},
		{text, optional, strategies.Integer, `{"id":true}`, "got a boolean, the schema wants string", "", 0},
		{`["null","string"]`, optional, strategies.Integer, `{"id":7}`, `{"id":"7"}`, "7", 0},
		{`["null","long"]`, optional, strategies.Integer, `{"id":"7"}`, `{"id":7}`, "7", 0},
		{long, optional, strategies.Integer, `{"id":"-7"}`, `{"id":-7}`, "-7", 0},
		{long, optional, strategies.Integer, `{"id":"\u0037"}`, `{"id":7}`, "7", 0},
		{long, optional, strategies.Integer, `{"id":"007"}`, "got a string that is not how its number 7 is written, so two ids could become one", "", 0},
		{long, optional, strategies.Integer, `{"id":"7.0"}`, "is not how its number 7 is written", "", 0},
		{long, optional, strategies.Integer, `{"id":""}`, "is no whole number", "", 0},
		{long, optional, strategies.Integer, `{"id":"9223372036854775808"}`, "is no whole number of 64 bits", "", 0},
		{`"int"`, optional, strategies.Integer, `{"id":"2147483648"}`, "is out of range", "", 0},
		{`{"type":"string","logicalType":"uuid"}`, optional, strategies.Integer, `{"id":7}`, "got the number 7", "", 0},
		{text, optional, strategies.EpochSeconds, `{"id":"a","at":1.7e9}`, `{"id":"a","at":"1700000000"}`, "a", 1.7e15},
		{text, `["null","long"]`, strategies.EpochSeconds, `{"id":"a","at":"1.7e9"}`, `{"id":"a","at":1700000000}`, "a", 1.7e15},
		{text, `["null","long"]`, strategies.Integer, `{"id":"a","at":"007"}`, `{"id":"a","at":7}`, "a", 7},
		{text, `["null","long"]`, strategies.Integer, `{"id":8,"at":"7"}`, `{"id":"8","at":7}`, "8", 7},
		{text, optional, strategies.Opaque, `{"id":"a","at":7}`, `{"id":"a","at":"7"}`, "a", opaque("7")},
		{text, optional, strategies.Opaque, `{"id":"a","at":7.0}`, "has more than one form as a text", "", 0},
		{text, optional, strategies.RFC3339, `{"id":"a","at":1700000000}`, `the cursor value "1700000000" is not a timestamp`, "", 0},
	} {
		p := plan(c.id, c.at, c.format)
		pg := mustScan(t, p, `[`+c.row+`,`+c.row+`]`, 2)
		r := pg.Rows[1]
		if !strings.HasPrefix(c.same, "{") {
			if r.Err == nil || !strings.Contains(r.Err.Error(), c.same) || pg.Adjusted.Retyped.Count != 0 {
				t.Errorf("%s: %v, retyped %+v", c.row, r.Err, pg.Adjusted.Retyped)
			}
			continue
		}
		want := scanOne(t, p, c.same)
		if r.Err != nil || want.Err != nil || string(r.Key) != c.key || r.Hash != want.Hash || !bytes.Equal(r.Body, want.Body) || r.Value.N != c.n || want.Value.N != c.n {
			t.Errorf("%s: %+v\nnot as %s: %+v", c.row, r, c.same, want)
			continue
		}
		if n := pg.Adjusted.Retyped.Count; n != 2 && n != 4 || !strings.Contains(c.row, pg.Adjusted.Retyped.First) {
			t.Errorf("%s: retyped %+v", c.row, pg.Adjusted.Retyped)
		}
		// The API's own text is what goes back to it, and the body gives the same value again.
		if at := strings.Index(c.row, `"at":`); at > 0 && string(r.Value.Raw) != strings.Trim(c.row[at+5:len(c.row)-1], `"`) {
			t.Errorf("%s: the cursor's text is %q", c.row, r.Value.Raw)
		}
		if v, hash, err := p.Inspect(r.Body); err != nil || hash != r.Hash || v.Set != r.Value.Set || v.N != r.Value.N {
			t.Errorf("%s: read back as %+v, %v", c.row, v, err)
		}
		// A deleted row has the same key and value.
		gone := scanOne(t, p, strings.Replace(c.row, "{", `{"gone":true,"bad":[1],`, 1))
		if gone.Err != nil || !gone.Deleted || string(gone.Key) != c.key || gone.Value.N != c.n {
			t.Errorf("%s, deleted: %+v", c.row, gone)
		}
	}
}

func opaque(text string) int64 {
	v, _ := strategies.Opaque.ParseString(text)
	return v.N
}

// A number that is cut off or broken in the place of an id or a cursor value that the schema wants as a text is no row,
// and no panic: what is cut off may come in the next piece.
func TestBrokenNumbersForTexts(t *testing.T) {
	p := mustCompile(t, Options{Schema: `{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},{"name":"part","type":"string"}]}`,
		KeyFields: []string{"id", "part"}, CursorField: "at", Format: strategies.Opaque})
	plain := mustCompile(t, Options{Schema: everything, IDField: "id", CursorField: "at", Format: strategies.Opaque})
	for _, number := range []string{"-", "0e", "1.", "1e+", "-x", "01", "1.e1"} {
		for _, row := range []string{`{"id":%s`, `{"id":"1","at":%s`, `{"part":%s`} {
			for _, end := range []string{"", "}", `,"id":"2"}`} {
				for _, p := range []*Plan{p, plain} {
					body := `[` + strings.Replace(row, "%s", number+end, 1)
					_, err := p.Scan([]byte(body))
					_ = malformed(t, err)
				}
			}
		}
	}
}

// Half of a surrogate pair is replaced and counted. In a map's keys it must not make one of two.
func TestHalvesAreCounted(t *testing.T) {
	p := mustCompile(t, userOptions())
	pg := mustScan(t, p, `{"data":[{"id":"a","name":"x\ud83d","job":"\ude00y","updatedAt":"2026-01-01T00:00:00Z"},
		{"id":"b","name":"\ud83d\ude00 \ufffd"},{"id":"c\ud83d","name":"z"}]}`, 3)
	if n := pg.Adjusted.Halves; n.Count != 2 || n.First != `x\ud83d` {
		t.Errorf("%+v", n)
	}
	if pg.Bad != 1 || pg.Rows[2].Err == nil {
		t.Errorf("an id with half a pair: %+v", pg.Rows[2])
	}
	if name := oracle(t, schemas.User, pg.Rows[0].Body[headerLen:])["name"].(map[string]any)["string"]; name != "x\ufffd" {
		t.Errorf("%q", name)
	}
	m := mustCompile(t, rowOptions(`{"type":"record","name":"Row","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},{"name":"m","type":{"type":"map","values":"int"}}]}`))
	for row, bad := range map[string]bool{
		`{"id":"a","m":{"\ud83d":1,"b":2}}`: false, `{"id":"a","m":{"\ud83d":1,"b":2,"\ud83e":3}}`: true, `{"id":"a","m":{"b":1,"b":2}}`: false,
	} {
		r := scanOne(t, m, row)
		if (r.Err != nil) != bad || bad && !strings.Contains(r.Err.Error(), "got an object that has keys that half a surrogate makes one") {
			t.Errorf("%s: %v", row, r.Err)
		}
	}
}

// Times are rounded down to what their type holds, and counted, but for a cursor value that
// would be another one when it is read back.
func TestRoundedTimes(t *testing.T) {
	row := func(typ, logical string) string {
		return `{"type":"record","name":"Row","fields":[{"name":"id","type":"string"},{"name":"at","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},
			{"name":"v","type":["null",{"type":"` + typ + `","logicalType":"` + logical + `"}],"default":null}]}`
	}
	for _, c := range []struct {
		typ, logical, in, same string
		rounded                int
	}{
		{"long", "timestamp-millis", "2026-01-01T00:00:00.0009Z", "2026-01-01T00:00:00.000Z", 1},
		{"long", "timestamp-millis", "1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z", 1},
		{"long", "timestamp-millis", "2026-01-01T00:00:00.001000Z", "2026-01-01T00:00:00.001Z", 0},
		{"long", "timestamp-micros", "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.123456Z", 1},
		{"long", "timestamp-nanos", "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456789Z", 0},
		{"long", "timestamp-nanos", "2026-01-01T00:00:00.1234567891Z", "2026-01-01T00:00:00.123456789Z", 1},
		{"long", "timestamp-nanos", "2026-01-01T00:00:00.123456789000Z", "2026-01-01T00:00:00.123456789Z", 0},
		{"int", "time-millis", "15:04:05.1239", "15:04:05.123", 1},
		{"long", "time-micros", "15:04:05.1234569", "15:04:05.123456", 1},
	} {
		o := rowOptions(row(c.typ, c.logical))
		o.Format = strategies.RFC3339
		p := mustCompile(t, o)
		pg := mustScan(t, p, `[{"id":"a","v":"`+c.in+`"},{"id":"a","v":"`+c.same+`"}]`, 2)
		a, b := pg.Rows[0], pg.Rows[1]
		if a.Err != nil || b.Err != nil || a.Hash != b.Hash || pg.Adjusted.Rounded.Count != c.rounded {
			t.Errorf("%+v\n%+v\n%+v\n%+v", c, a, b, pg.Adjusted.Rounded)
		}
	}
	o := rowOptions(row("long", "timestamp-millis"))
	o.Format = strategies.RFC3339
	if r := scanOne(t, mustCompile(t, o), `{"id":"a","at":"2026-01-01T00:00:00.0009Z"}`); r.Err == nil || !strings.Contains(r.Err.Error(), "finer than a millisecond") {
		t.Error(r.Err)
	}
}

// A cursor value that no request can carry makes a bad row, whatever its format; one that is as
// long as may be is taken.
func TestLongCursorValues(t *testing.T) {
	schema := `{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null}]}`
	for format, text := range map[strategies.Format]string{strategies.Opaque: "x", strategies.Integer: "0"} {
		p := mustCompile(t, Options{Schema: schema, IDField: "id", CursorField: "at", Format: format, DeletedField: "gone", DeletedPresent: true})
		for n, bad := range map[int]bool{strategies.LongestValue: false, strategies.LongestValue + 1: true} {
			for _, gone := range []string{"", `,"gone":1`} {
				r := scanOne(t, p, `{"id":"a","at":"`+strings.Repeat(text, n)+`"`+gone+`}`)
				if (r.Err != nil) != bad || r.Value.Set == bad || string(r.Key) != "a" || bad && !strings.Contains(r.Err.Error(), "the cursor value has 4097 bytes, more than a request can carry (4096)") {
					t.Errorf("%s of %d bytes: %v, %v", format, n, r.Err, r.Value.Set)
				}
			}
		}
	}
}
