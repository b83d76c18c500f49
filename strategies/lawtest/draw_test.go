package lawtest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// The cases of every recipe, by each of its pagers, have all orders and filters that it may meet.
func TestCasesHaveAllOrdersAndFilters(t *testing.T) {
	cells := 0
	for _, name := range strategies.Names() {
		recipe, _ := strategies.Of(name)
		pagers := recipe.Pagers
		if !recipe.Walks {
			pagers = []string{""}
		}
		for _, pager := range pagers {
			orders, filters := int(ByKey)+1, 3 // >=, and > that the configuration knows of or does not
			switch {
			case recipe.Falls, pager == strategies.ByRow: // in one order, or they do not go
				orders = 1
			case !recipe.Walks:
				orders = 3
			}
			if recipe.All || recipe.Falls || recipe.ByID {
				filters = 1
			}
			met := map[string]bool{}
			for n := range 400 {
				rapid.Custom(func(r *rapid.T) bool {
					c := draw(&T{T: r}, name, pager)
					met[fmt.Sprint(c.Source.Order, c.Source.Strict, c.Spec.Strict)] = true
					return true
				}).Example(n)
			}
			if len(met) != orders*filters {
				t.Errorf("%s %s: %d of %d orders and filters: %v", name, pager, len(met), orders*filters, met)
			}
			cells += len(met)
		}
	}
	t.Logf("%d recipes by pager, order and filter", cells)
}
