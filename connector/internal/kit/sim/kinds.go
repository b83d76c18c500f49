package sim

import "tidemark/strategies/lawtest"

// The words for what an API is like are those of the laws' model, which makes the answers.
type (
	// Order is how an API sorts its rows.
	Order = lawtest.Order
	// TotalKind is what an API says of the number of rows.
	TotalKind = lawtest.TotalKind
	// EndKind is how an API tells that there is no more.
	EndKind = lawtest.EndKind
	// SaysKind is what answers say beside their rows of whether they are all there are.
	SaysKind = lawtest.SaysKind
	// BoundKind is what a token asks for by itself.
	BoundKind = lawtest.BoundKind
	// TieKind is how rows of one value stand among themselves.
	TieKind = lawtest.TieKind
)

// The kinds that histories have.
const (
	Ascending  = lawtest.Ascending
	Descending = lawtest.Descending
	Shuffled   = lawtest.Shuffled
	ByKey      = lawtest.ByKey

	TotalAbsent = lawtest.TotalAbsent
	TotalHonest = lawtest.TotalHonest
	TotalHigh   = lawtest.TotalHigh
	TotalLow    = lawtest.TotalLow

	EndNull    = lawtest.EndNull
	EndAbsent  = lawtest.EndAbsent
	EndNever   = lawtest.EndNever
	EndEmpty   = lawtest.EndEmpty
	EndSelf    = lawtest.EndSelf
	EndRefused = lawtest.EndRefused
	EndShort   = lawtest.EndShort
	EndAgain   = lawtest.EndAgain

	SaysNothing = lawtest.SaysNothing
	SaysMore    = lawtest.SaysMore
	SaysNext    = lawtest.SaysNext
	SaysLink    = lawtest.SaysLink
	SaysTotal   = lawtest.SaysTotal
	SaysAll     = lawtest.SaysAll
	SaysAlways  = lawtest.SaysAlways

	BoundKept    = lawtest.BoundKept
	BoundNeeded  = lawtest.BoundNeeded
	BoundRefused = lawtest.BoundRefused

	TiesStand  = lawtest.TiesStand
	TiesTurn   = lawtest.TiesTurn
	TiesSorted = lawtest.TiesSorted
)
