package connector

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// A rescan reads everything once more and writes what differs: rows that came late, rows
// that changed without their cursor value, wherever they stand. By default there is none.
func TestBrokerRescanWritesDifferences(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies.Own() {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			row := func(id int, name string) doc { return person(strconv.Itoa(id), at(id*200), name) }
			s := &script{page: 50}
			for _, id := range []int{1, 2, 4, 30} {
				s.put(row(id, "A"))
			}
			h, stream := scripted(t, strategy, s)
			stream.StepSize, stream.MaxID, stream.PageSize = 10, 50, 50
			h.mustOnce()
			const first = "1=A 2=A 4=A 30=A"
			s.set(row(2, "B"), row(3, "A"))
			h.mustOnce()
			if got := brief(h.events(stream.Topic)); got != first {
				t.Fatalf("without a rescan the topic has %s", got)
			}
			mark := h.cursor(stream.Name).Mark
			stream.RescanInterval = 0
			for range 3 {
				h.mustOnce()
				if got := brief(h.events(stream.Topic)); got != first+" 2=B 3=A" {
					t.Fatalf("after a rescan the topic has %s", got)
				}
			}
			if c := h.cursor(stream.Name); c.Mark != mark || c.Sweep != nil || c.Rescanned == "" {
				t.Errorf("after a rescan the cursor is %+v, want mark %s", c, mark)
			}
			// A row that has vanished is none of a rescan's business (P9).
			s.do(func() { s.drop("4") })
			h.mustOnce()
			if n := tombstones(h.events(stream.Topic)); n != 0 {
				t.Errorf("a rescan wrote %d tombstones", n)
			}
			// Not before the interval has passed.
			stream.RescanInterval = time.Hour
			s.set(row(1, "B"))
			h.mustOnce()
			if got := brief(h.events(stream.Topic)); got != first+" 2=B 3=A" {
				t.Errorf("within the hour the topic has %s", got)
			}
		})
	}
}

// A rescan that the API breaks off has written what it read, fails the run, and is made
// once more by the next one.
func TestBrokerRescanBrokenOff(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	s.set(person("p2", at(2), "B"), person("p9", at(9), "B"))
	s.do(func() {
		s.asked = nil
		s.instead = func(w http.ResponseWriter, n int) bool {
			return n == 4 && fails(0, 403, `{"error": "gone fishing"}`)(w, n)
		}
	})
	stream.RescanInterval = 0
	if err := h.once(); class.Of(err) != class.Source {
		t.Fatalf("got %v, want the API's refusal", err)
	}
	if got := brief(h.events(stream.Topic)[12:]); got != "p2=B" {
		t.Errorf("behind the first rows the topic has %s", got)
	}
	s.do(func() { s.instead = nil })
	h.mustOnce()
	if got := brief(h.events(stream.Topic)[12:]); got != "p2=B p9=B" {
		t.Errorf("behind the first rows the topic has %s", got)
	}
}

// Dead letters, and rows without a cursor value, come once through rescans too.
func TestBrokerRescanBadRows(t *testing.T) {
	t.Parallel()
	s := &script{docs: append(people(1, 3), doc{"bad", at(2), `{"id": "bad", "name": 7}`}, doc{"none", at(2), `{"name": "no id"}`},
		doc{"null", at(2), `{"id": "null", "name": "A", "updatedAt": null}`})}
	h, stream := scripted(t, strategies.Timestamp, s)
	stream.RescanInterval = 0
	for range 3 {
		h.mustOnce()
		if e, l := len(h.events(stream.Topic)), len(h.letters(stream.Topic)); e != 4 || l != 2 {
			t.Fatalf("%d events and %d dead letters, want 4 and 2", e, l)
		}
	}
	// The rows that a scan brings count towards max_bad_rows as those of a sweep.
	stream.MaxBadRows = 1
	if err := h.once(); class.Of(err) != class.Source {
		t.Errorf("got %v, want an error that names max_bad_rows", err)
	}
}
