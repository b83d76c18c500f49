package strategies

import (
	"fmt"
	"slices"
	"strings"
)

// Recipe is a strategy as the rest of the program knows it: what it is made of, what it needs of an
// API, how fast it can be and what it cannot see. Nothing outside this package needs to know one by name:
// a new strategy is a file, an entry here, and a test.
type Recipe struct {
	Name  string
	Bound string // how the lower bound is used
	Pages string // how pages follow each other; empty: by a pager that is configured
	Slow  string // what bounds its speed on an API that takes its time

	Needs    []Role // what a request has to have a place for
	Optional []Role // what it may have one for
	Pagers   []string

	For   string // what the API has to offer
	Blind string // what it cannot see

	Traits
	make func(Spec) (Strategy, error)
	// pager is the name that positions of a strategy have which pages in a way of its own, and position one of their type.
	pager    string
	position func() Position
	fits     func(Offer) Tri // what it needs of an API beside Needs and Pagers
}

// Traits are what configuration, checks and full scans have to know of a strategy.
type Traits struct {
	ByID     bool // its cursor is the id and no time: it looks back nowhere, and its mark means nothing to the others
	ByValue  bool // each page is asked for by the last value of the one before; tokens tell the end
	Counts   bool // pages are counted by offset from the mark, in the API's order
	Whole    bool // an answer is all there is, which may be long
	Buffered bool // its look-back is Buffer
	Walks    bool // by a configured pager
	All      bool // each sweep reads all of the collection: it has no mark
	Falls    bool // pages come newest first
	Spans    bool // it reads spans of time: Step, Lag, MaxAge
	Ahead    bool // requests can be under way at once (concurrency)
}

// How fast a strategy is on an API that takes its time.
const (
	inTurn   = "one request at a time: each hangs on the answer before"
	together = "`concurrency` requests at once: as fast as the API"
	mixed    = "`concurrency` requests at once by page or offset; one at a time by token, URL or last row"
)

// recipes are all strategies, in the order that help texts use.
var recipes = []Recipe{
	{
		Name: Keyset, Bound: "rows changed since the last value read, page by page", Pages: "each from the last value of the one before; the token tells the end",
		Slow: inTurn, Needs: []Role{RoleSince, RoleToken}, Optional: []Role{RoleLimit},
		For:    "a filter by the cursor field, rising order, and a token for as long as there is more (null, empty or left out at the end; `end` takes other forms)",
		Blind:  "more rows on one cursor value than a page holds (it stops and says so); rows that appear with a cursor value behind the mark (`lookback`)",
		Traits: Traits{ByValue: true}, make: newKeyset, pager: byValue, position: func() Position { return new(ValuePosition) },
		fits: func(o Offer) Tri { return all(o.Filter, o.Rises, o.by(ByToken)) },
	},
	{
		Name: Offset, Bound: "rows changed since a frozen base", Pages: "counted by offset and limit, each page held against the one before",
		Slow: together, Needs: []Role{RoleSince, RoleLimit, RoleOffset}, Optional: []Role{RoleOrderBy, RoleOrderType},
		For: "a filter, sorting by the cursor field, offset and limit, pages of two rows at least; answers longer than any group of rows with one " +
			"cursor value, or `order_by: \"updatedAt,id\"`",
		Blind:  "rows that appear with a cursor value smaller than one already read (`lookback`)",
		Traits: Traits{Counts: true, Ahead: true}, make: newOffset, pager: byCount, position: func() Position { return new(CountPosition) },
		fits: func(o Offer) Tri { return all(o.Filter, o.Rises, o.by(ByOffset)) },
	},
	{
		Name: Timestamp, Bound: "everything changed since the mark", Pages: "none: one answer of any length that comes within `request_timeout`",
		Slow: inTurn, Needs: []Role{RoleSince},
		For:    "a filter; rows in rising order, or no paging",
		Blind:  "rows that appear with a cursor value behind the mark (`lookback`)",
		Traits: Traits{Whole: true}, make: newTimestamp, pager: byAnswer, position: func() Position { return new(AnswerPosition) },
		fits: risingOrWhole,
	},
	{
		Name: StepSize, Bound: "ids 1–1000, 1001–2000, … up to `max_id`", Pages: "ranges of ids",
		Slow: together, Needs: []Role{RoleStartID, RoleEndID},
		For:    "ids that are whole numbers, a range filter",
		Blind:  "updates, and ids that appear below the greatest one seen (`rescan_interval`); ids above `max_id`",
		Traits: Traits{ByID: true, Ahead: true}, make: newStepSize, pager: byRange, position: func() Position { return new(RangePosition) },
		fits: func(Offer) Tri { return Unknown },
	},
	{
		Name: Replay, Bound: "everything changed since the mark less `buffer_hours`", Pages: "none, as `timestamp`",
		Slow: inTurn, Needs: []Role{RoleSince},
		For:    "as `timestamp`, where rows come late, as on a read replica that lags",
		Blind:  "rows that appear later than the buffer",
		Traits: Traits{Whole: true, Buffered: true}, make: newTimestamp, pager: byAnswer, position: func() Position { return new(AnswerPosition) },
		fits: risingOrWhole,
	},
	{
		Name: Changes, Bound: "rows changed since the mark, which stays about one sweep behind", Slow: mixed,
		Needs: []Role{RoleSince}, Optional: []Role{RoleLimit}, Pagers: Pagers(),
		For:    "a filter by the cursor field, and pages in no known order",
		Blind:  "rows that appear with a cursor value behind the mark (`lookback`)",
		Traits: Traits{Walks: true, Ahead: true}, make: newSweep,
		fits: func(o Offer) Tri { return o.Filter },
	},
	{
		Name: Feed, Bound: "the newest rows, down to the mark and the look-back", Slow: inTurn,
		Optional: []Role{RoleLimit}, Pagers: slices.DeleteFunc(Pagers(), func(p string) bool { return p == ByRow }),
		For:    "no filter, but the newest rows first",
		Blind:  "rows that appear further behind the mark than `lookback` reaches (`rescan_interval`)",
		Traits: Traits{Walks: true, Falls: true}, make: newFeed,
		fits: func(o Offer) Tri { return o.Falls },
	},
	{
		Name: Window, Bound: "spans of time (`step`), one behind the other, from the mark to now", Slow: together + " where a span is one answer",
		Needs: []Role{RoleSince, RoleUntil}, Optional: []Role{RoleLimit}, Pagers: Pagers(),
		For:    "a filter with a lower and an upper bound, in any order",
		Blind:  "rows that appear with a cursor value behind the mark, and what a lagging replica leaves out of one span while a later span shows newer rows (`lookback`, for both)",
		Traits: Traits{Walks: true, Spans: true, Ahead: true}, make: newWindow,
		fits: func(o Offer) Tri { return o.Filter },
	},
	{
		Name: Snapshot, Bound: "all rows, each time", Slow: mixed,
		Optional: []Role{RoleLimit}, Pagers: Pagers(),
		For:    "neither a filter nor an order",
		Blind:  "what changes twice between two sweeps; where it has a `cursor_field`, rows that went back (`rescan_interval`); it finds deleted rows (`reconcile_interval: 0`)",
		Traits: Traits{Walks: true, All: true, Ahead: true}, make: newSnapshot,
		fits: func(Offer) Tri { return Yes },
	},
}

// risingOrWhole is what those need that take an answer for all there is from its lower bound on.
func risingOrWhole(o Offer) Tri { return all(o.Filter, one(o.Rises, o.Whole)) }

// Recipes are all strategies, in the order that help texts use.
func Recipes() []Recipe { return slices.Clone(recipes) }

// Of is the recipe of a strategy; false: there is none of that name.
func Of(name string) (Recipe, bool) {
	i := slices.IndexFunc(recipes, func(r Recipe) bool { return r.Name == name })
	if i < 0 {
		return Recipe{}, false
	}
	return recipes[i], true
}

// TraitsOf are the traits of a strategy; none where there is no such strategy.
func TraitsOf(name string) Traits {
	r, _ := Of(name)
	return r.Traits
}

// Names lists the strategies in the order that help texts use.
func Names() []string { return Those(func(Recipe) bool { return true }) }

// Own are the names of the strategies that page in a way of their own, not by a configured pager.
func Own() []string { return Those(func(r Recipe) bool { return !r.Walks }) }

// Those are the names of the strategies that have something in common.
func Those(have func(Recipe) bool) (names []string) {
	for _, r := range recipes {
		if have(r) {
			names = append(names, r.Name)
		}
	}
	return names
}

// New returns the strategy that spec names. The error names the field at fault in
// words that fit behind "streams[i]: ".
func New(spec Spec) (Strategy, error) {
	r, ok := Of(spec.Strategy)
	if !ok {
		return nil, fmt.Errorf("strategy %q is not one of %v", spec.Strategy, Names())
	}
	if r.Walks && !slices.Contains(r.Pagers, spec.Pager) {
		return nil, fmt.Errorf("%s cannot go with pages %q; it can with %s", spec.Strategy, spec.Pager, strings.Join(r.Pagers, ", "))
	}
	return r.make(spec)
}
