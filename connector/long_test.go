package connector

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// long is a script whose answers are many times longer than what may be in flight.
func long(t *testing.T, strategy string, s *script) (*house, *config.Stream) {
	t.Helper()
	h, stream := scripted(t, strategy, s)
	h.cfg.Kafka.MaxInFlight = 12 << 10 // pieces of 512 bytes, some 6 rows
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
			// The embedded broker now and then fails a transaction behind two opens in a row.
			again := h.logs.count("starting the stream again")
			if n := s.requests(); n < 2 || n > 2+again {
				t.Errorf("%d requests, want 2; the stream started again %d times\n%s", n, again, h.logs.String())
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

// A long answer that breaks off is asked for again as a whole, max_retries times in a row: what
// it has shown is in the topic already, and comes no second time (P3).
func TestBrokerLongAnswerBreaksOff(t *testing.T) {
	t.Parallel()
	for retries, ends := range map[int]bool{1: false, 2: true} {
		t.Run(fmt.Sprint(retries, " retries"), func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(0, 600)}
			s.instead = func(w http.ResponseWriter, n int) bool {
				if n > 2 {
					return false
				}
				w.Header().Set("Content-Length", strconv.Itoa(200*len(s.docs)))
				s.send(w, s.docs, 150*n, "") // and then nothing
				panic(http.ErrAbortHandler)
			}
			h, stream := long(t, strategies.Timestamp, s)
			stream.MaxRetries = retries
			err := h.once()
			if !ends {
				if class.Of(err) != class.Source || !strings.Contains(err.Error(), "max_retries") {
					t.Fatalf("got %v", err)
				}
				if c := h.cursor(stream.Name); c.Mark != "" || c.Sweep.Slice().After != c.Sweep.From {
					t.Errorf("the cursor has moved: %+v", c.Sweep)
				}
				if n := len(h.events(stream.Topic)); n < 150 || n >= 600 {
					t.Errorf("%d events of answers with 150 and 300 rows", n)
				}
				err = h.once()
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := h.holds(stream.Topic, s); n != 600 {
				t.Errorf("%d events for 600 rows", n)
			}
		})
	}
}

// Rows in any order may come in pieces: the cursor stays before the answer until all of it
// has come, though its first pieces rise by chance (seed 56256 of the full tier).
func TestBrokerLongAnswerUnsorted(t *testing.T) {
	t.Parallel()
	for name, sorted := range map[string]bool{"not known": true, "known": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(301, 300), unsorted: true}
			s.docs = append(s.docs, people(1, 300)...)
			h, stream := long(t, strategies.Timestamp, s)
			stream.Sorted = sorted
			cut := true
			s.instead = func(w http.ResponseWriter, _ int) bool {
				if !cut {
					return false
				}
				w.Header().Set("Content-Length", "1000000")
				s.send(w, s.docs, 250, "")
				panic(http.ErrAbortHandler)
			}
			if err := h.once(); err == nil { // what was committed by then rises
				t.Fatal("no error")
			}
			s.do(func() { cut = false })
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != 600 {
				t.Errorf("%d events for 600 rows", n)
			}
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
