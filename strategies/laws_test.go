package strategies_test

import (
	"strings"
	"testing"
	"time"

	"tidemark/strategies"
	"tidemark/strategies/lawtest"
)

// Every strategy is held to the laws.
func TestLaws(t *testing.T) {
	for _, name := range strategies.Names() {
		t.Run(name, func(t *testing.T) { lawtest.Run(t, name) })
	}
}

// every has a name for each role.
var every = strategies.ParamNames{Since: "since", Until: "until", Token: "token", Page: "page", Offset: "offset"}

func newStrategy(t *testing.T, spec strategies.Spec) strategies.Strategy {
	t.Helper()
	s, err := strategies.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What an API does not honour is an error and no end without a word (P7, P8, rule 20).
func TestWalksRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		strategy, pager string
		like            lawtest.Traits
		says            string
	}{
		"page number not honoured": {strategies.Snapshot, strategies.ByNumber, lawtest.Traits{Skips: true}, "params.page"},
		"offset not honoured":      {strategies.Changes, strategies.ByOffset, lawtest.Traits{Skips: true}, "params.offset"},
		"row not honoured":         {strategies.Snapshot, strategies.ByRow, lawtest.Traits{Skips: true}, "params.token"},
		"tokens in a circle":       {strategies.Changes, strategies.ByToken, lawtest.Traits{Loops: true}, "would never end"},
		"URLs in a circle":         {strategies.Feed, strategies.ByURL, lawtest.Traits{Loops: true}, "would never end"},
		"not newest first":         {strategies.Feed, strategies.Unpaged, lawtest.Traits{Order: lawtest.Ascending}, "does not sort newest first"},
		"no upper bound":           {strategies.Window, strategies.Unpaged, lawtest.Traits{Endless: true}, "params.until"},
		"more, and no pages":       {strategies.Snapshot, strategies.Unpaged, lawtest.Traits{Flagged: true}, "no pages are configured"},
		"more, and no Link":        {strategies.Snapshot, strategies.ByLink, lawtest.Traits{Flagged: true, Cap: 50}, "no header Link"},
		"more, and no token":       {strategies.Snapshot, strategies.ByToken, lawtest.Traits{Flagged: true, Cap: 50, End: lawtest.EndAbsent}, "token_path"},
		"more, and no row":         {strategies.Snapshot, strategies.ByNumber, lawtest.Traits{Flagged: true}, "records_path"},
		"a token that is missing":  {strategies.Snapshot, strategies.ByToken, lawtest.Traits{Cap: 50, End: lawtest.EndAbsent}, "token_path"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := strategies.Spec{Strategy: c.strategy, Format: strategies.RFC3339, Pager: c.pager, FirstPage: 1, LastRow: strategies.LastKey, TokenPlace: "next",
				FirstMark: "2023-11-14T22:13:15Z", Step: 5 * time.Second, Repeat: true, Params: every}
			like := lawtest.For(spec)
			like.Skips, like.Loops, like.Endless, like.Flagged = c.like.Skips, c.like.Loops, c.like.Endless, c.like.Flagged
			if like.End, like.Cap = c.like.End, c.like.Cap; like.Cap == 0 && c.pager != strategies.Unpaged {
				like.Cap = 3
			}
			if like.Order = lawtest.Descending; c.says == "does not sort newest first" {
				like.Order = lawtest.Ascending
			}
			if c.pager == strategies.ByRow {
				like.Order = lawtest.ByKey
			}
			source := lawtest.NewSource(like)
			for n := range int64(20) {
				source.Insert(n+1, 0)
			}
			r := lawtest.NewReader(newStrategy(t, spec), source)
			if _, err := r.Sweep(t, 100); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q\n%s", err, c.says, r.Trail())
			}
		})
	}
}
