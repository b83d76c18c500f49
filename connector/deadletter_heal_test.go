package connector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// A topic that takes less than it did when the stream was opened: a row that no longer fits
// becomes a dead letter at the next open, whether the worker polls or sweeps once.
func TestBrokerLimitLoweredWhileRunning(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 3)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval, stream.MaxBackoff = time.Millisecond, time.Millisecond
	c, stop := h.start(Options{})
	polled(t, c, 1)
	h.limit(stream.Topic, 2000)
	s.set(person("large", at(10), strings.Repeat("x", 5000)), person("small", at(11), "B"))
	kit.Eventually(t, "the letter", func() bool {
		now := c.Status()[0]
		return now.Dead == 1 && now.Written == 4 || now.State == Failed
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := brief(h.events(stream.Topic)); got != "p1=A p2=A p3=A small=B" {
		t.Errorf("the topic has %s", got)
	}
	letters := h.letters(stream.Topic)
	if len(letters) != 1 || string(letters[0].Key) != "large" || headersOf(letters[0])["__connect.errors.exception.class.name"] != "tidemark.RecordTooLarge" {
		t.Errorf("dead letters: %v", letters)
	}
}

// With --once a limit that was lowered within the sweep is found by one more open; a record
// that the broker goes on refusing ends the sweep.
func TestBrokerLimitLoweredOnce(t *testing.T) {
	t.Parallel()
	docs := append(people(1, 6), person("large", at(10), strings.Repeat("x", 5000)))
	s := &script{docs: docs}
	h, stream := scripted(t, strategies.Keyset, s)
	s.before = func(n int) {
		if n == 2 {
			h.limit(stream.Topic, 2000)
		}
	}
	h.mustOnce()
	if e, l := len(h.events(stream.Topic)), len(h.letters(stream.Topic)); e != 6 || l != 1 {
		t.Errorf("%d events and %d letters, want 6 and 1", e, l)
	}
}

// A dead-letter topic that is deleted while the worker runs is made again, and takes the next
// letter.
func TestBrokerDeadTopicDeleted(t *testing.T) {
	t.Parallel()
	bad := func(id string, n int) doc {
		return doc{id, at(n), fmt.Sprintf(`{"id": %q, "name": 7, "updatedAt": %q}`, id, at(n))}
	}
	for name, idles := range map[string]bool{"running": false, "idle": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: append(people(1, 3), bad("first", 4))}
			h, stream := scripted(t, strategies.Keyset, s)
			stream.PollInterval, stream.MaxBackoff = time.Millisecond, time.Millisecond
			if stream.IdleAfter = 0; idles {
				stream.IdleAfter = time.Millisecond
			}
			c, stop := h.start(Options{})
			polled(t, c, 2)
			h.deleteTopic(stream.Topic + ".dlq")
			s.set(bad("second", 5), person("good", at(6), "B"))
			kit.Eventually(t, "the second letter", func() bool {
				return c.Status()[0].Dead >= 2 && c.Status()[0].Written == 4 || c.Status()[0].State == Failed
			})
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			found := false
			for _, l := range h.letters(stream.Topic) {
				found = found || string(l.Key) == "second"
			}
			if !found {
				t.Errorf("the letter is not in the topic that was made again; log: %s", h.logs.String())
			}
			if got := brief(h.events(stream.Topic)); got != "p1=A p2=A p3=A good=B" {
				t.Errorf("the topic has %s", got)
			}
		})
	}
}
