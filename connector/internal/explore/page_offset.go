package explore

import (
	"context"
	"strconv"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/usual"
)

// byOffset asks for the first page without its first row: where the parameter is honoured, the second row comes first.
func byOffset(ctx context.Context, x *explorer) (*Pages, error) {
	if len(x.rows) < 2 {
		return nil, nil //nolint:nilnil // nothing could show it
	}
	for _, name := range inURLFirst(x.base, usual.Offsets) {
		base := without(x.base, name)
		rows, err := x.rowsAt(ctx, with(base, name, "1"))
		if err != nil {
			return nil, err
		}
		if n := min(len(rows), len(x.rows)-1); n == 0 || !same(rows[:n], x.rows[1:1+n]) || len(rows) < len(x.rows)-1 {
			continue
		}
		further, err := x.rowsAt(ctx, with(base, name, strconv.Itoa(len(x.rows))))
		if err != nil {
			return nil, err
		}
		if !x.other(further) && !(x.listed() && len(further) == 0) {
			continue
		}
		x.base = base
		p := &Pages{Kind: "offset", Proof: "asked with " + name + "=1 it leaves out its first row", numbered: true,
			next: func(_ *answer, rows [][]byte, _, total int) (string, bool) {
				return with(x.base, name, strconv.Itoa(total)), len(rows) > 0
			}}
		return p, x.sized(ctx, p, draft.Section{{Key: "offset", Value: name}}, len(further) > 0)
	}
	return nil, nil //nolint:nilnil // nothing shows it
}
