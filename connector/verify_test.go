package connector

import (
	"errors"
	"fmt"
	"testing"

	"tidemark/connector/config"
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
