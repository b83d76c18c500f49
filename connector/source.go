package connector

import (
	"context"
	"errors"

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

func (a *api) Page(ctx context.Context, params []strategies.Param) (*answer, error) {
	var page *wire.Page
	resp, err := a.client.Get(ctx, params, func(r *rest.Response) error {
		var err error
		page, err = a.plan.Scan(r.Body)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &answer{
		Page: page.Page, URL: resp.URL, Date: resp.Date, Size: pageCost * int64(cap(resp.Body)),
		release: func() {
			page.Release()
			resp.Release()
		},
	}, nil
}

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
		return strategies.Value{}, 0, errors.New("the value is not Avro with a schema id: another producer writes to this topic")
	case id == a.plan.SchemaID():
		return a.plan.Inspect(value)
	}
	writer, err := a.registry.SchemaByID(ctx, id)
	if err != nil {
		return strategies.Value{}, 0, err
	}
	return a.plan.Resolve(value, writer)
}
