package connector

import (
	"encoding/json"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/strategies"
)

// A sweep that a program left open which stored version 1 goes on where it was, not from its base, and is stored in today's
// version from then on.
func TestBrokerOpenSweepOfVersion1(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(0, 9)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	var doc map[string]any
	text, err := json.Marshal(h.cursor(stream.Name))
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	delete(doc, "mark")
	doc["version"], doc["window"] = 1, at(4)
	doc["sweep"] = map[string]any{"from": "0001-01-01T00:00:00Z", "after": at(4), "high": at(4), "behind": "4", "pages": 2, "expect": at(4)}
	if text, err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	h.produce(h.cfg.Kafka.StateTopic, &kgo.Record{Key: []byte(stream.Name), Value: text})
	s.do(func() { s.asked = nil })
	s.set(person("p9", at(9), "A"))
	h.mustOnce()
	if from := s.asked[0].Get("updated_since"); from != at(4) {
		t.Errorf("the sweep goes on from %q, and stood at %q", from, at(4))
	}
	if n := h.holds(stream.Topic, s); n != 10 {
		t.Errorf("%d events for 10 rows", n)
	}
	var stored struct{ Version int }
	h.read(h.cfg.Kafka.StateTopic, func(r *kgo.Record) {
		if string(r.Key) == stream.Name {
			err = json.Unmarshal(r.Value, &stored)
		}
	})
	if c := h.cursor(stream.Name); err != nil || stored.Version != strategies.CursorVersion || c.Mark != at(9) || c.Sweep != nil {
		t.Errorf("stored in version %d: %+v, %v", stored.Version, c, err)
	}
}
