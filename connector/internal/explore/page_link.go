package explore

import (
	"context"
	"slices"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/usual"
	"tidemark/connector/internal/wire"
)

// byLink follows the header Link.
func byLink(ctx context.Context, x *explorer) (*Pages, error) {
	if x.first.link == "" {
		return nil, nil //nolint:nilnil // nothing shows it
	}
	rows, err := x.rowsAt(ctx, x.first.link)
	if err != nil || !x.other(rows) {
		return nil, err
	}
	return &Pages{Kind: "link_header", Proof: "the header Link (rel=next) leads to other rows",
		next: func(a *answer, _ [][]byte, _, _ int) (string, bool) { return a.link, a.link != "" }}, nil
}

// byURL follows URLs that stand beside the rows, or in a header.
func byURL(ctx context.Context, x *explorer) (*Pages, error) {
	for _, f := range slices.Concat(x.first.facts(x.path), x.first.leads) {
		leads := f.header || wire.LeadsOn(f.name) || wire.LeadsOn(f.within) && slices.Contains(usual.Addresses, strings.ToLower(f.name))
		if !leads || !isAddress(f.text()) {
			continue
		}
		rows, err := x.rowsAt(ctx, f.text())
		if err != nil {
			return nil, err
		}
		if !x.other(rows) {
			continue
		}
		where, setting := f.where()
		return &Pages{Kind: "next_url", Proof: "the URL " + where + " leads to other rows", Settings: draft.Section{setting},
			next: func(a *answer, _ [][]byte, _, _ int) (string, bool) { return f.of(a), f.of(a) != "" }}, nil
	}
	return nil, nil //nolint:nilnil // nothing shows it
}

// isAddress reports whether a text looks like a URL, whole or relative.
func isAddress(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "?")
}
