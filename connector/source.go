package connector

import (
	"context"
	"errors"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// api is a source over HTTP: it fetches a page and scans it in one go, so that an answer
// that is no page is asked for again like one that never came (P8).
type api struct {
	client *rest.Client
	plan   *wire.Plan
}

// pageCost is what a page takes in memory, in times its body: the body, the encoded rows
// with their descriptions, and the records made from them.
const pageCost = 3

// piecesInFlight is how many pieces of long answers lie between fetching and committing at
// the most. With two of them a piece that is a little longer than the others, by the row it
// was cut in, waits until the one before it is committed.
const piecesInFlight = 8

// pieceOf is how long an answer may be before it is taken in pieces (rule 8).
func pieceOf(maxInFlight int64) int64 { return max(maxInFlight/(piecesInFlight*pageCost), 1) }

func (a *api) Page(ctx context.Context, params []strategies.Param) (*answer, error) {
	var page *wire.Page
	resp, err := a.client.Get(ctx, params, a.scan(&page))
	if err != nil {
		return nil, err
	}
	return a.answer(resp, page), nil
}

// scan makes rows of a response that is a page, or a part of one.
func (a *api) scan(page **wire.Page) func(*rest.Response) error {
	return func(r *rest.Response) (err error) {
		if r.Rest == nil {
			*page, err = a.plan.Scan(r.Body)
			return err
		}
		pg, err := a.plan.ScanPiece(r.Body)
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

func (a *api) answer(resp *rest.Response, page *wire.Page) *answer {
	out := &answer{
		Page: page.Page, Marks: page.Marks, URL: resp.URL, Date: resp.Date, Size: pageCost * int64(cap(resp.Body)), Rounded: page.Rounded,
		release: func() {
			page.Release()
			resp.Release()
		},
	}
	out.More.And(wire.Heard(resp.Header))
	rest := resp.Rest
	if rest == nil {
		return out
	}
	if !page.Cut { // what follows is no part of the page
		rest.Close()
		return out
	}
	out.stop = rest.Close
	out.more = func(ctx context.Context) (*answer, error) {
		var page *wire.Page
		resp, err := rest.Next(ctx, a.scan(&page))
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

func (a *api) Drift() *wire.Drift { return a.plan.Drift() }

func (a *api) Close() { a.client.Close() }

// avro is an inspector of bodies in Confluent's wire format.
type avro struct {
	plan     *wire.Plan
	registry *wire.Registry
}

func (a *avro) Inspect(ctx context.Context, value []byte) (strategies.Value, uint64, error) {
	id, framed := wire.SchemaIDOf(value)
	switch {
	case !framed:
		return strategies.Value{}, 0, &strangeError{errors.New("the value is not Avro with a schema id: another producer writes to this topic")}
	case id == a.plan.SchemaID():
		return strange(a.plan.Inspect(value))
	}
	writer, err := a.registry.SchemaByID(ctx, id)
	if err != nil {
		return strategies.Value{}, 0, err
	}
	v, hash, err := a.plan.Resolve(value, writer)
	if errors.As(err, new(*wire.UnlikeError)) {
		err = class.Errorf(class.Config, "the record has schema id %d, which the schema of now cannot read: %w; %s", id, err, unlikeRemedy)
	}
	return strange(v, hash, err)
}

// unlikeRemedy is what to do where the topic holds records that the schema cannot read. A registry
// lets it pass under compatibility NONE.
const unlikeRemedy = "keep the field's type, or make it a union with the one it had, give new fields a default, or write to another topic (topic)"
