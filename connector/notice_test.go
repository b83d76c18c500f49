package connector

import (
	"fmt"
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

// Versions and rows within one microsecond, which the schema cannot tell apart, are all written,
// by one worker and across starts, and none of them twice.
func TestBrokerWithinAMicrosecond(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Keyset, strategies.Timestamp, strategies.Offset} {
		fine := func(id, digits, name string) doc { return person(id, "2026-01-01T00:00:01.123456"+digits+"Z", name) }
		s := &script{docs: []doc{fine("a", "1", "A"), fine("b", "2", "B")}}
		h, stream := scripted(t, strategy, s)
		h.mustOnce()
		s.set(fine("a", "3", "A2")) // another version
		s.set(fine("c", "3", "C"))
		h.mustOnce()
		s.set(fine("b", "4", "B")) // nothing that the schema holds is another
		s.set(fine("c", "5", "C2"))
		h.mustOnce()
		h.mustOnce()
		var names []string
		for _, e := range h.events(stream.Topic) {
			names = append(names, fmt.Sprint(e.value["name"]))
		}
		if got := strings.Join(names, " "); got != "A B A2 C C2" {
			t.Errorf("%s: events of %s", strategy, got)
		}
	}
}

// An id is what the schema says, whichever JSON type a row writes it in, and half of a surrogate
// pair costs no row. Both are said once, and the texts are counted.
func TestBrokerValuesAreAdjusted(t *testing.T) {
	t.Parallel()
	row := func(id string, second int, name string) doc {
		return doc{strings.Trim(id, `"`), at(second), `{"id": ` + id + `, "name": "` + name + `", "updatedAt": "` + at(second) + `"}`}
	}
	s := &script{docs: []doc{row("7", 1, `a\ud83d`), row(`"8"`, 2, "b"), row("9", 3, `\ude00c`)}}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval = time.Millisecond
	c, stop := h.start(Options{})
	polled(t, c, 3)
	s.set(row(`"7"`, 1, `a\ud83d`)) // the same row, in another answer
	s.set(row("8", 4, "b2"))
	polled(t, c, 3)
	if n := c.Status()[0].Replaced; n < 2 {
		t.Errorf("%d texts replaced", n)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, e := range h.events(stream.Topic) {
		keys = append(keys, e.key)
	}
	if got := strings.Join(keys, " "); got != "7 8 9 8" {
		t.Errorf("events of %s, want 7 8 9 8", got)
	}
	for _, text := range []string{"half of a surrogate pair", `so that 7 and \"7\" are one`} {
		if n := h.logs.count(text); n != 1 {
			t.Errorf("%s: said %d times\n%s", text, n, h.logs.String())
		}
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
