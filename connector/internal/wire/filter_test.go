package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
)

// Rows that are not wanted have their key and cursor value, no body, and no fault.
func TestFilter(t *testing.T) {
	o := pickOptions("meta.at", "account.id", "id")
	o.Where = "state != 'draft' and (note is null or meta.by.name in ('a', 'é')) and id < 100"
	o.DeletedField, o.DeletedPresent = "gone", true
	p := mustCompile(t, o)
	const rest = `,"account":{"id":"x"},"meta":{"at":"2026-01-02","by":{"name":"\u00e9"}}`
	for _, c := range []struct{ row, want string }{
		{`{"id":7,"state":"live"` + rest + `}`, `["x","7"] written`},
		{`{"id":7` + rest + `}`, `["x","7"] written`},
		{`{"id":7,"note":"n"` + rest + `}`, `["x","7"] written`},
		{`{"id":7,"state":"dr\u0061ft"` + rest + `}`, `["x","7"] filtered`},
		{`{"state":"live","state":"draft","id":7` + rest + `}`, `["x","7"] filtered`},
		{`{"state":"draft","state":"live","id":7` + rest + `}`, `["x","7"] written`},
		{`{"id":100` + rest + `}`, `["x","100"] filtered`},
		{`{"id":7,"state":"draft","note":7` + rest + `}`, `["x","7"] filtered`},
		{`{"id":7,"state":"live","code":[]` + rest + `}`, `["x","7"] bad`},
		{`{"id":7,"state":"draft","gone":1` + rest + `}`, `["x","7"] deleted`},
		{`{"id":7,"state":"\ud800"` + rest + `}`, `["x","7"] written`},
	} {
		r := scanOne(t, p, c.row)
		what := "written"
		switch {
		case r.Filtered:
			what = "filtered"
		case r.Deleted:
			what = "deleted"
		case r.Err != nil:
			what = "bad"
		}
		if got := string(r.Key) + " " + what; got != c.want || (r.Body != nil) != (what == "written") || string(r.Value.Raw) != "2026-01-02" || r.Filtered && (r.Err != nil || r.Deleted) {
			t.Errorf("%s: %s, want %s; %+v", c.row, got, c.want, r)
		}
	}
	page, err := p.Scan([]byte(`[{"id":7,"state":"draft","note":7},5]`))
	if err != nil || page.Bad != 1 || page.Rows[0].Key != nil || !page.Rows[0].Filtered || page.Rows[1].Filtered {
		t.Errorf("%+v, %v", page, err)
	}
}

// A row of RecordsByKey is compared by the field that its name becomes, and a row without an id
// has its hash for a key though it is not wanted.
func TestFilterNames(t *testing.T) {
	o := layoutOptions("", RecordsByKey)
	o.Where = "id > 'b'"
	page, err := mustCompile(t, o).Scan([]byte(`{"a":{},"b":{"id":"z"},"c":{}}`))
	if err != nil || !page.Rows[0].Filtered || page.Rows[1].Filtered || page.Rows[2].Filtered {
		t.Errorf("%+v, %v", page, err)
	}
	o = layoutOptions("", RecordsArray)
	o.RowHash = true
	all := scanOne(t, mustCompile(t, o), `{"id":"a"}`)
	o.Where = "id != 'a'"
	if r := scanOne(t, mustCompile(t, o), `{"id":"a"}`); !r.Filtered || !bytes.Equal(r.Key, all.Key) {
		t.Errorf("%+v", r)
	}
}

func TestFilterRefused(t *testing.T) {
	for text, want := range map[string]string{
		"note = ":      "where: the end stands where a constant is wanted",
		"notes = 'x'":  `the field of where, "notes" is not in the schema; it has id, code, account, note; did you mean note?; if rows have this one as well`,
		"accont.x = 1": "did you mean account?",
	} {
		o := pickOptions("meta.at", "id")
		o.Where = text
		if _, err := Compile(o); err == nil || !strings.Contains(err.Error(), want) || class.Of(err) != class.Config {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestNoAllocationPerFilteredRow(t *testing.T) {
	o := pickOptions("meta.at", "id")
	o.Where = "id < 50 and meta.by = 'm\u00e9' and state = 'a'"
	p := mustCompile(t, o)
	allocs := func(n int) float64 {
		var rows []string
		for i := range n {
			rows = append(rows, fmt.Sprintf(`{"id":%d,"state":"\u0061","meta":{"by":"m\u00e9","at":"2026-01-02T03:04:05Z"}}`, i))
		}
		body := []byte("[" + strings.Join(rows, ",") + "]")
		return testing.AllocsPerRun(20, func() {
			page, err := p.Scan(body)
			if err != nil || page.Rows[49].Filtered || !page.Rows[50].Filtered {
				t.Fatal(err)
			}
			page.Release()
		})
	}
	if few, many := allocs(100), allocs(2000); many > few+20 {
		t.Errorf("%v allocations for 100 rows, %v for 2000", few, many)
	}
}

// Against BenchmarkScanUsers: what two comparisons a row cost.
func BenchmarkScanWhere(b *testing.B) {
	o := userOptions()
	o.Where = "job != 'draft' and name > 'A'"
	p := mustCompile(b, o)
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
