package connector

import (
	"strings"
	"testing"

	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// Within reads by the parents, and notes where that ends the sweep.
func (s *watched) Within(c strategies.Cursor, all []strategies.Parent) (_ strategies.Strategy, next strategies.Cursor, err error) {
	s.Strategy, next, err = strategies.Within(s.whole, c, all)
	s.p.trace("worker %d reads by the parents %v: %v", s.p.id, all, err)
	if s.kept { // the list may be that which was asked for before the stream was opened
		s.p.begin.clock, s.p.begin.greatest = s.tried.clock, s.tried.greatest
	}
	if err == nil {
		s.ends(next, true)
	}
	return s, next, err
}

// ParentGone goes on behind a parent that is away.
func (s *watched) ParentGone(c strategies.Cursor) (strategies.Verdict, bool, error) {
	v, ok, err := strategies.Gone(s.Strategy, c)
	if ok && err == nil {
		s.ends(v.Next, true)
	}
	if v.Restarted {
		s.back()
	}
	return v, ok, err
}

// ends notes a sweep that what was no page has ended.
func (s *watched) ends(c strategies.Cursor, proven bool) {
	if s.over = c.Sweep == nil; s.over {
		s.end(-1, proven && !s.p.begin.cut)
	}
}

// back notes that the sweep goes on from an earlier place: no answer to what was asked until now counts.
func (s *watched) back() {
	s.p.api.Mu.Lock()
	s.last = s.p.api.API.Now()
	s.p.api.Mu.Unlock()
}

// The page that is read before a stream is opened must not take the room that the list of parents needs, which is asked for
// before that page is of use: neither would go on (P7).
func TestAFirstPageLeavesRoomForTheParents(t *testing.T) {
	const small = 4 // a seed by which max_in_flight holds hardly more than one answer
	s := &sim.Script{Seed: small, Initial: []uint16{1, 2, 3}, Traits: sim.Traits{Strategy: strategies.Changes, Format: strategies.RFC3339,
		Partitions: 1, Workers: 1, Concurrency: 1, WalkTraits: sim.WalkTraits{Pager: strategies.Unpaged}, ParentTraits: sim.ParentTraits{Parents: 2}}}
	if broken, c := inBubble(t, s, true); broken != nil {
		t.Errorf("%v\n%s", broken, strings.Join(c.lines, "\n"))
	}
}
