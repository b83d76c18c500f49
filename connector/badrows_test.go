package connector

import (
	"fmt"
	"testing"

	"tidemark/strategies"
)

// A sweep that is read again from its base counts its bad rows again from there: a row is
// not bad twice.
func TestBrokerMaxBadRowsAfterARestart(t *testing.T) {
	t.Parallel()
	docs := append(people(10, 80), person("late", at(300), "A"), person("mid", at(200), "A"))
	docs = append(docs, people(1, 9)...) // older rows behind: the pages have no order
	for i := range 60 {
		docs[i].text = fmt.Sprintf(`{"id": %q, "name": 7, "updatedAt": %q}`, docs[i].id, docs[i].at)
	}
	s := &script{unsorted: true, page: 10, docs: docs}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	if h.logs.count("does not sort") != 1 {
		t.Fatalf("the sweep did not start again:\n%s", &h.logs)
	}
	if e, l := len(h.events(stream.Topic)), len(h.letters(stream.Topic)); e != len(docs)-60 || l != 60 {
		t.Errorf("%d events and %d dead letters, want %d and 60", e, l, len(docs)-60)
	}
}
