package connector

import (
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// flagged is a row with one field more.
func flagged(id, at, field, value string) doc {
	return doc{id, at, fmt.Sprintf(`{"id": %q, "name": "A", "updatedAt": %q, %q: %s}`, id, at, field, value)}
}

// A row is deleted where the API sets the time of its deletion.
func TestBrokerSoftDeleteByTime(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 10}
			for i, value := range []string{"null", "false", "true", "0", "1", `""`, `"2026-01-01T00:00:00Z"`, "{}", "[]"} {
				s.put(flagged(fmt.Sprintf("p%d", i+1), at(i+1), "deleted_at", value))
			}
			h, stream := scripted(t, strategy, s)
			stream.Deleted = config.Deleted{Field: "deleted_at", Present: true}
			for range 2 {
				h.mustOnce()
				if got := brief(h.events(stream.Topic)); got != "p1=A p2=A p3- p4=A p5- p6=A p7- p8=A p9=A" {
					t.Fatalf("the topic has %s", got)
				}
			}
			s.set(flagged("p1", at(20), "deleted_at", `"2026-02-01"`), flagged("p3", at(21), "deleted_at", "null"))
			h.mustOnce()
			if got := h.behind(9); got != "p1- p3=A" {
				t.Errorf("the topic goes on with %s", got)
			}
			if h.status().Warnings != 0 {
				t.Errorf("warnings:\n%s", &h.logs)
			}
		})
	}
}

// Where the field's values speak against the configuration, rows that are deleted are written
// as live. check says so, and so does a run, once.
func TestBrokerDeletedFieldDoubted(t *testing.T) {
	t.Parallel()
	const time = `"2026-01-01T00:00:00Z"`
	for name, c := range map[string]struct {
		deleted config.Deleted
		field   string
		values  []string // of the rows; "": the row has no such field
		check   string   // what check says; "": nothing
		run     bool     // whether a run says it, too
	}{
		"a time, unset in others": {config.Deleted{Field: "deleted_at", Value: "true"}, "deleted_at", []string{"null", "null", time, "null"},
			`deleted.field deleted_at holds ` + time + ` in 1 of 4 rows that have it, never the value "true": did you mean present: true?`, true},
		"an id, unset in others": {config.Deleted{Field: "deleted_by", Value: "true"}, "deleted_by", []string{"0", "17", ""},
			`deleted.field deleted_by holds 17 in 1 of 2 rows that have it, never the value "true": did you mean present: true?`, true},
		"a time, and a value": {config.Deleted{Field: "deleted_at", Value: "yes"}, "deleted_at", []string{"null", time},
			`deleted.field deleted_at holds ` + time, true},
		"a word": {config.Deleted{Field: "state", Value: "true"}, "state", []string{`"active"`, `"gone"`},
			`deleted.field state holds "active" in 2 of 2 rows that have it, never the value "true": is it the right field`, true},
		"yes and nothing":        {config.Deleted{Field: "gone", Value: "true"}, "gone", []string{`""`, `"Y"`}, `which value marks a deleted row`, true},
		"a flag, never set":      {config.Deleted{Field: "gone", Value: "true"}, "gone", []string{"false", "false", "null"}, "", false},
		"a flag, set":            {config.Deleted{Field: "gone", Value: "true"}, "gone", []string{"false", "true", "null"}, "", false},
		"a state, never that":    {config.Deleted{Field: "state", Value: "gone"}, "state", []string{`"active"`, "null"}, "", false},
		"a number, never that":   {config.Deleted{Field: "state", Value: "3"}, "state", []string{"1", "0"}, "", false},
		"present":                {config.Deleted{Field: "deleted_at", Present: true}, "deleted_at", []string{"null", time}, "", false},
		"present, in all rows":   {config.Deleted{Field: "gone", Present: true}, "gone", []string{`"no"`, `"no"`}, `marks every row as deleted`, false},
		"no row has it":          {config.Deleted{Field: "deleted", Value: "true"}, "state", []string{`"active"`}, "deleted.field deleted is in none of the rows, which is in order where only deleted rows have it", false},
		"no row has it, near":    {config.Deleted{Field: "deleted_at", Value: "true"}, "deletedAt", []string{"null", time}, "deleted.field deleted_at is in none of the rows: did you mean deletedAt?", false},
		"no row has it, likely":  {config.Deleted{Field: "deleted", Value: "true"}, "isArchived", []string{"false", "true"}, "is in none of the rows: did you mean isArchived?", false},
		"no row has it, a path":  {config.Deleted{Field: "meta.gone", Value: "true"}, "meta", []string{`{"gone": true}`}, "must stand at the top of a row", false},
		"nothing is configured":  {config.Deleted{Value: "true"}, "deleted_at", []string{"null", time}, "", false},
		"the answer has no rows": {config.Deleted{Field: "deleted_at", Value: "true"}, "", nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 10}
			for i, value := range c.values {
				d := person(fmt.Sprintf("p%d", i), at(i), "A")
				if value != "" {
					d = flagged(d.id, d.at, c.field, value)
				}
				s.put(d)
			}
			h, stream := scripted(t, strategies.Keyset, s)
			stream.Deleted = c.deleted
			var out strings.Builder
			if err := Check(t.Context(), h.cfg, &out); err != nil {
				t.Fatal(err)
			}
			s.do(func() { s.page = 2 }) // pages that show it each
			h.mustOnce()
			line := lineOf(out.String(), "api ")
			if !strings.Contains(line, c.check) || c.check == "" && strings.Contains(line, "deleted.field") {
				t.Errorf("check says %q, want %q", line, c.check)
			}
			wanted := map[bool]int64{true: 1}[c.run]
			others := int64(h.logs.count("they are left out")) // fields that the schema does not have
			if n, said := h.status().Warnings-others, int64(h.logs.count("deleted.field")); n != wanted || said != wanted {
				t.Errorf("it is said %d times in a run:\n%s", said, &h.logs)
			}
		})
	}
}

// lineOf is the first line of a text that has the part.
func lineOf(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}
