package sim

import "tidemark/strategies/lawtest"

// What an API is like is said in the words of the laws' model, which makes the answers.
type (
	Order     = lawtest.Order
	TotalKind = lawtest.TotalKind
	EndKind   = lawtest.EndKind
	SaysKind  = lawtest.SaysKind
	BoundKind = lawtest.BoundKind
	TieKind   = lawtest.TieKind
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
