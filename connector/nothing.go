package connector

import (
	"context"
	"slices"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// A first sweep that shows no row at all may be the truth about a collection, or a filter that
// means something else than "from here on" (updated_on=V: on that very day), or rows that
// stand in another place than records_path. The first two requests of a stream's life are
// cheap, so they are spent on telling which.

// mostLooks is how often a process looks behind a sweep without rows whose rows were there
// when it looked; one that has seen that there are none looks no more.
const mostLooks = 3

// nothing looks behind the end of such a sweep. again is true where its rows are there after
// all, so that it has to be read once more.
func (f *fetcher) nothing(ctx context.Context, c, next strategies.Cursor, last *answer) (again bool, err error) {
	if f.said.looked >= mostLooks || c.Mark != "" || next.Mark != "" || next.Sweep != nil || c.Sweep.Rows+int64(len(last.Rows)) > 0 {
		return false, nil
	}
	c.Sweep = nil
	begun, err := f.strategy.Begin(c, time.Now())
	if err != nil {
		return false, class.Wrap(class.Config, err)
	}
	again, err = reallyEmpty(ctx, f.source, f.stream, f.format, f.strategy.Query(begun).Params, last)
	if f.said.looked++; !again {
		f.said.looked = mostLooks
	}
	return again, err
}

// reallyEmpty holds an answer without rows to a stream's first question against its own
// count, and against an answer to the same question without the filter. again says that the
// question has rows now. The error has class Source.
func reallyEmpty(ctx context.Context, source source, s config.Stream, f strategies.Format, first []strategies.Param, empty *answer) (again bool, err error) {
	ask := func(params []strategies.Param) (*answer, error) {
		a, err := source.Page(ctx, params)
		if err == nil && a.Cut {
			a.giveUp() // a piece of it tells enough
		}
		return a, err
	}
	if said, n := countOf(empty); n > 0 && s.FromStart() {
		a, err := ask(first)
		if err != nil {
			return false, err
		}
		defer a.Release()
		if len(a.Rows) > 0 {
			return true, nil
		}
		if _, still := countOf(a); still > 0 {
			return false, class.Errorf(class.Source, "%s: the API counts %d rows (%s) and gives none, asked again and again: look at records_path (%q), "+
				"params and query, and for step_size at initial_id and max_id", a.URL, n, said, s.RecordsPath)
		}
	}
	at := slices.IndexFunc(first, func(p strategies.Param) bool { return p.Name == s.Params.Since && p.Name != "" })
	if at < 0 {
		return false, nil
	}
	since := first[at].Value
	from, err := f.ParseString(since)
	if err != nil {
		return false, class.Wrap(class.Config, err)
	}
	all, err := ask(slices.Delete(slices.Clone(first), at, at+1))
	if err != nil {
		if ctx.Err() != nil {
			return false, err
		}
		return false, nil // some APIs want the filter; then there is nothing to hold against
	}
	defer all.Release()
	row := slices.IndexFunc(all.Rows, func(r strategies.Row) bool { return r.Value.Set && f.Compare(r.Value, from) > 0 })
	if row < 0 {
		return false, nil // none, or those that the first mark leaves out
	}
	a, err := ask(first) // it may have come meanwhile
	if err != nil {
		return false, err
	}
	defer a.Release()
	if len(a.Rows) > 0 {
		return true, nil
	}
	return false, class.Errorf(class.Source, "%s: asked for rows from %q on the API gives none, and without the parameter %s it gives a row at %q: that parameter "+
		"does not filter by %q from a value on (it may mean that very day, or another field); give the right one (params.since)",
		a.URL, since, s.Params.Since, all.Rows[row].Value.Raw, s.CursorField)
}

// countOf is what an answer says of the number of rows, and how.
func countOf(a *answer) (string, int64) {
	switch {
	case a.Total > 0:
		return "total_path", a.Total
	case a.More.Kind >= strategies.CountRows:
		return a.More.Count, a.More.Total
	}
	return "", 0
}
