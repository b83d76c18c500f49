package connector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// backwards are n people, the newest first: pages that are followed by token.
func backwards(n int) []doc {
	docs := people(1, n)
	slices.Reverse(docs)
	return docs
}

// A token that has expired sends the sweep back to its base; nothing comes twice. A token
// that always expires ends it with an error, and when it no longer does, the stream goes on.
func TestBrokerExpiredToken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 410} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			s := &script{unsorted: true, docs: backwards(12)}
			tokens := 0
			expire := func(at func(n int) bool) func(http.ResponseWriter, int) bool {
				tokens = 0
				return func(w http.ResponseWriter, n int) bool {
					if s.asked[n-1].Get("scroll_param") == "" {
						return false
					}
					tokens++
					return at(tokens) && fails(0, status, `{"error": "the token has expired"}`)(w, n)
				}
			}
			s.instead = expire(func(n int) bool { return n == 2 })
			h, stream := scripted(t, strategies.Keyset, s)
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != 12 {
				t.Errorf("%d events, want 12", n)
			}
			if h.logs.count("no longer takes its token") != 1 || h.status().Warnings != 1 {
				t.Errorf("the restart was not said once:\n%s", &h.logs)
			}
			s.set(backwards(30)...)
			s.do(func() { s.instead = expire(func(n int) bool { return n%2 == 0 }) })
			stream.Lookback = 1e12
			for range 2 {
				if err := h.once(); class.Of(err) != class.Source || !strings.Contains(err.Error(), "the token has expired") {
					t.Fatalf("got %v, want the API's last word", err)
				}
			}
			// The stored token is one that the API takes no longer, and still the stream
			// goes on by itself.
			s.do(func() { s.instead = expire(func(n int) bool { return n == 1 }) })
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != 30 {
				t.Errorf("%d events, want 30", n)
			}
		})
	}
}

// A token that leads back to itself, or round in a circle, is named (P7).
func TestBrokerRepeatedToken(t *testing.T) {
	t.Parallel()
	for length := range 3 {
		t.Run(fmt.Sprint(length+1), func(t *testing.T) {
			t.Parallel()
			s := &script{unsorted: true, docs: backwards(30)}
			given := []string{}
			s.token = func(next string) string {
				if len(given) <= length {
					given = append(given, next)
					return next
				}
				next = given[0]
				given = append(given[1:], next)
				return next
			}
			h, stream := scripted(t, strategies.Keyset, s)
			err := h.once()
			if class.Of(err) != class.Source || !strings.Contains(err.Error(), "repeats the token") {
				t.Fatalf("got %v, want an error that says so", err)
			}
			if c := h.cursor(stream.Name); c.Mark != "" {
				t.Errorf("the mark is %q", c.Mark)
			}
		})
	}
}

// A total that lies ends no sweep early and starts no loop; the rows are there.
func TestBrokerLyingTotal(t *testing.T) {
	t.Parallel()
	for name, total := range map[string]func(int) string{
		"too great": func(n int) string { return fmt.Sprint(n + 5) },
		"too small": func(n int) string { return fmt.Sprint(max(n-5, 0)) },
		"none":      func(int) string { return "0" },
		"null":      func(int) string { return "null" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 10), total: total}
			h, stream := scripted(t, strategies.Offset, s)
			stream.PageSize = 3
			for range 2 {
				h.mustOnce()
				if n := h.holds(stream.Topic, s); n != 10 {
					t.Errorf("%d events, want 10", n)
				}
			}
			if n := s.requests(); n > 40 {
				t.Errorf("%d requests for ten rows", n)
			}
			if name != "null" && h.logs.warned() == 0 {
				t.Error("the total is not said to be wrong")
			}
		})
	}
}

// A server that gives smaller pages than were asked for is read to the end.
func TestBrokerServerPageCap(t *testing.T) {
	t.Parallel()
	for _, capped := range []int{2, 3, 7} {
		t.Run(fmt.Sprint(capped), func(t *testing.T) {
			t.Parallel()
			s := &script{page: capped, docs: people(1, 20)}
			h, stream := scripted(t, strategies.Offset, s)
			stream.PageSize = 50
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != 20 {
				t.Errorf("%d events, want 20", n)
			}
		})
	}
}

// A null or missing cursor value is delivered, one that cannot be read is a dead letter;
// neither harms the mark, and neither comes again while it is unchanged.
func TestBrokerBadCursorValues(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 10, docs: append(people(1, 3),
				doc{"null", "", `{"id": "null", "name": "A", "updatedAt": null}`},
				doc{"missing", "", `{"id": "missing", "name": "A"}`},
				doc{"bad", at(2), `{"id": "bad", "name": "A", "updatedAt": "yesterday"}`},
				doc{"number", at(2), `{"id": "number", "name": "A", "updatedAt": 12}`},
			)}
			h, stream := scripted(t, strategy, s)
			stream.PageSize, stream.Lookback = 10, 1e12
			for range 3 {
				h.mustOnce()
				if got := brief(h.events(stream.Topic)); got != "null=A missing=A p1=A p2=A p3=A" {
					t.Fatalf("the topic has %s", got)
				}
				if n := len(h.letters(stream.Topic)); n != 2 {
					t.Fatalf("%d dead letters, want 2", n)
				}
				if m := h.cursor(stream.Name).Mark; m != at(3) {
					t.Errorf("the mark is %s", m)
				}
			}
			s.set(doc{"null", "", `{"id": "null", "name": "B", "updatedAt": null}`}, person("missing", at(4), "B"))
			for range 2 {
				h.mustOnce()
				if got := brief(h.events(stream.Topic)[5:]); got != "null=B missing=B" {
					t.Fatalf("behind the first rows the topic has %s", got)
				}
			}
		})
	}
}

// Rows that no record can be made of are dead letters, byte for byte, each once; the others
// are delivered.
func TestBrokerBrokenRows(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":[`, 5000) + strings.Repeat(`]}`, 5000)
	rows := map[string]struct {
		text, stage string // stage "": it is delivered
	}{
		"no id":         {`{"name": "A", "updatedAt": "2026-01-01T00:01:00Z"}`, "KEY_CONVERTER"},
		"null id":       {`{"id": null, "updatedAt": "2026-01-01T00:01:00Z"}`, "KEY_CONVERTER"},
		"object id":     {`{"id": {}, "updatedAt": "2026-01-01T00:01:00Z"}`, "KEY_CONVERTER"},
		"bad UTF-8":     {"{\"id\": \"u\", \"name\": \"\xff\xfe\", \"updatedAt\": \"2026-01-01T00:01:00Z\"}", "VALUE_CONVERTER"},
		"bad UTF-8 id":  {"{\"id\": \"\xff\", \"updatedAt\": \"2026-01-01T00:01:00Z\"}", "KEY_CONVERTER"},
		"no object":     {`"a string"`, "VALUE_CONVERTER"},
		"deep, unknown": {`{"id": "d", "name": "A", "updatedAt": "2026-01-01T00:01:00Z", "x": ` + deep + `}`, ""},
		"deep":          {`{"id": "e", "name": ` + deep + `, "updatedAt": "2026-01-01T00:01:00Z"}`, "VALUE_CONVERTER"},
	}
	for name, c := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: []doc{person("a", at(1), "A"), {"x", at(1), c.text}, person("b", at(2), "A")}}
			h, stream := scripted(t, strategies.Replay, s)
			for range 2 {
				h.mustOnce()
			}
			letters := h.letters(stream.Topic)
			if c.stage == "" {
				if n := len(h.events(stream.Topic)); n != 3 || len(letters) != 0 {
					t.Errorf("%d events and %d dead letters, want 3 and none", n, len(letters))
				}
				return
			}
			if got := brief(h.events(stream.Topic)); got != "a=A b=A" {
				t.Errorf("the topic has %s", got)
			}
			if len(letters) != 1 || string(letters[0].Value) != c.text {
				t.Fatalf("%d dead letters: %.200s", len(letters), fmt.Sprint(letters))
			}
			if got := headersOf(letters[0])["__connect.errors.stage"]; got != c.stage {
				t.Errorf("the letter's stage is %s, want %s", got, c.stage)
			}
		})
	}
}

// Numbers beyond 2^53 keep every digit, as ids and as values.
func TestBrokerGreatNumbers(t *testing.T) {
	t.Parallel()
	const great = "9007199254740993"
	s := &script{docs: []doc{{"n", at(1), `{"id": ` + great + `, "n": -` + great + `, "updatedAt": "` + at(1) + `"}`},
		{"o", at(1), `{"id": 1, "n": 9223372036854775808, "updatedAt": "` + at(1) + `"}`}}}
	h, stream := scripted(t, strategies.Timestamp, s)
	stream.Schema = `{"type": "record", "name": "N", "fields": [{"name": "id", "type": "long"}, {"name": "n", "type": "long"},
		{"name": "updatedAt", "type": "string"}]}`
	h.mustOnce()
	texts := h.texts(stream.Topic)
	if len(texts) != 1 || !strings.Contains(texts[0], `"id":`+great) || !strings.Contains(texts[0], `"n":-`+great) || !json.Valid([]byte(texts[0])) {
		t.Errorf("the topic has %s", texts)
	}
	if n := len(h.letters(stream.Topic)); n != 1 {
		t.Errorf("%d dead letters, want the number beyond 2^63", n)
	}
}

// A row of 20 MB is read where max_body allows it, and kept as the beginning that fits.
func TestBrokerHugeRow(t *testing.T) {
	t.Parallel()
	s := &script{docs: []doc{person("a", at(1), "A"), person("huge", at(2), strings.Repeat("0123456789", 2<<20)), person("b", at(3), "A")}}
	h, stream := scripted(t, strategies.Timestamp, s)
	stream.MaxBody = 1 << 20
	if err := h.once(); class.Of(err) != class.Source || !strings.Contains(err.Error(), "max_body") {
		t.Errorf("got %.300v, want an error that names max_body", err)
	}
	stream.MaxBody = 32 << 20
	h.mustOnce()
	letters := h.letters(stream.Topic)
	if got := brief(h.events(stream.Topic)); got != "a=A b=A" || len(letters) != 1 || len(letters[0].Value) > 1<<16 {
		t.Fatalf("the topic has %s and %d dead letters", got, len(letters))
	}
	if n := headersOf(letters[0])["tidemark.length"]; n != fmt.Sprint(len(s.docs[1].text)) {
		t.Errorf("the letter says length %s", n)
	}
}
