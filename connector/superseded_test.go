package connector

import (
	"fmt"
	"testing"

	"tidemark/strategies"
)

// A key that comes twice in a page with one cursor value and two contents is written once,
// however far the two stand apart, and no poll after that writes it again (P3).
func TestBrokerDuplicateIDsFarApart(t *testing.T) {
	t.Parallel()
	s := &script{page: 1000, docs: []doc{{"first", at(1), person("x", at(1), "one").text}}}
	for i := range 200 {
		s.docs = append(s.docs, person(fmt.Sprintf("q%d", i), at(1), "A"))
	}
	s.docs = append(s.docs, doc{"last", at(1), person("x", at(1), "two").text})
	h, stream := scripted(t, strategies.Timestamp, s)
	for range 3 {
		h.mustOnce()
		events := h.events(stream.Topic)
		if n := len(events); n != 201 {
			t.Fatalf("%d events for 201 keys", n)
		}
		if got := brief(events[200:]); got != "x=two" {
			t.Errorf("the last event is %s", got)
		}
	}
}
