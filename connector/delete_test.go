package connector

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// gone is a row that the API marks as deleted; it has lost its other columns.
func gone(id, at string) doc {
	return doc{id, at, fmt.Sprintf(`{"id": %q, "updatedAt": %q, "deleted": true}`, id, at)}
}

// A row that the API marks as deleted becomes one tombstone; one that comes back is a row
// again.
func TestBrokerSoftDelete(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 10, docs: people(1, 4)}
			h, stream := scripted(t, strategy, s)
			stream.Deleted = config.Deleted{Field: "deleted", Value: "true"}
			stream.Lookback, stream.PageSize = 10*time.Minute, 10
			steps := []struct {
				change []doc
				want   string
			}{
				{nil, "p1=A p2=A p3=A p4=A"},
				{[]doc{gone("p2", at(5)), gone("never seen", at(5))}, "p2- never seen-"},
				{[]doc{{"p4", at(6), fmt.Sprintf(`{"id": "p4", "deleted": true, "updatedAt": %q, "name": 7}`, at(6))}}, "p4-"},
				{[]doc{person("p2", at(7), "back")}, "p2=back"},
				{[]doc{gone("p2", at(7))}, "p2-"}, // without a new cursor value
				{[]doc{gone("p2", at(8))}, "p2-"},
				{[]doc{person("p2", at(8), "again")}, "p2=again"},
			}
			want := ""
			for i, step := range steps {
				s.set(step.change...)
				if i != 5 { // a tombstone behind a tombstone: whether it comes again is of no matter
					want = strings.TrimSpace(want + " " + step.want)
				}
				for range 2 {
					h.mustOnce()
					got := brief(h.events(stream.Topic))
					if i == 5 {
						got = strings.Replace(got, "p2- p2-", "p2-", 1)
					}
					if strings.ReplaceAll(got, "p2- p2-", "p2-") != want {
						t.Fatalf("step %d: the topic has %s, want %s", i, got, want)
					}
				}
			}
			if len(h.letters(stream.Topic)) != 0 {
				t.Error("a deleted row became a dead letter")
			}
			for _, e := range h.events(stream.Topic) {
				if e.value == nil && e.headers["tidemark.cursor"] == "" {
					t.Errorf("the tombstone of %s does not carry its cursor value (rule 11)", e.key)
				}
			}
		})
	}
}

// reconciling is a house whose stream looks for deleted rows at every sweep.
func reconciling(t *testing.T, strategy string, s *script) (*house, *config.Stream) {
	t.Helper()
	h, stream := scripted(t, strategy, s)
	stream.ReconcileInterval, stream.MaxDeleteRatio = 0, 0.3
	stream.StepSize, stream.MaxID, stream.PageSize = 10, 50, 0
	if strategy == strategies.Offset {
		stream.PageSize = 3
	}
	return h, stream
}

// tenth are the rows that reconciles are tested with, for any strategy.
func tenth() []doc {
	docs := people(1, 10)
	for i := range docs {
		docs[i] = person(fmt.Sprint(i+1), at(i+1), "A")
	}
	return docs
}

const tenRows = "1=A 2=A 3=A 4=A 5=A 6=A 7=A 8=A 9=A 10=A"

// A row that is gone from the API gets one tombstone, and is a row again if it comes back.
func TestBrokerHardDelete(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies.Own() {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: tenth()}
			if strategy == strategies.Timestamp || strategy == strategies.Replay {
				s.page = 100
			}
			h, stream := reconciling(t, strategy, s)
			h.mustOnce()
			if got := brief(h.events(stream.Topic)); got != tenRows {
				t.Fatalf("the topic has %s", got)
			}
			s.do(func() { s.drop("3", "10") })
			for range 3 {
				h.mustOnce()
				if got := brief(h.events(stream.Topic)); got != tenRows+" 10- 3-" {
					t.Fatalf("the topic has %s", got)
				}
			}
			if m := h.cursor(stream.Name).Mark; strategy != strategies.StepSize && m != at(10) || strategy == strategies.StepSize && m != "10" {
				t.Errorf("the mark is %s (P6)", m)
			}
			s.set(person("3", at(3), "A"))
			stream.RescanInterval = 0
			for range 2 {
				h.mustOnce()
				if got := brief(h.events(stream.Topic)); got != tenRows+" 10- 3- 3=A" {
					t.Fatalf("the topic has %s", got)
				}
			}
		})
	}
}

// Nothing is looked for unless it is asked for.
func TestBrokerNoReconcileByDefault(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 10)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	s.do(func() { s.drop("p3") })
	s.requests()
	h.mustOnce()
	if n := s.requests(); n != 1 {
		t.Errorf("%d requests for a poll without news", n)
	}
	if n := len(h.events(stream.Topic)); n != 10 {
		t.Errorf("%d events, want 10", n)
	}
	// An interval that has not passed asks for nothing either.
	stream.ReconcileInterval = time.Hour
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != 11 {
		t.Errorf("%d events after the first reconcile, want 11", n)
	}
	s.do(func() { s.drop("p4") })
	s.requests()
	h.mustOnce()
	if n := s.requests(); n != 1 || len(h.events(stream.Topic)) != 11 {
		t.Errorf("%d requests and %d events within the hour", n, len(h.events(stream.Topic)))
	}
}

// Where the scan proves no absence, nothing is deleted (P9).
func TestBrokerReconcileRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		strategy string
		spoil    func(*script)
		err      bool
		said     string
	}{
		"too many are missing": {strategies.Keyset, func(s *script) { s.drop("1", "2", "3", "4") }, false, "max_delete_ratio"},
		"all are missing":      {strategies.Keyset, func(s *script) { s.docs = nil }, false, "max_delete_ratio"},
		"the scan fails": {strategies.Keyset, func(s *script) {
			s.drop("2")
			s.instead = func(w http.ResponseWriter, n int) bool {
				return n == 4 && fails(0, 403, `{"error": "gone fishing"}`)(w, n)
			}
		}, true, ""},
		"the second look fails": {strategies.Keyset, func(s *script) {
			s.drop("2")
			s.instead = func(w http.ResponseWriter, n int) bool {
				return n == 8 && fails(0, 403, `{"error": "gone fishing"}`)(w, n)
			}
		}, true, ""},
		"the scan is given up": {strategies.Offset, func(s *script) {
			s.drop("2")
			s.before = func(n int) {
				if n == 6 {
					s.total = func(n int) string { return strconv.Itoa(n + 1) }
				}
			}
		}, false, "the API counts 2 rows, but 1 were read"},
		"the second look is given up": {strategies.Offset, func(s *script) {
			s.drop("2")
			s.before = func(n int) {
				if n == 12 {
					s.total = func(n int) string { return strconv.Itoa(n + 1) }
				}
			}
		}, false, "the API counts 2 rows, but 1 were read"},
		"the row is back at the second look": {strategies.Keyset, func(s *script) {
			row := s.docs[1]
			s.drop("2")
			s.before = func(n int) {
				if n == 6 {
					s.put(row)
				}
			}
		}, false, ""},
		"an answer is no page": {strategies.Timestamp, func(s *script) {
			s.page = 100
			s.drop("2")
			s.instead = func(w http.ResponseWriter, n int) bool {
				if n == 2 {
					fmt.Fprint(w, `{"error": "shard 7 is down"}`)
				}
				return n == 2
			}
		}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: tenth()}
			if c.strategy == strategies.Timestamp {
				s.page = 100
			}
			h, stream := reconciling(t, c.strategy, s)
			h.mustOnce()
			s.do(func() { s.asked = nil; c.spoil(s) })
			err := h.once()
			if c.err != (class.Of(err) == class.Source) || !c.err && err != nil {
				t.Fatalf("got %v", err)
			}
			asked := s.requests()
			if n := tombstones(h.events(stream.Topic)); n != 0 {
				t.Errorf("%d rows were deleted after %d requests (P9)", n, asked)
			}
			if c.said != "" && (h.logs.count(c.said) == 0 || h.status().Warnings == 0) {
				t.Errorf("the log does not say %q:\n%s", c.said, &h.logs)
			}
			if c.err && h.cursor(stream.Name).Reconciled == "" {
				t.Error("the reconcile before is forgotten")
			}
			// The trouble is over: what is missing is deleted, and nothing else.
			s.do(func() { s.before, s.instead, s.total = nil, nil, nil })
			h.mustOnce()
			h.mustOnce()
			want := 0
			if strings.Contains(name, "fails") || strings.Contains(name, "given up") || strings.Contains(name, "no page") {
				want = 1
			}
			if n := tombstones(h.events(stream.Topic)); n != want {
				t.Errorf("%d tombstones in the end, want %d", n, want)
			}
		})
	}
}

func tombstones(events []event) int {
	n := 0
	for _, e := range events {
		if e.value == nil {
			n++
		}
	}
	return n
}

// Rows of the topic that the configuration no longer asks for are not missing from the API
// (P9).
func TestBrokerReconcileOutsideTheScan(t *testing.T) {
	t.Parallel()
	for strategy, narrow := range map[string]func(*config.Stream){
		strategies.Keyset:   func(s *config.Stream) { s.InitialMark = at(3) },
		strategies.Replay:   func(s *config.Stream) { s.InitialMark = at(3) },
		strategies.StepSize: func(s *config.Stream) { s.InitialID, s.MaxID = 2, 9 },
	} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: tenth()}
			if strategy == strategies.Replay {
				s.page = 100
			}
			h, stream := reconciling(t, strategy, s)
			h.mustOnce()
			s.do(func() { s.drop("5") })
			narrow(stream)
			h.mustOnce()
			if got := brief(h.events(stream.Topic)); got != tenRows+" 5-" {
				t.Errorf("the topic has %s", got)
			}
		})
	}
}

// A scan in many parts, because little memory is allowed, comes to the same (P10).
func TestBrokerReconcileInShards(t *testing.T) {
	t.Parallel()
	s := &script{page: 50, docs: people(1, 200)}
	h, stream := reconciling(t, strategies.Keyset, s)
	h.mustOnce()
	stream.WindowRows = 100
	s.do(func() { s.drop("p7", "p100", "p199") })
	s.set(person("p50", at(50), "B"), person("p1", at(1), "B"))
	s.requests()
	h.mustOnce()
	// 5 shards, and the second look.
	if n := s.requests(); n < 5*5 {
		t.Errorf("%d requests: the scan was not made in parts", n)
	}
	for range 2 {
		last := map[string]string{}
		events := h.events(stream.Topic)
		for _, e := range events {
			last[e.key] = brief([]event{e})
		}
		if len(events) != 205 || last["p7"] != "p7-" || last["p100"] != "p100-" || last["p199"] != "p199-" || last["p50"] != "p50=B" || last["p1"] != "p1=B" {
			t.Errorf("%d events, want 205; %s %s %s %s %s", len(events), last["p7"], last["p100"], last["p199"], last["p50"], last["p1"])
		}
		h.mustOnce()
	}
}

// Scans that go back to their beginning, because pages turn out to have no order or a token
// has expired, are whole in the end.
func TestBrokerReconcileAfterRestart(t *testing.T) {
	t.Parallel()
	s := &script{unsorted: true, docs: append(people(1, 5), people(30, 1)...)}
	s.put(people(20, 3)...)
	s.put(person("p31", at(2), "A"), person("p32", at(3), "A"))
	h, stream := reconciling(t, strategies.Keyset, s)
	h.mustOnce()
	n := len(h.events(stream.Topic))
	if n != 11 {
		t.Fatalf("%d events, want 11", n)
	}
	s.do(func() {
		s.drop("p21", "p31")
		expired := false
		s.instead = func(w http.ResponseWriter, n int) bool {
			if s.asked[n-1].Get("scroll_param") == "" || expired {
				return false
			}
			expired = true
			return fails(0, 410, `{"error": "the token has expired"}`)(w, n)
		}
	})
	for range 2 {
		h.mustOnce()
		if got := brief(h.events(stream.Topic)[n:]); got != "p21- p31-" {
			t.Errorf("behind the rows the topic has %s", got)
		}
	}
}

// A stream that polls reconciles between its polls, and goes on.
func TestBrokerReconcileWhilePolling(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 10)}
	h, stream := reconciling(t, strategies.Keyset, s)
	stream.PollInterval = time.Millisecond
	c, stop := h.start(Options{})
	polled(t, c, 2)
	s.do(func() { s.drop("p3") })
	polled(t, c, 3)
	s.set(person("p11", at(11), "A"))
	polled(t, c, 3)
	if st := c.Status()[0]; st.Deleted != 1 || st.Written != 12 {
		t.Errorf("%d deletes of %d records, want 1 of 12", st.Deleted, st.Written)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := brief(h.events(stream.Topic)[10:]); got != "p3- p11=A" {
		t.Errorf("after ten rows the topic has %s", got)
	}
}
