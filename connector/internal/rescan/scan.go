package rescan

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// Scanner makes full scans of one stream's API, each beside the stream that is open.
type Scanner struct {
	Kafka   config.Kafka
	Sink    Sink
	Back    *readback.Reader
	Reading reading.Parts
	Source  reading.Source
	Bound   *admit.Bound
	Once    bool
	Share   func() *inflight.Share                           // of the worker's budget, for the answers of one scan
	Hold    func(ctx context.Context, d time.Duration) error // waits before the next try
	Now     func() time.Time
	Hands   func() reading.Hands                      // of a sweep
	Learnt  func(strategies.Cursor) strategies.Cursor // the cursor with the schema ids that were met

	regressed bool // the source has gone back to before the mark, and it was said
}

// Looks are the parts of a scan that read the API, for a stream with the cursor.
func (s *Scanner) Looks(c strategies.Cursor) Looks {
	return Looks{Reading: s.Reading, Source: s.Source, Once: s.Once, Share: s.Share, Hold: s.Hold, Now: s.Now, Hands: s.Hands,
		Unsorted: c.Unsorted || !s.Reading.Stream.Sorted}
}

// Sink is the open stream's output topic and cursor.
type Sink interface {
	readback.Topic
	Commit(ctx context.Context, records []admit.Record, next strategies.Cursor) (strategies.Cursor, error)
}

// scan reads all of the API beside the open stream: every row is held against the
// topic, what differs is written, and, to reconcile, keys that the API no longer has get
// a tombstone (P9).
//
// The topic's keys are taken in shards by hash, so that memory keeps to the window's bound
// whatever the size of the collection (P10); each shard reads the topic and the API once.
type scan struct {
	s       *Scanner
	began   time.Time
	stored  strategies.Cursor
	shards  uint64
	records int64 // of the topic, deleted and overwritten ones too
	keys    int64 // live in the topic, over the shards so far

	// To reconcile: the keys that the topic has and the scan did not show, with their last
	// cursor value; of very many, no more than the window may hold (P10).
	missing  map[string]strategies.Value
	lost     int64 // all of them
	nameless int64 // rows without an id that can be read: any of them may be one of the missing
	looks    Looks

	back wentBack
}

// Scan does what is due behind the sweep that c stands behind. It leaves the sink open.
func (s *Scanner) Scan(ctx context.Context, c strategies.Cursor, rescan, reconcile bool) error {
	began, before := s.Now(), s.Reading.Report.Board.Get().Counts
	f := &scan{s: s, began: began, stored: c, missing: make(map[string]strategies.Value), looks: s.Looks(c)}
	if err := f.divide(ctx); err != nil {
		return fmt.Errorf("scanning the whole collection: %w", err)
	}
	s.Back.Begin()
	for shard := range f.shards {
		if err := f.shard(ctx, shard, reconcile); err != nil {
			return fmt.Errorf("scanning the whole collection: %w", err)
		}
	}
	s.Back.NoticeForeign()
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
		f.stored.Rescanned, f.stored.Backfill = began.UTC().Format(time.RFC3339), false
	}
	f.stored = s.Learnt(f.stored)
	if err := f.commit(ctx, nil); err != nil {
		return err
	}
	s.Reading.Report.GoesOn(s.Now(), false)
	now := s.Reading.Report.Board.Get().Counts.Minus(before)
	s.Reading.Report.Log.Info("full scan done", "rows", now.Read, "written", now.Written, "deleted", now.Deleted, "went_back", now.Reverted,
		"keys", f.keys, "shards", f.shards, "took", s.Now().Sub(began).Round(time.Millisecond))
	return nil
}

// divide decides in how many shards the topic's keys are taken.
func (f *scan) divide(ctx context.Context) error {
	for _, end := range f.s.Sink.Ends() {
		f.records += end
	}
	// A key costs two entries: in the window, and among those seen.
	enough := func() uint64 { return uint64(2*f.records/int64(f.s.Reading.Stream.WindowRows)) + 1 }
	if f.shards = enough(); f.shards == 1 {
		return nil
	}
	// Of many offsets compaction and aborted transactions may have left nothing, and counting
	// the records costs less than to read the API once more.
	f.records = 0
	err := f.s.Sink.Scan(ctx, nil, func(*kgo.Record) error {
		f.records++
		return nil
	})
	f.shards = enough()
	return err
}

func (f *scan) shardOf(key []byte) uint64 { return (window.KeyHash(key) >> 7) % f.shards }

// shard loads the topic's keys of one shard, and scans the API.
func (f *scan) shard(ctx context.Context, shard uint64, reconcile bool) error {
	w := window.New(window.Everything, 0)
	live := make(map[uint64]bool) // keys of the topic: false until the scan shows them
	err := f.s.Sink.Scan(ctx, nil, func(rec *kgo.Record) error {
		if f.shardOf(rec.Key) != shard {
			return nil
		}
		v, hash, err := f.s.Back.Inspect(ctx, rec)
		if err != nil {
			return err
		}
		readback.Load(w, rec, f.s.Sink.Spread(), v, hash)
		switch id := window.KeyHash(rec.Key); {
		case hash == window.Unknown: // what lies below it decides
		case InScope(f.s.Reading.Stream, f.s.Reading.Format, v):
			live[id] = false
		default:
			delete(live, id)
		}
		return nil
	})
	if err == nil {
		f.alive(w, live)
		err = f.s.Back.Letters(ctx, w)
	}
	if err != nil {
		return err
	}
	f.keys += int64(len(live))
	c := admit.New(f.s.Reading.Rules, w, f.stored.Mark)
	c.Older = f.older(w)
	var b admit.Batch
	err = f.looks.Look(ctx, f.stored, false, func(a *reading.Answer) error {
		b.Reset()
		page := f.pageOf(a)
		gone := admit.Arrange(f.s.Reading.Format, a.Rows)
		b.Counts.Read = int64(len(a.Rows))
		if shard == 0 {
			if err := f.s.Reading.Rules.TooBad(a.URL, a.Rows, f.s.Reading.Rules.MetBefore(w, f.stored.Mark)); err != nil {
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
			if err := c.Row(&b, row, &page, f.s.Now()); err != nil {
				return err
			}
		}
		return f.take(ctx, &b)
	})
	if err != nil || !reconcile || f.looks.Moved != "" {
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
func (f *scan) tooMany(keys int64) bool {
	return float64(f.lost) > f.s.Reading.Stream.MaxDeleteRatio*float64(keys)
}

func (f *scan) pageOf(a *reading.Answer) admit.Page {
	return admit.Page{Rows: a.Rows, URL: a.URL, Date: a.Date, Ceiling: a.Ceiling, Sweep: f.began}
}

// take commits what the page brought.
func (f *scan) take(ctx context.Context, b *admit.Batch) error {
	if len(b.Records) > 0 {
		n, err := f.write(ctx, b.Records)
		if err != nil {
			return err
		}
		b.Counts.Transactions = n
		b.Counts.Written = int64(len(b.Records)) - b.Counts.Dead
	}
	f.s.Reading.Report.Board.Set(func(s *status.Status) {
		s.Add(b.Counts)
		s.Lateness.Add(&b.Lateness)
	})
	return nil
}

// write commits records.
func (f *scan) write(ctx context.Context, records []admit.Record) (transactions int64, err error) {
	f.stored, transactions, err = f.s.Write(ctx, f.stored, records)
	return transactions, err
}

// Write commits records in as many transactions as it takes, each with the cursor as it stands: a
// full scan moves no mark. It returns the cursor as it is stored then.
func (s *Scanner) Write(ctx context.Context, c strategies.Cursor, records []admit.Record) (stored strategies.Cursor, transactions int64, err error) {
	most := s.Kafka.MaxInFlight
	for len(records) > 0 {
		n, size := admit.Fitting(records, s.Bound.Now(most))
		began := s.Now()
		stored, err := s.Sink.Commit(ctx, records[:n], c)
		if err != nil {
			if failed := new(*kafka.CommitError); errors.As(err, failed) && (*failed).Late {
				s.Bound.Late(size, most)
			}
			return c, transactions, err
		}
		s.Bound.Done(size, most, s.Now().Sub(began), s.Kafka.TransactionTimeout)
		c, records, transactions = stored, records[n:], transactions+1
	}
	return c, transactions, nil
}

// commit writes records with the cursor as it stands: a full scan moves no mark.
func (f *scan) commit(ctx context.Context, records []admit.Record) error {
	stored, err := f.s.Sink.Commit(ctx, records, f.stored)
	if err == nil {
		f.stored = stored
	}
	return err
}

// collect finds the names of the keys that the scan did not show.
func (f *scan) collect(ctx context.Context, shard uint64, live map[uint64]bool, w *window.Window) error {
	return f.s.Sink.Scan(ctx, nil, func(rec *kgo.Record) error {
		if f.shardOf(rec.Key) != shard {
			return nil
		}
		if seen, ok := live[window.KeyHash(rec.Key)]; !ok || seen {
			return nil
		}
		v, hash, err := f.s.Back.Inspect(ctx, rec)
		if err != nil {
			return err
		}
		if !isLast(w, rec.Key, v, hash) {
			return nil
		}
		if _, known := f.missing[string(rec.Key)]; !known && len(f.missing) >= f.s.Reading.Stream.WindowRows {
			return nil // at the next scan
		}
		v.Raw = []byte(readback.Render(f.s.Reading.Format, v))
		f.missing[string(rec.Key)] = v
		return nil
	})
}
