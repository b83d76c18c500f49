package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/internal/kit"
	"tidemark/schemas"
	"tidemark/strategies"
)

// mustScan scans a page of n rows. It is never released: the caller keeps its rows.
func mustScan(t *testing.T, p *Plan, body string, n int) *Page {
	t.Helper()
	pg, err := p.Scan([]byte(body))
	if err != nil {
		t.Fatalf("%.200s: %v", body, err)
	}
	if len(pg.Rows) != n {
		t.Fatalf("%.200s: %d rows, want %d", body, len(pg.Rows), n)
	}
	return pg
}

// TestCursorUnparsable: a cursor value that is none makes a bad row without a value, so
// that no mark can be made of it; its id is known (P2).
func TestCursorUnparsable(t *testing.T) {
	text := `{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null}]}`
	long := strings.Replace(text, `["null","string"],"default":null`, `"long"`, 1)
	type options struct {
		schema string
		format strategies.Format
	}
	for _, c := range []struct {
		o      options
		values []string
	}{
		{options{text, strategies.RFC3339}, []string{`""`, `" "`, `"never"`, `"2026-02-30T00:00:00Z"`, `"0000-00-00T00:00:00Z"`, `"2026-01"`, `1767225600`, `true`, `{}`, `["2026-01-01T00:00:00Z"]`, `"\ud800"`, "\"\xff\""}},
		{options{text, strategies.EpochMillis}, []string{`""`, `"12x"`, `"1e-3"`, `"99999999999999999999"`, `false`}},
		{options{long, strategies.Integer}, []string{`null`, `"12x"`, `1.5`, `9223372036854775808`, `1e400`, `[]`}},
	} {
		p := mustCompile(t, Options{Schema: c.o.schema, IDField: "id", CursorField: "at", Format: c.o.format})
		for _, v := range c.values {
			pg := mustScan(t, p, `[{"id":"a","at":`+v+`}]`, 1)
			var re *RowError
			if r := pg.Rows[0]; !errors.As(r.Err, &re) || re.Field != "at" || re.ID != "a" || string(r.Key) != "a" || r.Value.Set || r.Body != nil || pg.Bad != 1 {
				t.Errorf("%s as %v: %+v", v, c.o.format, r)
			}
		}
	}
}

// TestRowsWithoutID: each is a bad row of its own, with its cursor value; none is keyed.
func TestRowsWithoutID(t *testing.T) {
	p := mustCompile(t, userOptions())
	rows := []string{`{"updatedAt":"2026-01-01T00:00:00Z"}`, `{"id":null,"updatedAt":"2026-01-01T00:00:00Z"}`, `{"updatedAt":"2026-01-01T00:00:00Z","id":""}`, `{"ID":"a","updatedAt":"2026-01-01T00:00:00Z"}`, `{"more":{"id":"a"},"updatedAt":"2026-01-01T00:00:00Z"}`}
	pg := mustScan(t, p, `{"data":[`+strings.Join(rows, ",")+`]}`, len(rows))
	seen := map[uint64]bool{}
	for i, r := range pg.Rows {
		var re *RowError
		if !errors.As(r.Err, &re) || re.Index != i || re.Field != "id" || re.ID != "" || r.Key != nil || !r.Value.Set || string(r.JSON) != rows[i] {
			t.Errorf("%s: %+v", rows[i], r)
		}
		if seen[r.Hash] {
			t.Errorf("%s has the hash of another row: one dead letter would stand for both", rows[i])
		}
		seen[r.Hash] = true
	}
	if pg.Bad != len(rows) {
		t.Errorf("%d bad", pg.Bad)
	}
}

// TestDuplicateIDs: both versions come out, as they stand; which one is written is for
// those to say who know the topic (P4).
func TestDuplicateIDs(t *testing.T) {
	p := mustCompile(t, userOptions())
	pg := mustScan(t, p, `{"data":[
		{"id":"a","name":"new","updatedAt":"2026-01-02T00:00:00Z"},{"id":"a","name":"old","updatedAt":"2026-01-01T00:00:00Z"},
		{"id":"\u0061","name":"new","updatedAt":"2026-01-02T00:00:00Z"}]}`, 3)
	for i, name := range []string{"new", "old", "new"} {
		r := pg.Rows[i]
		if r.Err != nil || string(r.Key) != "a" {
			t.Fatalf("%+v", r)
		}
		if got := oracle(t, schemas.User, r.Body[headerLen:])["name"].(map[string]any)["string"]; got != name {
			t.Errorf("row %d is %v, want %s", i, got, name)
		}
	}
	if a, b, c := pg.Rows[0], pg.Rows[1], pg.Rows[2]; a.Hash == b.Hash || a.Hash != c.Hash || a.Value.Compare(b.Value) <= 0 {
		t.Errorf("%+v\n%+v\n%+v", a, b, c)
	}
}

// TestInvalidUTF8: text that is none never gets into a key, a cursor value or a body.
func TestInvalidUTF8(t *testing.T) {
	p := mustCompile(t, userOptions())
	const rest = `"updatedAt":"2026-01-01T00:00:00Z"`
	for _, text := range []string{"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "0123456789abcdef\x80", `\ud800`, `\udc00\ud800`, `\ud83dx`} {
		for field, row := range map[string]string{
			"id": `{"id":"` + text + `",` + rest + `}`, "name": `{"id":"k","name":"` + text + `",` + rest + `}`, "updatedAt": `{"id":"k","updatedAt":"` + text + `"}`,
		} {
			pg := mustScan(t, p, `{"data":[`+row+`,{"id":"next"}]}`, 2)
			var re *RowError
			r := pg.Rows[0]
			if field == "name" && text[0] == '\\' { // half a surrogate becomes U+FFFD where it names nothing
				name := oracle(t, schemas.User, r.Body[headerLen:])["name"].(map[string]any)["string"]
				if r.Err != nil || !strings.HasPrefix(name.(string), "\ufffd") {
					t.Errorf("%q in %s: %+v", text, field, r)
				}
				continue
			}
			if !errors.As(r.Err, &re) || re.Field != field || !strings.Contains(re.Reason, "not valid Unicode") || r.Body != nil {
				t.Errorf("%q in %s: %+v", text, field, r)
			}
			if (field == "id") != (r.Key == nil) || (field == "updatedAt") == r.Value.Set || string(r.JSON) != row {
				t.Errorf("%q in %s: key %q, value %+v, JSON %q", text, field, r.Key, r.Value, r.JSON)
			}
			if pg.Rows[1].Err != nil {
				t.Error(pg.Rows[1].Err)
			}
		}
		if r := mustScan(t, p, `{"data":[{"id":"k","unknown":"`+text+`",`+rest+`}]}`, 1).Rows[0]; r.Err != nil || string(r.Key) != "k" {
			t.Errorf("%q where nobody looks: %+v", text, r)
		}
	}
}

// TestNumbersBeyond53Bits: ids, cursor values and columns keep every digit or are refused.
func TestNumbersBeyond53Bits(t *testing.T) {
	schema := `{"type":"record","name":"R","fields":[{"name":"id","type":"long"},{"name":"v","type":["null",%s],"default":null}]}`
	plan := func(typ string) *Plan {
		return mustCompile(t, Options{Schema: fmt.Sprintf(schema, typ), IDField: "id", CursorField: "id", Format: strategies.Integer})
	}
	p := plan(`"long"`)
	for _, n := range []int64{1<<53 - 1, 1 << 53, 1<<53 + 1, -(1<<53 + 1), 1<<62 + 1, 1<<63 - 1, -1 << 63} {
		text := fmt.Sprint(n)
		r := mustScan(t, p, `[{"v":`+text+`,"id":`+text+`}]`, 1).Rows[0]
		if r.Err != nil || string(r.Key) != text || r.Value.N != n || string(r.Value.Raw) != text {
			t.Errorf("%s: %+v", text, r)
			continue
		}
		if got := oracle(t, fmt.Sprintf(schema, `"long"`), r.Body[headerLen:]); got["id"] != n || got["v"].(map[string]any)["long"] != n {
			t.Errorf("%s reads back as %v", text, got)
		}
	}
	for _, text := range []string{"9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e19", "1e999999999999", "100000000000000000000000000000"} {
		for _, row := range []string{`{"id":1,"v":` + text + `}`, `{"id":` + text + `}`} {
			if r := mustScan(t, p, `[`+row+`]`, 1).Rows[0]; r.Err == nil || !strings.Contains(r.Err.Error(), "out of range") {
				t.Errorf("%s: %v", row, r.Err)
			}
		}
	}
	for text, taken := range map[string]bool{"9007199254740992": true, "9007199254740993": false, "9007199254740994": true, "-9007199254740993": false, "9223372036854775807": false} {
		if r := mustScan(t, plan(`"double"`), `[{"id":1,"v":`+text+`}]`, 1).Rows[0]; (r.Err == nil) != taken {
			t.Errorf("%s as a double: %v", text, r.Err)
		}
	}
	// As text, an id is its digits, however many.
	o := userOptions()
	const digits = "123456789012345678901234567890"
	if r := mustScan(t, mustCompile(t, o), `{"data":[{"id":"`+digits+`"}]}`, 1).Rows[0]; r.Err != nil || string(r.Key) != digits {
		t.Errorf("%+v", r)
	}
}

// TestHugeRow: a row of 20 MB is read or refused like any other; what is said of it is
// short, and its memory is not kept for the pages behind it (P10).
func TestHugeRow(t *testing.T) {
	size := 20 << 20
	if kit.Race { // it makes a byte twenty times as dear, and nothing here runs beside anything
		size = 1 << 20
	}
	schema := `{"type":"record","name":"R","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},{"name":"v","type":["null",%s],"default":null}]}`
	plain, escapes, digits := strings.Repeat("x", size), strings.Repeat(`\u00e9`, size/6), strings.Repeat("7", size)
	for _, c := range []struct {
		name, typ, id, v string
		bad              string // part of the error
		text             int    // length of the string that must come out
	}{
		{"string", `"string"`, "k", `"` + plain + `"`, "", size},
		{"string of escapes", `"string"`, "k", `"` + escapes + `"`, "", size / 6 * 2},
		{"string, not UTF-8 at its end", `"string"`, "k", `"` + plain + "\xff\"", "not valid Unicode", 0},
		{"long", `"long"`, "k", digits, "out of range", 0},
		{"double", `"double"`, "k", digits, "out of range", 0},
		{"decimal", `{"type":"bytes","logicalType":"decimal","precision":38,"scale":2}`, "k", digits, "got the number 777", 0},
		{"timestamp", `{"type":"long","logicalType":"timestamp-micros"}`, "k", `"` + plain + `"`, "not a timestamp", 0},
		{"base64", `"bytes"`, "k", `"` + plain[1:] + `"`, "not base64", 0},
		{"wrong type", `"long"`, "k", `"` + plain + `"`, "got a string", 0},
		{"id of a bad row", `"long"`, plain, `true`, "got a boolean", 0},
	} {
		p := mustCompile(t, rowOptions(fmt.Sprintf(schema, c.typ)))
		pg := mustScan(t, p, `[{"id":"`+c.id+`","v":`+c.v+`},{"id":"next"}]`, 2)
		r := pg.Rows[0]
		switch {
		case len(r.Key) != len(c.id) || pg.Rows[1].Err != nil || string(pg.Rows[1].Key) != "next":
			t.Errorf("%s: a key of %d bytes; next row %+v", c.name, len(r.Key), pg.Rows[1])
		case c.bad == "":
			if r.Err != nil || len(r.Body) < c.text || len(r.Body) > c.text+20 {
				t.Errorf("%s: %d bytes, %v", c.name, len(r.Body), r.Err)
			} else if _, hash, err := p.Inspect(r.Body); err != nil || hash != r.Hash {
				t.Errorf("%s: inspected: %v", c.name, err)
			}
		case r.Err == nil || !strings.Contains(r.Err.Error(), c.bad) || len(r.Err.Error()) > 500:
			t.Errorf("%s: %.600v", c.name, r.Err)
		}
		pg.Release()
		after := mustScan(t, p, `[{"id":"small"}]`, 1)
		if s := after.state; cap(s.out) > keepBytes || cap(s.scratch) > keepBytes || cap(s.side) > keepBytes {
			t.Errorf("%s: %d + %d + %d bytes are kept", c.name, cap(s.out), cap(s.scratch), cap(s.side))
		}
		after.Release()
	}
}
