package connector

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// Rows that are updated, deleted or inserted while offset counts through the list shift
// what lies behind them. No row is skipped, and none comes twice.
func TestBrokerOffsetMovingList(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*script){
		"a row read is updated":                func(s *script) { s.put(person("p1", at(50), "B")) },
		"a row to come is updated":             func(s *script) { s.put(person("p9", at(50), "B")) },
		"the row at the page's end is updated": func(s *script) { s.put(person("p3", at(50), "B")) },
		"a row read is deleted":                func(s *script) { s.drop("p1") },
		"the row at the page's end is deleted": func(s *script) { s.drop("p3") },
		"a row to come is deleted":             func(s *script) { s.drop("p4") },
		"two rows read are deleted":            func(s *script) { s.drop("p1", "p2") },
		"all rows read are deleted":            func(s *script) { s.drop("p1", "p2", "p3") },
		"a row is inserted before":             func(s *script) { s.put(person("x", at(1), "A")) },
		"a row is inserted behind":             func(s *script) { s.put(person("x", at(40), "A")) },
		"one is deleted, another inserted":     func(s *script) { s.drop("p1"); s.put(person("x", at(2), "A")) },
		"ties of the page's end are inserted":  func(s *script) { s.put(person("x", at(3), "A"), person("y", at(3), "A")) },
	}
	h := emptyHouse(t, "")
	topics := map[*script]string{}
	scripts := map[string]*script{}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		for _, when := range []int{2, 3, 5} {
			s := &script{docs: people(1, 12), page: 6} // a group that fills a page may be asked for whole
			s.before = func(n int) {
				if n == when {
					changes[name](s)
				}
			}
			stream := h.script(strategies.Offset, s)
			stream.PageSize = 3
			scripts[fmt.Sprintf("%s before request %d", name, when)] = s
			topics[s] = stream.Topic
		}
	}
	h.mustOnce()
	for _, s := range scripts {
		// What came in behind the reader's back, below what it had read, is a late row;
		// the list that was there is not.
		s.do(func() {
			s.before = nil
			s.drop("x", "y")
		})
	}
	h.mustOnce()
	for _, name := range slices.Sorted(maps.Keys(scripts)) {
		t.Run(name, func(t *testing.T) {
			h.in(t).holds(topics[scripts[name]], scripts[name])
		})
	}
}

// A list that moves before every request, for as long as a hundred of them, loses nothing.
func TestBrokerOffsetRestlessList(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	next := 100
	s.before = func(int) {
		if next++; next > 200 {
			return
		}
		s.put(person(s.docs[0].id, at(next), "B"+strconv.Itoa(next)))
		slices.SortFunc(s.docs, func(a, b doc) int { return strings.Compare(a.at, b.at) })
	}
	h, stream := scripted(t, strategies.Offset, s)
	stream.PageSize = 3
	h.mustOnce()
	h.mustOnce()
	h.holds(stream.Topic, s)
}

// Rows that move under the scans of a reconcile keep no delete away: a scan that goes back to
// the last group it has not seen whole has passed over nothing that stood still. And none is
// written for a row that moved (P9).
func TestBrokerOffsetReconcilesAMovingList(t *testing.T) {
	t.Parallel()
	for _, when := range []int{4, 6, 9, 12, 15} {
		s := &script{docs: people(1, 10)}
		h, stream := scripted(t, strategies.Offset, s)
		stream.PageSize, stream.ReconcileInterval = 3, 0
		h.mustOnce()
		s.do(func() {
			s.drop("p2")
			s.asked = nil
			s.before = func(n int) {
				if n == when {
					s.put(person("p1", at(20), "B"), person("p7", at(20), "B"))
				}
			}
		})
		h.mustOnce()
		if n := tombstones(h.events(stream.Topic)); n != 1 {
			t.Errorf("the list moved before request %d of %d: %d tombstones, want 1\n%s", when, s.requests(), n, &h.logs)
		}
		s.do(func() { s.before = nil })
		h.mustOnce()
		h.holds(stream.Topic, s)
	}
}

// Rows of one value that come in another order with each request are all read, by a poll, a
// rescan and a reconcile, which deletes what is gone and nothing else.
func TestBrokerOffsetTiesInAnyOrder(t *testing.T) {
	t.Parallel()
	s := &script{turns: true, page: 100}
	for n := range 150 {
		s.docs = append(s.docs, person(fmt.Sprintf("p%d", n), at(n/5), "A"))
	}
	for n := range 40 {
		s.docs = append(s.docs, person(fmt.Sprintf("w%d", n), at(100), "A"))
	}
	s.docs = append(s.docs, person("last", at(200), "A"))
	h, stream := scripted(t, strategies.Offset, s)
	stream.PageSize, stream.RescanInterval = 12, 0
	h.mustOnce()
	h.holds(stream.Topic, s)
	s.set(person("p77", at(15), "B"), person("w20", at(100), "B")) // no new value, so only a scan shows it
	h.mustOnce()
	h.holds(stream.Topic, s)
	stream.RescanInterval, stream.ReconcileInterval = config.Never, 0
	s.do(func() { s.drop("p3", "w30") })
	h.mustOnce()
	h.holds(stream.Topic, s)
	if n := tombstones(h.events(stream.Topic)); n != 2 || h.status().Warnings != 0 {
		t.Errorf("%d tombstones and %d warnings, want 2 and none:\n%s", n, h.status().Warnings, &h.logs)
	}
}

// Where the API gives no more rows than a group has, the stream fails with the cause, and
// keeps what lies before it.
func TestBrokerOffsetGroupTooWide(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 20), page: 12, turns: true}
	for n := range 40 {
		s.docs = append(s.docs, person(fmt.Sprintf("w%d", n), at(100), "A"))
	}
	h, stream := scripted(t, strategies.Offset, s)
	stream.PageSize = 12
	err := h.once()
	if class.Of(err) != class.Source || !strings.Contains(err.Error(), "no more than 12 in one answer") || !strings.Contains(err.Error(), "order_by") {
		t.Fatalf("got %v", err)
	}
	if n := len(h.events(stream.Topic)); n < 20 {
		t.Errorf("%d events, want the 20 rows before the group", n)
	}
}

// user is a row of step_size: a number for an id.
func user(id int, name string) doc {
	return doc{strconv.Itoa(id), at(0), fmt.Sprintf(`{"id": "%d", "name": %q, "updatedAt": null}`, id, name)}
}

// Gaps wider than a range end nothing, and an id at max_id is said at every sweep.
func TestBrokerStepSizeGapsAndCap(t *testing.T) {
	t.Parallel()
	s := &script{docs: []doc{user(1, "A"), user(2, "A"), user(57, "A"), user(58, "A"), user(61, "A")}}
	h, stream := scripted(t, strategies.StepSize, s)
	stream.StepSize, stream.MaxID = 10, 60
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "1=A 2=A 57=A 58=A" {
		t.Errorf("the topic has %s", got)
	}
	if h.logs.count("max_id") != 0 {
		t.Errorf("the cap is said although no id has reached it:\n%s", &h.logs)
	}
	s.set(user(60, "A"))
	for i := range 2 {
		h.mustOnce()
		if n := h.logs.count("has reached max_id"); n != i+1 || h.status().Warnings != 1 {
			t.Errorf("run %d: the cap was said %d times, %d warnings", i, n, h.status().Warnings)
		}
	}
	stream.MaxID = 100
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "1=A 2=A 57=A 58=A 60=A 61=A" {
		t.Errorf("the topic has %s after max_id was raised", got)
	}
}

// Ids that appear in ranges already passed are found by a rescan, which writes only what
// differs, and only where it is asked for.
func TestBrokerStepSizeRescan(t *testing.T) {
	t.Parallel()
	s := &script{docs: []doc{user(1, "A"), user(2, "A"), user(30, "A")}}
	h, stream := scripted(t, strategies.StepSize, s)
	stream.StepSize, stream.MaxID = 10, 40
	h.mustOnce()
	s.set(user(7, "A"), user(2, "B"), user(31, "A"))
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "1=A 2=A 30=A 31=A" {
		t.Errorf("the topic has %s", got)
	}
	stream.RescanInterval = 0
	for range 3 {
		h.mustOnce()
		if got := brief(h.events(stream.Topic)); got != "1=A 2=A 30=A 31=A 2=B 7=A" {
			t.Errorf("the topic has %s after a rescan", got)
		}
	}
}

// An answer with an id that was not asked for would move the mark over ids never read.
func TestBrokerStepSizeForeignIDs(t *testing.T) {
	t.Parallel()
	s := &script{docs: []doc{user(1, "A"), {"x", "", user(35, "A").text}}}
	h, stream := scripted(t, strategies.StepSize, s)
	stream.StepSize, stream.MaxID = 10, 40
	err := h.once()
	if class.Of(err) != class.Source || !strings.Contains(err.Error(), "35") {
		t.Fatalf("got %v, want an error that names id 35", err)
	}
	if m := h.cursor(stream.Name).Mark; m != "" {
		t.Errorf("the mark is %q", m)
	}
}
