package lawtest

import (
	"slices"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// drawOwn draws the settings of a strategy that pages in a way of its own, and what its API is like.
func (c *Case) drawOwn(t *T, strategy string, orders []Order) Traits {
	recipe, _ := strategies.Of(strategy)
	spec, api := &c.Spec, Traits{Strategy: strategy}
	*spec = strategies.Spec{Strategy: strategy, Params: params(recipe.Needs...), OrderBy: "updatedAt", TokenPlace: "next"}
	if c.traits.Counts {
		spec.Params = params(slices.Concat(recipe.Needs, recipe.Optional)...)
	}
	c.Back = rapid.Int64Range(0, 4).Draw(t.T, "back")
	switch {
	case c.traits.ByID:
		spec.Format, c.Back = strategies.Integer, 0
		spec.InitialID = rapid.Int64Range(0, 2).Draw(t.T, "initial")
		spec.StepSize = rapid.Int64Range(1, 7).Draw(t.T, "step")
		spec.MaxID = rapid.Int64Range(10, 80).Draw(t.T, "max")
	case c.traits.Buffered:
		spec.Format = rapid.SampledFrom(slices.Concat(timeFormats, []strategies.Format{strategies.RFC3339})).Draw(t.T, "format")
		spec.Buffer = seconds(c.Back)
	default:
		spec.Format = rapid.SampledFrom(allFormats).Draw(t.T, "format")
		if !spec.Format.Temporal() {
			c.Back = 0
		}
		spec.Lookback = seconds(c.Back)
	}
	if spec.Format == strategies.RFC3339 && rapid.Bool().Draw(t.T, "first mark") {
		spec.FirstMark = "0001-01-01T00:00:00Z"
	}
	if !c.traits.ByID {
		api.Strict = c.drawFilter(t)
	}
	api.Value = Writing{spec.Format, rapid.Bool().Draw(t.T, "mixed"), rapid.SampledFrom([]Units{Seconds, Tenths, Days, Ticks}).Draw(t.T, "units")}.Values()
	if orders == nil {
		orders = []Order{Ascending, Ascending, Descending, Shuffled}
	}
	api.Order = rapid.SampledFrom(orders).Draw(t.T, "order")
	switch {
	case c.traits.ByValue:
		api.Cap = rapid.IntRange(2, 6).Draw(t.T, "cap") // of pages of one row less is promised
		spec.PageSize = rapid.SampledFrom([]int{0, 100}).Draw(t.T, "page_size")
		spec.Repeat = rapid.Bool().Draw(t.T, "repeat")
		c.drawTokens(t, &api)
	case c.traits.Counts:
		c.drawCounts(t, &api)
	case c.traits.Whole:
		// The answer is whole, or cut at page_size, or at a limit that nobody was told of.
		spec.PageSize = rapid.IntRange(0, 8).Draw(t.T, "page_size")
		if rapid.Bool().Draw(t.T, "cut") {
			api.Cap = spec.PageSize
		}
		api.Says = rapid.SampledFrom([]SaysKind{SaysNothing, SaysMore, SaysNext, SaysTotal, SaysAll}).Draw(t.T, "says")
		if rapid.Bool().Draw(t.T, "hidden") {
			api.Cap, spec.PageSize = rapid.IntRange(1, 8).Draw(t.T, "cap"), 0
		}
	}
	return api
}

// drawTokens draws how an API by value tells its end, and configures the stream for what only a
// setting proves.
func (c *Case) drawTokens(t *T, api *Traits) {
	ends := &c.Spec.Ends
	api.End = rapid.SampledFrom([]EndKind{EndNull, EndAbsent, EndBlank, EndEmpty, EndBare, EndSelf, EndFresh, EndRefused, EndAgain}).Draw(t.T, "end")
	switch api.End {
	case EndEmpty, EndBare, EndSelf:
		ends.EmptyPage = api.Order == Ascending && rapid.Bool().Draw(t.T, "empty_page")
	case EndFresh:
		ends.EmptyPage = true
	case EndRefused:
		ends.Statuses = []int{404}
	case EndAgain:
		ends.RepeatedPage = true
	case EndAbsent, EndBlank:
		ends.Token = rapid.Bool().Draw(t.T, "token ends")
	}
	// Where every page has a token, and the stream goes by what it leads to, it does not pass rows that share the value.
	api.ByValue = api.Order == Ascending && !ends.EmptyPage && ends.Statuses == nil && !ends.RepeatedPage
}

// drawCounts draws an API whose pages are counted.
func (c *Case) drawCounts(t *T, api *Traits) {
	api.Cap = rapid.IntRange(1, 6).Draw(t.T, "cap")
	c.Spec.PageSize = rapid.IntRange(2, 6).Draw(t.T, "page_size")
	if rapid.Bool().Draw(t.T, "total") {
		api.Total = TotalHonest
	}
	switch rapid.IntRange(0, 2).Draw(t.T, "ties") {
	case 0:
		api.Ties = TiesTurn
	case 1: // order_by has a second field, by which ties have an order
		api.Ties, c.Spec.OrderBy = TiesSorted, "updatedAt,id"
	}
	if rapid.Bool().Draw(t.T, "uncapped") {
		api.Cap = 1000
	}
	if rapid.Bool().Draw(t.T, "refuses the end") {
		api.End = EndRefused
	}
	if rapid.Bool().Draw(t.T, "deep") {
		api.Deep = 4 * c.Spec.PageSize
	}
}
