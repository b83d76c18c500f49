package explore

import (
	"context"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/usual"
	"tidemark/connector/internal/wire"
)

// byRow asks for what lies behind the last row. Only an answer that says that there is more is worth it.
func byRow(ctx context.Context, x *explorer) (*Pages, error) {
	more := ""
	for _, f := range x.first.facts(x.path) {
		if wire.SaysMore(f.name) && string(f.value) == "true" {
			more = f.path
		}
	}
	key := keyOf(x.found.Name, fieldsOf(x.rows))
	if more == "" || key == "" {
		return nil, nil //nolint:nilnil // nothing could show it
	}
	behind := func(rows [][]byte) string { return scalar(at(rows[len(rows)-1], key)) }
	for _, name := range usual.Behinds {
		rows, err := x.rowsAt(ctx, with(x.base, name, behind(x.rows)))
		if err != nil {
			return nil, err
		}
		if !x.other(rows) {
			continue
		}
		return &Pages{Kind: "last_row", Proof: "asked with the last row's " + key + " as " + name + " it gives other rows",
			Settings: draft.Section{{Key: "more_path", Value: more}, {Key: "params", Value: draft.Section{{Key: "token", Value: name}}}},
			next: func(a *answer, rows [][]byte, _, _ int) (string, bool) {
				if len(rows) == 0 || string(at(a.body, more)) != "true" {
					return "", false
				}
				return with(x.base, name, behind(rows)), true
			}}, nil
	}
	return nil, nil //nolint:nilnil // nothing shows it
}
