package connector

import (
	"context"
	"math"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// The order of starting (rule 26): what can be found wrong without leaving anything behind is
// looked for first. newRunner compiles the schema against the configuration; then one page of the
// API is read and judged; and only then the schema is registered, the topics are made and the
// stream is claimed. A start with the wrong schema would else lock the subject: the one that is
// mended is not compatible with it.
//
// A stream that has run before, with the schema it has now, leaves nothing new behind. It is
// opened at once: what its topic has lost, or who has taken it over, must not wait for the API.

// keptPage is the page that was read before the stream was opened. It is the answer to the
// sweep's first question, if that is still the same when it is asked.
type keptPage struct {
	params []strategies.Param
	answer *answer
	share  *inflight.Share
	at     time.Time
}

// keepFor is how old a page may be that is used as the sweep's first.
const keepFor = 10 * time.Second

// unlimited is the size of records as long as the topic's limit is not known.
const unlimited = math.MaxInt

// tryOut asks the API for the page where the stream stands and judges it as the sweep will, once
// in a process, where the start would leave something behind. The stored cursor is read without
// fencing.
func (r *runner) tryOut(ctx context.Context) error {
	if r.tried {
		return nil
	}
	stored, err := r.peek(ctx)
	if err != nil {
		return err
	}
	if stored.Version > 0 {
		if r.tried, err = r.registered(ctx); err != nil || r.tried {
			return err
		}
	}
	known, err := adopt(stored, r.stream)
	if err != nil {
		return err
	}
	c, err := r.strategy.Begin(known, time.Now())
	if err != nil {
		return class.Wrap(class.Config, err)
	}
	share := r.worker.Share()
	defer share.Close()
	f := newFetcher(r, share)
	f.ahead.most = 0 // one page is enough
	defer f.ahead.drop()
	defer func() { r.marks = wire.Marks{} }() // the sweep will count these rows
	for c.Sweep != nil {
		item, err := f.tryPage(ctx, c)
		if err != nil {
			return err
		}
		if item.answer == nil && !item.reopen && item.next.PageLimit != c.PageLimit {
			r.allowed = item.next.PageLimit
			c = item.next // the question again, with a smaller page
			continue
		}
		if item.answer != nil {
			err = r.rules.TooBad(item.answer.URL, item.answer.Rows, r.askedBefore(known, c))
			f.ahead.rest = nil // what follows of a long page comes with it
			r.keep(item.answer, r.strategy.Query(c).Params)
		}
		r.tried = err == nil
		return err
	}
	r.tried = true
	return nil
}

// askedBefore says of a bad row that the stream must have met it, going by its cursor: without a
// window nothing better is known.
func (r *runner) askedBefore(stored, c strategies.Cursor) func(*strategies.Row) bool {
	if stored.Version == 0 || stored.Mark == "" && stored.Sweep == nil {
		return nil
	}
	return func(row *strategies.Row) bool {
		for _, text := range []string{stored.Mark, c.Sweep.After} {
			at, err := r.format.ParseString(text)
			if text != "" && err == nil && row.Value.Set && r.format.Compare(row.Value, at) <= 0 {
				return true
			}
		}
		return false
	}
}

// keep holds the page back for the sweep, or lets it go where the worker's budget is used up: others
// need it.
func (r *runner) keep(a *answer, params []strategies.Param) {
	share := r.worker.Share()
	ok := share.Spare(a.Size)
	r.kept = &keptPage{params, a, share, time.Now()}
	if !ok {
		r.dropKept()
	}
}

// identify gives the kept page's records the schema's id.
func (r *runner) identify(id int) {
	if r.kept == nil {
		return
	}
	rows := r.kept.answer.Rows
	for i := range rows {
		wire.Identify(rows[i].Body, id)
	}
}

// takeKept is the kept page as a question that was asked ahead; nil: there is none, or it is too
// old. Of a long page the rest must still come within request_timeout.
func (r *runner) takeKept(into *inflight.Share) *early {
	k := r.kept
	if k == nil {
		return nil
	}
	weight, ok := into.TryAcquire(k.answer.Size)
	if !ok || time.Since(k.at) > keepFor || k.answer.Cut && time.Since(k.at) > r.stream.RequestTimeout/4 {
		if ok {
			into.Release(weight)
		}
		r.dropKept()
		return nil
	}
	r.kept = nil
	k.share.Close()
	done := make(chan struct{})
	close(done)
	return &early{params: k.params, weight: weight, cancel: func() {}, done: done, answer: k.answer}
}

// dropKept lets a page go that no sweep will ask for.
func (r *runner) dropKept() {
	if k := r.kept; k != nil {
		r.kept = nil
		k.share.Close()
		k.answer.Release()
		k.answer.giveUp()
	}
}
