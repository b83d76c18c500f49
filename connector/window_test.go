package connector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidemark/strategies"
)

// Polls and restarts over rows that are read again write nothing; a row whose content
// changed without its cursor value is written once (P3).
func TestBrokerRereadRows(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 10, docs: append(people(1, 20), person("tie", at(20), "A"))}
			h, stream := scripted(t, strategy, s)
			if strategy == strategies.Replay || strategy == strategies.Timestamp {
				s.page = 0
			}
			stream.PageSize, stream.PollInterval = 10, time.Millisecond
			if s.page == 0 {
				stream.PageSize = 0
			}
			stream.Lookback = 5 * time.Minute
			h.mustOnce()
			h.mustOnce()
			c, stop := h.start(Options{})
			polled(t, c, 5)
			if st := c.Status()[0]; st.Written != 0 || st.Same == 0 {
				t.Errorf("idle polls wrote %d records and knew %d rows", st.Written, st.Same)
			}
			if n := h.holds(stream.Topic, s); n != 21 {
				t.Errorf("%d events after idle polls and restarts, want 21", n)
			}
			s.set(person("tie", at(20), "B"), person("p17", at(17), "B"))
			polled(t, c, 5)
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			h.mustOnce()
			if n := h.holds(stream.Topic, s); n != 23 {
				t.Errorf("%d events, want 23: two rows changed without their cursor value", n)
			}
		})
	}
}

// Replay against a source whose last two hours hold 10,000 unchanged rows: ten polls write
// nothing, and one row that changes among them is written once.
func TestBrokerReplayTenThousandUnchanged(t *testing.T) {
	t.Parallel()
	s := &script{}
	for i := range 10_000 {
		when := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC).Add(time.Duration(i) * 2 * time.Hour / 10_000)
		s.docs = append(s.docs, person(fmt.Sprint(i), when.Format(time.RFC3339), "A"))
	}
	h, stream := scripted(t, strategies.Replay, s)
	stream.PollInterval = time.Millisecond
	h.mustOnce()
	c, stop := h.start(Options{}) // the window is rebuilt from the topic
	polled(t, c, 10)
	st := c.Status()[0]
	if st.Written != 0 || st.Same < 100_000 || st.Transactions != 1 {
		t.Errorf("ten polls wrote %d records in %d transactions and knew %d rows, want none, the claim and 100,000", st.Written, st.Transactions, st.Same)
	}
	s.set(person("5000", s.docs[5000].at, "B"))
	polled(t, c, 4)
	if st := c.Status()[0]; st.Written != 1 {
		t.Errorf("%d records for one changed row", st.Written)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	events := h.events(stream.Topic)
	if got := brief(events[10_000:]); got != "5000=B" {
		t.Errorf("after the first 10,000 events the topic has %s", got)
	}
}

// A window that is too small for what is read again repeats rows, loses none, and says it
// once (P10).
func TestBrokerWindowBound(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 60)}
	h, stream := scripted(t, strategies.Replay, s)
	stream.WindowRows, stream.PollInterval = 20, time.Millisecond
	c, stop := h.start(Options{})
	polled(t, c, 5)
	s.set(person("p30", at(30), "B"), person("new", at(61), "A"))
	polled(t, c, 3)
	st := c.Status()[0]
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if st.Window > 20 {
		t.Errorf("the window holds %d rows, its bound is 20", st.Window)
	}
	if st.Forgot == 0 || st.Written <= 62 {
		t.Errorf("%d rows had no room and %d were written: the test reached no bound", st.Forgot, st.Written)
	}
	if n := h.logs.count("the window is full"); n != 1 || !strings.Contains(h.logs.String(), "window_rows=20") {
		t.Errorf("the full window was said %d times, want once with its bound", n)
	}
	last := map[string]any{}
	for _, e := range h.events(stream.Topic) {
		last[e.key] = e.value["name"]
	}
	if len(last) != 61 || last["p30"] != "B" || last["new"] != "A" {
		t.Errorf("%d keys, p30=%v, new=%v: want 61, B and A", len(last), last["p30"], last["new"])
	}
}

// A row that appears behind the mark is found within the buffer. How late it was is
// measured, and a buffer that would do is recommended.
func TestBrokerLateRows(t *testing.T) {
	t.Parallel()
	s := &script{docs: []doc{person("first", at(0), "A"), person("mark", at(600), "A")}, date: time.Date(2026, 1, 1, 10, 10, 0, 0, time.UTC)}
	h, stream := scripted(t, strategies.Replay, s)
	h.mustOnce()
	if st := h.status(); st.Late != 0 || st.RecommendedBuffer() != 0 {
		t.Errorf("the first read counts %d late rows", st.Late)
	}
	s.set(person("inside", at(550), "A"), person("outside", at(300), "A"))
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "first=A mark=A inside=A" {
		t.Errorf("the topic has %s", got)
	}
	// An hour by the API's clock, and a quarter to spare.
	st := h.status()
	if st.Late != 1 || st.Lateness.Max != time.Hour || st.RecommendedBuffer() != 1.3 {
		t.Errorf("%d late rows, the latest by %v, recommended buffer %v: want 1, 1h and 1.3", st.Late, st.Lateness.Max, st.RecommendedBuffer())
	}
	if n := h.logs.count("recommended_buffer_hours=1.3"); n != 1 {
		t.Errorf("the recommended buffer was logged %d times", n)
	}
	if m := h.cursor(stream.Name).Mark; m != at(600) {
		t.Errorf("the mark is %s (P6)", m)
	}
	// What lies outside the buffer is found by a rescan, which tells how long it should be.
	stream.RescanInterval = 0
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "first=A mark=A inside=A outside=A" {
		t.Errorf("after a rescan the topic has %s", got)
	}
	if st := h.status(); st.Late != 1 || st.RecommendedBuffer() != 6.5 {
		t.Errorf("%d late rows, recommended buffer %v: want 1 and 6.5", st.Late, st.RecommendedBuffer())
	}
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != 4 {
		t.Errorf("%d events after another rescan, want 4", n)
	}
}

// A cursor value far in the future is delivered and warned of; the mark stays with the
// rest, so that later rows are seen (rule 13).
func TestBrokerFarFuture(t *testing.T) {
	t.Parallel()
	const future = "2999-01-01T00:00:00Z"
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: append(people(1, 5), person("x", future, "A"))}
			if strategy != strategies.Keyset && strategy != strategies.Offset {
				s.page = 100
			}
			h, stream := scripted(t, strategy, s)
			stream.PageSize = 3
			if s.page == 100 {
				stream.PageSize = 0
			}
			h.mustOnce()
			if st := h.status(); st.Future != 1 || h.logs.count("a row lies further in the future") != 1 {
				t.Errorf("%d rows of the future, said %d times", st.Future, h.logs.count("a row lies further in the future"))
			}
			for i := 6; i < 9; i++ {
				if m := h.cursor(stream.Name).Mark; m != at(i-1) {
					t.Errorf("the mark is %s, want %s", m, at(i-1))
				}
				s.set(people(i, 1)...)
				h.mustOnce()
				h.mustOnce()
				if n := h.holds(stream.Topic, s); n != i+1 {
					t.Errorf("%d events, want %d", n, i+1)
				}
			}
			stream.MaxFuture = 0
			h.mustOnce()
			if m := h.cursor(stream.Name).Mark; m != future {
				t.Errorf("with max_future 0 the mark is %s", m)
			}
		})
	}
}

// An API that serves rows from before what it was asked for: the window is made to reach
// down to them, in few steps, and nothing comes twice.
func TestBrokerIgnoredFilter(t *testing.T) {
	t.Parallel()
	s := &script{docs: backwards(40), unsorted: true, nofilter: true, page: 3}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 40 {
		t.Fatalf("%d events, want 40", n)
	}
	s.set(person("p3", at(3), "B"), person("p30", at(41), "B"))
	for range 2 {
		h.mustOnce()
		if n := h.holds(stream.Topic, s); n != 42 {
			t.Errorf("%d events, want 42", n)
		}
	}
	if n := h.logs.count("looking further back"); n == 0 || n > 12 {
		t.Errorf("the window was made longer %d times in two runs", n)
	}
}
