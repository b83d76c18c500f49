package rescan

import (
	"context"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// wentBack are the rows of which a scan has shown a version older than the topic's last one: a
// backup was restored, an hour came twice, a clock was set back. A sweep drops such versions
// (P4), for there they come from replicas that lag; a full scan writes what differs, older or
// not (rule 23), or these rows would stay wrong for ever.
//
// One answer is no proof of it, so they are looked for once more when the first look has
// ended, as keys that are missing are (P9). What is written is the version that the second
// look shows, if it is older than the topic's last event, too, and not older than what the
// first look has shown.
type wentBack struct {
	rows     map[uint64]older // by the hash of the key; of very many, no more than the window may hold (P10)
	left     int64            // those there was no room for
	greatest strategies.Value // of the rows that the first look has shown
	looked   bool             // a second look has been made that shows all that the first can
}

// older is what is known of one such row.
type older struct {
	topic   int64  // cursor value of the topic's last event
	hash    uint64 // of that event; known once it is one that the second look wrote
	seen    int64  // cursor value that the first look has shown
	written bool
}

// older returns what takes down the rows that went back, as w knows the topic.
func (f *scan) older(w *window.Window) func(*strategies.Row) bool {
	return func(row *strategies.Row) bool {
		if w.Outdone(row.Key) {
			return false // written once more, it would be outdone again: state repartition has to move the key first
		}
		if len(f.back.rows) >= f.s.Reading.Stream.WindowRows {
			f.back.left++
			return false // at the next scan
		}
		if f.back.rows == nil {
			f.back.rows = make(map[uint64]older)
		}
		last, _ := w.Last(row.Key)
		f.back.rows[window.KeyHash(row.Key)] = older{topic: last, seen: row.Value.N}
		return true
	}
}

// forget drops what an earlier page has shown of a row, because another one shows it again.
func (b *wentBack) forget(id uint64) {
	if len(b.rows) > 0 {
		delete(b.rows, id)
	}
}

// tops notes the greatest value of a page of the first look, whose rows are in order.
func (f *scan) tops(a *reading.Answer) {
	for i := len(a.Rows) - 1; i >= 0; i-- {
		if v := a.Rows[i].Value; v.Set && (!a.Ceiling.Set || v.N <= a.Ceiling.N) {
			f.looks.rise(&f.back.greatest, v, a.Ceiling)
			return
		}
	}
}

// settle looks a second time for the rows that went back, where that was not done yet, and
// says what came of it.
func (f *scan) settle(ctx context.Context) error {
	b := &f.back
	if b.pending() > 0 && !b.looked {
		if err := f.looks.Look(ctx, f.stored, false, f.confirm(ctx)); err != nil {
			return err
		}
	}
	reverted := int64(len(b.rows)) - b.pending()
	f.s.Reading.Report.Board.Set(func(s *status.Status) { s.Stale += b.pending() })
	if b.left > 0 {
		f.s.Reading.Report.Warn("more rows went back than window_rows; the next scan takes the rest", "left", b.left)
	}
	if reverted > 0 && !f.s.regressed && f.beforeMark(b.greatest) {
		f.s.regressed = true
		f.s.Reading.Report.Warn("the source went back: its newest value lies before the mark, which stays. "+
			"What it changes with values up to the mark only full scans see", "newest", string(b.greatest.Raw), "mark", f.stored.Mark)
	}
	return nil
}

// beforeMark reports whether a value lies before the mark. Without rows that went back it only
// says that the newest ones were deleted.
func (f *scan) beforeMark(v strategies.Value) bool {
	mark, err := f.s.Reading.Format.ParseString(f.stored.Mark)
	return err == nil && mark.Set && v.Set && f.s.Reading.Format.Compare(v, mark) < 0
}

// pending is how many rows no second look has proven to have gone back.
func (b *wentBack) pending() (n int64) {
	for _, o := range b.rows {
		if !o.written {
			n++
		}
	}
	return n
}

// confirm writes the rows of a second look that went back. A row that it shows again as
// new as the topic's last event, or older than the first look did, is left to the next scan.
func (f *scan) confirm(ctx context.Context) func(*reading.Answer) error {
	c := admit.New(f.s.Reading.Rules, nil, f.stored.Mark)
	var b admit.Batch
	last := make(map[uint64]int) // by key: the row of a page that shows its newest version
	return func(a *reading.Answer) error {
		if len(f.back.rows) == 0 {
			return nil
		}
		b.Reset()
		clear(last)
		page := f.pageOf(a)
		admit.Arrange(f.s.Reading.Format, a.Rows)
		for i := range a.Rows {
			id := window.KeyHash(a.Rows[i].Key)
			if _, ok := f.back.rows[id]; ok && admit.Keyed(&a.Rows[i]) {
				last[id] = i
			}
		}
		for i := range a.Rows {
			row := &a.Rows[i]
			id := window.KeyHash(row.Key)
			if at, ok := last[id]; ok && at == i && f.s.Reading.Rules.Cause(row) == nil && row.Value.Set {
				f.again(c, &b, id, row, &page)
			}
		}
		return f.take(ctx, &b)
	}
}

// again holds a row that a second look shows against what is known of it.
func (f *scan) again(c *admit.Admitter, b *admit.Batch, id uint64, row *strategies.Row, p *admit.Page) {
	o, n := f.back.rows[id], row.Value.N
	switch {
	case o.written && (n < o.topic || n == o.topic && row.Hash == o.hash):
		return
	case !o.written && (n >= o.topic || n < o.seen):
		b.Counts.Stale++
		delete(f.back.rows, id)
		return
	case !o.written:
		b.Counts.Reverted++
	}
	c.Put(b, row, kafka.OpUpdate, p, f.s.Now())
	f.back.rows[id] = older{topic: n, hash: row.Hash, written: true}
}
