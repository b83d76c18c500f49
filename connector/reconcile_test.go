package connector

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// touch updates a row of a script that serves the newest first.
func (s *script) touch(id string, minute int) {
	s.drop(id)
	s.docs = slices.Insert(s.docs, 0, person(id, at(minute), "B"))
}

// The newest row first, and a row that moves there from behind the reader's back in every
// scan: it exists, so it is not deleted; a row that is gone is (P9).
func TestBrokerReconcileNewestFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		moves int // requests up to which rows move
		gone  int // tombstones wanted
	}{
		"for a while": {24, 1},
		"for ever":    {1 << 30, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{unsorted: true, docs: backwards(30)}
			h, stream := reconciling(t, strategies.Keyset, s)
			h.mustOnce()
			s.do(func() {
				s.asked = nil
				s.drop("p9")
				minute := 100
				s.before = func(n int) {
					if n > c.moves {
						return
					}
					if s.asked[n-1].Get("scroll_param") != "" {
						// A page that is not the first is asked for: what stands behind it moves to the front.
						if at := slices.IndexFunc(s.docs, func(d doc) bool { return d.id == "p2" }); at > 5 {
							minute++
							s.touch("p2", minute)
						}
						return
					}
					for i := 10; i < 20; i++ { // and by the next scan it is in the middle again
						minute++
						s.touch(fmt.Sprintf("p%d", i), minute)
					}
				}
			})
			h.mustOnce()
			events := h.events(stream.Topic)
			for _, e := range events {
				if e.value == nil && e.key != "p9" {
					t.Errorf("%s was deleted, and the API has it (P9)", e.key)
				}
			}
			if n := tombstones(events); n != c.gone {
				t.Errorf("%d tombstones, want %d", n, c.gone)
			}
			if said := h.logs.count("rows changed whenever it was read"); (said > 0) != (c.gone == 0) {
				t.Errorf("that rows moved is said %d times:\n%s", said, &h.logs)
			}
			s.do(func() { s.before = nil })
			h.mustOnce()
			h.mustOnce()
			if n := tombstones(h.events(stream.Topic)); n != 1 {
				t.Errorf("%d tombstones once the API is at rest, want 1", n)
			}
		})
	}
}

// A row that has lost its id may be the one that is missing: nothing is deleted until every
// row can be told (P9).
func TestBrokerReconcileNamelessRow(t *testing.T) {
	t.Parallel()
	s := &script{docs: tenth()}
	h, stream := reconciling(t, strategies.Keyset, s)
	h.mustOnce()
	row := s.docs[2]
	s.do(func() { s.docs[2].text = fmt.Sprintf(`{"name": "A", "updatedAt": %q}`, at(3)) })
	for range 2 {
		h.mustOnce()
		if got := brief(h.events(stream.Topic)); got != tenRows || len(h.letters(stream.Topic)) != 1 {
			t.Fatalf("the topic has %s and %d dead letters", got, len(h.letters(stream.Topic)))
		}
	}
	if h.logs.count("without an id") != 2 || h.status().Warnings == 0 {
		t.Errorf("the log does not say why nothing is deleted:\n%s", &h.logs)
	}
	s.do(func() { s.docs[2] = row; s.drop("5") })
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != tenRows+" 5-" {
		t.Errorf("the topic has %s", got)
	}
}

// Offsets that compaction and aborted transactions have left nothing of cost no scans: the
// parts are as many as the topic's records need.
func TestBrokerReconcileSparseTopic(t *testing.T) {
	t.Parallel()
	s := &script{docs: tenth()}
	h, stream := reconciling(t, strategies.Keyset, s)
	stream.WindowRows = 20
	h.mustOnce()
	s.do(func() { s.drop("5") })
	s.requests()
	c, err := New(h.cfg, Options{Once: true, Logger: h.logger()})
	if err != nil {
		t.Fatal(err)
	}
	u := c.crew.Members()[0]
	u.through(&sparse{u.driver.Opener.Sink})
	if err := u.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := brief(h.events(stream.Topic)); got != tenRows+" 5-" {
		t.Errorf("the topic has %s", got)
	}
	// The sweep asks once; ten records need two parts, each of 3 requests as the second look.
	if n := s.requests(); n > 1+3*4 {
		t.Errorf("%d requests:\n%s", n, lastLine(&h.logs))
	}
}

func lastLine(l *logs) string {
	lines := strings.Split(strings.TrimSpace(l.String()), "\n")
	return lines[len(lines)-1]
}

// sparse is a sink whose topic has used up many offsets.
type sparse struct{ stream.Sink }

func (s *sparse) Ends() []int64 {
	ends := s.Sink.Ends()
	for i := range ends {
		ends[i] += 1_000
	}
	return ends
}

// Pages that rise by chance are read by value, which passes over rows where the API does not
// sort. The second look goes by token, and nothing is deleted that it shows (P9).
func TestBrokerReconcilePagesThatRiseByChance(t *testing.T) {
	t.Parallel()
	s := &script{unsorted: true, docs: people(1, 9)}
	h, stream := reconciling(t, strategies.Keyset, s)
	stream.MaxDeleteRatio = 1
	h.mustOnce()
	if c := h.cursor(stream.Name); c.Unsorted || c.Mark != at(9) {
		t.Fatalf("nothing has shown yet that the API does not sort: %+v", c)
	}
	s.do(func() {
		d := s.docs
		s.docs = []doc{d[0], d[4], d[5], d[2], d[3], d[6], d[7], d[8]} // without p2; by value, p3 and p4 are passed over
	})
	for range 2 {
		h.mustOnce()
		if got := brief(h.events(stream.Topic)[9:]); got != "p2-" {
			t.Fatalf("behind the rows the topic has %q, want the tombstone of p2", got)
		}
	}
}
