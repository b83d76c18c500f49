package connector

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// holds fails unless the topic's last event of each key is the script's row, and no event
// is the same as the one before it for its key (P2, P3). It returns the number of events.
func (h *house) holds(topic string, s *script) int {
	h.t.Helper()
	want := map[string]string{}
	s.do(func() {
		for _, d := range s.docs {
			want[d.id] = d.text
		}
	})
	got := map[string]string{}
	events := h.events(topic)
	for _, e := range events {
		text := fmt.Sprintf(`{"id": %q, "name": %q, "updatedAt": %q}`, e.key, e.value["name"], e.value["updatedAt"])
		if got[e.key] == text {
			h.t.Errorf("%s comes twice (P3)", text)
		}
		got[e.key] = text
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if got[id] != want[id] {
			h.t.Errorf("the topic has %q for %s, the API %s (P2)", got[id], id, want[id])
		}
	}
	return len(events)
}

// The strategies that follow a cursor field.
var following = []string{strategies.Keyset, strategies.Offset, strategies.Timestamp, strategies.Replay}

// Rows that share a cursor value and lie on both sides of a page's end, and those that
// join them behind the mark, come once each: under filters that are >= and >, and though
// the token is strictly >.
func TestBrokerTiesAcrossPages(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		for _, strict := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, strict %v", strategy, strict), func(t *testing.T) {
				t.Parallel()
				tiesAtTheMark(t, strategy, strict, func(stream *config.Stream) { stream.Strict = strict })
			})
		}
	}
}

// tiesAtTheMark reads an API of rows that share values, in pages of four: all of them come,
// one more at the mark too, and none of them twice.
func tiesAtTheMark(t *testing.T, strategy string, strict bool, change func(*config.Stream)) (*house, *config.Stream) {
	t.Helper()
	s := &script{page: 4, strict: strict, docs: []doc{
		person("a", at(1), "A"), person("b", at(1), "A"), person("c", at(2), "A"), person("d", at(2), "A"),
		person("e", at(2), "A"), person("f", at(3), "A"), person("g", at(4), "A"), person("h", at(4), "A"),
	}}
	h, stream := scripted(t, strategy, s)
	stream.PageSize = 4
	change(stream)
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 8 {
		t.Errorf("%d events for 8 rows", n)
	}
	s.set(person("i", at(4), "A"))
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 9 {
		t.Errorf("%d events after one more row at the mark, want 9", n)
	}
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 9 {
		t.Errorf("%d events after a poll without news, want 9", n)
	}
	return h, stream
}

// More rows of one value than a page holds: what lies behind them cannot be asked for by
// value, so the sweep stops and says so. Offset counts them, once order_by says in what order
// they stand.
func TestBrokerTieAsWideAsAPage(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 3, docs: []doc{person("a", at(1), "A")}}
			for _, id := range []string{"b", "c", "d", "e", "f", "g"} {
				s.put(person(id, at(2), "A"))
			}
			h, stream := scripted(t, strategy, s)
			stream.PageSize = 3
			err := h.once()
			if strategy == strategies.Offset {
				if class.Of(err) != class.Source || !strings.Contains(err.Error(), `order_by: "updatedAt,id"`) || h.cursor(stream.Name).Mark != "" {
					t.Fatalf("got %v, and mark %q", err, h.cursor(stream.Name).Mark)
				}
				stream.OrderBy = "updatedAt,id"
				h.mustOnce()
				if n := h.holds(stream.Topic, s); n != 7 {
					t.Errorf("%d events, want 7", n)
				}
				return
			}
			if class.Of(err) != class.Source || !strings.Contains(err.Error(), "page") {
				t.Fatalf("got %v, want an error that names the page size", err)
			}
			if c := h.cursor(stream.Name); c.Mark != "" {
				t.Errorf("the mark is %q, although rows behind it were not read (P2)", c.Mark)
			}
		})
	}
}

// Pages in no order, the newest row first, and a crash between two of them: every row
// comes once, and the mark moves when all are there.
func TestBrokerUnsortedPages(t *testing.T) {
	t.Parallel()
	newestFirst := people(1, 10)
	slices.Reverse(newestFirst)
	for name, docs := range map[string][]doc{
		"newest first": newestFirst,
		"mixed":        {newestFirst[3], newestFirst[0], newestFirst[9], newestFirst[1], newestFirst[8], newestFirst[2], newestFirst[7], newestFirst[4]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{unsorted: true, docs: slices.Clone(docs), instead: fails(3, 403, `{"error": "gone fishing"}`)}
			h, stream := scripted(t, strategies.Keyset, s)
			if err := h.once(); class.Of(err) != class.Source {
				t.Fatalf("got %v, want the API's refusal", err)
			}
			if c := h.cursor(stream.Name); c.Mark != "" {
				t.Errorf("the mark is %q in the middle of an unsorted sweep (rule 12)", c.Mark)
			}
			if n := len(h.events(stream.Topic)); n != 6 {
				t.Errorf("%d events after two pages, want 6", n)
			}
			s.do(func() { s.instead, s.asked = nil, nil })
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != len(docs) {
				t.Errorf("%d events, want %d", n, len(docs))
			}
			// One more is that of a whole sweep behind the one gone on with.
			if n := s.requests(); n != (len(docs)+2)/3-2+1 {
				t.Errorf("%d requests after the crash: the sweep began anew", n)
			}
			s.set(person("new", at(11), "A"))
			h.mustOnce()
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != len(docs)+1 {
				t.Errorf("%d events after one new row, want %d", n, len(docs)+1)
			}
		})
	}
}

// An answer that is not sorted is written in cursor order (P4).
func TestBrokerUnsortedAnswerInOrder(t *testing.T) {
	t.Parallel()
	docs := people(1, 5)
	slices.Reverse(docs)
	s := &script{unsorted: true, docs: docs}
	h, stream := scripted(t, strategies.Timestamp, s)
	stream.Unpaged = true // nothing else says that the API gives everything
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "p1=A p2=A p3=A p4=A p5=A" {
		t.Errorf("the topic has %s", got)
	}
	if m := h.cursor(stream.Name).Mark; m != at(5) {
		t.Errorf("the mark is %s, want %s", m, at(5))
	}
}

// Offset asks for an order. An API that does not keep to it cannot be read that way.
func TestBrokerUnsortedOffset(t *testing.T) {
	t.Parallel()
	docs := people(1, 7)
	slices.Reverse(docs)
	h, stream := scripted(t, strategies.Offset, &script{unsorted: true, docs: docs})
	stream.PageSize = 3
	err := h.once()
	if class.Of(err) != class.Source || !strings.Contains(err.Error(), "does not sort") {
		t.Fatalf("got %v, want an error that says so", err)
	}
	if c := h.cursor(stream.Name); c.Mark != "" {
		t.Errorf("the mark is %q", c.Mark)
	}
}

// Sorted pages first, then one that is not, and older rows behind it: the sweep starts
// again from its base and loses nothing (rule 12).
func TestBrokerTurnsOutUnsorted(t *testing.T) {
	t.Parallel()
	docs := append(people(10, 5), person("late", at(30), "A"), person("mid", at(20), "A"), person("old", at(2), "A"), person("older", at(1), "A"))
	s := &script{unsorted: true, docs: docs}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != len(docs) {
		t.Errorf("%d events, want %d", n, len(docs))
	}
	if h.logs.count("does not sort") != 1 {
		t.Errorf("the restart was not said once:\n%s", &h.logs)
	}
	// What pages without an order bring by token proves nothing about rows before it, so
	// the mark may lag; it must not lie beyond what was read (P2).
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != len(docs) {
		t.Errorf("%d events after a second run, want %d", n, len(docs))
	}
}

// An older version of a key after a newer one is counted, not written (P4).
func TestBrokerOlderVersionIsStale(t *testing.T) {
	t.Parallel()
	s := &script{unsorted: true, docs: []doc{
		person("x", at(9), "new"), person("a", at(5), "A"), person("b", at(4), "A"),
		{"x2", at(3), person("x", at(3), "old").text}, person("c", at(2), "A"),
	}}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "b=A a=A x=new c=A" {
		t.Errorf("the topic has %s", got)
	}
	if st := h.status(); st.Stale != 1 {
		t.Errorf("%d versions are counted as stale, want 1", st.Stale)
	}
}

// Two rows of one id in a page: versions come in their order; of two with one cursor value
// the last one counts, and they do not take turns for ever.
func TestBrokerDuplicateIDsInAPage(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 6, docs: []doc{
				{"1", at(1), person("x", at(1), "old").text}, person("a", at(1), "A"), {"2", at(2), person("x", at(2), "new").text},
				{"3", at(3), person("y", at(3), "one").text}, {"4", at(3), person("y", at(3), "two").text}, {"5", at(3), person("y", at(3), "two").text},
			}}
			h, stream := scripted(t, strategy, s)
			h.mustOnce()
			events := h.events(stream.Topic)
			if got := brief(events); got != "x=old a=A x=new y=two" && got != "x=old a=A x=new y=one y=two" {
				t.Errorf("the topic has %s", got)
			}
			for range 2 {
				h.mustOnce()
			}
			if n := len(h.events(stream.Topic)); n != len(events) {
				t.Errorf("%d events after idle runs, %d before", n, len(events))
			}
		})
	}
}
