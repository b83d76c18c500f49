package explore

import (
	"context"
	"errors"
	"strconv"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/usual"
)

// byNumber asks for the second page. An API that does not know the parameter gives its first page again, or refuses.
func byNumber(ctx context.Context, x *explorer) (*Pages, error) {
	for _, name := range inURLFirst(x.base, usual.Numbers) {
		base := without(x.base, name)
		two, err := x.rowsAt(ctx, with(base, name, "2"))
		if err != nil {
			return nil, err
		}
		if !x.other(two) && !(x.listed() && len(two) == 0) {
			continue
		}
		one, err := x.rowsAt(ctx, with(base, name, "1"))
		if err != nil {
			return nil, err
		}
		first, proof := 1, name+"=2 it gives other rows"
		switch {
		case same(one, x.rows):
			if len(two) == 0 {
				proof = name + "=2 it gives an empty list, and its rows with " + name + "=1"
			}
		case x.other(one) && !same(one, two):
			zero, err := x.rowsAt(ctx, with(base, name, "0"))
			if err != nil {
				return nil, err
			}
			if !same(zero, x.rows) {
				continue
			}
			first, proof = 0, name+"=1 it gives other rows"
		default:
			continue
		}
		x.base = base
		p := &Pages{Kind: "page", Proof: "asked with " + proof, numbered: true,
			next: func(_ *answer, rows [][]byte, n, _ int) (string, bool) {
				return with(x.base, name, strconv.Itoa(first+n)), len(rows) > 0
			}}
		params := draft.Section{{Key: "page", Value: name}}
		if first != 1 {
			p.Settings.Set("first_page", first, "")
		}
		return p, x.sized(ctx, p, params, len(two) > 0)
	}
	return nil, nil //nolint:nilnil // nothing shows it
}

// sized looks for the parameter of the page's size. Where there is one it is sent, with the size that pages have
// without it, so that it does not change when the API's default does. A page that is not full does not tell its size.
func (x *explorer) sized(ctx context.Context, p *Pages, params draft.Section, full bool) error {
	for _, name := range usual.Limits {
		if !full {
			break
		}
		if has(x.base, name) {
			x.saw("%s is in the URL, and is left there", name)
			break
		}
		rows, err := x.rowsAt(ctx, with(x.base, name, "1"))
		if errors.Is(err, errBudget) {
			break // the API's own size serves as well
		}
		if err != nil {
			return err
		}
		if len(rows) == 1 && len(x.rows) > 1 && same(rows, x.rows[:1]) {
			params.Set("limit", name, "")
			p.Settings.Set("page_size", len(x.rows), "what the API gives by itself; whether it allows more was not tried")
			x.saw("asked with %s=1 it gives one row", name)
			break
		}
	}
	p.Settings.Set("params", params, "")
	return nil
}

// farBehind is the number of a page, or of a row, that no collection has which is explored.
const farBehind = 1_000_000

// behind asks for a page far behind the last one, and notes what an API answers there that is no empty page.
func (x *explorer) behind(ctx context.Context, p *Pages) error {
	url, _ := p.next(nil, x.rows, farBehind, farBehind)
	a, err := x.get(ctx, url)
	switch status, said := refused(err); {
	case said && (status == 400 || status == 404 || status == 416 || status == 422):
		p.Settings.Set("end", draft.List{strconv.Itoa(status)}, "what the API answers behind its last page")
		x.saw("far behind the last page it answers with status %d", status)
		return nil
	case ctx.Err() != nil:
		return err
	case err != nil:
		x.unknown("what it answers behind the last page: %v", err)
		return nil
	}
	rows, listed := x.rowsOf(a)
	switch {
	case listed && len(rows) == 0:
		x.saw("far behind the last page it answers with an empty list")
	case listed && same(rows, x.rows):
		return x.shape("far behind the last page it gives the first one again, so its end cannot be told")
	case listed:
		p.Settings.Set("end", draft.List{"repeated_page"}, "behind its last page the API gives that page again")
		x.saw("far behind the last page it gives %d rows, taken for its last page once more", len(rows))
	default:
		x.unknown("what it answers behind the last page: there is no list in the answer to a page far behind it")
	}
	return nil
}
