package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// errFull asks for a full scan; the cursor in hand is committed.
var errFull = errors.New("a full scan is due")

// due reports whether a full scan stands behind the sweep that has just ended. A time that is
// still to come is no reason to wait (rule 28): it was stored by a clock that was ahead, and
// would keep scans away until then.
func (r *runner) due(c strategies.Cursor) (rescan, reconcile bool) {
	passed := func(interval time.Duration, last string) bool {
		if interval == config.Never {
			return false
		}
		at, err := time.Parse(time.RFC3339, last)
		since := time.Since(at)
		return err != nil || since >= interval || since < 0
	}
	return passed(r.stream.RescanInterval, c.Rescanned), passed(r.stream.ReconcileInterval, c.Reconciled)
}

// full is a scan of all of the API beside the open stream: every row is held against the
// topic, what differs is written, and, to reconcile, keys that the API no longer has get
// a tombstone (P9).
//
// The topic's keys are taken in shards by hash, so that memory keeps to the window's bound
// whatever the size of the collection (P10); each shard reads the topic and the API once.
type full struct {
	*runner
	stored  strategies.Cursor
	shards  uint64
	records int64 // of the topic, deleted and overwritten ones too
	keys    int64 // live in the topic, over the shards so far

	// To reconcile: the keys that the topic has and the scan did not show, with their last
	// cursor value; of very many, no more than the window may hold (P10).
	missing  map[string]strategies.Value
	lost     int64  // all of them
	moved    string // why the scan proves no absence; empty: it does
	nameless int64  // rows without an id that can be read: any of them may be one of the missing
	unsorted bool   // the API does not sort, so rows that change may move behind the reader

	back wentBack
}

// fullScan does what is due. It leaves the sink open.
func (r *runner) fullScan(ctx context.Context) error {
	began, before := time.Now(), r.report.Board.Get().Counts
	rescan, reconcile := r.due(r.resume)
	f := &full{runner: r, stored: r.resume, missing: make(map[string]strategies.Value), unsorted: r.resume.Unsorted || !r.stream.Sorted}
	if err := f.divide(ctx); err != nil {
		return fmt.Errorf("scanning the whole collection: %w", err)
	}
	r.foreign.records = 0
	for shard := range f.shards {
		if err := f.shard(ctx, shard, reconcile); err != nil {
			return fmt.Errorf("scanning the whole collection: %w", err)
		}
	}
	r.noticeForeign()
	if reconcile {
		if err := f.reconcile(ctx); err != nil {
			return fmt.Errorf("reconciling: %w", err)
		}
		f.stored.Reconciled = began.UTC().Format(time.RFC3339)
	}
	if err := f.settle(ctx); err != nil {
		return fmt.Errorf("scanning the whole collection: %w", err)
	}
	if rescan || reconcile { // a reconciling scan has written what differs, too
		f.stored.Rescanned = began.UTC().Format(time.RFC3339)
	}
	f.stored = f.learnt(f.stored)
	if err := f.commit(ctx, nil); err != nil {
		return err
	}
	f.report.GoesOn(time.Now(), false)
	now := f.report.Board.Get().Counts.Minus(before)
	f.report.Log.Info("full scan done", "rows", now.Read, "written", now.Written, "deleted", now.Deleted, "went_back", now.Reverted,
		"keys", f.keys, "shards", f.shards, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// divide decides in how many shards the topic's keys are taken.
func (f *full) divide(ctx context.Context) error {
	for _, end := range f.sink.Ends() {
		f.records += end
	}
	// A key costs two entries: in the window, and among those seen.
	enough := func() uint64 { return uint64(2*f.records/int64(f.stream.WindowRows)) + 1 }
	if f.shards = enough(); f.shards == 1 {
		return nil
	}
	// Of many offsets compaction and aborted transactions may have left nothing, and counting
	// the records costs less than to read the API once more.
	f.records = 0
	err := f.sink.Scan(ctx, nil, func(*kgo.Record) error {
		f.records++
		return nil
	})
	f.shards = enough()
	return err
}

func (f *full) shardOf(key []byte) uint64 { return (window.KeyHash(key) >> 7) % f.shards }

// shard loads the topic's keys of one shard, and scans the API.
func (f *full) shard(ctx context.Context, shard uint64, reconcile bool) error {
	w := window.New(window.Everything, 0)
	live := make(map[uint64]bool) // keys of the topic: false until the scan shows them
	err := f.sink.Scan(ctx, nil, func(rec *kgo.Record) error {
		if f.shardOf(rec.Key) != shard {
			return nil
		}
		v, hash, err := f.inspect(ctx, rec)
		if err != nil {
			return class.Errorf(class.Broker, "reading back topic %s, partition %d, offset %d: %w", rec.Topic, rec.Partition, rec.Offset, err)
		}
		load(w, rec, f.sink.Spread(), v, hash)
		switch id := window.KeyHash(rec.Key); {
		case hash == window.Unknown: // what lies below it decides
		case f.inScope(v):
			live[id] = false
		default:
			delete(live, id)
		}
		return nil
	})
	if err == nil {
		f.alive(w, live)
		err = f.rules.LoadLetters(ctx, f.sink, w)
	}
	if err != nil {
		return err
	}
	f.keys += int64(len(live))
	to := admit.New(f.rules, w, f.stored.Mark)
	to.Older = f.older(w)
	var b admit.Batch
	err = f.scan(ctx, false, func(a *answer) error {
		b.Reset()
		page := a.page()
		gone := admit.Arrange(f.format, a.Rows)
		b.Counts.Read = int64(len(a.Rows))
		if shard == 0 {
			if err := f.rules.TooBad(a.URL, a.Rows, f.rules.MetBefore(w, f.stored.Mark)); err != nil {
				return err
			}
			f.tops(a)
		}
		for i := range a.Rows {
			row := &a.Rows[i]
			switch {
			case len(row.Key) == 0 && shard != 0, len(row.Key) > 0 && f.shardOf(row.Key) != shard:
				continue
			case len(row.Key) == 0:
				f.nameless++
			default:
				id := window.KeyHash(row.Key)
				live[id] = true
				if gone != nil && gone[i] {
					continue
				}
				f.back.forget(id)
			}
			if err := to.Row(&b, row, &page, time.Now()); err != nil {
				return err
			}
		}
		return f.take(ctx, &b)
	})
	if err != nil || !reconcile || f.moved != "" {
		return err
	}
	var lost int64
	for _, shown := range live {
		if !shown {
			lost++
		}
	}
	f.lost += lost
	if lost == 0 || f.tooMany(f.records) { // names cost memory, and these will not be wanted
		return nil
	}
	return f.collect(ctx, shard, live, w)
}

// tooMany reports whether more keys are missing than max_delete_ratio allows of so many.
func (f *full) tooMany(keys int64) bool {
	return float64(f.lost) > f.stream.MaxDeleteRatio*float64(keys)
}

// take commits what the page brought.
func (f *full) take(ctx context.Context, b *admit.Batch) error {
	if len(b.Records) > 0 {
		stored, n, err := f.write(ctx, b.Records, f.stored, f.stored)
		if err != nil {
			return err
		}
		f.stored, b.Counts.Transactions = stored, n
		b.Counts.Written = int64(len(b.Records)) - b.Counts.Dead
	}
	f.report.Board.Set(func(s *Status) {
		s.Add(b.Counts)
		s.MaxLateness = max(s.MaxLateness, b.MaxLateness)
	})
	return nil
}

// commit writes records with the cursor as it stands: a full scan moves no mark.
func (f *full) commit(ctx context.Context, records []kafka.Record) error {
	stored, err := f.sink.Commit(ctx, records, f.stored)
	if err == nil {
		f.stored = stored
	}
	return err
}

// scan reads the whole collection from the first mark on with the stream's own strategy.
// keyset goes by token where that is asked for, and where the API is known not to sort.
func (f *full) scan(ctx context.Context, byToken bool, page func(*answer) error) error {
	c := strategies.Cursor{Version: strategies.CursorVersion, Stream: f.stored.Stream, Strategy: f.stored.Strategy,
		Fingerprint: f.stored.Fingerprint, PageLimit: f.stored.PageLimit, Unsorted: f.stored.Unsorted || byToken, Filter: f.stored.Filter}
	if c.Strategy == strategies.Keyset {
		c.TokenAt, c.Closes, c.Longest = f.stored.TokenAt, f.stored.Closes, f.stored.Longest
		// An API that has never given a token cannot be followed by one.
		c.Unsorted = f.stored.Unsorted || byToken && (c.TokenAt != "" || c.Closes || c.Longest == 0)
	}
	return f.sweep(ctx, c, page)
}

// sweep reads what a sweep from the cursor reads, and leaves the cursor alone.
func (f *full) sweep(ctx context.Context, c strategies.Cursor, page func(*answer) error) error {
	c, err := f.strategy.Begin(c, time.Now())
	if err != nil {
		return class.Wrap(class.Config, err)
	}
	share := f.worker.Share()
	defer share.Close()
	fetch := newFetcher(f.runner, share)
	defer fetch.ahead.drop()
	var last strategies.Value
	for c.Sweep != nil {
		byToken := c.Sweep.Token != ""
		item, err := fetch.page(ctx, c)
		if err != nil {
			return err
		}
		// A strategy that goes back has read whole what lies before the place it goes back to.
		// One that gives up has not seen the end, nor has offset where it ends with a doubt.
		if item.ended && item.warning != "" && (item.answer == nil || f.stream.Strategy == strategies.Offset) {
			f.moved = item.warning
		}
		if item.answer != nil {
			f.ordered(item.answer.Rows, &last, byToken)
			err = page(item.answer)
			item.answer.Release()
			fetch.share.Release(item.weight)
			if err != nil {
				return err
			}
		}
		c = item.next
	}
	return nil
}

// ordered notes that the API does not sort, where pages that follow one another by token
// show it. The page before ended at last.
func (f *full) ordered(rows []strategies.Row, last *strategies.Value, byToken bool) {
	if !byToken {
		*last = strategies.Value{}
	}
	for i := range rows {
		v := rows[i].Value
		if !v.Set {
			continue
		}
		if last.Set && f.format.Compare(v, *last) < 0 {
			f.unsorted = true
		}
		*last = v
	}
	last.Raw = slices.Clone(last.Raw)
}

// collect finds the names of the keys that the scan did not show.
func (f *full) collect(ctx context.Context, shard uint64, live map[uint64]bool, w *window.Window) error {
	return f.sink.Scan(ctx, nil, func(rec *kgo.Record) error {
		if f.shardOf(rec.Key) != shard {
			return nil
		}
		if seen, ok := live[window.KeyHash(rec.Key)]; !ok || seen {
			return nil
		}
		v, hash, err := f.inspect(ctx, rec)
		if err != nil {
			return err
		}
		if !isLast(w, rec.Key, v, hash) {
			return nil
		}
		if _, known := f.missing[string(rec.Key)]; !known && len(f.missing) >= f.stream.WindowRows {
			return nil // at the next scan
		}
		v.Raw = []byte(f.render(v))
		f.missing[string(rec.Key)] = v
		return nil
	})
}

// inScope reports whether a scan would have shown a row with the cursor value. The topic may
// hold rows from before the first mark was raised, or max_id lowered: their absence proves
// nothing (P9).
func (f *full) inScope(v strategies.Value) bool {
	if !v.Set {
		return true
	}
	if f.stream.Strategy == strategies.StepSize {
		return v.N >= f.stream.InitialID && v.N <= f.stream.MaxID
	}
	first, err := f.format.ParseString(f.stream.InitialMark)
	return f.stream.InitialMark == "" || (err == nil && f.format.Compare(v, first) >= 0)
}

// render writes a value read back from a body, which may not keep the API's own text.
func (f *full) render(v strategies.Value) string {
	switch {
	case !v.Set:
		return ""
	case v.Raw != nil:
		return string(v.Raw)
	case f.format == strategies.RFC3339:
		return time.UnixMicro(v.N).UTC().Add(time.Duration(v.Sub)).Format(time.RFC3339Nano)
	case f.format == strategies.Integer:
		return strconv.FormatInt(v.N, 10)
	default:
		return f.format.Back(v, 0)
	}
}
