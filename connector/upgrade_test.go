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

// The way back to an earlier program is an export that it has made, a stream that is forgotten, and the import: the stream goes on
// from there, and what the topic has got since comes no second time.
func TestBrokerWayBack(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(0, 9)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	_, text := h.exports(t)
	s.set(people(9, 3)...)
	h.mustOnce()
	var asked []StateChange
	if err := DeleteState(t.Context(), h.cfg, stream.Name, false, agree(&asked), Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.imports(t, text, false, agree(&asked)); err != nil {
		t.Fatal(err)
	}
	s.do(func() { s.asked = nil })
	h.mustOnce()
	if from := s.asked[0].Get("updated_since"); from < at(7) || from > at(8) {
		t.Errorf("the stream goes on from %q", from)
	}
	if n := h.holds(stream.Topic, s); n != 12 {
		t.Errorf("%d events for 12 rows", n)
	}
}
