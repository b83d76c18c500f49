package connector

import (
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/strategies"
)

// Timestamps with more digits than microseconds are rows like others, and that they are
// rounded down is said once.
func TestBrokerRoundedTimestamps(t *testing.T) {
	t.Parallel()
	fine := func(id, digits string) doc {
		at := "2026-01-01T00:00:0" + digits + "Z"
		return person(id, at, "A")
	}
	s := &script{docs: []doc{fine("a", "1.1234567"), fine("b", "2.1234568"), fine("c", "3.12"), fine("d", "4.1234569")}}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != 4 {
		t.Errorf("%d events of 4 rows", n)
	}
	log := h.logs.String()
	if n := strings.Count(log, "rounded down"); n != 2 || !strings.Contains(log, "2026-01-01T00:00:01.1234567Z") {
		t.Errorf("said %d times in two starts:\n%s", n, log)
	}
}

// Fields that only one of rows and schema has are said once each, with the name that one may
// be a misspelling of.
func TestBrokerFieldsThatDiffer(t *testing.T) {
	t.Parallel()
	row := func(id, at, more string) doc {
		return doc{id, at, `{"id": "` + id + `", "updatedAt": "` + at + `"` + more + `}`}
	}
	s := &script{docs: []doc{row("a", at(1), `, "nam": "A"`), row("b", at(2), `, "nam": "B", "job": null, "extra": 1`)}}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval, stream.Schema = time.Millisecond, schemas.User
	c, stop := h.start(Options{})
	polled(t, c, 3)
	s.set(row("c", at(3), `, "email": "C", "later": true`))
	polled(t, c, 3)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for text, times := range map[string]int{
		`they are left out" stream=` + stream.Name + ` fields="nam (is it \"name\"?), extra"`: 1,
		`fields=later`: 1,
		`they hold null or their default" stream=` + stream.Name + ` fields="name (is it \"nam\"?), email, address, company, createdAt"`: 1,
		"they are left out": 2, "hold null or their default": 1,
	} {
		if n := h.logs.count(text); n != times {
			t.Errorf("%s: said %d times, want %d\n%s", text, n, times, h.logs.String())
		}
	}
	h.cfg.Kafka.StateTopic += "-new" // check looks at what a first sweep would read
	var out strings.Builder
	if err := Check(t.Context(), h.cfg, &out); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`not in the schema, and left out: nam (is it "name"?), extra, later`, `in none of the rows: name (is it "nam"?), address, company, createdAt`} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("check does not say %q:\n%s", text, out.String())
		}
	}
}
