package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tidemark/connector/internal/request"
	"tidemark/strategies"
)

// day is the longest unit in which a filter may compare, in units of a value's N.
var day = slices.MaxFunc(strategies.Units(), func(a, b strategies.Unit) int { return int(a.N/1e6 - b.N/1e6) }).N

// pivot is a value of the list that the lower bound is tried with: one with older ones before it and newer ones behind
// it, and, where rows do not rise, with few behind it, so that an answer may hold them all.
func (k *Known) pivot() (v strategies.Value, ok bool) {
	all := k.values(k.rows())
	if len(all) < 3 || k.Format == strategies.Opaque {
		return v, false
	}
	at := len(all) / 2
	if k.Rises != strategies.Yes {
		at = len(all) * 3 / 4
	}
	return all[min(max(at, 1), len(all)-2)], true
}

// bound is a question of the list from a lower bound on, for a page as large as can be had.
func (k *Known) bound(text string) []strategies.Param {
	params := []strategies.Param{{Role: strategies.RoleSince, Value: text}}
	if k.Size == strategies.Yes {
		params = append(params, number(strategies.RoleLimit, cmp.Or(k.Most, large)))
	}
	return k.list(params...)
}

// askFilter asks from a value that was read: its row has to come, and older ones must not. Where it does not come it is
// looked for from further back, and then once more as before, for it may have come meanwhile.
func askFilter(ctx context.Context, a *asker, k *Known) error {
	v, ok := k.pivot()
	if !ok {
		return nil
	}
	at, err := a.ask(ctx, k.bound(string(v.Raw)))
	if err != nil || at.Refused() {
		return err
	}
	if k.below(at, v) > 0 {
		// Either the filter compares coarsely, or it does nothing: from a time to come on there are no rows.
		_, err := a.ask(ctx, k.bound(k.future()))
		return err
	}
	if len(k.at(at.Rows, v)) > 0 {
		return nil
	}
	for _, d := range k.distances(v) {
		from, err := a.ask(ctx, k.bound(k.Format.Back(v, d)))
		if err != nil || from.Refused() {
			return err
		}
		if len(k.at(from.Rows, v)) > 0 {
			_, err := a.ask(ctx, k.bound(string(v.Raw)))
			return err
		}
	}
	return nil
}

// future is a value behind all that were read, by more than a filter's unit.
func (k *Known) future() string {
	all := k.values(k.rows())
	return k.Format.Back(all[len(all)-1], -2*k.longest())
}

// longest is a distance over which no filter reaches that compares in units.
func (k *Known) longest() int64 {
	if k.Format.Temporal() {
		return day
	}
	return 1000 * max(k.Format.Unit(), 1)
}

// distances are how far back a row at v is looked for: one step, and each unit that is longer.
func (k *Known) distances(v strategies.Value) []int64 {
	step := max(k.Format.Granule(v), 1)
	all := []int64{step}
	if k.Format.Temporal() {
		for _, u := range strategies.Units() {
			if u.N > step {
				all = append(all, u.N)
			}
		}
	}
	return all
}

// below is how many rows of an answer lie before v.
func (k *Known) below(a *Answer, v strategies.Value) (n int) {
	for i := range a.Rows {
		if w := a.Rows[i].Value; w.Set && k.Format.Compare(w, v) < 0 {
			n++
		}
	}
	return n
}

func judgeFilter(k *Known, own []*Answer) Verdict {
	name := k.name(strategies.RoleSince)
	if len(own) == 0 {
		return unknown(fmt.Sprintf("%d different cursor values are too few to tell, or they are opaque", len(k.values(k.rows()))), len(k.rows()))
	}
	at, v, known := own[0], k.since(own[0]), k.rows()
	if at.Refused() {
		return unknown(fmt.Sprintf("asked from %q: %s", v.Raw, refusal(at)), 0).by(at)
	}
	rows := 0
	for _, a := range own {
		rows += len(a.Rows)
	}
	older := 0
	for i := range known {
		if w := known[i].Value; w.Set && k.Format.Compare(w, v) < 0 {
			older++
		}
	}
	asked := fmt.Sprintf("asked from %q", v.Raw)
	if below := k.below(at, v); below > 0 {
		return k.coarse(own, v, below, rows, name)
	}
	if n := len(k.at(at.Rows, v)); n > 0 {
		k.Bound, k.Filter = strategies.Yes, strategies.FilterInclusive
		return yes(fmt.Sprintf("%s the API shows the row at that value, and none of the %d older ones that are known: %s",
			asked, older, strategies.SaysFilter(k.Filter)), rows).by(at).sets("filter", "inclusive")
	}
	if len(own) < 3 || len(k.at(own[len(own)-2].Rows, v)) == 0 {
		return unknown(fmt.Sprintf("%s the row at that value does not come, and from further back neither: it may have changed", asked), rows).by(at)
	}
	again, back := own[len(own)-1], own[len(own)-2]
	k.Bound = strategies.Yes
	if len(k.at(again.Rows, v)) > 0 {
		return yes(asked+" the row at that value came the second time only, so whether the filter includes it was not told", rows).by(again)
	}
	// Whatever the order is, what lies before the row in the longer list lies before it in the shorter one, so that its
	// page would have it there as well.
	distance := k.distances(v)[len(own)-3]
	k.Filter = strategies.FilterStrict
	for _, u := range strategies.Units() {
		if u.N == distance && distance > max(k.Format.Granule(v), 1) {
			k.Filter = u.Filter
		}
	}
	verdict := yes(fmt.Sprintf("%s the API leaves out a row that was just read at that value, and asked from %q it shows it: %s",
		asked, valueOf(back, strategies.RoleSince), strategies.SaysFilter(k.Filter)), rows).by(at)
	return verdict.sets("filter", "strict")
}

// since is the lower bound that an answer was asked with.
func (k *Known) since(a *Answer) strategies.Value {
	v, _ := k.Format.ParseString(valueOf(a, strategies.RoleSince)) // it was read, or written by the format
	return v
}

// written is the granule in which requests write a lower bound; 0: the rows' own.
func (k *Known) written() int64 {
	t, err := k.Stream.Template()
	if err != nil {
		return 0
	}
	return t.Granule(request.Since)
}

// coarse judges a filter that lets rows through from before its bound.
func (k *Known) coarse(own []*Answer, v strategies.Value, below, rows int, name string) Verdict {
	says := fmt.Sprintf("asked from %q the API shows %d older rows", v.Raw, below)
	at := own[0]
	if len(own) < 2 || own[1].Refused() {
		return unknown(says+", and whether it filters at all was not told: "+strategies.SaysUnfiltered(name), rows).by(at)
	}
	future := own[1]
	if n := len(future.Rows); n > 0 {
		k.Bound = strategies.No
		return no(fmt.Sprintf("%s, and %d rows asked from %q, behind all that was read: %s", says, n,
			valueOf(future, strategies.RoleSince), strategies.SaysIgnored(name)), rows).by(future)
	}
	k.Bound = strategies.Yes
	oldest := k.values(at.Rows)[0]
	left := slices.ContainsFunc(k.rows(), func(r strategies.Row) bool {
		return r.Value.Set && k.Format.Compare(r.Value, oldest) < 0
	})
	says = fmt.Sprintf("%s, back to %q and no further", says, oldest.Raw)
	if own := k.written(); own > 0 && v.N-oldest.N < own {
		return yes(says+": requests write the bound so coarsely (request)", rows).by(at)
	}
	for _, u := range strategies.Units() {
		if k.Format.Temporal() && v.N-oldest.N < u.N && left {
			k.Filter = u.Filter
			return yes(says+": "+strategies.SaysFilter(u.Filter), rows).by(at)
		}
	}
	return yes(says+", which is all that is known, and asked from behind it there is none: it compares more coarsely than it writes", rows).by(at)
}
