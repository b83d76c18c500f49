package rescan

import (
	"context"
	"slices"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// Looks reads the whole of a collection, as often as it takes, and says whether a row that was not shown is gone (P9).
type Looks struct {
	Reading reading.Parts
	Source  reading.Source
	Once    bool
	Share   func() *inflight.Share                           // of the worker's budget, for the answers of one look
	Hold    func(ctx context.Context, d time.Duration) error // waits before the next try
	Now     func() time.Time
	Hands   func() reading.Hands // of a sweep

	Moved    string // why the looks prove no absence; empty: they do
	Unsorted bool   // the API does not sort, so rows that change may move behind the reader
}

// Look reads the whole collection from the first mark on with the stream's own strategy, and what stored says was learnt
// of the API. keyset goes by token where that is asked for, and where the API is known not to sort.
func (l *Looks) Look(ctx context.Context, stored strategies.Cursor, byToken bool, page func(*reading.Answer) error) error {
	c := strategies.Cursor{Version: strategies.CursorVersion, Stream: stored.Stream, Strategy: stored.Strategy,
		Fingerprint: stored.Fingerprint, PageLimit: stored.PageLimit, Unsorted: stored.Unsorted || byToken, Filter: stored.Filter}
	if l.Reading.Stream.Traits().ByValue {
		c.TokenAt, c.Closes, c.Longest = stored.TokenAt, stored.Closes, stored.Longest
		// An API that has never given a token cannot be followed by one.
		c.Unsorted = stored.Unsorted || byToken && (c.TokenAt != "" || c.Closes || c.Longest == 0)
	}
	return l.sweep(ctx, c, page)
}

// ByToken reports whether a second look goes by token, where there is one: pages that happen to rise are read by value,
// which passes over rows if the API does not sort. A token that is strictly greater passes over ties,
// but those the first look has shown.
func (l *Looks) ByToken() bool {
	return l.Reading.Stream.Traits().ByValue && l.Reading.Stream.Params.Token != ""
}

// attempts is how often the latest changes are read for a look in which nothing moves.
const attempts = 5

// LookAgain is a second look, which shows the rows that the first one may have missed. page gets its pages, changed those of
// the sweeps behind it, for as long as wanted says that some row is still looked for.
func (l *Looks) LookAgain(ctx context.Context, stored strategies.Cursor, page, changed func(*reading.Answer) error, wanted func() bool) error {
	var greatest strategies.Value
	rising := func(fn func(*reading.Answer) error) func(*reading.Answer) error {
		return func(a *reading.Answer) error {
			for i := range a.Rows {
				l.rise(&greatest, a.Rows[i].Value, a.Ceiling)
			}
			return fn(a)
		}
	}
	if err := l.Look(ctx, stored, l.ByToken(), rising(page)); err != nil || l.Moved != "" || !l.Unsorted {
		return err
	}
	// Behind a reader that goes by token, a row that changes may move to where the reader has
	// been: the newest first. Such a row is missed by both looks if it changes twice. It has
	// changed since the mark, so an ordinary sweep shows it, unless it moves under that one
	// too; but then the next one shows a greater value.
	for range attempts {
		if !wanted() {
			return nil
		}
		before := greatest
		c := stored
		c.Sweep = nil
		if err := l.sweep(ctx, c, rising(changed)); err != nil {
			return err
		}
		if before.Set == greatest.Set && (!before.Set || l.Reading.Format.Compare(before, greatest) == 0) {
			return nil
		}
	}
	l.Moved = "the API does not sort, and rows changed whenever it was read"
	return nil
}

// sweep reads what a sweep from the cursor reads, and leaves the cursor alone.
func (l *Looks) sweep(ctx context.Context, c strategies.Cursor, page func(*reading.Answer) error) error {
	c, err := l.Reading.Strategy.Begin(c, l.Now())
	if err != nil {
		return class.Wrap(class.Config, err)
	}
	c = strategies.Verified(c)
	share := l.Share()
	defer share.Close()
	parts := l.Reading
	parts.Budget = share
	puller := reading.Puller{Parts: parts, Source: l.Source, Share: share, Most: max(parts.Stream.Concurrency-1, 0), Once: l.Once, Hold: l.Hold, Now: l.Now, Hands: l.Hands}
	var last strategies.Value
	traits := parts.Stream.Traits()
	return puller.Sweep(ctx, c, func(before strategies.Cursor, p *reading.Page) (bool, error) {
		// A strategy that goes back has read whole what lies before the place it goes back to.
		// One that gives up has not seen the end, nor has offset where it ends with a doubt.
		if p.Ended && p.Warning != "" && (p.Answer == nil || traits.Counts || traits.Walks) {
			l.Moved = p.Warning
		}
		if p.Doubt != "" {
			l.Moved = p.Doubt
		}
		if p.Answer == nil {
			return true, nil
		}
		if p.Answer.Skipped {
			l.Moved = "a part of the collection was left out (errors, action: skip), whose rows may not be taken for deleted"
		}
		l.ordered(p.Answer.Rows, &last, before.Sweep.Token() != "")
		return true, page(p.Answer)
	})
}

// ordered notes that the API does not sort, where pages that follow one another by token
// show it. The page before ended at last.
func (l *Looks) ordered(rows []strategies.Row, last *strategies.Value, byToken bool) {
	if !byToken {
		*last = strategies.Value{}
	}
	for i := range rows {
		v := rows[i].Value
		if !v.Set {
			continue
		}
		if last.Set && l.Reading.Format.Compare(v, *last) < 0 {
			l.Unsorted = true
		}
		*last = v
	}
	last.Raw = slices.Clone(last.Raw)
}

// rise raises greatest to the value, unless it is of a far future (rule 13), which would hide
// all others.
func (l *Looks) rise(greatest *strategies.Value, v, ceiling strategies.Value) {
	if !v.Set || ceiling.Set && v.N > ceiling.N || greatest.Set && l.Reading.Format.Compare(v, *greatest) <= 0 {
		return
	}
	*greatest = v
	greatest.Raw = slices.Clone(v.Raw)
}

// InScope reports whether a look would have shown a row with the cursor value. The topic may
// hold rows from before the first mark was raised, or max_id lowered: their absence proves
// nothing (P9).
func InScope(s config.Stream, f strategies.Format, v strategies.Value) bool {
	if !v.Set {
		return true
	}
	if s.Traits().ByID {
		return v.N >= s.InitialID && v.N <= s.MaxID
	}
	first, err := f.ParseString(s.InitialMark)
	return s.InitialMark == "" || (err == nil && f.Compare(v, first) >= 0)
}

// OutOfScope is what InScope says of a value as a window counts it, where that alone tells.
func OutOfScope(s config.Stream, f strategies.Format, n int64) bool {
	if n == window.NoValue || s.Traits().ByID {
		return n != window.NoValue && (n < s.InitialID || n > s.MaxID)
	}
	first, err := f.ParseString(s.InitialMark)
	return s.InitialMark != "" && err == nil && n < first.N
}
