package connector

import (
	"strings"
	"testing"

	"tidemark/strategies"
)

// docs/operate.md: a field that is added to the schema is filled in by a reset, for the rows that have something in it, each once.
func TestBrokerBackfillOfANewField(t *testing.T) {
	t.Parallel()
	s := &script{page: 20}
	s.put(doc{"a", at(1), `{"id": "a", "name": "A", "updatedAt": "` + at(1) + `", "team": "red"}`}, person("b", at(2), "B"),
		doc{"c", at(3), `{"id": "c", "name": "C", "updatedAt": "` + at(3) + `", "team": null}`}, person("d", at(4), "D"))
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	stream.Schema = strings.TrimSuffix(personSchema, "]}") + `, {"name": "team", "type": ["null", "string"], "default": null}]}`
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != 4 {
		t.Fatalf("%d events with another schema alone", n)
	}
	if err := Reset(t.Context(), h.cfg, stream.Name, false, agree(new([]StateChange)), Options{Logger: h.logger()}); err != nil {
		t.Fatal(err)
	}
	h.mustOnce()
	h.mustOnce()
	after := h.events(stream.Topic)[4:]
	if len(after) != 1 || after[0].key != "a" || after[0].value["team"] == nil {
		t.Errorf("behind the reset: %v", after)
	}
}

// docs/operate.md: when the reason of a dead letter is mended, its row comes with a rewind that replays nothing, and no letter
// comes twice.
func TestBrokerDeadLettersAreReadAgain(t *testing.T) {
	t.Parallel()
	s := &script{page: 20}
	s.put(person("a", at(1), "A"), doc{"b", at(2), `{"id": "b", "name": 7.5, "updatedAt": "` + at(2) + `"}`},
		doc{"c", at(3), `{"id": "c", "name": {"no": "text"}, "updatedAt": "` + at(3) + `"}`}, person("d", at(4), "D"))
	h, stream := scripted(t, strategies.Keyset, s)
	stream.MaxBadRatio = 1
	h.mustOnce()
	if n, letters := len(h.events(stream.Topic)), len(h.letters(stream.Topic)); n != 2 || letters != 2 {
		t.Fatalf("%d events and %d letters", n, letters)
	}
	stream.Schema = strings.Replace(personSchema, `{"name": "name", "type": ["null", "string"], "default": null}`, `{"name": "name", "type": ["null", "string", "double"], "default": null}`, 1)
	if _, err := h.rewind(stream.Name, at(2), false); err != nil {
		t.Fatal(err)
	}
	h.mustOnce()
	h.mustOnce()
	after := h.events(stream.Topic)[2:]
	if len(after) != 1 || after[0].key != "b" || len(h.letters(stream.Topic)) != 2 {
		t.Errorf("behind the rewind: %v, %d letters", after, len(h.letters(stream.Topic)))
	}
}
