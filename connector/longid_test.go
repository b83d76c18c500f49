package connector

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tidemark/strategies"
)

// An id of more than a megabyte cannot be a record's key, and no cursor can hold it. Its row goes
// to the dead letters wherever it stands in a page, also where the next page is
// found by it.
func TestBrokerLongIDs(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Offset, strategies.Keyset, strategies.Timestamp} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			long := strings.Repeat("x", 1_200_000)
			s := &script{page: 3, docs: []doc{person("a", at(1), "A")}}
			tied := func(n int) string { return at(2) }
			if strategy != strategies.Offset {
				tied = func(n int) string { return at(2 + n) }
			}
			for i, id := range []string{"b", "c", "d", "e", "f", "g"} {
				s.put(person(id+long, tied(i), "A"))
			}
			s.put(person("h", tied(6), "A"))
			h, stream := scripted(t, strategy, s)
			stream.PageSize, stream.OrderBy = 3, "updatedAt,id"
			h.mustOnce()
			h.mustOnce()
			if n := len(h.events(stream.Topic)); n != 2 {
				t.Errorf("%d events, want 2", n)
			}
			if n := len(h.letters(stream.Topic)); n != 6 {
				t.Errorf("%d dead letters, want 6", n)
			}
			if b, err := json.Marshal(h.cursor(stream.Name)); err != nil || len(b) > 10_000 {
				t.Errorf("the cursor has %d bytes, %v", len(b), err)
			}
		})
	}
}

// A cursor value that no request can carry makes a dead letter of its row, and no cursor that
// the state topic refuses.
func TestBrokerLongCursorValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 1_200_000)
	s := &script{page: 3}
	for i, at := range []string{"1", "2", "3" + long, "4", "5" + long} {
		s.put(doc{fmt.Sprint("k", i), at, fmt.Sprintf(`{"id": "k%d", "name": "A", "updatedAt": %q}`, i, at)})
	}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.Lookback, stream.InitialMark = 0, ""
	stream.CursorFormat = strategies.Opaque.String()
	stream.Schema = strings.Replace(personSchema, `{"type": "long", "logicalType": "timestamp-micros"}`, `"string"`, 1)
	h.mustOnce()
	s.set(doc{"k5", "6", `{"id": "k5", "name": "A", "updatedAt": "6"}`})
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != 4 {
		t.Errorf("%d events, want 4", n)
	}
	if n := len(h.letters(stream.Topic)); n != 2 {
		t.Errorf("%d dead letters, want 2", n)
	}
	if c := h.cursor(stream.Name); c.Mark != "6" {
		t.Errorf("mark %.100q", c.Mark)
	}
}
