package connector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

func (h *house) verify(stream string) Verification {
	h.t.Helper()
	found, err := Verify(h.t.Context(), h.cfg, stream, nil, Options{Logger: h.logger()})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func (h *house) repair(stream string) Verification {
	h.t.Helper()
	found, err := Repair(h.t.Context(), h.cfg, stream, nil, Options{Logger: h.logger()})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

// damage makes the topic wrong on purpose, as its stream's worker would write: the API is another one for a while. Of
// n keys each, rows are deleted, changed behind the tracker's back, and added.
func damage(h *house, s *script, n int) {
	h.t.Helper()
	stream := &h.cfg.Streams[0]
	var right []doc
	s.do(func() {
		right = append(right, s.docs...)
		for i := range n {
			d := s.docs[10+i]
			s.docs[10+i] = person(d.id, d.at, "damaged")
			s.put(person(fmt.Sprint(101+i), at(3), "X"))
		}
		for i := range n {
			s.drop(fmt.Sprint(60 + i))
		}
	})
	stream.ReconcileInterval, stream.MaxDeleteRatio = 0, 1
	h.mustOnce()
	stream.ReconcileInterval = config.Never
	s.do(func() { s.docs = right })
}

// What was damaged is found, exactly, with examples; a repair writes just that, and then nothing is found. Whatever the
// strategy, and in several shards.
func TestBrokerVerify(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies.Own() {
		for _, window := range []int{1000, 40} {
			t.Run(fmt.Sprint(strategy, window), func(t *testing.T) {
				t.Parallel()
				s := &script{page: 20}
				for i := range 100 {
					s.put(person(fmt.Sprint(i+1), at(i+1), "A"))
				}
				h, stream := scripted(t, strategy, s)
				stream.StepSize, stream.MaxID, stream.PageSize = 20, 200, 20
				h.mustOnce()
				stream.WindowRows = window
				if found := h.verify(stream.Name); found.Err() != nil || found.Keys != 100 || found.Rows < 100 {
					t.Fatalf("an intact topic: %+v", found)
				}
				damage(h, s, 7)
				before := h.cursor(stream.Name)
				events := len(h.events(stream.Topic))
				found := h.verify(stream.Name)
				if found.Missing != 7 || found.Stale != 7 || found.Extra != 7 || !errors.Is(found.Err(), ErrDiffers) {
					t.Fatalf("found %+v", found)
				}
				if n := len(found.Examples); n != 15 {
					t.Errorf("%d examples: %+v", n, found.Examples)
				}
				if h.cursor(stream.Name).Seq != before.Seq {
					t.Error("a verification writes")
				}
				if window == 40 && found.Shards < 2 {
					t.Errorf("%d shards", found.Shards)
				}
				fixed := h.repair(stream.Name)
				if fixed.Missing != 7 || fixed.Stale != 7 || fixed.Extra != 7 || fixed.Written != 14 || fixed.Deleted != 7 || fixed.Err() != nil {
					t.Fatalf("repaired %+v", fixed)
				}
				if n := len(h.events(stream.Topic)) - events; n != 21 {
					t.Errorf("the repair wrote %d records", n)
				}
				if found := h.verify(stream.Name); found.Err() != nil || found.Keys != 100 {
					t.Errorf("behind the repair: %+v", found)
				}
				if after := h.cursor(stream.Name); after.Mark != before.Mark {
					t.Errorf("the repair moved the mark from %s to %s", before.Mark, after.Mark)
				}
				stream.WindowRows = 1000
				h.mustOnce()
				if n := len(h.events(stream.Topic)) - events; n != 21 {
					t.Errorf("%d records behind the next start", n)
				}
			})
		}
	}
}

// A worker that goes on writing what an API goes on changing is not taken for wrong.
func TestBrokerVerifyBesideAWorker(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Keyset, strategies.Offset} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 200), page: 20}
			h, stream := scripted(t, strategy, s)
			stream.PollInterval, stream.PageSize = time.Millisecond, 20
			c, stop := h.start(Options{})
			polled(t, c, 1)
			next := 300
			s.do(func() {
				s.before = func(int) { // with each request of the worker, or of the verification
					next++
					id := fmt.Sprintf("p%d", 1+next%200)
					if next%7 == 0 {
						id = fmt.Sprintf("new%d", next)
					}
					s.put(person(id, at(next), fmt.Sprint("B", next)))
				}
			})
			for range 3 {
				if found := h.verify(stream.Name); found.Missing+found.Stale+found.Extra != 0 || found.Keys < 200 {
					t.Errorf("found %+v", found)
				}
			}
			s.do(func() { s.before = nil })
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			h.mustOnce()
			if found := h.verify(stream.Name); found.Err() != nil {
				t.Errorf("at rest: %+v", found)
			}
		})
	}
}

// What cannot be compared is counted, and what cannot be told is said: rows that are deleted, that cannot be written,
// that nobody wants, that have no id, and those behind the mark.
func TestBrokerVerifyCounts(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 20), page: 50}
	h, stream := scripted(t, strategies.Timestamp, s)
	if _, err := Verify(t.Context(), h.cfg, stream.Name, nil, Options{}); class.Of(err) != class.Config {
		t.Errorf("before the first run: %v", err)
	}
	stream.Deleted = config.Deleted{Field: "deleted", Value: "true"}
	stream.MaxBadRatio, stream.OnBadRow = 1, "dlq"
	h.mustOnce()
	s.set(gone("p2", at(30)), doc{"p3", at(31), fmt.Sprintf(`{"id": "p3", "name": 7, "updatedAt": %q}`, at(31))})
	h.mustOnce()
	s.set(person("p40", at(40), "ahead"))
	found := h.verify(stream.Name)
	if found.Err() != nil || found.Keys != 19 || found.Unwritable != 1 || found.Ahead == 0 {
		t.Errorf("found %+v", found)
	}
	s.do(func() { s.drop("p5", "p6") })
	if found = h.verify(stream.Name); found.Extra != 2 || found.ExtraUnknown != "" {
		t.Errorf("two rows are gone: %+v", found)
	}
	stream.MaxDeleteRatio = 0.01
	if found = h.repair(stream.Name); found.Extra != 2 || found.Deleted != 0 || !errors.Is(found.Err(), ErrDiffers) || !strings.Contains(found.ExtraUnknown, "max_delete_ratio") {
		t.Errorf("more than may be deleted: %+v", found)
	}
	s.do(func() { s.docs = append(s.docs, doc{"", at(7), `{"name": "nobody"}`}) })
	if found = h.verify(stream.Name); found.Extra != 0 || found.ExtraUnknown == "" || !errors.Is(found.Err(), ErrDiffers) {
		t.Errorf("a row without an id: %+v", found)
	}
}

// A row that the API shows once only, or differently each time, is neither written nor deleted by a repair.
func TestBrokerRepairIsSure(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 30), page: 50}
	h, stream := scripted(t, strategies.Timestamp, s)
	h.mustOnce()
	h.mustOnce()
	events := len(h.events(stream.Topic))
	asked := 0
	s.do(func() {
		all := s.docs
		s.before = func(int) { // a replica that lags answers now and then
			if asked++; asked == 1 {
				s.docs = append(people(1, 9), all[10:]...)
				s.docs[3] = person("p4", at(4), "odd")
			} else {
				s.docs = all
			}
		}
	})
	found := h.repair(stream.Name)
	if found.Written+found.Deleted != 0 || found.Err() != nil {
		t.Errorf("repaired %+v", found)
	}
	if n := len(h.events(stream.Topic)); n != events {
		t.Errorf("%d records were written", n-events)
	}
}

// Strategies by a pager are verified as others are.
func TestExamplesVerified(t *testing.T) {
	t.Parallel()
	eachShelf(t, "pages-*.yaml", 5, func(t *testing.T, file string, h *house, api *shelf, server string) {
		stream := h.example(file, map[string]string{"API": server})
		stream.ReconcileInterval = config.Never
		h.mustOnce()
		h.mustOnce()
		if found := h.verify(stream.Name); found.Err() != nil || found.Keys != 100 {
			t.Fatalf("found %+v", found)
		}
		api.mu.Lock()
		api.rows[5].Name = "another title, and no other time"
		api.rows = slices.Delete(api.rows, 20, 21)
		api.mu.Unlock()
		ahead := h.verify(stream.Name).Ahead // sweep's mark is one sweep behind
		found := h.repair(stream.Name)
		if found.Extra != 1 || found.Stale != 1 && ahead == 0 || found.Err() != nil {
			t.Errorf("found %+v", found)
		}
		if found := h.verify(stream.Name); found.Err() != nil {
			t.Errorf("behind the repair: %+v", found)
		}
	})
}
