package preview

import (
	"context"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Learnt is what a schema has learnt of rows.
type Learnt struct {
	Rows    int
	Schema  string   // what it has become; "": it has all that the rows have
	Changes []string // in words
	Plan    *wire.Plan
	Left    []string // fields that it cannot get, with reasons
}

// Learn reads rows of the stream's first sweep and makes its schema learn what they have and it does not, as a run does with on_new_field:
// evolve. It stops behind limit rows; 0: at the end of the sweep. use takes the plan by which answers are
// scanned from then on, and the codec of p that of the schema.
func Learn(ctx context.Context, p Parts, limit int, use func(*wire.Plan)) (out Learnt, err error) {
	s := p.Reading.Stream
	if err := spends(s); err != nil {
		return out, err
	}
	cursor, err := stream.Adopt(strategies.Cursor{}, s)
	if err == nil {
		cursor, err = p.Reading.Strategy.Begin(cursor, time.Now())
	}
	if err != nil {
		return out, class.Wrap(class.Config, err)
	}
	plan := p.Plan
	p.Reading.Grow = func(rows []strategies.Row) (*wire.Growth, []string, error) {
		g, left, err := plan.Grow(rows)
		if out.Left = append(out.Left, left...); g != nil {
			if err := p.Reading.Rules.Codec.Use(g.Text, g.Plan); err != nil {
				return nil, nil, err
			}
			plan, out.Schema, out.Changes = g.Plan, g.Text, append(out.Changes, g.Changes...)
			out.Plan = plan
			use(plan)
		}
		return nil, nil, err // the page serves: nothing of it is written
	}
	puller := reading.Puller{Parts: p.Reading, Source: p.Source, Share: p.Share, Once: true, Now: time.Now, Hands: reading.Beside}
	err = puller.Sweep(ctx, cursor, func(_ strategies.Cursor, page *reading.Page) (bool, error) {
		if page.Answer != nil {
			out.Rows += len(page.Answer.Rows)
		}
		return limit == 0 || out.Rows < limit, nil
	})
	return out, err
}
