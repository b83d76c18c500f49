package explore

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/usual"
	"tidemark/connector/internal/wire"
)

// byToken asks with what stands beside the rows, or in a header, and leads on by its name, in parameters of usual names.
func byToken(ctx context.Context, x *explorer) (*Pages, error) {
	for _, f := range slices.Concat(x.first.facts(x.path), x.first.leads) {
		text := f.text()
		if text == "" || text == "0" || isAddress(text) || !isToken(f) {
			continue
		}
		where, setting := f.where()
		for _, name := range x.parameters(f.name) {
			rows, err := x.rowsAt(ctx, with(x.base, name, text))
			if err != nil {
				return nil, err
			}
			if !x.other(rows) {
				continue
			}
			if first, err := x.bare(ctx, name); err != nil {
				return nil, err
			} else if !first {
				continue
			}
			return &Pages{Kind: "token", Proof: "the token " + where + ", sent as " + name + ", leads to other rows",
				Settings: draft.Section{setting, {Key: "params", Value: draft.Section{{Key: "token", Value: name}}}},
				next: func(a *answer, _ [][]byte, _, _ int) (string, bool) {
					token := f.of(a)
					return with(x.base, name, token), token != ""
				}}, nil
		}
		x.unled = append(x.unled, "the parameter that takes the token "+where+": none of the usual names leads to other rows")
	}
	return nil, nil //nolint:nilnil // nothing shows it
}

// isToken reports whether a fact leads on, by its name and what it stands in.
func isToken(f fact) bool {
	if f.header || wire.LeadsOn(f.name) {
		return true
	}
	return usual.IsToken(f.name, f.within)
}

// bare takes a parameter out of the URL that a pager sends from the second page on, where it stands there; false: without it the
// first page is another one.
func (x *explorer) bare(ctx context.Context, name string) (bool, error) {
	if !has(x.base, name) {
		return true, nil
	}
	base := without(x.base, name)
	rows, err := x.rowsAt(ctx, base)
	if err != nil || !same(rows, x.rows) {
		return false, err
	}
	x.base = base
	return true, nil
}

// parameters are the names that the parameter may have, each once: those of the URL first.
func (x *explorer) parameters(token string) (all []string) {
	for _, name := range slices.Concat(named(x.base), derived(token), usual.Tokens) {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// derived are the names that the parameter has by that of its token: next_page_token may be page_token, or itself.
func derived(name string) []string {
	name = strings.TrimPrefix(name, "X-")
	short := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(name, "next"), "Next"), "_-")
	if short == "" || short == name {
		return []string{name}
	}
	first := []rune(short)
	first[0] = unicode.ToLower(first[0])
	return []string{string(first), name}
}
