package connector

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// member is a row whose key has two parts, and whose time is further down.
func member(team string, id, n int, name string) doc {
	return doc{fmt.Sprintf("%s/%d", team, id), at(n), fmt.Sprintf(`{"id": %d, "name": %q, "team": {"id": %q}, "meta": {"by": [], "at": %q}}`, id, name, team, at(n))}
}

const memberSchema = `{"type": "record", "name": "Member", "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": ["null", "string"], "default": null}]}`

// A key of several parts and a cursor value that no body holds do what the plain ones do: after
// restarts, too, nothing is written twice (P3), versions stand in order (P4), and a window that is
// rebuilt knows each record's value by its header (rule 11).
func TestBrokerKeysOfSeveralFields(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 10, docs: []doc{member("a", 1, 1, "A"), member("b", 1, 2, "A"), member("a", 2, 3, "A")}}
			h, stream := scripted(t, strategy, s)
			stream.IDField, stream.PrimaryKey, stream.CursorField, stream.OrderBy = "team.id,id", []string{"team.id", "id"}, "meta.at", "meta.at"
			stream.Schema, stream.Lookback, stream.PageSize = memberSchema, 10*time.Minute, 10
			stream.Deleted = config.Deleted{Field: "gone", Present: true}
			want := `["a","1"]=A ["b","1"]=A ["a","2"]=A`
			steps := []struct {
				change []doc
				want   string
			}{
				{nil, ""},
				{[]doc{member("b", 1, 4, "B")}, ` ["b","1"]=B`},
				{[]doc{member("b", 1, 5, "B")}, ` ["b","1"]=B`}, // the same but for the time, which the header has
				{[]doc{member("b", 1, 2, "A")}, ``},             // gone back: stale
				{[]doc{{"a/1", at(6), fmt.Sprintf(`{"id": 1, "team": {"id": "a"}, "gone": 1, "meta": {"at": %q}}`, at(6))}}, ` ["a","1"]-`},
				{[]doc{{"c/3", at(7), fmt.Sprintf(`{"id": 3, "team": {}, "meta": {"at": %q}}`, at(7))}}, ``},
			}
			for i, step := range steps {
				s.set(step.change...)
				want += step.want
				for range 2 {
					h.mustOnce()
					if got := brief(h.events(stream.Topic)); got != want {
						t.Fatalf("step %d: the topic has %s, want %s", i, got, want)
					}
				}
			}
			for _, e := range h.events(stream.Topic) {
				if e.headers["tidemark.cursor"] == "" {
					t.Errorf("the record of %s does not carry its cursor value", e.key)
				}
			}
			letters := h.letters(stream.Topic)
			if len(letters) != 1 {
				t.Fatalf("%d dead letters, want 1", len(letters))
			}
			if headers := headersOf(letters[0]); headers["__connect.errors.stage"] != "KEY_CONVERTER" || headers["tidemark.cursor"] != at(7) ||
				!strings.Contains(headers["__connect.errors.exception.message"], "field team.id: the part of the key is missing") {
				t.Errorf("the letter's headers are %v", headers)
			}
		})
	}
}

// Rows without an id are known by what they say: equal ones are one, and what changes is another row,
// of which a full scan buries the one before.
func TestBrokerRowHash(t *testing.T) {
	t.Parallel()
	s := &script{page: 10, docs: []doc{member("a", 1, 1, "A"), member("b", 1, 1, "A"), member("a", 2, 3, "B")}}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.IDField, stream.RowHash, stream.CursorField = "", true, "meta.at"
	stream.Schema, stream.Lookback, stream.ReconcileInterval, stream.MaxDeleteRatio = memberSchema, 10*time.Minute, 0, 1
	names := func() string {
		var all []string
		for _, e := range h.events(stream.Topic) {
			if len(e.key) != 32 {
				t.Errorf("the key %s is no hash", e.key)
			}
			if all = append(all, fmt.Sprint(e.value["name"])); e.value == nil {
				all[len(all)-1] = "-"
			}
		}
		return strings.Join(all, " ")
	}
	for range 2 {
		if h.mustOnce(); names() != "A B" {
			t.Fatalf("the topic has %s", names())
		}
	}
	s.set(member("a", 2, 4, "C"))
	for range 2 {
		if h.mustOnce(); names() != "A B C -" {
			t.Fatalf("the topic has %s", names())
		}
	}
}

// An API of one answer whose rows stand under their keys, one that gives one row, and one whose rows
// are those of the elements of another array: each is read to its end, and an error is none (P8).
func TestBrokerLayouts(t *testing.T) {
	t.Parallel()
	row := func(id string, n int) string { return fmt.Sprintf(`{%s"name": "A", "updatedAt": %q}`, id, at(n)) }
	for records, c := range map[string]struct{ path, answer, want string }{
		config.RecordsByKey: {"data", fmt.Sprintf(`{"data": {"x": %s, "y": %s}}`, row("", 1), row("", 2)), "x=A y=A"},
		config.RecordsOne:   {"data.self", fmt.Sprintf(`{"data": {"self": %s}}`, row(`"id": "x", `, 1)), "x=A"},
		config.RecordsArray: {"data.*.rows", fmt.Sprintf(`{"data": [{"rows": [%s]}, {"rows": []}, {"rows": [%s]}]}`, row(`"id": "x", `, 1), row(`"id": "y", `, 2)), "x=A y=A"},
	} {
		t.Run(records, func(t *testing.T) {
			t.Parallel()
			answer := c.answer
			s := &script{instead: func(w http.ResponseWriter, _ int) bool {
				io.WriteString(w, answer) //nolint:errcheck // the client may be gone
				return true
			}}
			h, stream := scripted(t, strategies.Timestamp, s)
			stream.RecordsPath, stream.Records, stream.Unpaged = c.path, records, true
			if records == config.RecordsByKey {
				stream.KeyField = "id"
			}
			for range 2 {
				if h.mustOnce(); brief(h.events(stream.Topic)) != c.want {
					t.Fatalf("the topic has %s, want %s", brief(h.events(stream.Topic)), c.want)
				}
			}
			for _, wrong := range []string{`{}`, `{"error": "x"}`, `{"data": null}`} {
				s.do(func() { answer = wrong })
				if err := h.once(); class.Of(err) != class.Source {
					t.Errorf("%s: %v", wrong, err)
				}
			}
			if got := brief(h.events(stream.Topic)); got != c.want {
				t.Errorf("the topic has %s, want %s", got, c.want)
			}
		})
	}
}

// Rows that where does not want are counted, and their values move the mark; one that is wanted later
// is written, and one that no longer is stays as it was, for nothing has said that it is gone (P9).
func TestBrokerWhere(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 10, docs: []doc{person("a", at(1), "A"), person("b", at(2), "draft"), {"c", at(3), fmt.Sprintf(`{"id": "c", "name": "draft", "updatedAt": %q, "name": "draft"}`, at(3))}}}
			h, stream := scripted(t, strategy, s)
			stream.Where, stream.Lookback, stream.PageSize, stream.ReconcileInterval, stream.MaxDeleteRatio = "name != 'draft'", 10*time.Minute, 10, 0, 1
			for i, step := range []struct {
				change []doc
				want   string
			}{
				{nil, "a=A"},
				{[]doc{person("b", at(4), "B")}, "a=A b=B"},
				{[]doc{person("a", at(5), "draft")}, "a=A b=B"},
				{[]doc{person("a", at(6), "AA")}, "a=A b=B a=AA"},
			} {
				s.set(step.change...)
				for range 2 {
					h.mustOnce()
					if got := brief(h.events(stream.Topic)); got != step.want {
						t.Fatalf("step %d: the topic has %s, want %s", i, got, step.want)
					}
				}
				if i == 0 {
					if c := h.cursor(stream.Name); c.Mark != at(3) {
						t.Errorf("the mark is %s, want that of a row that is not wanted, %s", c.Mark, at(3))
					}
					if n := h.status().Filtered; n < 2 {
						t.Errorf("%d rows are counted as not wanted", n)
					}
				}
			}
			if n := len(h.letters(stream.Topic)); n != 0 {
				t.Errorf("%d dead letters", n)
			}
		})
	}
}
