package connector

import (
	"testing"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// The streams of a worker share a budget that a single page of any of them fills: all come
// through, and nothing of it is left taken.
func TestBrokerStreamsShareTheBudget(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 300})
	h.cfg.Kafka.MaxInFlight = 1 << 10
	for _, name := range strategies.Own() {
		for range 2 {
			h.add(name)
		}
	}
	h.mustOnce()
	for _, s := range h.cfg.Streams {
		if n := len(h.events(s.Topic)); n != 300 {
			t.Errorf("stream %s: %d events for 300 rows", s.Name, n)
		}
	}
	if s := h.last.crew.Members()[0].driver.Worker.Share(); s.Size() != 1<<10 || !s.Spare(s.Size()) {
		t.Errorf("some of the %d bytes are still held, or waited for", s.Size())
	}
}
