package wire

import (
	"fmt"
	"strings"
	"testing"
)

// TestDeletedPresent: with present any value marks a row that says something.
func TestDeletedPresent(t *testing.T) {
	for _, c := range []struct {
		json    string
		deleted bool
	}{
		{"null", false}, {"false", false}, {"true", true}, {"0", false}, {"1", true}, {`""`, false}, {`"2026-01-01T00:00:00Z"`, true}, {"{}", false}, {"[]", false},
		// Of the same kinds.
		{"-1", true}, {"0.0", false}, {"-0", false}, {"0e7", false}, {"0.00e-3", false}, {"0.5", true}, {"5e0", true}, {"10", true}, {"1767225600", true},
		{`" "`, false}, {`"0"`, false}, {`"1"`, true}, {`"0.0"`, false}, {`"null"`, false}, {`"NULL"`, false}, {`"false"`, false}, {`"False"`, false}, {`"true"`, true}, {`"no"`, true},
		{`"0000-00-00 00:00:00"`, false}, {`"0001-01-01T00:00:00Z"`, false}, {`"\u0030"`, false}, {`"\u0031"`, true}, {`"\ud800"`, false}, {`"-"`, true}, {`"."`, true}, {`"e"`, true},
		{"{ }", false}, {"[ \n]", false}, {`{"at": null}`, true}, {"[0]", true},
	} {
		o := deletedOptions("gone", "true")
		o.DeletedPresent = true
		p := mustCompile(t, o)
		pg, err := p.Scan([]byte(`[{"id":"a","name":"n","age":1,"at":"2026-01-01T00:00:00Z","gone":` + c.json + `}]`))
		if err != nil {
			t.Fatalf("%s: %v", c.json, err)
		}
		r := pg.Rows[0]
		if r.Deleted != c.deleted || r.Err != nil || (r.Body == nil) != c.deleted || (r.Hash == TombstoneHash) != c.deleted {
			t.Errorf("%s: %+v", c.json, r)
		}
		if want := (Marks{Rows: 1, Deleted: map[bool]int{true: 1}[c.deleted]}); pg.Marks != want {
			t.Errorf("%s: marks %+v, want %+v", c.json, pg.Marks, want)
		}
	}
	o := deletedOptions("gone", "true")
	o.DeletedPresent = true
	if r := scanOne(t, mustCompile(t, o), `{"id":"a","name":"n","age":1,"at":"2026-01-01T00:00:00Z"}`); r.Deleted || r.Err != nil {
		t.Errorf("a row without the field: %+v", r)
	}
}

// TestMarks: what the deleted field holds is counted, so that a wrong configuration shows.
func TestMarks(t *testing.T) {
	row := func(gone string) string {
		return fmt.Sprintf(`{"id":"a","name":"n","age":1,"at":"2026-01-01T00:00:00Z"%s}`, gone)
	}
	for name, c := range map[string]struct {
		value string
		rows  []string
		want  Marks
	}{
		"no field":  {"true", []string{"", ""}, Marks{}},
		"a flag":    {"true", []string{`,"gone":true`, `,"gone":false`, `,"gone":null`, ""}, Marks{Rows: 3, Deleted: 1}},
		"a time":    {"true", []string{`,"gone":null`, `,"gone":"2026-01-01"`, `,"gone":"2026-01-02"`}, Marks{Rows: 3, Other: 2, Sample: `"2026-01-01"`}},
		"a number":  {"true", []string{`,"gone":0`, `,"gone":1`}, Marks{Rows: 2, Other: 1, Sample: "1"}},
		"a state":   {"dead", []string{`,"gone":"dead"`, `,"gone":"here"`}, Marks{Rows: 2, Deleted: 1, Other: 1, Sample: `"here"`}},
		"the state": {"false", []string{`,"gone":false`, `,"gone":true`}, Marks{Rows: 2, Deleted: 1, Other: 1, Sample: "true"}},
	} {
		for i := range c.rows {
			c.rows[i] = row(c.rows[i])
		}
		pg, err := mustCompile(t, deletedOptions("gone", c.value)).Scan([]byte("[" + strings.Join(c.rows, ",") + "]"))
		if err != nil {
			t.Fatal(err)
		}
		if pg.Marks != c.want {
			t.Errorf("%s: %+v, want %+v", name, pg.Marks, c.want)
		}
		pg.Release()
	}
	if pg, err := mustCompile(t, deletedOptions("", "true")).Scan([]byte("[" + row(`,"gone":true`) + "]")); err != nil || pg.Marks != (Marks{}) {
		t.Errorf("without a deleted field: %+v, %v", pg.Marks, err)
	}
}
