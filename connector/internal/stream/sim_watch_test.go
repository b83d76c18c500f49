package stream

import (
	"time"

	"tidemark/connector/internal/kit/sim"
	"tidemark/strategies"
)

// sweepBegin is what a sweep of the worker can have seen.
type sweepBegin struct {
	clock    int32
	greatest int64
	resumed  bool
	cut      bool // an answer was cut short, which nothing tells
	until    int64
	mark     int64
}

type endedSweep struct {
	begin  sweepBegin
	last   int32
	proven bool
}

// watched tells the oracle which pages a sweep is made of, and holds that the question which each
// of them answers was asked after the sweep began, or went back.
type watched struct {
	strategies.Strategy
	whole strategies.Strategy // Strategy without the parents of the sweep in hand
	x     *world
	w     *simWorker

	last   int32 // when the sweep began or went back, by the API's clock
	before bool  // another life has begun the sweep
	begin  sweepBegin
	prior  int64             // until when the sweep before reads
	ended  []endedSweep      // read to their end, not yet committed
	over   bool              // the last answer ended it
	sweep  *strategies.Sweep // that it was folded into
	page   int32             // folded last
	tied   bool              // that page held one value only
}

// began is a life's begin.
func (s *watched) began(resumed bool) { s.before, s.ended, s.over = resumed, nil, false }

func (s *watched) Begin(c strategies.Cursor, now time.Time) (strategies.Cursor, error) {
	s.last = s.x.api.Now()
	s.prior = s.begin.until
	s.begin = sweepBegin{clock: s.last + 1, greatest: s.x.api.Greatest(), resumed: c.Sweep != nil || s.before}
	if t := &s.x.script.Traits; t.Step > 0 { // the API's clock, less or more
		s.begin.mark, s.begin.until = t.MarkOf(c.Mark), s.x.api.Clock()-t.Lag
		now = time.UnixMicro(t.Value(s.x.api.Clock()).N)
	}
	s.before = false
	return s.Strategy.Begin(c, now)
}

func (s *watched) Fold(c strategies.Cursor, p strategies.Page) (strategies.Verdict, error) {
	s.page, s.sweep = sim.NameOf(p.Rows), c.Sweep
	page := s.x.api.H.Pages[s.page]
	rows := s.x.api.H.Rows[page.From:page.To]
	s.tied = len(rows) > 1 && sameValue(rows)
	s.begin.clock = min(s.begin.clock, page.Seen+1)
	s.begin.cut = s.begin.cut || page.Split || page.Short && sim.ShortUnseen(&s.x.script.Traits)
	if page.At <= s.last && s.x.variant != oneLook {
		s.x.fail("P2", "page %d was asked for at %d, and taken for an answer after %d", s.page, page.At, s.last)
	}
	if s.x.variant == answersOutlive {
		s.w.source.folded(s.Query(c).Params)
	}
	v, err := s.Strategy.Fold(c, p)
	if err != nil {
		return v, err
	}
	if v.From.Set {
		s.x.api.H.Pages[s.page].Least = s.x.script.Least(v.From.N)
	}
	if v.Restarted {
		s.last = s.x.api.Now()
	}
	s.ends(v, s.page, v.Warning == "" || !v.Restarted && s.x.script.Pager == "")
	return v, nil
}

// ends notes a sweep that is read to its end.
func (s *watched) ends(v strategies.Verdict, last int32, proven bool) {
	if s.over = v.Next.Sweep == nil; s.over && !s.x.scanning {
		s.ended = append(s.ended, endedSweep{s.begin, last, proven && !s.begin.cut})
	}
}

func (s *watched) Unwrap() strategies.Strategy { return s.Strategy }

func (s *watched) Refused(c strategies.Cursor, status int) (strategies.Verdict, bool, error) {
	v, ok, err := strategies.Refused(s.Strategy, c, status)
	if ok {
		s.last = s.x.api.Now()
	}
	if ok && err == nil {
		s.ends(v, -1, v.Warning == "")
	}
	return v, ok, err
}

// Rewind behind an end takes it back: a first sweep without rows was looked behind.
func (s *watched) Rewind(c strategies.Cursor) strategies.Cursor {
	if s.over && c.Sweep == s.sweep && !s.x.scanning {
		s.ended = s.ended[:len(s.ended)-1]
		s.begin.until = s.prior // it goes on, and reads no further than it was to
	}
	s.over = false
	s.last = s.x.api.Now()
	return s.Strategy.Rewind(c)
}
