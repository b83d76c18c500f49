package explore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/infer"
	"tidemark/connector/internal/text"
)

// walk reads on from the first page as far as the budget reaches, and takes all rows for samples.
func (x *explorer) walk(ctx context.Context, samples *infer.Samples) error {
	f, rows, at := &x.found, x.rows, x.first
	if err := x.take(samples, rows); err != nil {
		return err
	}
	if f.Pages.Proof != "" {
		x.saw("%s", f.Pages.Proof)
	}
	if f.Pages.next == nil {
		return nil
	}
	if f.Pages.numbered {
		if err := x.behind(ctx, &f.Pages); err != nil {
			return err
		}
	}
	pages, full, empty := 1, 1, 0 // that were read; the last one with rows; without
	for {
		url, more := f.Pages.next(at, rows, pages, samples.Rows())
		if !more {
			f.Complete = true
			break
		}
		if samples.Rows() >= mostRows {
			x.unknown("how the last page looks: no more than %d rows were read, and the list goes on", samples.Rows())
			break
		}
		if pages == x.pages {
			x.unknown("how the last page looks: no more than %d pages were read, and the list goes on", pages)
			break
		}
		next, err := x.get(ctx, url)
		if errors.Is(err, errBudget) {
			x.unknown("how the last page looks: the list goes on behind the %d pages that were read", pages)
			break
		}
		if _, said := refused(err); said && f.Pages.numbered {
			f.Complete = true
			break
		}
		if err != nil {
			return fmt.Errorf("reading page %d: %w", pages+1, err)
		}
		read, ok := x.rowsOf(next)
		if !ok {
			return &ShapeError{Reason: "it holds no list of rows where the first page has one", Place: next.url}
		}
		if x.over(next, read, url) {
			f.Complete = true
			break
		}
		if at, rows, pages = next, read, pages+1; len(rows) > 0 {
			full = pages
		}
		if err := x.take(samples, rows); err != nil {
			return err
		}
		if len(rows) > 0 || f.Pages.numbered {
			continue
		}
		if empty++; empty == mostEmpty {
			x.unknown("how the last page looks: %d pages without rows, each of which leads to another one, were no end", empty)
			break
		}
	}
	if f.Complete {
		x.saw("%d rows in %d pages, read to the end", samples.Rows(), full)
	} else {
		x.saw("%d rows in the first %d pages", samples.Rows(), full)
	}
	x.count(full)
	if !f.Pages.numbered && f.Total.path == "" && f.Pages.Kind != "last_row" {
		x.unknown("whether what leads to the next page skips rows that share a value with a page's last row: nothing counts the rows")
	}
	return nil
}

// mostRows is from how many rows on no further page is read: samples are kept in memory (P10).
const mostRows = 20_000

// mostEmpty is how many pages without rows are read, one behind the other or not.
const mostEmpty = 3

// over reports whether a page that was asked for is behind the last one: the list's last page once more, or one that
// leads to itself. How the end shows becomes a setting where the run does not tell by itself.
func (x *explorer) over(a *answer, rows [][]byte, url string) bool {
	p := &x.found.Pages
	if p.numbered {
		return len(rows) > 0 && x.fresh(rows) == 0
	}
	if next, more := p.next(a, rows, 0, 0); !more || next != url {
		return false
	}
	if len(rows) == 0 {
		p.Settings.Set("end", draft.List{"empty_page"}, "the API gives a token with its last page, too, which has no rows")
	} else {
		p.Settings.Set("end", draft.List{"repeated_page"}, "the API gives its last page again behind the end")
	}
	x.saw("its last page leads to itself")
	return true
}

// take adds rows to the samples.
func (x *explorer) take(samples *infer.Samples, rows [][]byte) error {
	for _, row := range rows {
		x.seen[string(row)] = true
		if err := samples.Add(row); err != nil {
			return x.shape("a row cannot be read: %v; it begins with %s", err, text.OneLine(row, 60))
		}
		x.found.Rows++
	}
	return nil
}

// count looks for what the answer counts. It is believed where it counts what was read, to the end and in more than one
// page: it is not that of a page then.
func (x *explorer) count(pages int) {
	for _, f := range x.first.facts(x.path) {
		n, err := strconv.ParseInt(f.text(), 10, 64)
		if err != nil || n < 0 || !isTotal(f) {
			continue
		}
		switch read := int64(x.found.Rows); {
		case !x.found.Complete:
			x.unknown("whether %q counts the collection's rows: it says %d, and the list was not read to its end", f.path, n)
		case n != read:
			x.unknown("what %q counts: it says %d, and %d rows were read to the end", f.path, n, read)
		case pages == 1:
			x.unknown("whether %q counts the collection's rows or those of a page: it says %d, and there is one page", f.path, n)
		default:
			x.found.Total = total{f.path, n}
			x.saw("%q says %d, which is how many rows there are", f.path, n)
			return
		}
	}
}
