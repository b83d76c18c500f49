package format_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/schemas"
	"tidemark/strategies"
)

// written is a stream of rows of a schema in a format, and what they are written by.
func written(t testing.TB, values, envelope, schema, cursor string) (*admit.Rules, *wire.Plan) {
	t.Helper()
	s := config.NewStream("items", strategies.Keyset, "http://api.example.com/items")
	s.Topic, s.ValueFormat, s.Envelope = "items", values, envelope
	plan, err := wire.Compile(wire.Options{Schema: schema, SchemaID: 7, IDField: "id", CursorField: cursor, Format: strategies.RFC3339})
	if err != nil {
		t.Fatal(err)
	}
	codec, err := format.New(s, schema, strategies.RFC3339, plan)
	if err != nil {
		t.Fatal(err)
	}
	return &admit.Rules{Stream: s, Format: strategies.RFC3339, Codec: codec, Limits: admit.Limits{Record: 1 << 20, Letter: 1 << 20}}, plan
}

// A row's value is never larger than it is bounded by, whatever fills it: names that are long beside values that are none, texts that
// JSON writes with six bytes for each of theirs, records in lists in records.
func TestRoom(t *testing.T) {
	long := strings.Repeat("a_long_name_", 10)
	of := func(fields string) string {
		return `{"type":"record","name":"R","fields":[{"name":"id","type":"string"}` + fields + `]}`
	}
	repeat := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	controls := `"` + strings.Repeat(`\u0001`, 3000) + `"`
	inner := `{"type":"record","name":"I","fields":[{"name":"` + long + `","type":["null","long"],"default":null},{"name":"b` + long + `","type":{"type":"record","name":"J","fields":[{"name":"` + long + `","type":["null","string"],"default":null}]}}]}`
	item := `{"b` + long + `":{}}`
	for name, c := range map[string]struct{ fields, row string }{
		"texts":             {`,{"name":"s","type":"string"}`, `,"s":` + controls},
		"a nested text":     {`,{"name":"n","type":{"type":"record","name":"N","fields":[{"name":"` + long + `","type":["null","string"],"default":null}]}}`, `,"n":{"` + long + `":` + controls + `}`},
		"records in a list": {`,{"name":"l","type":{"type":"array","items":` + inner + `}}`, `,"l":[` + repeat(item, 500) + `]`},
		"perhaps records":   {`,{"name":"l","type":{"type":"array","items":["null",` + inner + `,"boolean"]}}`, `,"l":[` + repeat(item+`,null,true`, 300) + `]`},
		"a map of records": {`,{"name":"m","type":{"type":"map","values":` + inner + `}}`, `,"m":{` + func() (s string) {
			for i := range 400 {
				s += fmt.Sprintf(`%q:%s,`, fmt.Sprint(i), item)
			}
			return strings.TrimSuffix(s, ",")
		}() + `}`},
		"a record of itself": {`,{"name":"` + long + `","type":["null","R"],"default":null}`, strings.Repeat(`,"`+long+`":{"id":""`, 200) + strings.Repeat("}", 200)},
		"lists of lists":     {`,{"name":"l","type":{"type":"array","items":{"type":"array","items":["null",{"type":"array","items":"boolean"}]}}}`, `,"l":[` + repeat(`[null,[false],null,[]]`, 400) + `]`},
		"an enum":            {`,{"name":"l","type":{"type":"array","items":{"type":"enum","name":"E","symbols":["` + long + `"]}}}`, `,"l":[` + repeat(`"`+long+`"`, 900) + `]`},
		"small decimals":     {`,{"name":"l","type":{"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":90,"scale":80}}}`, `,"l":[` + repeat(`"0"`, 900) + `]`},
		"times":              {`,{"name":"l","type":{"type":"array","items":{"type":"long","logicalType":"timestamp-nanos"}}}`, `,"l":[` + repeat(`"1970-01-01T00:00:00.000000001Z"`, 900) + `]`},
		"numbers":            {`,{"name":"l","type":{"type":"array","items":["null","double","long"]}}`, `,"l":[` + repeat(`-1.7976931348623157e308,null,-1`, 300) + `]`},
		"values of no bytes": {`,{"name":"l","type":{"type":"array","items":{"type":"record","name":"Z","fields":[]}}}`, `,"l":[` + repeat(`{}`, 900) + `]`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, values := range format.Names() {
				for _, envelope := range []string{config.Flat, config.Debezium} {
					schema := of(c.fields)
					if values == config.Avro && envelope == config.Flat {
						continue
					}
					rules, plan := written(t, values, envelope, schema, "")
					page, err := plan.Scan([]byte(`[{"id":"` + strings.Repeat("k", 300) + `"` + c.row + `}]`))
					if err != nil || page.Rows[0].Err != nil {
						t.Fatalf("%v, %v", err, page.Rows[0].Err)
					}
					row := &page.Rows[0]
					bound, _, err := rules.Codec.Size(row.Key, row.Body, false, math.MaxInt)
					size, exact, wrong := rules.Codec.Size(row.Key, row.Body, false, 0)
					if err != nil || wrong != nil || !exact || bound < size {
						t.Errorf("%s %s: a size of %d, %v, is bounded by %d, %v", values, envelope, size, wrong, bound, err)
					}
					page.Release()
				}
			}
		})
	}
}

// Records that all hold each other are gone through once each.
func TestRoomOfManyRecords(t *testing.T) {
	names := make([]string, 24)
	for i := range names {
		names[i] = fmt.Sprint("R", i)
	}
	var record func(i int) string
	declared := map[string]bool{}
	record = func(i int) string {
		declared[names[i]] = true
		fields := `{"name":"id","type":"string"}`
		for j, name := range names {
			of := `"` + name + `"`
			if !declared[name] {
				of = record(j)
			}
			fields += fmt.Sprintf(`,{"name":"to_%d","type":["null",%s],"default":null}`, j, of)
		}
		return `{"type":"record","name":"` + names[i] + `","fields":[` + fields + `]}`
	}
	rules, plan := written(t, config.JSON, config.Flat, record(0), "")
	page, err := plan.Scan([]byte(`[{"id":"a","to_0":{"id":"b","to_1":{"id":"c"}},"to_2":{"id":"d"}}]`))
	if err != nil || page.Rows[0].Err != nil {
		t.Fatal(err, page.Rows[0].Err)
	}
	row := &page.Rows[0]
	bound, _, err := rules.Codec.Size(row.Key, row.Body, false, math.MaxInt)
	size, _, wrong := rules.Codec.Size(row.Key, row.Body, false, 0)
	if err != nil || wrong != nil || bound < size {
		t.Errorf("%d, %v; at the most %d, %v", size, wrong, bound, err)
	}
}

// A row's value is made once, when it is written, unless it comes near to what the topic takes: then it is made once more.
func TestMadeOnce(t *testing.T) {
	for _, values := range format.Names() {
		for _, envelope := range []string{config.Flat, config.Debezium} {
			if values == config.Avro && envelope == config.Flat {
				continue
			}
			rules, plan := written(t, values, envelope, schemas.User, "updatedAt")
			made := format.Counted(rules.Codec)
			if write(t, rules, plan, users(100)); *made != 100 {
				t.Errorf("%s %s: %d values are made of 100 rows", values, envelope, *made)
			}
			*made, rules.Limits.Record = 0, 1200 // which they might exceed, and do not
			if write(t, rules, plan, users(100)); *made != 200 {
				t.Errorf("%s %s: %d values are made of 100 rows that might be too large", values, envelope, *made)
			}
		}
	}
}

// users is a page of so many users.
func users(n int) []byte {
	rows := make([]map[string]any, n)
	for i := range rows {
		rows[i] = map[string]any{"id": fmt.Sprint("u", i), "name": "Some Body", "updatedAt": "2026-01-02T03:04:05Z", "createdAt": "2026-01-02T03:04:05Z"}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		panic(err)
	}
	return text
}

// write takes a page's rows from their scan to the records of a transaction, as a stream does.
func write(t testing.TB, rules *admit.Rules, plan *wire.Plan, text []byte) {
	t.Helper()
	page, err := plan.Scan(text)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Release()
	if err := rules.TooBad("", page.Rows, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := rules.TooMany(page.Rows, 0, 0); err != nil {
		t.Fatal(err)
	}
	var batch admit.Batch
	a := admit.New(rules, window.New(window.Everything, 1<<20), "")
	if err := a.Page(&batch, admit.Page{Rows: page.Rows}, time.Now()); err != nil {
		t.Fatal(err)
	}
	var o kafka.Options
	rules.Codec.Into(&o)
	records, err := o.Values(batch.Records)
	if err != nil || len(records) != len(page.Rows) {
		t.Fatalf("%d records, %v", len(records), err)
	}
}

// BenchmarkWritten is what a row of a format costs from its scan to its record; values/row is how often its value is made.
func BenchmarkWritten(b *testing.B) {
	for _, values := range format.Names() {
		if values == config.Avro {
			continue
		}
		b.Run(values, func(b *testing.B) {
			rules, plan := written(b, values, config.Flat, schemas.User, "updatedAt")
			made, text := format.Counted(rules.Codec), users(1000)
			b.ReportAllocs()
			for b.Loop() {
				write(b, rules, plan, text)
			}
			b.ReportMetric(float64(*made)/float64(1000*b.N), "values/row")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(1000*b.N), "ns/row")
		})
	}
}
