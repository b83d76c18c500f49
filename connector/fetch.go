package connector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/rest"
	"tidemark/strategies"
)

// pagesAhead is how many pages may lie between fetching and committing; their bytes are
// bounded by max_in_flight besides (P10).
const pagesAhead = 256

// fetched is a page on its way to its transaction, and where it moves the cursor.
type fetched struct {
	answer  *answer // nil where the page's rows are not delivered
	weight  int64   // held in the share
	bad     int     // of the answer's rows: they cannot be written
	next    strategies.Cursor
	asked   bool // next follows an answer of the API
	ended   bool // next stands at a sweep's end
	reopen  bool // next needs a window that reaches further down
	full    bool // a full scan comes before what follows next
	warning string
	began   time.Time // when the sweep was begun, or gone on with
}

// fetcher asks for pages and folds them. It runs ahead of the commits: its cursor is
// where the next page is, the committer's where the topic is.
type fetcher struct {
	*runner
	out     chan<- *fetched
	share   *inflight.Share
	ahead   *ahead
	resumed bool // the sweep in hand was begun by an earlier life
}

func newFetcher(r *runner, share *inflight.Share) *fetcher {
	return &fetcher{runner: r, share: share, ahead: newAhead(r, share)}
}

func (f *fetcher) run(ctx context.Context, c strategies.Cursor) error {
	defer f.ahead.drop()
	for {
		f.report.Board.Set(func(s *Status) { s.State = Reading })
		next, err := f.sweep(ctx, c)
		if err != nil || next == nil {
			return err
		}
		f.noticeAbsent()
		if rescan, reconcile := f.due(*next); rescan || reconcile {
			return f.send(ctx, fetched{next: *next, full: true})
		}
		switch {
		case f.report.Once && !f.resumed:
			return nil
		case f.report.Once:
			f.resumed = false // a sweep that an earlier life began may have missed what is new
		default:
			if err := f.pause(ctx); err != nil {
				return err
			}
		}
		if c, err = f.strategy.Begin(*next, time.Now()); err != nil {
			return class.Wrap(class.Config, err)
		}
		if lower, err := f.lower(c.Window, next.Window); err != nil {
			return err
		} else if lower {
			return f.send(ctx, fetched{next: c, reopen: true})
		}
	}
}

// sweep reads pages until the sweep ends. It returns nil for the cursor where the
// stream has to be opened again first.
func (f *fetcher) sweep(ctx context.Context, c strategies.Cursor) (*strategies.Cursor, error) {
	began := time.Now()
	for c.Sweep != nil {
		item, err := f.page(ctx, c)
		if err != nil {
			return nil, err
		}
		item.began = began
		if item.asked {
			f.report.Board.Set(func(s *Status) { s.State = Reading; s.Pages++ })
		}
		if err := f.send(ctx, item); err != nil {
			return nil, err
		}
		if item.reopen {
			return nil, nil
		}
		c = item.next
	}
	return &c, nil
}

func (f *fetcher) send(ctx context.Context, item fetched) error {
	select {
	case f.out <- &item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// page asks for the page that c stands before and folds it. In continuous mode it asks until
// the sweep can go on: what the API does wrong now it may do right later, and what the
// strategy refuses for want of proof may be proven then. The cursor stays before the page.
func (f *fetcher) page(ctx context.Context, c strategies.Cursor) (fetched, error) {
	for {
		item, err := f.tryPage(ctx, c)
		switch {
		case err == nil:
			if item.asked {
				f.report.GoesOn(time.Now(), true)
			}
			return item, nil
		case f.report.Once || ctx.Err() != nil || class.Of(err) != class.Source:
			return fetched{}, err
		}
		f.ahead.drop()
		f.report.Fails(time.Now(), err, "the sweep cannot go on; asking again until it can")
		if stopped := f.hold(ctx, err); stopped != nil {
			return fetched{}, err
		}
		if s := c.Sweep; s.Restarts > 0 && !errors.As(err, new(*rest.RetriesError)) {
			// As at a process's start (begin): how often it went back is not the reason any more.
			fresh := *s
			fresh.Restarts, c.Sweep = 0, &fresh
		}
	}
}

// tryPage is page without the patience.
func (f *fetcher) tryPage(ctx context.Context, c strategies.Cursor) (fetched, error) {
	answer, weight, err := f.ahead.page(ctx, c)
	if err != nil {
		return f.refused(c, err)
	}
	item := fetched{answer: answer, weight: weight, asked: true}
	f.notice(answer)
	f.noticeAssumed(c, answer)
	drop := func() {
		answer.Release()
		f.share.Release(weight)
		item.answer, item.weight = nil, 0
	}
	answer.Ceiling = f.ceiling(answer.Date)
	f.watchMarks(answer)
	v, err := f.strategy.Fold(c, answer.Page)
	if err != nil {
		err = class.Errorf(class.Source, "reading page %d of the sweep, %s: %w", pageNumber(c), answer.URL, err)
		drop()
		return fetched{}, err
	}
	if again, err := f.nothing(ctx, c, v.Next, answer); err != nil {
		drop()
		return fetched{}, err
	} else if again {
		drop()
		f.ahead.drop()
		return fetched{next: f.strategy.Rewind(c), asked: true}, nil
	}
	item.next, item.warning, item.ended = v.Next, v.Warning, v.Next.Sweep == nil
	if err := f.countBad(c, &item, v.Restarted); err != nil {
		drop()
		return fetched{}, err
	}
	if v.Restarted {
		drop()
		lower, err := f.lower(v.Next.Window, c.Window)
		if err != nil {
			return fetched{}, err
		}
		item.reopen = lower
	}
	switch {
	case v.Restarted || item.ended:
		f.ahead.drop()
	case !answer.Cut:
		f.ahead.look(ctx, v.Next, len(answer.Rows), answer.Total, answer.Size)
	}
	return item, nil
}

// ceiling is the greatest value that may move the mark (rule 13). It goes by the API's
// own clock where it tells it.
func (f *fetcher) ceiling(now time.Time) strategies.Value {
	if f.stream.MaxFuture == 0 || !f.format.Temporal() {
		return strategies.Value{}
	}
	if now.IsZero() {
		now = time.Now()
	}
	return strategies.Value{N: now.Add(f.stream.MaxFuture).UnixMicro(), Set: true}
}

// countBad counts the rows that cannot be keyed or encoded, and fails where they are too many. The
// cursor stays before the page.
func (f *fetcher) countBad(c strategies.Cursor, item *fetched, restarted bool) (err error) {
	if restarted {
		return nil // rows come again, and the strategy says what of the count stands
	}
	rows := item.answer.Rows
	where := fmt.Sprintf("reading page %d of the sweep, %s", pageNumber(c), item.answer.URL)
	if item.bad, err = f.rules.TooMany(where, rows, c.Sweep.Rows, c.Sweep.Bad); err != nil {
		return err
	}
	if item.next.Sweep != nil {
		s := *item.next.Sweep
		s.Rows, s.Bad = c.Sweep.Rows+int64(len(rows)), c.Sweep.Bad+int64(item.bad)
		item.next.Sweep = &s
	}
	return nil
}

func pageNumber(c strategies.Cursor) int64 { return c.Sweep.Pages + 1 }

// lower reports whether window start a lies below b.
func (f *fetcher) lower(a, b string) (bool, error) {
	x, err := f.windowStart(a)
	if err != nil {
		return false, err
	}
	y, err := f.windowStart(b)
	return x < y, err
}
