package explore

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/wire"
)

// tokens are the names that APIs have for the parameter of a token.
var tokens = []string{"cursor", "page_token", "pageToken", "token", "next", "next_token", "nextToken", "next_cursor", "after", "starting_after", "start",
	"continuation", "continuation_token", "continuationToken", "marker", "scroll_param", "page", "offset", "_next", "from", "bookmark"}

// holders are objects in which a plain name is that of a token.
var holders = []string{"cursor", "cursors", "paging", "pageinfo", "page_info", "pagination", "meta"}

// byToken asks with what stands beside the rows and leads on by its name, in parameters of usual names.
func byToken(x *explorer, ctx context.Context) (*Pages, error) {
	for _, f := range x.first.facts(x.path) {
		text := f.text()
		if text == "" || text == "0" || isAddress(text) || !isToken(f) {
			continue
		}
		for _, name := range slices.Compact(append(derived(f.name), tokens...)) {
			rows, err := x.rowsAt(ctx, with(x.base, name, text))
			if err != nil {
				return nil, err
			}
			if !x.other(rows) {
				continue
			}
			x.base = without(x.base, name)
			return &Pages{Kind: "token", Proof: `the token at "` + f.path + `", sent as ` + name + `, leads to other rows`,
				Settings: draft.Section{{Key: "token_path", Value: f.path}, {Key: "params", Value: draft.Section{{Key: "token", Value: name}}}},
				next: func(a *answer, _ [][]byte, _, _ int) (string, bool) {
					token := scalar(at(a.body, f.path))
					return with(x.base, name, token), token != ""
				}}, nil
		}
		x.unknown("the parameter that takes the token at %q: none of the usual names leads to other rows", f.path)
	}
	return nil, nil //nolint:nilnil // nothing shows it
}

// isToken reports whether a fact leads on, by its name and what it stands in.
func isToken(f fact) bool {
	if wire.LeadsOn(f.name) {
		return true
	}
	name := strings.ToLower(f.name)
	return slices.Contains([]string{"after", "endcursor", "end_cursor", "cursor", "token"}, name) && slices.Contains(holders, strings.ToLower(f.within)) ||
		name == "cursor" || name == "scroll_param"
}

// derived are the names that the parameter has by that of its token: next_page_token may be page_token, or itself.
func derived(name string) []string {
	short := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(name, "next"), "Next"), "_-")
	if short == "" || short == name {
		return []string{name}
	}
	first := []rune(short)
	first[0] = unicode.ToLower(first[0])
	return []string{string(first), name}
}
