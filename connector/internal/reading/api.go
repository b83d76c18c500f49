package reading

import (
	"context"
	"net/http"
	"sync/atomic"

	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// API is a source over HTTP. It fetches a page and scans it in one go, so that an answer that is
// no page is asked for again like one that never came (P8).
type API struct {
	client *rest.Client
	plan   atomic.Pointer[wire.Plan]
	sliced bool   // keys begin with the slice's value, or the key of its row
	parent *API   // of the rows for each of which there is a slice; nil: there are none
	token  string // the header that has the next page's token; empty: the body has it, if anything
}

// NewAPI returns the source of a client's answers, whose rows become records by the plan.
func NewAPI(client *rest.Client, plan *wire.Plan) *API {
	a := &API{client: client}
	a.Use(plan)
	return a
}

// Use makes rows of later answers records by another plan.
func (a *API) Use(plan *wire.Plan) { a.plan.Store(plan) }

// Grow is what the schema learns of rows, see wire.Plan.Grow.
func (a *API) Grow(rows []strategies.Row) (*wire.Growth, []string, error) {
	return a.plan.Load().Grow(rows)
}

// KeyBySlice makes the value of a slice a part of the keys of its rows, whose ids need not be unique among all.
func (a *API) KeyBySlice() { a.sliced = true }

// TokenIn names the header that has the token of the next page, or its URL.
func (a *API) TokenIn(header string) { a.token = header }

// pageCost is what a page takes in memory, in times its body: the body, the encoded rows
// with their descriptions, and the records made from them.
const pageCost = 3

// piecesInFlight is how many pieces of long answers lie between reading and committing at
// the most. With two of them a piece that is a little longer than the others, by the row it
// was cut in, waits until the one before it is committed.
const piecesInFlight = 8

// PieceOf is how long an answer may be, in bytes, before it is taken in pieces (rule 8).
func PieceOf(maxInFlight int64) int64 { return max(maxInFlight/(piecesInFlight*pageCost), 1) }

// Page asks one question.
func (a *API) Page(ctx context.Context, params []strategies.Param) (*Answer, error) {
	var page *wire.Page
	slice, parent := "", strategies.SliceOf(params)
	for i := range params {
		if params[i].Role == strategies.RoleEach && parent == "" {
			slice = params[i].Value
		}
	}
	resp, err := a.client.Get(ctx, params, a.scan(&page, slice))
	if err != nil {
		return nil, err
	}
	out := a.answer(resp, page)
	plan := a.plan.Load()
	switch {
	case !a.sliced:
	case parent != "":
		plan.KeyWithin(parent, a.parent.composite(), out.Rows)
	case slice != "":
		plan.KeyWithin(slice, false, out.Rows)
	}
	return out, nil
}

// scan makes rows of a response that is a page, or a part of one, of a slice or of the whole collection.
func (a *API) scan(page **wire.Page, slice string) func(*rest.Response) error {
	return func(r *rest.Response) (err error) {
		if r.Status == http.StatusNoContent || r.Skipped {
			*page = wire.Empty()
			return nil
		}
		if r.Rest == nil {
			*page, err = a.plan.Load().ScanSlice(r.Body, slice)
			return err
		}
		pg, err := a.plan.Load().ScanPiece(r.Body)
		switch {
		case err != nil:
			return err
		case pg.Cut && len(pg.Rows) == 0:
			pg.Release()
			return rest.ErrMore
		}
		r.Carry(pg.Head, pg.Taken)
		*page = pg
		return nil
	}
}

func (a *API) answer(resp *rest.Response, page *wire.Page) *Answer {
	out := &Answer{
		Page: page.Page, Marks: page.Marks, URL: resp.URL, Date: resp.Date, Size: pageCost*int64(cap(resp.Body)) + page.Shaped, Adjusted: page.Adjusted, Grows: page.Grows, Skipped: resp.Skipped,
		Free: func() {
			page.Release()
			resp.Release()
		},
	}
	out.More.And(wire.Heard(resp.Header))
	out.Link = wire.NextLink(resp.Header)
	if a.token != "" {
		out.Token = wire.HeaderToken(resp.Header, a.token)
	}
	rest := resp.Rest
	if rest == nil {
		return out
	}
	if !page.Cut { // what follows is no part of the page
		rest.Close()
		return out
	}
	out.Stop = rest.Close
	out.Rest = func(ctx context.Context) (*Answer, error) {
		var page *wire.Page
		resp, err := rest.Next(ctx, a.scan(&page, ""))
		if err != nil {
			return nil, err
		}
		next := a.answer(resp, page)
		next.Continued = true
		next.Date = out.Date
		return next, nil
	}
	return out
}

// Drift tells of the fields of the rows of all answers so far.
func (a *API) Drift() *wire.Drift { return a.plan.Load().Drift() }

// Below makes the API that of slices, one for each row of another one.
func (a *API) Below(parent *API) { a.parent = parent }

// Parent is the API of the rows for each of which there is a slice.
func (a *API) Parent() Source { return a.parent }

// composite reports whether keys are arrays.
func (a *API) composite() bool { return a.sliced || a.plan.Load().Composite() }

// Close drops idle connections.
func (a *API) Close() {
	a.client.Close()
	if a.parent != nil {
		a.parent.Close()
	}
}
