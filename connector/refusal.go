package connector

import (
	"errors"
	"fmt"
	"net/http"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/strategies"
)

// refused looks for a way on where the API will not answer the question itself: a page
// size beyond its limit is learnt from its message, what lies behind the last row, or further
// from the first than the API counts, is the strategy's to judge, and a token it no longer
// takes sends the sweep back to its base.
func (f *fetcher) refused(c strategies.Cursor, err error) (fetched, error) {
	var status *rest.StatusError
	if !errors.As(err, &status) {
		return fetched{}, err
	}
	if next, ok := learnLimit(f.strategy, c, status); ok {
		f.report.Log.Warn("the API allows smaller pages only", "page_size", next.PageLimit, "message", status.Message)
		return fetched{next: next}, nil
	}
	v, ok, judged := strategies.Refused(f.strategy, c, status.Status)
	switch {
	case judged != nil:
		return fetched{}, class.Errorf(class.Source, "%w; the API's last word: %w", judged, err)
	case ok:
		return f.follows(c, v)
	}
	if c.Sweep.Token == "" || status.Status != http.StatusBadRequest && status.Status != http.StatusGone && status.Status != http.StatusNotFound {
		return fetched{}, err
	}
	next := f.strategy.Rewind(c)
	if tooMany := next.Exhausted(); tooMany != nil {
		hint := ""
		if f.stream.RepeatParams {
			hint = fmt.Sprintf("if it refuses %s beside the token: repeat_params: false; ", f.stream.Params.Since)
		}
		return fetched{}, class.Errorf(class.Source, "%w; the API's last word: %w (%sif it refuses what lies behind its last page: end: %d)",
			tooMany, err, hint, status.Status)
	}
	return fetched{next: next, reopen: true,
		warning: fmt.Sprintf("the API no longer takes its token (%d %s); reading the sweep again from %q", status.Status, status.Message, c.Sweep.From)}, nil
}

// learnLimit reads the page size that an API allows out of its refusal of a larger one.
func learnLimit(s strategies.Strategy, c strategies.Cursor, status *rest.StatusError) (strategies.Cursor, bool) {
	if status.Status != http.StatusBadRequest && status.Status != http.StatusUnprocessableEntity {
		return c, false
	}
	return strategies.LearnLimit(s, c, status.Message, status.Limits...)
}

// follows is what a refusal makes of the sweep.
func (f *fetcher) follows(c strategies.Cursor, v strategies.Verdict) (fetched, error) {
	f.ahead.drop()
	lower, err := f.lower(v.Next.Window, c.Window)
	if err != nil {
		return fetched{}, err
	}
	item := fetched{next: v.Next, warning: v.Warning, asked: true, ended: v.Next.Sweep == nil, reopen: lower}
	if !item.ended { // the rows counted so far stand
		s := *v.Next.Sweep
		s.Rows, s.Bad = c.Sweep.Rows, c.Sweep.Bad
		item.next.Sweep = &s
	}
	return item, nil
}
