package probe

import (
	"context"
	"fmt"

	"tidemark/strategies"
)

// askNulls asks for the list without a lower bound: a filter may leave out the rows that have no cursor value.
func askNulls(ctx context.Context, a *asker, k *Known) error {
	if valueOf(k.First, strategies.RoleSince) == "" {
		return nil // no question had one
	}
	_, err := a.ask(ctx, without(k.bound(""), strategies.RoleSince))
	return err
}

// judgeNulls says whether rows without a cursor value have been met.
func judgeNulls(k *Known, own []*Answer) Verdict {
	none := func(rows []strategies.Row) (n int) {
		for i := range rows {
			if !rows[i].Value.Set {
				n++
			}
		}
		return n
	}
	rows := k.rows()
	field := k.Stream.CursorField
	if n := none(rows); n > 0 {
		return no(fmt.Sprintf("%d of %d rows have no %s: they do not move the mark", n, len(rows), field), len(rows))
	}
	for _, a := range own {
		if n := none(a.Rows); n > 0 {
			return no(fmt.Sprintf("%d of %d rows have no %s, and come only without %s: a stream that filters never sees them",
				n, len(a.Rows), field, k.name(strategies.RoleSince)), len(a.Rows)).by(a)
		}
		rows = append(rows, a.Rows...)
	}
	n := len(keys(rows))
	bound := valueOf(k.First, strategies.RoleSince) != ""
	if !k.sample(n) || bound && (len(own) == 0 || own[0].Refused()) {
		return unknown(fmt.Sprintf("all of %d rows have one", n)+few, n)
	}
	return yes(fmt.Sprintf("all of %d rows have one", n), n)
}
