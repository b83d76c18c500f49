package connector

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// exports is an export of all cursors, and its text.
func (h *house) exports(t *testing.T) (StateDump, []byte) {
	t.Helper()
	dump, err := ExportState(t.Context(), h.cfg, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(dump)
	if err != nil {
		t.Fatal(err)
	}
	return dump, text
}

// imports imports the text of an export.
func (h *house) imports(t *testing.T, text []byte, adopt bool, ask AskState) (others []string, err error) {
	t.Helper()
	dump, err := ReadState(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return ImportState(t.Context(), h.cfg, dump, adopt, ask, Options{})
}

// An export is imported where it came from, and undoes a reset; what a topic does not hold is refused, and a copy is taken.
func TestBrokerTransfer(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	dump, text := h.exports(t)
	if len(dump.Streams) != 1 || dump.Streams[0].Cursor.Mark != at(12) || len(dump.Schemas) != 1 {
		t.Fatalf("the export is %s", text)
	}
	var asked []StateChange
	if err := Reset(t.Context(), h.cfg, stream.Name, false, agree(&asked), Options{}); err != nil {
		t.Fatal(err)
	}
	load := func(adopt bool) error {
		t.Helper()
		others, err := h.imports(t, text, adopt, agree(&asked))
		if len(others) != 0 {
			t.Errorf("left out %v", others)
		}
		return err
	}
	if err := load(false); err != nil {
		t.Fatal(err)
	}
	if c := h.cursor(stream.Name); c.Mark != at(12) || c.Seq <= dump.Streams[0].Cursor.Seq {
		t.Errorf("the imported cursor is %+v", c)
	}
	s.requests()
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != 12 {
		t.Errorf("%d events", n)
	}
	// Elsewhere: a topic that lacks what the cursor says, and later a copy of it.
	copied := stream.Topic
	stream.Topic += "-copy"
	h.topics(stream.Topic)
	if err := load(false); class.Of(err) != class.Config {
		t.Errorf("for another topic: %v", err)
	}
	stream.Topic = copied
	h.remake(stream.Topic, 1)
	if err := load(false); class.Of(err) != class.Config || !strings.Contains(err.Error(), "--adopt-topic") {
		t.Errorf("for a topic made anew: %v", err)
	}
	if err := load(true); err != nil {
		t.Fatal(err)
	}
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n > 1 { // as asked for: the operator said that it holds the rows
		t.Errorf("%d events in a topic that was taken for a copy", n)
	}
}

// What an export has of a stream's schemas is of any format, and what rows have taught it comes along.
func TestBrokerTransferWritten(t *testing.T) {
	t.Parallel()
	eachWritten(t, func(t *testing.T, set func(*config.Stream)) {
		h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1, "plan": "gold"`))
		set(stream)
		h.mustOnce()
		_, text := h.exports(t)
		h.cfg.Kafka.StateTopic += "-elsewhere"
		if _, err := h.imports(t, text, false, agree(new([]StateChange))); err != nil {
			t.Fatal(err)
		}
		s.docs[0] = drifting(1, `, "name": "A", "n": 1`)
		h.mustOnce()
		h.mustOnce()
		if rows := h.states(stream); len(rows) != 2 || rows[0]["plan"] != "gold" || rows[1]["plan"] != nil {
			t.Errorf("the topic has %v", rows)
		}
	})
}

// A dump that is none is refused.
func TestReadDumpRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no JSON":        `{`,
		"another format": `{"tidemark_state": 7}`,
		"no cursor":      `{"tidemark_state": 1, "streams": [{"cursor": {"version": 1}}]}`,
		"another schema": `{"tidemark_state": 1, "streams": [], "schemas": {"abc": "\"string\""}}`,
	} {
		if _, err := ReadState(strings.NewReader(text)); class.Of(err) != class.Config {
			t.Errorf("%s: %v", name, err)
		}
	}
}
