package connector

import (
	"strings"
	"testing"

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
