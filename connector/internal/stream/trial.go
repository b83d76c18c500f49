package stream

import (
	"context"
	"time"

	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Trial reads one page of the API before a stream is opened for the first time in a process.
//
// The order of starting (rule 26): what can be found wrong without leaving anything behind is
// looked for first. The schema is compiled against the configuration when the stream is made; then one page of the
// API is read and judged; and only then the schema is registered, the topics are made and the
// stream is claimed. A start with the wrong schema would else lock the subject: the one that is
// mended is not compatible with it.
//
// A stream that has run before, with the schema it has now, leaves nothing new behind. It is
// opened at once: what its topic has lost, or who has taken it over, must not wait for the API.
type Trial struct {
	Parts      reading.Parts
	Source     reading.Source
	Share      *inflight.Share                                      // for the page that is kept: others may need the room
	Peek       func(ctx context.Context) (strategies.Cursor, error) // reads the stored cursor and fences nobody
	Registered func(ctx context.Context) (bool, error)              // whether the registry has the schema already

	Allowed int // how many rows a page may have, as was learnt by it; 0: nothing

	tried bool // a page was read, or need not be
	kept  *Kept
	held  int64
	owner string // of the stored cursor by which the page was asked for, and its seq
	seq   int64
}

// Out asks the API for the page where the stream stands and judges it as the sweep will, where the
// start would leave something behind. The stored cursor is read without fencing.
func (t *Trial) Out(ctx context.Context) error {
	if t.tried {
		return nil
	}
	stored, err := t.Peek(ctx)
	if err != nil {
		return err
	}
	t.owner, t.seq = stored.Owner, stored.Seq
	if stored.Version > 0 {
		if t.tried, err = t.Registered(ctx); err != nil || t.tried {
			return err
		}
	}
	known, err := Adopt(stored, t.Parts.Stream)
	if err != nil {
		return err
	}
	c, err := t.Parts.Strategy.Begin(known, time.Now())
	if err != nil {
		return configError(err)
	}
	defer t.Parts.Notes.Forget() // the sweep will count these rows
	puller := reading.Puller{Parts: t.Parts, Source: t.Source, Share: t.Share, Once: true, Now: time.Now, Hands: reading.Beside}
	for c.Sweep != nil {
		page, err := puller.First(ctx, c)
		if err != nil {
			return err
		}
		if page.Answer == nil && !page.Reopen && page.Next.PageLimit != c.PageLimit {
			t.Allowed = page.Next.PageLimit
			c = page.Next // the question again, with a smaller page
			continue
		}
		if a := page.Answer; a != nil {
			t.Share.Release(page.Weight)
			err = t.Parts.Rules.TooBad(a.URL, a.Rows, AskedBefore(t.Parts.Format, known, c))
			t.keep(a, page.Question, page.Listing)
		}
		t.tried = err == nil
		return err
	}
	t.tried = true
	return nil
}

// AskedBefore says of a bad row that the stream must have met it, going by its cursor: without a
// window nothing better is known. c is the cursor with the sweep that shows the row.
func AskedBefore(f strategies.Format, stored, c strategies.Cursor) func(*strategies.Row) bool {
	if stored.Version == 0 || stored.Mark == "" && stored.Sweep == nil {
		return nil
	}
	return func(row *strategies.Row) bool {
		for _, text := range []string{stored.Mark, c.Sweep.Slice().After} {
			at, err := f.ParseString(text)
			if text != "" && err == nil && row.Value.Set && f.Compare(row.Value, at) <= 0 {
				return true
			}
		}
		return false
	}
}

// keep holds the page back for the sweep, and its parents, or lets it go where the worker's budget is used up.
func (t *Trial) keep(a *reading.Answer, params []strategies.Param, parents *reading.Listing) {
	t.Drop()
	if !t.Share.Spare(a.Size) {
		a.LetGo()
		return
	}
	t.kept, t.held = &Kept{Params: params, Answer: a, Parents: parents, At: time.Now()}, a.Size
}

// Identify gives the kept page's records the schema's id.
func (t *Trial) Identify(id int) {
	if t.kept == nil {
		return
	}
	rows := t.kept.Answer.Rows
	for i := range rows {
		wire.Identify(rows[i].Body, id)
	}
}

// Found lets the page go if the stored cursor that an open has found is not the one by which it was asked for. Another worker has
// read the API since: a page, or a list of parents, older than what it has committed would show less than the topic has.
func (t *Trial) Found(stored strategies.Cursor) {
	if stored.Owner != t.owner || stored.Seq != t.seq {
		t.Drop()
	}
}

// Take hands the page out; nil: there is none.
func (t *Trial) Take() *Kept {
	k := t.kept
	if k != nil {
		t.kept = nil
		t.Share.Release(t.held)
	}
	return k
}

// Drop lets a page go that no sweep will ask for.
func (t *Trial) Drop() {
	if k := t.Take(); k != nil {
		k.Answer.LetGo()
	}
}
