package connector

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// long is a script whose answers are many times longer than what may be in flight.
func long(t *testing.T, strategy string, s *script) (*house, *config.Stream) {
	t.Helper()
	h, stream := scripted(t, strategy, s)
	h.cfg.Kafka.MaxInFlight = 12 << 10 // pieces of 2 KiB, some 25 rows
	return h, stream
}

// An answer with the whole collection is committed in pieces, from one request (rule 8,
// P10); a second one shows that nothing is newer.
func TestBrokerLongAnswerInPieces(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Timestamp, strategies.Replay} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(0, 600)}
			h, stream := long(t, strategy, s)
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != 600 {
				t.Errorf("%d events for 600 rows", n)
			}
			if n := s.requests(); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
			if n := h.status().Transactions; n < 10 {
				t.Errorf("%d transactions: the answer was not taken in pieces", n)
			}
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != 600 {
				t.Errorf("%d events after a second sweep", n)
			}
		})
	}
}

// A long answer that breaks off is asked for again from where it was taken up to.
func TestBrokerLongAnswerBreaksOff(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(0, 600)}
	s.instead = func(w http.ResponseWriter, n int) bool {
		if n > 3 {
			return false
		}
		docs := s.since(s.asked[n-1].Get("since"))
		w.Header().Set("Content-Length", strconv.Itoa(200*len(docs)))
		s.send(w, docs, 150, "") // and then nothing
		panic(http.ErrAbortHandler)
	}
	h, stream := long(t, strategies.Timestamp, s)
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 600 {
		t.Errorf("%d events for 600 rows", n)
	}
	for i := 1; i < 4; i++ {
		if before, after := s.asked[i-1].Get("since"), s.asked[i].Get("since"); after <= before {
			t.Errorf("request %d asks since %s, and the one before it since %s", i+1, after, before)
		}
	}
}

// Rows out of order cannot be left behind in pieces: the mark stays, and the error names the
// setting that lets the answer be taken whole (rules 8 and 12).
func TestBrokerLongAnswerUnsorted(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]int{"in the first piece": 3, "far behind": 599} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 600), unsorted: true}
			s.docs[late].at, s.docs[late].text = at(0), person(s.docs[late].id, at(0), "A").text
			h, stream := long(t, strategies.Timestamp, s)
			err := h.once()
			if err == nil || !strings.Contains(err.Error(), "kafka.max_in_flight") {
				t.Fatalf("got %v", err)
			}
			if mark := h.cursor(stream.Name).Mark; mark != "" {
				t.Errorf("the mark has moved to %q", mark)
			}
			if err := h.once(); err == nil || !strings.Contains(err.Error(), "kafka.max_in_flight") {
				t.Fatalf("started again: %v", err)
			}
			stream.Sorted = false
			h.mustOnce()
			h.holds(stream.Topic, s)
		})
	}
}

// A row that is longer than a piece is read whole all the same, within max_body.
func TestBrokerRowLongerThanAPiece(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(0, 60)}
	s.docs[30] = person("p30", at(30), strings.Repeat("x", 100_000))
	h, stream := long(t, strategies.Timestamp, s)
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 60 {
		t.Errorf("%d events for 60 rows", n)
	}
	s.set(person("p70", at(70), strings.Repeat("y", 300_000)))
	stream.MaxBody = 200_000
	if err := h.once(); err == nil || !strings.Contains(err.Error(), "max_body") {
		t.Errorf("got %v", err)
	}
}

// More rows of one value than a piece holds are passed, for what follows comes with them.
func TestBrokerTieLongerThanAPiece(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(0, 300)}
	for i := 100; i < 200; i++ {
		s.docs[i] = person(s.docs[i].id, at(100), "A")
	}
	h, stream := long(t, strategies.Timestamp, s)
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 300 {
		t.Errorf("%d events for 300 rows", n)
	}
	c, err := json.Marshal(h.cursor(stream.Name))
	if err != nil || strings.Contains(string(c), `"sweep"`) {
		t.Errorf("%s, %v", c, err)
	}
}
