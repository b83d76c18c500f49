package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/rest"
	"tidemark/strategies"
)

// ahead asks questions before their turn, as far as the strategy can guess them, so that
// an API that takes its time answers several at once. Answers are handed out in the order
// in which the strategy asks; one whose question it does not ask is dropped, unread. So
// pages, order and cursor are those of asking in turn (P4), and the strategy judges the
// seams between pages as ever.
//
// It is used by one goroutine.
type ahead struct {
	*runner
	share *inflight.Share
	most  int // questions asked ahead of the one in turn, at the most

	rest   *answer            // the page in hand, where more of it follows
	broken int                // long pages that broke off, one after the other
	queue  []*early           // in the order in which their turns come
	depth  int                // questions to ask ahead now: halved by a wrong guess, one more by a right one
	guess  []strategies.Param // the question behind the one in turn; nil: not known
}

// early is a question asked ahead.
type early struct {
	params []strategies.Param
	weight int64 // held in the share
	cancel context.CancelFunc
	done   chan struct{}
	answer *answer // as is err, valid when done is closed
	err    error
}

// newAhead returns one that has up to concurrency requests under way. The page that was read
// before the stream was opened counts as asked ahead.
func newAhead(r *runner, share *inflight.Share) *ahead {
	most := max(r.stream.Concurrency-1, 0)
	a := &ahead{runner: r, share: share, most: most, depth: most}
	if first := r.takeKept(share); first != nil {
		a.queue = append(a.queue, first)
	}
	return a
}

// page returns the answer to the question that is in turn, with its bytes taken from the share.
func (a *ahead) page(ctx context.Context, c strategies.Cursor) (*answer, int64, error) {
	answer, err := a.continued(ctx)
	if err != nil {
		return nil, 0, err
	}
	if answer == nil {
		if answer, err = a.ask(ctx, a.strategy.Query(c).Params); err != nil {
			return nil, 0, err
		}
	}
	// Bytes that answers behind this one hold must not keep it waiting for ever.
	weight, ok := a.share.TryAcquire(answer.Size)
	if !ok {
		a.drop()
		if weight, err = a.share.Acquire(ctx, answer.Size); err != nil {
			answer.Release()
			answer.giveUp()
			return nil, 0, err
		}
	}
	if answer.Cut {
		a.rest = answer
	}
	return answer, weight, nil
}

// continued is the next piece of a long page, nil where there is none. Where the page
// breaks off the cursor stands before it still, and it is asked for again: what came of it
// is in the topic, and the window drops that. It may break off max_retries times in a row.
func (a *ahead) continued(ctx context.Context) (*answer, error) {
	if a.rest == nil {
		return nil, nil
	}
	more := a.rest.more
	a.rest = nil
	next, err := more(ctx)
	switch {
	case err == nil:
		if !next.Cut {
			a.broken = 0
		}
		return next, nil
	case !errors.Is(err, rest.ErrBroken):
		return nil, err
	case a.broken == a.stream.MaxRetries:
		return nil, fmt.Errorf("giving up after %d tries (max_retries is %d; request_timeout bounds each answer as a whole): %w", a.broken+1, a.broken, err)
	}
	wait := rest.DefaultInitialBackoff << min(a.broken, 6)
	a.broken++
	a.report.Fails(time.Now(), err, "a long answer broke off; asking for it again", "try", a.broken, "max_retries", a.stream.MaxRetries, "wait", wait)
	return nil, pauses(ctx, wait)
}

func (a *ahead) ask(ctx context.Context, params []strategies.Param) (*answer, error) {
	if len(a.queue) > 0 && !slices.Equal(a.queue[0].params, params) {
		a.wrong()
	}
	if len(a.queue) == 0 {
		return a.source.Page(ctx, params)
	}
	e := a.queue[0]
	a.queue = slices.Delete(a.queue, 0, 1)
	<-e.done // it ends with ctx
	e.cancel()
	a.share.Release(e.weight)
	return e.answer, e.err
}

// look asks what comes behind c, where the sweep stands now. The page before had so many
// rows and said so of their total; the next ones are expected to be of its size. Where the
// strategy cannot guess it asks nothing: the question in turn is asked next anyway.
func (a *ahead) look(ctx context.Context, c strategies.Cursor, rows int, total, size int64) {
	if a.most == 0 {
		return
	}
	at, ok := c, true
	for n := 0; ok && n <= max(a.depth, 1); n++ {
		params := a.strategy.Query(at).Params
		at, ok = a.strategy.Guess(at, rows, total)
		switch n {
		case 0:
			if a.learn(params); !ok {
				return
			}
		case 1:
			a.guess = params
		}
		if n == len(a.queue) && n <= a.depth && a.depth > 0 && !a.send(ctx, params, size) {
			return
		}
	}
}

// learn holds the last guess against the question that is in turn.
func (a *ahead) learn(params []strategies.Param) {
	switch {
	case a.guess == nil:
	case slices.Equal(a.guess, params):
		a.depth = min(a.depth+1, a.most)
	default:
		a.wrong()
	}
	a.guess = nil
}

// wrong makes less of guesses that go wrong: they cost the API requests.
func (a *ahead) wrong() {
	a.drop()
	a.depth /= 2
}

// send asks one question ahead, where there is room for its answer.
func (a *ahead) send(ctx context.Context, params []strategies.Param, size int64) bool {
	weight, ok := a.share.TryAcquire(size)
	if !ok {
		return false
	}
	ctx, cancel := context.WithCancel(ctx)
	e := &early{params: params, weight: weight, cancel: cancel, done: make(chan struct{})}
	a.queue = append(a.queue, e)
	a.aside(func() {
		defer close(e.done)
		e.answer, e.err = a.source.Page(ctx, e.params)
	})
	return true
}

// drop forgets what was asked ahead: the sweep goes another way, and what was read before
// it did must not be taken for an answer of now.
func (a *ahead) drop() {
	if a.rest != nil {
		a.rest.giveUp()
		a.rest = nil
	}
	for _, e := range a.queue {
		e.cancel()
	}
	for _, e := range a.queue {
		<-e.done
		if e.answer != nil {
			e.answer.Release()
			e.answer.giveUp()
		}
		a.share.Release(e.weight)
	}
	a.queue = a.queue[:0]
}
