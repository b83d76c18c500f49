package lawtest

import "tidemark/strategies"

// Order is how an API sorts its rows.
type Order uint8

// The orders. Ties stand by an order of their own that never changes.
const (
	Ascending  Order = iota // by the cursor field
	Descending              // newest first
	Shuffled                // by something else
	ByKey                   // by the id
)

// TotalKind is what an API says of the number of rows.
type TotalKind uint8

// The kinds.
const (
	TotalAbsent TotalKind = iota
	TotalHonest
	TotalHigh // one too many
	TotalLow  // one too few
)

// EndKind is how an API tells that there is no more.
type EndKind uint8

// The kinds.
const (
	EndNull    EndKind = iota // by token: a null one; else: an empty page
	EndAbsent                 // by token: none
	EndNever                  // by token: no page has one, where the stream looks for it
	EndEmpty                  // by token: one with every page that has rows, null with an empty one
	EndSelf                   // by token: the same, and the empty page's token leads to itself
	EndRefused                // a token with every page; 404 to what lies behind the last row
	EndShort                  // by pager: a page with fewer rows than were asked for
	EndAgain                  // by page number, or by token: the last page once more
	EndBlank                  // by token: 0
	EndBare                   // by token: one with every page that has rows, none with an empty one
	EndFresh                  // by token: the same, and the empty page's token leads to another empty page
)

// SaysKind is what answers say beside their rows of whether they are all there are.
type SaysKind uint8

// The kinds.
const (
	SaysNothing SaysKind = iota
	SaysMore             // has_more, true or false
	SaysNext             // next, an address or null
	SaysLink             // an address, or nothing
	SaysTotal            // how many rows match the request
	SaysAll              // how many rows there are, whatever was asked for
	SaysAlways           // an address with every answer but an empty one
	SaysKinds
)

// Proves reports whether an answer that is whole says so.
func (k SaysKind) Proves() bool { return k == SaysMore || k == SaysNext || k == SaysTotal }

// BoundKind is what a token asks for by itself.
type BoundKind uint8

// The kinds.
const (
	BoundKept    BoundKind = iota // the token knows what its pages were asked from; that may be said again
	BoundNeeded                   // a token alone is refused
	BoundRefused                  // a token and what its pages were asked from are refused together
)

// TieKind is how rows of one value stand among themselves, where pages are counted.
type TieKind uint8

// The kinds.
const (
	TiesStand  TieKind = iota // in an order that never changes, of which nobody knows
	TiesTurn                  // in another order for each offset and limit
	TiesSorted                // in an order that never changes and that the request asks for
)

// Traits are what an API is like.
type Traits struct {
	Strategy string // by which it is read, and Pager how
	Pager    string // empty: as the strategy does
	Format   strategies.Format
	Value    func(n int64) strategies.Value // the cursor value of a row at n, as the API writes it

	Order  Order
	Strict bool     // the filter is > instead of >=
	Leak   int64    // the filter lets rows through from this far below what was asked
	Slices []string // the collection is asked for in these

	Cap       int  // rows the API gives at most; 0: all
	Deep      int  // offset and limit together may be no more; 0: anything
	ByValue   bool // tokens stand for the last row's value and are strictly greater
	Bound     BoundKind
	Ties      TieKind
	FirstPage int64
	LastRow   string // by last row: strategies.LastKey or LastCursor
	Pinned    bool   // newest first: the first row of all stands before the newest

	End   EndKind
	Total TotalKind
	Says  SaysKind

	// What an API does not honour.
	Skips   bool // the page number, the offset or the row
	Endless bool // the upper bound
	Loops   bool // its tokens lead to the first page
	Flagged bool // it says of each page that there is more
}

// For are the traits of an API that a stream with the settings reads, as far as these tell them.
func For(spec strategies.Spec) Traits {
	return Traits{Strategy: spec.Strategy, Pager: spec.Pager, Format: spec.Format, FirstPage: spec.FirstPage, LastRow: spec.LastRow, Slices: spec.Values}
}

// Shifts reports whether, by a pager, a row that comes or goes moves others from one page to another.
func Shifts(pager string) bool { return pager == strategies.ByNumber || pager == strategies.ByOffset }

// Tokened reports whether, by a pager, each page leads to the next one.
func Tokened(pager string) bool {
	return pager == strategies.ByToken || pager == strategies.ByURL || pager == strategies.ByLink
}
