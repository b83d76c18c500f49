package admit

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Page is what of a page is admitted.
type Page struct {
	Rows    []strategies.Row
	URL     string           // as asked, secrets replaced
	Date    time.Time        // by the API's clock; zero where it does not say
	Ceiling strategies.Value // the greatest value that may move the mark (rule 13)
	Sweep   time.Time        // when the sweep or the scan was begun that read it

	headers []kgo.RecordHeader // of all its records, see Rules.headers
}

// Admitter decides of each row whether the topic gets it, in one life of a stream. It is used by one
// goroutine.
type Admitter struct {
	Rules  *Rules
	Window *window.Window
	// First says that no sweep of the stream has ended: a row that the topic does not have is not new to the source.
	First bool

	// Older takes a version older than the topic's, and reports whether it has; those that it has not
	// are counted and dropped (P4). As New makes it, it takes none.
	Older func(*strategies.Row) bool

	mark   strategies.Value // behind which a row is late; not set: none is
	forgot int64            // of the window's forgotten rows, those counted
}

// New returns the admitter of a life that begins with the mark and what the window knows of the topic.
func New(r *Rules, w *window.Window, mark string) *Admitter {
	a := &Admitter{Rules: r, Window: w, Older: func(*strategies.Row) bool { return false }}
	a.Behind(mark)
	return a
}

// Behind takes the mark behind which rows are late.
func (a *Admitter) Behind(mark string) {
	a.mark = strategies.Value{}
	if mark == "" || !a.Rules.Format.Temporal() {
		return
	}
	if v, err := a.Rules.Format.ParseString(mark); err == nil {
		a.mark = v
	}
}

// BelowError says that the API served a row from before the window's start. Whether the topic has it
// can be told only with a window that reaches down to it.
type BelowError struct {
	N          int64 // its cursor value, as the window counts it
	Key, Value string
}

func (e *BelowError) Error() string {
	return fmt.Sprintf("the row with id %q has cursor value %s, which lies before the window's start", e.Key, e.Value)
}

// Page puts the page's new rows into the batch, in the order of their values. The window takes
// them for written from here on: where the batch's transaction fails, or the one before it, or
// where Page itself does, the window goes with it. A *BelowError asks for a longer window.
func (a *Admitter) Page(b *Batch, p Page, now time.Time) error {
	b.Counts.Read += int64(len(p.Rows))
	gone := Arrange(a.Rules.Format, p.Rows)
	var ids []uint64
	for i := range p.Rows {
		if i%window.SeekRows == 0 {
			ids = a.Window.Seek(p.Rows[i:min(i+window.SeekRows, len(p.Rows))])
		}
		if gone != nil && gone[i] {
			b.Counts.Stale++
			continue
		}
		if err := a.row(b, &p.Rows[i], ids[i%window.SeekRows], &p, now); err != nil {
			return err
		}
	}
	return nil
}

// Row puts one row of the page into the batch, if the topic does not hold it already.
func (a *Admitter) Row(b *Batch, row *strategies.Row, p *Page, now time.Time) error {
	return a.row(b, row, window.KeyHash(row.Key), p, now)
}

// row is Row where the hash of the row's key is known.
func (a *Admitter) row(b *Batch, row *strategies.Row, id uint64, p *Page, now time.Time) error {
	if row.Filtered {
		b.Counts.Filtered++
		return nil
	}
	if cause := a.Rules.Cause(row); cause != nil {
		return a.badRow(b, row, cause, p.URL)
	}
	op := kafka.OpUpdate
	if a.Rules.enveloped() { // nothing else says it, and asking costs a look
		op = a.op(id)
	}
	switch a.Window.Offer(id, row.Value, row.Hash) {
	case window.Same:
		b.Counts.Same++
	case window.Stale:
		if !a.Older(row) {
			b.Counts.Stale++
		}
	case window.Below:
		return &BelowError{row.Value.N, string(row.Key), string(row.Value.Raw)}
	case window.Fresh:
		if row.Deleted && op != kafka.OpUpdate { // of a row that nobody was told of an envelope has nothing to say
			b.Counts.Same++
			return nil
		}
		a.fresh(b, row, op, p, now)
	}
	return nil
}

// op is what a row's record would say by what the topic holds of its key.
func (a *Admitter) op(id uint64) kafka.Op {
	if _, hash, known := a.Window.LastOf(id); known && hash != wire.TombstoneHash {
		return kafka.OpUpdate
	}
	if a.First {
		return kafka.OpRead
	}
	return kafka.OpCreate
}

// Put makes the row's record. It asks no window.
func (a *Admitter) Put(b *Batch, row *strategies.Row, op kafka.Op, p *Page, now time.Time) {
	if row.Deleted {
		b.Counts.Deleted++
		rec := Tombstone(row)
		rec.Headers = append(rec.Headers, a.Rules.headers(p, now)...)
		b.Records = append(b.Records, rec)
		return
	}
	rec := kafka.Record{Key: row.Key, Value: row.Body, Op: op}
	if a.Rules.CursorBeside && row.Value.Set {
		rec.Headers = b.cursorHeader(row)
	}
	if len(a.Rules.Stream.RecordHeaders) > 0 {
		rec.Headers = append(rec.Headers, a.Rules.headers(p, now)...)
	}
	b.Records = append(b.Records, rec)
	b.Bytes += int64(len(row.Body))
}

func (a *Admitter) fresh(b *Batch, row *strategies.Row, op kafka.Op, p *Page, now time.Time) {
	a.Put(b, row, op, p, now)
	if !row.Value.Set {
		b.Greatest = window.NoValue
		return
	}
	b.Greatest = max(b.Greatest, row.Value.N)
	if p.Ceiling.Set && row.Value.N > p.Ceiling.N {
		b.Counts.Future++
		if !a.Rules.futureSaid {
			a.Rules.futureSaid = true
			b.Counts.Warnings++
			a.Rules.Report.Log.Warn("a row lies further in the future than max_future: it is delivered, and the mark stays before it",
				"id", string(row.Key), "value", string(row.Value.Raw), "max_future", a.Rules.Stream.MaxFuture)
		}
	}
	a.late(b, row, p, now)
}

// late measures how long after its own time a row appeared that lies behind the mark: a
// buffer at least so long would have shown it.
func (a *Admitter) late(b *Batch, row *strategies.Row, p *Page, now time.Time) {
	if !a.mark.Set || row.Value.N >= a.mark.N {
		return
	}
	b.Counts.Late++
	arrived := p.Date
	if arrived.IsZero() {
		arrived = now
	}
	b.Lateness.Observe(time.Duration(max(arrived.UnixMicro(), a.mark.N)-row.Value.N) * time.Microsecond)
}

// Crowded counts the rows that the window had no room for since it was called last, and says once that
// there are any.
func (a *Admitter) Crowded(counts *status.Counts) {
	n := a.Window.Forgot()
	counts.Forgot, a.forgot = n-a.forgot, n
	if n == 0 || a.Rules.fullSaid {
		return
	}
	a.Rules.fullSaid = true
	counts.Warnings++
	a.Rules.Report.Log.Warn("the window is full: rows that are read again may be written again", "window_rows", a.Rules.Stream.WindowRows)
}

// SweepEnded makes what is said once in each sweep be said again.
func (a *Admitter) SweepEnded() { a.Rules.futureSaid, a.First = false, false }
