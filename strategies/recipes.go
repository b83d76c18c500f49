package strategies

import (
	"fmt"
	"slices"
	"strings"
)

// Recipe is a strategy as the rest of the program knows it: what it is made of, what it needs of an
// API, what it promises and what it cannot see. Nothing outside this package needs to know one by name:
// a new strategy is a file, an entry here, and a test.
type Recipe struct {
	Name  string
	Bound string // how the lower bound is used
	Pages string // how pages follow each other; empty: by a pager that is configured
	Slow  string // what bounds its speed on an API that takes its time

	Needs    []Role // what a request has to have a place for
	Optional []Role // what it may have one for
	Pagers   []string

	For      string // the API that it is for
	Promises string
	Blind    string // what it cannot see

	Traits
	make func(Spec) (Strategy, error)
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

// recipes are all strategies, in the order that help texts use.
var recipes = []Recipe{
	{
		Name: Keyset, Bound: "rows from the last value on", Pages: "each from the last value of the one before; the token tells the end",
		Slow:  "one request at a time: each asks from what the one before has shown",
		Needs: []Role{RoleSince, RoleToken}, Optional: []Role{RoleLimit},
		For:      "a filter by the cursor field, ascending order, pages by token",
		Promises: "nothing lost or twice, whatever is inserted, changed or deleted meanwhile", Blind: "deleted rows; rows of one value than more fit a page (an error)",
		Traits: Traits{ByValue: true}, make: newKeyset,
	},
	{
		Name: Offset, Bound: "rows from the mark on", Pages: "counted by offset and limit, each page checked against the one before",
		Slow:  "the API's own limit, with as many requests under way as concurrency says",
		Needs: []Role{RoleSince, RoleLimit, RoleOffset}, Optional: []Role{RoleOrderBy, RoleOrderType},
		For:      "a filter by the cursor field, ascending order, offset and limit",
		Promises: "nothing lost or twice, whatever is inserted, changed or deleted meanwhile", Blind: "deleted rows",
		Traits: Traits{Counts: true, Ahead: true}, make: newOffset,
	},
	{
		Name: Timestamp, Bound: "rows from the mark on", Pages: "none: an answer is all there is, or is asked on from its last value",
		Slow: "one request at a time, few of them", Needs: []Role{RoleSince},
		For:      "a filter by the cursor field, no pages",
		Promises: "nothing lost or twice, also where an answer is cut in silence", Blind: "deleted rows",
		Traits: Traits{Whole: true}, make: newTimestamp,
	},
	{
		Name: StepSize, Bound: "ids behind the greatest one", Pages: "ranges of ids",
		Slow:  "the API's own limit, with as many requests under way as concurrency says",
		Needs: []Role{RoleStartID, RoleEndID},
		For:   "ranges of ids, which rise", Promises: "no id lost that was there before a greater one",
		Blind:  "changed and deleted rows; ids that appear below greater ones",
		Traits: Traits{ByID: true, Ahead: true}, make: newStepSize,
	},
	{
		Name: Replay, Bound: "rows from a buffer of hours before the mark on", Pages: "none, as timestamp",
		Slow: "one request at a time, few of them", Needs: []Role{RoleSince},
		For:      "as timestamp, where rows come late, as on a read replica that lags",
		Promises: "as timestamp, and rows that come late within the buffer", Blind: "deleted rows; rows later than the buffer",
		Traits: Traits{Whole: true, Buffered: true}, make: newTimestamp,
	},
	{
		Name: Changes, Bound: "rows from the mark on", Slow: "one request at a time by token, as many as concurrency says by page or offset",
		Needs: []Role{RoleSince}, Optional: []Role{RoleLimit}, Pagers: Pagers(),
		For:      "a filter by the cursor field, pages in no known order",
		Promises: "nothing lost or twice; the mark moves about one sweep behind", Blind: "deleted rows",
		Traits: Traits{Walks: true, Ahead: true}, make: newSweep,
	},
	{
		Name: Feed, Bound: "newest first, down to the mark and the look-back", Slow: "one request at a time",
		Optional: []Role{RoleLimit}, Pagers: slices.DeleteFunc(Pagers(), func(p string) bool { return p == pagerRow }),
		For:      "no filter, but the newest rows first",
		Promises: "nothing lost or twice of what comes in the order of its stamps", Blind: "deleted rows; rows that come later than the look-back",
		Traits: Traits{Walks: true, Falls: true}, make: newFeed,
	},
	{
		Name: Window, Bound: "spans of time, each with a lower and an upper bound",
		Slow:  "the API's own limit, with as many spans under way as concurrency says",
		Needs: []Role{RoleSince, RoleUntil}, Optional: []Role{RoleLimit}, Pagers: Pagers(),
		For:      "a filter by a span of time, in any order",
		Promises: "nothing lost or twice", Blind: "deleted rows; rows that come later than the look-back",
		Traits: Traits{Walks: true, Spans: true, Ahead: true}, make: newWindow,
	},
	{
		Name: Snapshot, Bound: "none: all rows each time", Slow: "one request at a time by token, as many as concurrency says by page or offset",
		Optional: []Role{RoleLimit}, Pagers: Pagers(),
		For:      "no filter and no order",
		Promises: "each row that a sweep shows, and once", Blind: "what changes twice between two sweeps; deleted rows unless reconcile_interval is set",
		Traits: Traits{Walks: true, All: true, Ahead: true}, make: newSnapshot,
	},
}

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
