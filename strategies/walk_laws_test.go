package strategies

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// walkers are the strategies that read by a configured pager.
var walkers = Those(func(r Recipe) bool { return r.Walks })

// drawList makes an API that the strategy can read with the pager.
func drawList(t *rapid.T, strategy, pager string) (Strategy, *listAPI) {
	traits := TraitsOf(strategy)
	spec := Spec{
		Strategy: strategy, Format: RFC3339, Pager: pager, FirstPage: rapid.Int64Range(0, 1).Draw(t, "first page"), LastRow: LastKey, TokenPlace: "next",
		Repeat: rapid.Bool().Draw(t, "repeat"),
		Params: ParamNames{Since: "since", Until: "until", Token: "token", Page: "page", Offset: "offset", Limit: "limit"},
	}
	if traits.Falls || traits.All {
		spec.Params.Since = ""
	}
	if !traits.All {
		spec.Lookback = time.Duration(rapid.IntRange(0, 3).Draw(t, "lookback")) * time.Second
	}
	if traits.Spans {
		spec.FirstMark = at(-25)
		spec.Step = time.Duration(rapid.IntRange(3, 40).Draw(t, "step")) * time.Second
		spec.Lag = time.Duration(rapid.IntRange(0, 2).Draw(t, "lag")) * time.Second
	}
	api := &listAPI{spec: spec, size: rapid.IntRange(1, 5).Draw(t, "size"), order: rapid.SampledFrom(listOrders).Draw(t, "order"),
		strict: rapid.Bool().Draw(t, "strict"), ends: rapid.SampledFrom([]string{"null", "absent", "page"}).Draw(t, "ends"),
		total: rapid.Bool().Draw(t, "total"), tokens: map[string]int{}}
	spec.Values = rapid.SampledFrom([][]string{nil, nil, {"a"}, {"a", "b", "c"}}).Draw(t, "values")
	if spec.Values == nil && rapid.Bool().Draw(t, "parents") {
		spec.Parents = true
		spec.Changed = traits.All && rapid.Bool().Draw(t, "changed")
		for range rapid.IntRange(0, 4).Draw(t, "parents there") {
			api.parents.add()
		}
	}
	switch {
	case traits.Falls:
		api.order = "falling"
	case pager == ByRow:
		api.order = "by key"
	}
	spec.PageSize = api.size
	if api.ends == "absent" {
		spec.Ends.Token = true
	}
	if traits.Spans {
		api.skew = rapid.IntRange(-20, 20).Draw(t, "skew")
	}
	api.spec = spec
	s, err := New(spec)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	for range rapid.IntRange(0, 20).Draw(t, "rows") {
		api.insert(rapid.IntRange(0, 50).Draw(t, "rank"))
	}
	if rapid.Bool().Draw(t, "ties") { // several rows of one value
		for i := range api.rows {
			api.rows[i].n = int(FloorDiv(int64(api.rows[i].n), 3)) * 3
		}
	}
	return s, api
}

// change lets something happen to the list, or nothing.
func (a *listAPI) change(t *rapid.T) {
	if a.spec.Parents && rapid.IntRange(0, 2).Draw(t, "of parents") == 0 {
		a.changeParents(t)
		return
	}
	switch rapid.IntRange(0, 7).Draw(t, "change") {
	case 0:
		a.insert(rapid.IntRange(0, 50).Draw(t, "rank"))
	case 1:
		if len(a.rows) > 0 {
			a.update(rapid.IntRange(0, 99).Draw(t, "which"), rapid.IntRange(0, 50).Draw(t, "rank"))
		}
	case 2:
		if len(a.rows) > 0 {
			a.remove(rapid.IntRange(0, 99).Draw(t, "which"))
		}
	}
}

func eachWalk(t *testing.T, law func(t *rapid.T, strategy, pager string)) {
	for _, strategy := range walkers {
		recipe, _ := Of(strategy)
		for _, pager := range recipe.Pagers {
			t.Run(strategy+"/"+pager, func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(t *rapid.T) { law(t, strategy, pager) })
			})
		}
	}
}

// Nothing is lost, whatever is inserted, changed and deleted while the list is read: at each sweep's end all
// rows below the mark were delivered as they are, and when the list has come to rest all rows are (P2).
func TestWalksLoseNothing(t *testing.T) {
	eachWalk(t, func(t *rapid.T, strategy, pager string) {
		s, api := drawList(t, strategy, pager)
		r := newListReader(s, api)
		r.crash = func() bool { return api.spec.Parents && rapid.IntRange(0, 9).Draw(t, "crash") == 0 }
		r.omits = func() bool { return rapid.IntRange(0, 9).Draw(t, "omits") == 0 }
		for range rapid.IntRange(1, 5).Draw(t, "sweeps") {
			before := r.c.Mark
			quiet := rapid.Bool().Draw(t, "quiet")
			err := r.sweep(func() {
				if !quiet {
					api.change(t)
				}
			}, 4000)
			if err != nil && !quiet && strings.Contains(err.Error(), "times in a row") {
				return // each page was moved by just a page: whether the API reads its number cannot be told
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, strings.Join(r.trail, "\n"))
			}
			if before != "" && api.seconds(r.c.Mark) < api.seconds(before) {
				t.Fatalf("the mark fell from %s to %s (P6)", before, r.c.Mark)
			}
			if lost := r.missing(false); len(lost) > 0 && !TraitsOf(strategy).All {
				t.Fatalf("behind the mark %s and not delivered: %v\n%s", r.c.Mark, lost, strings.Join(r.trail, "\n"))
			}
			r.trail = append(r.trail, "-- mark "+r.c.Mark)
			for range rapid.IntRange(0, 3).Draw(t, "between") {
				api.change(t)
			}
		}
		api.clock += 30 // past every lag and skew
		r.omits = func() bool { return false }
		for range 3 {
			if err := r.sweep(func() {}, 4000); err != nil {
				t.Fatalf("%v\n%s", err, strings.Join(r.trail, "\n"))
			}
		}
		if lost := r.missing(true); len(lost) > 0 {
			t.Fatalf("at rest, and not delivered: %v, mark %s\n%s", lost, r.c.Mark, strings.Join(r.trail, "\n"))
		}
	})
}

// A scan that has to be sure shows every row that was there all the time, or says that it did not (P9).
func TestVerifiedWalksShowAll(t *testing.T) {
	eachWalk(t, func(t *rapid.T, strategy, pager string) {
		s, api := drawList(t, strategy, pager)
		r := newListReader(s, api)
		c, err := s.Begin(r.c, time.UnixMicro(noon).Add(time.Duration(api.clock+60)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		r.c = Verified(c)
		there := map[int]listRow{} // and as they are
		for _, row := range api.rows {
			there[row.key] = row
		}
		err = r.sweep(func() {
			api.change(t)
			for key, row := range there {
				if !slices.Contains(api.rows, row) || api.spec.Parents && !api.parents.shown(row.slice) {
					delete(there, key)
				}
			}
		}, 4000)
		if err != nil && strings.Contains(err.Error(), "times in a row") {
			return
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, strings.Join(r.trail, "\n"))
		}
		if r.gone > 0 { // which is said, too
			return
		}
		if slices.ContainsFunc(r.said, func(w string) bool { return strings.Contains(w, "passes over the list") }) {
			return
		}
		for key := range there {
			if _, shown := r.topic[string(api.row(listRow{key: key}).Key)]; !shown && !TraitsOf(strategy).Spans {
				t.Fatalf("the row %d was there all the time and was not shown\n%s", key, strings.Join(r.trail, "\n"))
			}
		}
	})
}

// What an API does not honour is an error and no end without a word (P7, P8, rule 20).
func TestWalksRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		strategy, pager string
		break_          func(a *listAPI)
		says            string
	}{
		"page number not honoured": {Snapshot, ByNumber, func(a *listAPI) { a.skips = true }, "params.page"},
		"offset not honoured":      {Changes, ByOffset, func(a *listAPI) { a.skips = true }, "params.offset"},
		"row not honoured":         {Snapshot, ByRow, func(a *listAPI) { a.skips = true }, "params.token"},
		"tokens in a circle":       {Changes, ByToken, func(a *listAPI) { a.loops = true }, "would never end"},
		"URLs in a circle":         {Feed, ByURL, func(a *listAPI) { a.loops = true }, "would never end"},
		"not newest first":         {Feed, Unpaged, func(a *listAPI) { a.order = "rising" }, "does not sort newest first"},
		"no upper bound":           {Window, Unpaged, func(a *listAPI) { a.endless = true }, "params.until"},
		"more, and no pages":       {Snapshot, Unpaged, func(a *listAPI) { a.flagged = true }, "no pages are configured"},
		"more, and no Link":        {Snapshot, ByLink, func(a *listAPI) { a.flagged, a.size = true, 50 }, "no header Link"},
		"more, and no token":       {Snapshot, ByToken, func(a *listAPI) { a.ends, a.flagged, a.size = "absent", true, 50 }, "token_path"},
		"more, and no row":         {Snapshot, ByNumber, func(a *listAPI) { a.flagged = true }, "records_path"},
		"a token that is missing":  {Snapshot, ByToken, func(a *listAPI) { a.ends, a.size = "absent", 50 }, "token_path"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Strategy: c.strategy, Format: RFC3339, Pager: c.pager, FirstPage: 1, LastRow: LastKey, TokenPlace: "next", FirstMark: at(-5), Step: 5 * time.Second, Repeat: true,
				Params: ParamNames{Since: "since", Until: "until", Token: "token", Page: "page", Offset: "offset"}}
			api := &listAPI{spec: spec, size: 3, order: "falling", ends: "null", tokens: map[string]int{}}
			for range 20 {
				api.insert(0)
			}
			c.break_(api)
			if c.pager == ByRow {
				api.order = "by key"
			}
			r := newListReader(mustNew(t, spec), api)
			if err := r.sweep(func() {}, 100); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q\n%s", err, c.says, strings.Join(r.trail, "\n"))
			}
		})
	}
}
