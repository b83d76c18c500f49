package connector

import (
	"testing"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// A worker that is started with settings that the stored cursor is not for is refused (rule
// 19), and the one that is at work goes on with its stream.
func TestBrokerRefusedStart(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 5)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval = time.Millisecond
	topic := stream.Topic
	first, stop := h.start(Options{})
	kit.Eventually(t, "the first worker's rows", func() bool { return first.Status()[0].Written == 5 })
	owner := h.cursor(stream.Name).Owner
	stream.Topic += "-moved"
	if err := h.once(); class.Of(err) != class.Config {
		t.Errorf("the second worker ended with %v, want it refused", err)
	}
	s.set(people(6, 1)...)
	kit.Eventually(t, "another row", func() bool { return first.Status()[0].Written == 6 })
	if now := h.cursor(stream.Name).Owner; now != owner {
		t.Errorf("the owner went from %s to %s: the first worker had to open again", owner, now)
	}
	if err := stop(); err != nil {
		t.Errorf("the first worker ended with %v", err)
	}
	if n := h.holds(topic, s); n != 6 {
		t.Errorf("%d events, want 6", n)
	}
}
