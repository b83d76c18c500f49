package rescan

import (
	"context"
	"fmt"
	"slices"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/status"
)

// reconcile writes the tombstones of the keys that neither the scan nor a second look has
// shown (P9).
func (f *scan) reconcile(ctx context.Context) error {
	if f.lost == 0 && f.looks.Moved == "" {
		return nil
	}
	found := int64(len(f.missing))
	if f.looks.Moved == "" && !f.tooMany(f.keys) {
		if err := f.lookAgain(ctx); err != nil {
			return err
		}
	}
	switch {
	case f.looks.Moved != "":
		f.refuse(f.looks.Moved + "; the next scan tries again")
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

// lookAgain strikes off what a second look shows, and what has changed meanwhile.
func (f *scan) lookAgain(ctx context.Context) error {
	confirm := f.confirm(ctx)
	err := f.looks.LookAgain(ctx, f.stored, func(a *reading.Answer) error {
		if err := f.strike(a); err != nil {
			return err
		}
		return confirm(a)
	}, f.strike, func() bool { return len(f.missing) > 0 })
	f.back.looked = err == nil && f.looks.Moved == "" && !f.looks.ByToken()
	return err
}

// strike makes the missing keys forget those that a page shows.
func (f *scan) strike(a *reading.Answer) error {
	for i := range a.Rows {
		row := &a.Rows[i]
		if len(row.Key) == 0 {
			f.nameless++
		}
		delete(f.missing, string(row.Key))
	}
	return nil
}

// bury writes a tombstone for each missing key.
func (f *scan) bury(ctx context.Context) error {
	keys := make([]string, 0, len(f.missing))
	for k := range f.missing {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	now := f.s.Now()
	for batch := range slices.Chunk(keys, 10_000) {
		records := make([]admit.Record, 0, len(batch))
		for _, k := range batch {
			records = append(records, f.s.Reading.Rules.Bury([]byte(k), f.missing[k], f.began, now))
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
