package probe

import (
	"context"

	"tidemark/strategies"
)

// question is one that a probe asks of an API.
type question struct {
	name  string
	asks  string                                      // in words
	needs func(*Known) string                         // why it cannot be asked; nil or "": it can
	most  int                                         // requests at most, retries not counted
	ask   func(context.Context, *asker, *Known) error // nil: what is known tells
	judge func(k *Known, own []*Answer) Verdict       // of what was answered to it, and what is known; adds to k
}

// questions are all of them, in their order: each builds on those before. A new one is a file, a line here and a line of
// the tests' table.
var questions = []question{
	{"rows", "does the API answer with rows?", nil, 2, askRows, judgeRows},
	{"cursor field", "does a field say when a row was changed?", someRows, 1, askField, judgeField},
	{"page size", "does it honour the page size that is asked for, and up to which?", sized, 6, askSize, judgeSize},
	{"pages", "how do pages follow each other?", someRows, 7, askPages, judgePages},
	{"list", "does the list come to an end?", secondPage, mostPages, askList, judgeList},
	{"order", "do rows come in the order of the cursor field?", cursors, 0, nil, judgeOrder},
	{"lower bound", "is there a parameter for a lower bound?", unnamed, len(names) + 2, askParam, judgeParam},
	{"filter", "does the lower bound filter?", bounded, 6, askFilter, judgeFilter},
	{"ties", "do tokens keep the rows that share a page's last value?", tokens, 2, askTies, judgeTies},
	{"tokens last", "does a token serve twice?", tokens, 1, askAgain, judgeAgain},
	{"total", "does the total tell the truth?", someRows, 0, nil, judgeTotal},
	{"ids", "is each id that of one row?", someRows, 0, nil, judgeIDs},
	{"cursor values", "does each row have a cursor value?", cursors, 1, askNulls, judgeNulls},
	{"gaps", "do the ids follow each other without gaps?", someRows, 0, nil, judgeGaps},
	{"clock", "does the API's clock agree with this machine's?", nil, 0, nil, judgeClock},
	{"rate limit", "does it say what it allows?", nil, 0, nil, judgeRates},
	{"conditional requests", "does it say that an answer is still the same?", nil, 3, askConditional, judgeConditional},
}

// Why a question cannot be asked.

func someRows(k *Known) string {
	if k.First == nil || len(k.First.Rows) == 0 {
		return "there are no rows to tell by"
	}
	return ""
}

func sized(k *Known) string {
	if why := someRows(k); why != "" || k.Carries(strategies.RoleLimit) {
		return why
	}
	return "requests have no place for it (params.limit)"
}

func secondPage(k *Known) string {
	if len(k.Pages) < 2 {
		return "no second page is known"
	}
	return ""
}

func cursors(k *Known) string {
	if k.Stream.CursorField == "" {
		return "the configuration names no cursor_field"
	}
	return someRows(k)
}

func bounded(k *Known) string {
	if why := cursors(k); why != "" || k.Carries(strategies.RoleSince) {
		return why
	}
	return "requests have no place for a lower bound (params.since)"
}

func tokens(k *Known) string {
	if !strategies.ByTokens(k.Pager) || len(k.Pages) < 2 {
		return "no page by token is known"
	}
	return ""
}
