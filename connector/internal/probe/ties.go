package probe

import (
	"context"
	"fmt"
	"slices"

	"tidemark/strategies"
)

// tie is where a page can be made to end between two rows of one value: behind so many rows of the list. 0: nowhere.
func (k *Known) tie() int {
	rows := k.rows()
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1].Value, rows[i].Value
		if a.Set && b.Set && k.Format.Compare(a, b) == 0 && (k.Most == 0 || i <= k.Most) {
			return i
		}
	}
	return 0
}

// askTies looks at what a token leads to where rows share the last value of its page: at a page that is made to end
// between two such rows, or else at the first one, whose last value is asked from.
func askTies(ctx context.Context, a *asker, k *Known) error {
	if n := k.tie(); n > 0 && k.Size == strategies.Yes {
		cut := *k
		cut.Limit = n
		first, err := a.ask(ctx, cut.paged())
		if err != nil || first.Refused() {
			return err
		}
		r, err := cut.newReader(k.Pager)
		if err != nil {
			return err
		}
		if r.take(first) {
			_, err = r.next(ctx, a, k, k.Base)
		}
		return err
	}
	last, ok := lastValue(k.Pages[0])
	if !ok || k.Bound != strategies.Yes || k.Format == strategies.Opaque {
		return nil
	}
	d := max(k.Format.Granule(last), 1)
	for _, u := range strategies.Units() {
		if u.Filter == k.Filter {
			d = u.N
		}
	}
	_, err := a.ask(ctx, k.bound(k.Format.Back(last, d)))
	return err
}

// lastValue is the cursor value of a page's last row.
func lastValue(a *Answer) (v strategies.Value, ok bool) {
	if n := len(a.Rows); n > 0 {
		v = a.Rows[n-1].Value
	}
	return v, v.Set
}

func judgeTies(k *Known, own []*Answer) Verdict {
	first, second, others := k.Pages[0], k.Pages[1], k.rows()
	switch len(own) {
	case 0:
		return unknown("no two rows of those read share a cursor value, and none can be asked for by it", len(others))
	case 1:
		others = own[0].Rows
	default:
		first, second = own[0], own[1]
	}
	v, ok := lastValue(first)
	if !ok || second.Refused() {
		return unknown("the page with the token does not tell", len(others)).by(second)
	}
	here := k.at(first.Rows, v)
	missing := slices.DeleteFunc(k.at(others, v), func(id string) bool { return slices.Contains(here, id) })
	kept := k.at(second.Rows, v)
	n := len(first.Rows) + len(second.Rows)
	switch {
	case len(missing) == 0:
		return unknown(fmt.Sprintf("no row behind a page of %d is known to share its last value", len(first.Rows)), n).by(second)
	case slices.ContainsFunc(missing, func(id string) bool { return slices.Contains(kept, id) }):
		k.Skips = strategies.No
		return yes(fmt.Sprintf("behind %s, the last at %q, the token leads to the others of that value", counted(len(first.Rows), "row"), v.Raw), n).by(second)
	case k.below(second, v) > 0 || len(second.Rows) == 0 || k.Rises != strategies.Yes:
		return unknown("the page with the token is in another order, or has no rows", n).by(second)
	}
	k.Skips = strategies.Yes
	return no(fmt.Sprintf("behind %s, the last at %q, the token leaves out %s of that value: who follows it loses them",
		counted(len(first.Rows), "row"), v.Raw, counted(len(missing), "row")), n).by(second)
}
