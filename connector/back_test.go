package connector

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// timed are the strategies whose cursor can go back; an id does not.
var timed = []string{strategies.Keyset, strategies.Offset, strategies.Timestamp, strategies.Replay}

// rescanning is a house whose stream reads everything at every sweep.
func rescanning(t *testing.T, strategy string, s *script) *house {
	t.Helper()
	h, stream := scripted(t, strategy, s)
	stream.RescanInterval, stream.PageSize = 0, 0
	if strategy == strategies.Offset {
		stream.PageSize = 3
	}
	if strategy == strategies.Timestamp || strategy == strategies.Replay {
		s.page = 100
	}
	return h
}

// behind is what a topic has behind its first n events.
func (h *house) behind(n int) string { return brief(h.events(h.cfg.Streams[0].Topic)[n:]) }

// A full scan writes what differs, older or not (rule 23): a restored backup, a repeated hour,
// a clock that was set back. It writes each once, says how many, and moves no mark (P6).
func TestBrokerRescanOfASourceThatWentBack(t *testing.T) {
	t.Parallel()
	for _, strategy := range timed {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 10)}
			h := rescanning(t, strategy, s)
			h.mustOnce()
			s.set(person("p2", at(11), "B"), person("p3", at(12), "B"), person("p4", at(13), "B"), gone("p5", at(14)))
			h.cfg.Streams[0].Deleted.Field = "deleted"
			h.mustOnce()
			if got := h.behind(10); got != "p2=B p3=B p4=B p5-" {
				t.Fatalf("the topic has %s", got)
			}
			mark := h.cursor(h.cfg.Streams[0].Name).Mark
			// p2 and p5 are what they were, p3 has a newer content with an older stamp.
			s.set(person("p2", at(2), "A"), person("p3", at(9), "C"), person("p5", at(5), "A"))
			for i := range 3 {
				h.mustOnce()
				if got := h.behind(14); got != "p2=A p5=A p3=C" {
					t.Fatalf("after rescan %d the topic has %s", i+1, got)
				}
				if got, want := h.status().Reverted, int64(3*(1-min(i, 1))); got != want {
					t.Errorf("rescan %d says that %d rows went back, want %d", i+1, got, want)
				}
			}
			if n := h.logs.count("went_back=3"); n != 1 {
				t.Errorf("that three rows went back is said %d times", n)
			}
			if got := h.cursor(h.cfg.Streams[0].Name).Mark; got != mark {
				t.Errorf("the mark moves from %s to %s (P6)", mark, got)
			}
			// And forwards again.
			s.set(person("p2", at(15), "D"))
			h.mustOnce()
			if got := h.behind(17); got != "p2=D" {
				t.Errorf("the topic goes on with %s", got)
			}
		})
	}
}

// A source whose newest value lies before the mark has gone back as a whole: what it changes
// from then on with values up to the mark only scans can see, and that is said.
func TestBrokerRescanOfARestoredBackup(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 6)}
	h := rescanning(t, strategies.Keyset, s)
	h.mustOnce()
	backup := slices.Clone(s.docs)
	s.set(person("p1", at(20), "B"), person("p2", at(21), "B"), person("p7", at(22), "A"))
	h.mustOnce()
	s.do(func() { s.docs = backup })
	for range 2 {
		h.mustOnce()
		if got := h.behind(6); got != "p1=B p2=B p7=A p1=A p2=A" {
			t.Fatalf("the topic has %s", got)
		}
	}
	if n := h.logs.count("newest value lies before the mark"); n != 1 {
		t.Errorf("that the source went back is said %d times:\n%s", n, &h.logs)
	}
}

// The newest row being deleted is no sign of a source that went back.
func TestBrokerRescanWithoutTheNewestRow(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 6)}
	h := rescanning(t, strategies.Keyset, s)
	h.mustOnce()
	s.do(func() { s.drop("p6") })
	h.mustOnce()
	if h.status().Warnings != 0 || h.status().Reverted != 0 {
		t.Errorf("%d warnings, %d rows went back:\n%s", h.status().Warnings, h.status().Reverted, &h.logs)
	}
}

// One answer that shows an older version proves nothing: a replica may lag. The second look
// decides, and a row that never went back is not written.
func TestBrokerRescanOfALaggingReplica(t *testing.T) {
	t.Parallel()
	for _, strategy := range timed {
		for _, look := range []string{"first", "second"} {
			t.Run(strategy+" "+look, func(t *testing.T) {
				t.Parallel()
				s := &script{docs: people(1, 6)}
				h := rescanning(t, strategy, s)
				if strategy == strategies.Offset {
					h.cfg.Streams[0].PageSize, s.page = 100, 100 // or the list moves
				}
				h.mustOnce()
				lagging := slices.Clone(s.docs)
				s.set(person("p2", at(11), "B"))
				h.mustOnce()
				present := slices.Clone(s.docs)
				s.requests()
				looks := 0
				s.do(func() {
					s.before = func(int) { // a look begins at the first mark
						if q := s.asked[len(s.asked)-1]; strings.HasPrefix(q.Get("updated_since")+q.Get("since"), "0001") && number(q, "offset") == 0 && q.Get("scroll_param") == "" {
							looks++
						}
						s.docs = present
						if (looks == 1) == (look == "first") && looks > 0 {
							s.docs = lagging
						}
					}
				})
				h.mustOnce()
				if got := h.behind(6); got != "p2=B" {
					t.Errorf("the topic has %s, and p2 never went back", got)
				}
				if wanted := map[string]int{"first": 2, "second": 1}[look]; looks != wanted {
					t.Errorf("%d looks, want %d", looks, wanted)
				}
			})
		}
	}
}

// An id that two rows have is no row that goes back: it is not written again with each scan
// (P3), in whatever order they come.
func TestBrokerRescanOfAnIDThatIsThereTwice(t *testing.T) {
	t.Parallel()
	for _, unsorted := range []bool{false, true} {
		s := &script{unsorted: unsorted, docs: append(people(1, 6), person("p2", at(9), "B"))}
		if unsorted {
			slices.Reverse(s.docs)
		}
		h := rescanning(t, strategies.Keyset, s)
		h.mustOnce()
		n := len(h.events(h.cfg.Streams[0].Topic))
		for range 3 {
			h.mustOnce()
			if got := h.behind(n); got != "" {
				t.Fatalf("unsorted %v: the topic goes on with %s", unsorted, got)
			}
		}
	}
}

// A row that goes on changing behind the topic's value is believed as well: both looks have
// shown it older, and the second version is the one that is written.
func TestBrokerRescanOfARowThatGoesOnChanging(t *testing.T) {
	t.Parallel()
	s := &script{docs: append(people(1, 6), person("newest", at(200), "A"))}
	h := rescanning(t, strategies.Timestamp, s)
	h.mustOnce()
	s.set(person("p2", at(100), "B"))
	h.mustOnce()
	s.set(person("p2", at(20), "C"))
	minute := 20
	s.do(func() {
		s.before = func(int) {
			minute++
			s.put(person("p2", at(minute), "C"+strconv.Itoa(minute)))
		}
	})
	h.mustOnce()
	if n, got := h.status().Reverted, h.behind(8); n != 1 || !strings.HasPrefix(got, "p2=C2") || strings.Count(got, "=") != 1 {
		t.Errorf("%d rows went back, the topic goes on with %s", n, got)
	}
	s.do(func() { s.before = nil })
	h.mustOnce()
	if got, want := h.behind(9), "p2=C"+strconv.Itoa(minute); got != want {
		t.Errorf("at rest the topic ends with %s, want %s", got, want)
	}
}

// Rows that went back are remembered within the window's bound (P10); the next scans take the
// rest.
func TestBrokerRescanOfMoreThanFits(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 30), page: 10}
	h := rescanning(t, strategies.Keyset, s)
	h.mustOnce()
	backup := slices.Clone(s.docs)
	s.do(func() {
		for i, d := range s.docs {
			s.docs[i] = person(d.id, at(100+i), "B")
		}
	})
	h.mustOnce()
	s.do(func() { s.docs = backup })
	h.cfg.Streams[0].WindowRows = 12
	for i, want := range []int{12, 24, 30, 30} {
		h.mustOnce()
		if got := len(h.events(h.cfg.Streams[0].Topic)) - 60; got != want {
			t.Fatalf("after scan %d %d rows went back, want %d", i+1, got, want)
		}
	}
	if h.logs.count("more rows went back than window_rows") != 2 {
		t.Errorf("that rows are left is not said:\n%s", &h.logs)
	}
}

// A reconcile does what a rescan does, by token where it looks a second time by token.
func TestBrokerReconcileOfASourceThatWentBack(t *testing.T) {
	t.Parallel()
	for _, strategy := range timed {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 10)}
			h, stream := reconciling(t, strategy, s)
			if strategy == strategies.Timestamp || strategy == strategies.Replay {
				s.page = 100
			}
			h.mustOnce()
			s.set(person("p2", at(11), "B"), person("p3", at(11), "B"))
			h.mustOnce()
			// p2 to p5 share a value, so a token that is strictly greater passes over some of them.
			s.set(person("p2", at(2), "A"), person("p3", at(2), "C"), person("p4", at(2), "C"), person("p5", at(2), "C"))
			s.do(func() { s.page = max(s.page, 5); s.drop("p9") })
			stream.PageSize = map[bool]int{true: 5}[strategy == strategies.Offset]
			for i := range 2 {
				h.mustOnce()
				got := map[string]string{}
				events := h.events(stream.Topic)[12:]
				for _, e := range events {
					got[e.key] = brief([]event{e})
				}
				if len(events) != 5 || got["p2"] != "p2=A" || got["p3"] != "p3=C" || got["p4"] != "p4=C" || got["p5"] != "p5=C" || got["p9"] != "p9-" {
					t.Fatalf("after scan %d the topic goes on with %s", i+1, brief(events))
				}
			}
		})
	}
}

// A time beyond now is no reason to wait (rule 28): a machine whose clock was ahead once would
// keep full scans away for years.
func TestBrokerScanStoredInTheFuture(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rescan, reconcile time.Duration }{
		"rescan": {time.Hour, -1}, "reconcile": {-1, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 10)}
			h, stream := scripted(t, strategies.Keyset, s)
			h.mustOnce()
			future := time.Now().AddDate(3, 0, 0).UTC().Format(time.RFC3339)
			sink := h.unit(t).driver.Opener.Sink
			cursor, err := sink.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			cursor.Rescanned, cursor.Reconciled = future, future
			if _, err := sink.Commit(t.Context(), nil, cursor); err != nil {
				t.Fatal(err)
			}
			sink.Close()
			stream.RescanInterval, stream.ReconcileInterval = c.rescan, c.reconcile
			s.set(person("p2", at(2), "B"))
			s.do(func() { s.drop("p3") })
			want := map[string]string{"rescan": "p2=B", "reconcile": "p2=B p3-"}[name]
			for range 2 { // and then the hour counts from now
				h.mustOnce()
				if got := h.behind(10); got != want {
					t.Fatalf("the topic goes on with %s, want %s", got, want)
				}
			}
			cursor = h.cursor(stream.Name)
			if cursor.Rescanned >= future || name == "reconcile" && cursor.Reconciled >= future {
				t.Errorf("the cursor still says %s and %s", cursor.Rescanned, cursor.Reconciled)
			}
			s.set(person("p4", at(4), "B"))
			h.mustOnce()
			if got := h.behind(10); got != want {
				t.Errorf("within the hour the topic goes on with %s", got)
			}
		})
	}
}

// unit makes the first stream, for tests that look at its parts.
func (h *house) unit(t *testing.T) *unit {
	t.Helper()
	c, err := New(h.cfg, Options{Once: true, Logger: h.logger()})
	if err != nil {
		t.Fatal(err)
	}
	return c.crew.Members()[0]
}

// The last event of a key is the one with the greatest offset, whatever its value: a revert
// is what a window that is built anew has to know.
func TestWindowOfARevertedKey(t *testing.T) {
	w := window.New(100, 0)
	w.Begin([]int64{0})
	value := func(n int64) strategies.Value { return strategies.Value{N: n, Set: true} }
	w.Load([]byte("a"), value(200), 2, 0, 0)
	w.Load([]byte("a"), value(150), 1, 0, 1)
	w.Load([]byte("b"), value(200), 2, 0, 2)
	w.Load([]byte("b"), value(50), 1, 0, 3) // below the window's start
	w.Loaded()
	for _, c := range []struct {
		key  string
		n    int64
		hash uint64
		want window.Verdict
	}{{"a", 150, 1, window.Same}, {"b", 50, 1, window.Same}, {"a", 140, 3, window.Stale}, {"a", 200, 2, window.Fresh}, {"b", 200, 2, window.Fresh}} {
		if got := w.Offer(window.KeyHash([]byte(c.key)), value(c.n), c.hash); got != c.want {
			t.Errorf("%s at %d: verdict %d, want %d", c.key, c.n, got, c.want)
		}
	}
}
