package reading

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// refused looks for a way on where the API will not answer the question itself: a page
// size beyond its limit is learnt from its message, what lies behind the last row, or further
// from the first than the API counts, is the strategy's to judge, and a token it no longer
// takes sends the sweep back to its base.
func (s *Session) refused(err error) (*Page, error) {
	c := s.at
	var refusal *rest.StatusError
	if !errors.As(err, &refusal) {
		return nil, err
	}
	if next, ok := LearnLimit(s.fetch.strategy, c, refusal); ok && !refusal.End {
		s.p.Report.Log.Warn("the API allows smaller pages only", "page_size", next.PageLimit, "message", refusal.Message)
		return &Page{Next: next}, nil
	}
	v, ok, judged := strategies.Refused(s.fetch.strategy, c, refusal.Means())
	switch {
	case judged != nil:
		return nil, class.Errorf(class.Source, "%w; the API's last word: %w", judged, err)
	case ok:
		return s.follows(v)
	}
	if page, err := s.gone(refusal); page != nil || err != nil {
		return page, err
	}
	if c.Sweep.Token() == "" || refusal.Status != http.StatusBadRequest && refusal.Status != http.StatusGone && refusal.Status != http.StatusNotFound {
		return nil, behindLast(c, refusal, err)
	}
	next := s.fetch.strategy.Rewind(c)
	if tooMany := next.Exhausted(); tooMany != nil {
		hint := ""
		if s.p.Stream.RepeatParams {
			hint = fmt.Sprintf("if it refuses %s beside the token: repeat_params: false; ", s.p.Stream.Params.Since)
		}
		return nil, class.Errorf(class.Source, "%w; the API's last word: %w (%sif it refuses what lies behind its last page: end: %d)",
			tooMany, err, hint, refusal.Status)
	}
	return &Page{Next: next, Reopen: true,
		Warning: fmt.Sprintf("the API no longer takes its token (%d %s); reading the sweep again from %q", refusal.Status, refusal.Message, c.Sweep.From)}, nil
}

// behindLast says, of a page behind others of its list that is refused, how to go on if it is what lies behind the last one.
func behindLast(c strategies.Cursor, refusal *rest.StatusError, err error) error {
	if c.Sweep.Slice().Pages == 0 || !strategies.RefusesBehind(refusal.Status) {
		return err
	}
	return fmt.Errorf("%w (if that is how the API answers behind its last page: end: %d)", err, refusal.Status)
}

// LearnLimit reads the page size that an API allows out of its refusal of a larger one.
func LearnLimit(s strategies.Strategy, c strategies.Cursor, refusal *rest.StatusError) (strategies.Cursor, bool) {
	if refusal.End || refusal.Status != http.StatusBadRequest && refusal.Status != http.StatusUnprocessableEntity {
		return c, false
	}
	return strategies.LearnLimit(s, c, refusal.Message, refusal.Limits...)
}

// follows is what a refusal makes of the sweep.
func (s *Session) follows(v strategies.Verdict) (*Page, error) {
	s.fetch.drop()
	lower, err := window.Lower(s.p.Format, v.Next.Window, s.at.Window)
	if err != nil {
		return nil, err
	}
	page := &Page{Next: v.Next, Warning: v.Warning, Asked: true, Ended: v.Next.Sweep == nil, Reopen: lower}
	if !page.Ended { // the rows counted so far stand
		sweep := *v.Next.Sweep
		sweep.Rows, sweep.Bad = s.at.Sweep.Rows, s.at.Sweep.Bad
		page.Next.Sweep = &sweep
	}
	return page, nil
}

// breaksOff judges the error of a long answer's next piece. Where it broke off the cursor stands
// before it still, and it is asked for again: what came of it is in the topic, and the window
// drops that. It may break off max_retries times in a row.
func (s *Session) breaksOff(now time.Time, err error) error {
	switch {
	case !errors.Is(err, rest.ErrBroken):
		return err
	case s.broken == s.p.Stream.MaxRetries:
		return fmt.Errorf("giving up after %d tries (max_retries is %d; request_timeout bounds each answer as a whole): %w", s.broken+1, s.broken, err)
	}
	wait := rest.DefaultInitialBackoff << min(s.broken, 6)
	s.broken++
	s.p.Report.Fails(now, err, "a long answer broke off; asking for it again", "try", s.broken, "max_retries", s.p.Stream.MaxRetries, "wait", wait)
	s.until = now.Add(wait)
	return nil
}
