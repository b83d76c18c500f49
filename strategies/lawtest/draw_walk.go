package lawtest

import (
	"pgregory.net/rapid"

	"tidemark/strategies"
)

// drawWalk draws the settings of a strategy that goes by a pager, and what its API is like.
func (c *Case) drawWalk(t *T, pager string) Traits {
	spec, source := &c.Spec, c.Source
	api := Traits{Strategy: spec.Strategy, Pager: pager, Order: Order(rapid.IntRange(int(Ascending), int(ByKey)).Draw(t.T, "order")),
		FirstPage: rapid.Int64Range(0, 1).Draw(t.T, "first page"), LastRow: strategies.LastKey}
	if c.traits.Falls {
		api.Order = Descending
	} else if pager == strategies.ByRow {
		api.Order = ByKey
	}
	*spec = strategies.Spec{Strategy: spec.Strategy, Format: strategies.RFC3339, Pager: pager, FirstPage: api.FirstPage, LastRow: api.LastRow, TokenPlace: "next",
		Repeat: rapid.Bool().Draw(t.T, "repeat"), Params: params(strategies.Roles()...)}
	if c.traits.Falls || c.traits.All {
		spec.Params.Since = ""
	} else {
		api.Strict = c.drawFilter(t)
	}
	if !c.traits.All {
		c.Back = rapid.Int64Range(0, 3).Draw(t.T, "lookback")
		spec.Lookback = seconds(c.Back)
	}
	if c.traits.Spans {
		spec.FirstMark = string(Writing{Format: spec.Format}.of(oldest - 1).Raw)
		spec.Step = seconds(rapid.Int64Range(3, 40).Draw(t.T, "step"))
		spec.Lag = seconds(rapid.Int64Range(0, 2).Draw(t.T, "lag"))
		source.Skew = rapid.Int64Range(-20, 20).Draw(t.T, "skew")
	}
	switch {
	case pager != strategies.Unpaged:
		api.Cap = rapid.IntRange(1, 5).Draw(t.T, "size")
		spec.PageSize = api.Cap + rapid.IntRange(0, 3).Draw(t.T, "asked for more")
	case rapid.IntRange(0, 5).Draw(t.T, "there are pages") == 0: // though none are configured
		api.Cap, api.Says = rapid.IntRange(1, 5).Draw(t.T, "size"), SaysMore
	}
	if rapid.Bool().Draw(t.T, "total") {
		api.Total = TotalHonest
	}
	c.drawEnds(t, &api)
	spec.Values = rapid.SampledFrom([][]string{nil, nil, {"a"}, {"a", "b", "c"}}).Draw(t.T, "values")
	api.Slices = spec.Values
	if spec.Values == nil && rapid.Bool().Draw(t.T, "parents") {
		spec.Parents, source.ReadBy = true, true
		spec.Changed = c.traits.All && rapid.Bool().Draw(t.T, "changed")
		for range rapid.IntRange(0, 4).Draw(t.T, "parents there") {
			source.addParent()
		}
		api.Slices = source.Slices
	}
	api.Value = Writing{Format: spec.Format}.Values()
	return api
}

// drawEnds draws how the end of a list is told, and configures the stream for what only a setting proves.
func (c *Case) drawEnds(t *T, api *Traits) {
	kinds, ends := []EndKind{EndNull}, &c.Spec.Ends
	switch {
	case Tokened(api.Pager):
		kinds = []EndKind{EndNull, EndAbsent, EndBare, EndEmpty, EndSelf, EndFresh, EndRefused}
	case api.Pager == strategies.ByNumber:
		kinds = []EndKind{EndNull, EndRefused, EndShort, EndAgain}
	case api.Pager != strategies.Unpaged:
		kinds = []EndKind{EndNull, EndRefused, EndShort}
	}
	switch api.End = rapid.SampledFrom(kinds).Draw(t.T, "end"); api.End {
	case EndAbsent:
		ends.Token = true
	case EndSelf, EndFresh:
		ends.EmptyPage = true
	case EndRefused:
		ends.Statuses = []int{404}
	case EndShort:
		ends.ShortPage, c.Spec.PageSize = true, api.Cap
	case EndAgain:
		ends.RepeatedPage = true
	}
}
