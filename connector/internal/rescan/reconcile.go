package rescan

import (
	"context"
	"fmt"
	"slices"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
	"tidemark/strategies"
)

// looks is how often the latest changes are read for one in which nothing moves.
const looks = 5

// reconcile writes the tombstones of the keys that neither the scan nor a second look has
// shown (P9).
func (f *scan) reconcile(ctx context.Context) error {
	if f.lost == 0 && f.moved == "" {
		return nil
	}
	found := int64(len(f.missing))
	if f.moved == "" && !f.tooMany(f.keys) {
		if err := f.lookAgain(ctx); err != nil {
			return err
		}
	}
	switch {
	case f.moved != "":
		f.refuse(f.moved + "; the next scan tries again")
		return nil
	case f.tooMany(f.keys):
		f.refuse(fmt.Sprintf("%d of %d keys are missing from the API, more than max_delete_ratio %v: is the API's answer whole?",
			f.lost, f.keys, f.s.Reading.Stream.MaxDeleteRatio))
		return nil
	case len(f.missing) > 0 && f.nameless > 0:
		f.refuse(fmt.Sprintf("%d keys are missing from the API, and it serves rows without an id that can be read, which may be the same ones",
			len(f.missing)))
		return nil
	}
	if left := f.lost - found; left > 0 {
		f.s.Reading.Report.Warn("more keys are missing than window_rows; the next scan takes the rest", "left", left)
	}
	return f.bury(ctx)
}

// lookAgain strikes off what a second scan shows, and what has changed meanwhile.
func (f *scan) lookAgain(ctx context.Context) error {
	// By token, where there is one: pages that happen to rise are read by value, which passes
	// over rows if the API does not sort. A token that is strictly greater passes over ties,
	// but those the first scan has shown.
	byToken := f.s.Reading.Stream.Traits().ByValue && f.s.Reading.Stream.Params.Token != ""
	var greatest strategies.Value
	if err := f.scan(ctx, byToken, f.both(f.strike(&greatest), f.confirm(ctx))); err != nil || f.moved != "" {
		return err
	}
	f.back.looked = !byToken
	if !f.unsorted {
		return nil
	}
	// Behind a reader that goes by token, a row that changes may move to where the reader has
	// been: the newest first. Such a row is missed by both scans if it changes twice. It has
	// changed since the mark, so an ordinary sweep shows it, unless it moves under that one
	// too; but then the next one shows a greater value.
	for range looks {
		if len(f.missing) == 0 {
			return nil
		}
		before := greatest
		c := f.stored
		c.Sweep = nil
		if err := f.sweep(ctx, c, f.strike(&greatest)); err != nil {
			return err
		}
		if before.Set == greatest.Set && (!before.Set || f.s.Reading.Format.Compare(before, greatest) == 0) {
			return nil
		}
	}
	f.moved = "the API does not sort, and rows changed whenever it was read"
	return nil
}

// strike makes the missing keys forget those that a page shows, and raises the greatest value
// seen.
func (f *scan) strike(greatest *strategies.Value) func(*reading.Answer) error {
	return func(a *reading.Answer) error {
		for i := range a.Rows {
			row := &a.Rows[i]
			if len(row.Key) == 0 {
				f.nameless++
			}
			delete(f.missing, string(row.Key))
			f.rise(greatest, row.Value, a.Ceiling)
		}
		return nil
	}
}

// bury writes a tombstone for each missing key.
func (f *scan) bury(ctx context.Context) error {
	keys := make([]string, 0, len(f.missing))
	for k := range f.missing {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for batch := range slices.Chunk(keys, 10_000) {
		records := make([]admit.Record, 0, len(batch))
		for _, k := range batch {
			records = append(records, admit.Tombstone(&strategies.Row{Key: []byte(k), Value: f.missing[k]}))
		}
		if err := f.commit(ctx, records); err != nil {
			return err
		}
		n := int64(len(records))
		f.s.Reading.Report.Board.Set(func(s *status.Status) { s.Written += n; s.Deleted += n; s.Transactions++ })
	}
	return nil
}

func (f *scan) refuse(why string) { f.s.Reading.Report.Warn("no deletes are written: " + why) }
