package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/schemas"
	"tidemark/strategies"
)

// userOptions are those of a keyset stream on the playground.
func userOptions() Options {
	return Options{
		Schema: schemas.User, SchemaID: 7,
		RecordsPath: "data", TokenPath: "scroll_param", TotalPath: "total",
		IDField: "id", CursorField: "updatedAt", Format: strategies.RFC3339,
	}
}

func mustCompile(t testing.TB, o Options) *Plan {
	t.Helper()
	p, err := Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// users is a page of n users as the playground writes them.
func users(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"data": [`)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `{"id": "063928bd-d32e-4cc0-af86-%012d", "name": "Jillian Combs the %dth", "email": "pnewton%d@example.org", `+
			`"address": "296 Parsons Place\nPort Wendystad, ID 42870", "company": "Shaw, Serrano and Wright", "job": "Personal assistant", `+
			`"createdAt": "2026-11-14T19:44:39Z", "updatedAt": "2026-11-14T20:%02d:%02dZ"}`, i, i, i, i/60%60, i%60)
	}
	b.WriteString(`], "scroll_param": "MjAyNi0xMS0xNlQyMTozNTozMVo=", "total": 200}`)
	return []byte(b.String())
}

func TestScanUsers(t *testing.T) {
	p := mustCompile(t, userOptions())
	pg, err := p.Scan(users(120))
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Release()
	if len(pg.Rows) != 120 || pg.Total != 200 || pg.Token != (strategies.Token{Present: true, Text: "MjAyNi0xMS0xNlQyMTozNTozMVo="}) {
		t.Fatalf("rows %d, total %d, token %+v", len(pg.Rows), pg.Total, pg.Token)
	}
	for i, r := range pg.Rows {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		want := fmt.Sprintf("063928bd-d32e-4cc0-af86-%012d", i)
		if string(r.Key) != want {
			t.Errorf("row %d has key %s", i, r.Key)
		}
		wantValue := fmt.Sprintf("2026-11-14T20:%02d:%02dZ", i/60%60, i%60)
		if string(r.Value.Raw) != wantValue {
			t.Errorf("row %d has value %s, want %s", i, r.Value.Raw, wantValue)
		}
		js, err := renderBody(p.schema, r.Body[headerLen:])
		if err != nil {
			t.Fatal(err)
		}
		got := strings.NewReplacer(`": `, `":`, `, "`, `,"`).Replace(string(r.JSON))
		if string(js) != got {
			t.Fatalf("row %d reads back as\n%s\nwant\n%s", i, js, got)
		}
		v, hash, err := p.Inspect(r.Body)
		if err != nil || hash != r.Hash || v.Compare(r.Value) != 0 || v.Set != r.Value.Set {
			t.Fatalf("Inspect gives %+v %x %v, the row has %+v %x", v, hash, err, r.Value, r.Hash)
		}
	}
}

func BenchmarkScanUsers(b *testing.B) {
	p := mustCompile(b, userOptions())
	const n = 1000
	body := users(n)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		pg, err := p.Scan(body)
		if err != nil {
			b.Fatal(err)
		}
		pg.Release()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}

func malformed(t *testing.T, err error) *Malformed {
	t.Helper()
	var m *Malformed
	if !errors.As(err, &m) {
		t.Fatalf("got %v, want a Malformed", err)
	}
	if class.Of(err) != class.Source {
		t.Errorf("%v has class %v", err, class.Of(err))
	}
	return m
}

// BenchmarkScanNested is BenchmarkScanUsers for rows of records within records, arrays and maps, which have a value for each 18 bytes;
// users have one for each 40.
func BenchmarkScanNested(b *testing.B) {
	p := mustCompile(b, Options{RecordsPath: "data", IDField: "id", CursorField: "updatedAt", Format: strategies.RFC3339, Schema: `{"type": "record", "name": "Order", "fields": [
		{"name": "id", "type": "string"}, {"name": "updatedAt", "type": {"type": "long", "logicalType": "timestamp-micros"}},
		{"name": "customer", "type": ["null", {"type": "record", "name": "Customer", "fields": [{"name": "name", "type": ["null", "string"], "default": null},
			{"name": "address", "type": ["null", {"type": "record", "name": "Address", "fields": [{"name": "street", "type": "string"}, {"name": "city", "type": "string"}]}], "default": null}]}], "default": null},
		{"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [{"name": "sku", "type": "string"}, {"name": "count", "type": "int"}, {"name": "price", "type": "double"}]}}},
		{"name": "labels", "type": {"type": "map", "values": "string"}}]}`})
	const n = 1000
	var text strings.Builder
	text.WriteString(`{"data": [`)
	for i := range n {
		if i > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, `{"id": "order-%d", "updatedAt": "2026-01-31T10:%02d:%02dZ", "customer": {"name": "Ada Lovelace", "address": {"street": "St James's Square 12", "city": "London"}}, `+
			`"lines": [{"sku": "A-%d", "count": 2, "price": 19.99}, {"sku": "B-%d", "count": 1, "price": 7.5}], "labels": {"channel": "web", "country": "gb"}}`, i, i/60%60, i%60, i, i)
	}
	text.WriteString("]}")
	body := []byte(text.String())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		pg, err := p.Scan(body)
		if err != nil || pg.Bad > 0 {
			b.Fatal(err, pg.Rows[0].Err)
		}
		pg.Release()
	}
}
