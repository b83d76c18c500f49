package wire

import (
	"strings"
	"testing"
	"time"

	"tidemark/strategies"
)

// A cursor value that its format does not read, or that its body would not give back, makes a bad
// row, and the error names the value and the formats that were tried.
func TestCursorValuesRefused(t *testing.T) {
	list, err := strategies.ParseFormats([]string{"rfc3339", "%d.%m.%Y"}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	days, err := strategies.ParseFormat("%Y-%m-%d")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		typ    string
		format strategies.Format
		in     string
		want   string
	}{
		{`"double"`, strategies.EpochFloat, `1700000000.12345678`, "has more digits than a double keeps; use the type string"},
		{`"double"`, strategies.EpochFloat, `1e300`, `the cursor value "1e300" is out of range`},
		{`"string"`, list, `"29/11/2026"`, `the cursor value "29/11/2026" fits no cursor format (rfc3339: no such date; %d.%m.%Y: no ".")`},
		{`{"type":"long","logicalType":"timestamp-micros"}`, list, `"29/11/2026"`, `"29/11/2026" fits no cursor format (rfc3339: no such date; %d.%m.%Y: no ".")`},
		{`{"type":"long","logicalType":"timestamp-micros"}`, list, `1700000000`, "is no text to be read as rfc3339, %d.%m.%Y"},
		{`{"type":"long","logicalType":"timestamp-millis"}`, days, `"2026-11-29T00:00:00Z"`, `is not like %Y-%m-%d: something stands behind it`},
		{`{"type":"int","logicalType":"date"}`, strategies.Date, `20421`, `"20421" is not a date like 2006-01-02: no such date`},
		{`"long"`, strategies.EpochMicros, `1.5`, "not whole"},
	} {
		for _, typ := range []string{c.typ, `["null",` + c.typ + `]`} {
			p := mustCompile(t, Options{Schema: recordOf(typ), SchemaID: 3, IDField: "id", CursorField: "v", Format: c.format})
			r := scanOne(t, p, `{"id":"k","v":`+c.in+`}`)
			if r.Err == nil || !strings.Contains(r.Err.Error(), c.want) {
				t.Errorf("%s of %s as %s: %v, want %q", c.in, typ, c.format, r.Err, c.want)
			}
		}
	}
}
