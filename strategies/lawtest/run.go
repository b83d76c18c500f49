package lawtest

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// law is something that is true of strategies.
type law struct {
	name  string
	holds func(t *T, strategy, pager string)
	of    func(strategies.Traits) bool // the strategies that it is about
}

var laws = []law{
	{"nothing is lost", nothingIsLost, func(tr strategies.Traits) bool { return !tr.Walks }},
	{"nothing is lost by pager", nothingIsLostByPager, func(tr strategies.Traits) bool { return tr.Walks }},
	{"a collection that stands still", standsStill, func(strategies.Traits) bool { return true }},
	{"the mark by token", markByToken, func(tr strategies.Traits) bool { return tr.ByValue }},
	{"rows of the future", ceiling, func(tr strategies.Traits) bool { return !tr.Walks && !tr.ByID }},
	{"a scan that is sure shows all", showsAll, func(tr strategies.Traits) bool { return tr.Walks }},
}

// Run holds a strategy to all laws that concern it, by each of its pagers. The flag -rapid.checks says how many
// times each.
func Run(t *testing.T, strategy string) {
	t.Helper()
	recipe, ok := strategies.Of(strategy)
	if !ok {
		t.Fatalf("there is no strategy %q", strategy)
	}
	pagers := recipe.Pagers
	if !recipe.Walks {
		pagers = []string{""}
	}
	for _, pager := range pagers {
		for _, l := range laws {
			if !l.of(recipe.Traits) {
				continue
			}
			t.Run(strings.TrimPrefix(pager+"/"+l.name, "/"), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(t *rapid.T) { l.holds(&T{T: t}, strategy, pager) })
			})
		}
	}
}

// times is a function that says yes so often at the most, when it is drawn.
func (t *T) times(most, rarity int, name string) func() bool {
	left := rapid.IntRange(0, most).Draw(t.T, name)
	return func() bool {
		if left > 0 && rapid.IntRange(0, rarity).Draw(t.T, name+" now") == 0 {
			left--
			return true
		}
		return false
	}
}
