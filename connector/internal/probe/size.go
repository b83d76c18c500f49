package probe

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"tidemark/strategies"
)

// large is the page size from which on a greater one makes nothing faster.
const large = 1000

// smaller are what is asked for where an API refuses a large page and does not say what it takes.
var smaller = []int{500, 200, 100, 50}

// askSize asks for half of the first page, and for a large one; where that is refused, for smaller ones.
func askSize(ctx context.Context, a *asker, k *Known) error {
	ask := func(n int) (*Answer, error) {
		return a.ask(ctx, k.list(number(strategies.RoleLimit, n)))
	}
	rows := len(k.First.Rows)
	if rows > 1 {
		if _, err := ask(rows / 2); err != nil {
			return err
		}
	}
	if rows >= large {
		return nil
	}
	got, err := ask(large)
	if err != nil {
		return err
	}
	if got.Refused() {
		return a.lower(ctx, k, got.Limits, rows)
	}
	if n := len(got.Rows); n > 0 && n < large {
		return a.behind(ctx, k, got) // whether these are all tells what lies behind them, and not what they say
	}
	return nil
}

// behind asks for the page behind a large one, in the first way that leads to one.
func (a *asker) behind(ctx context.Context, k *Known, page *Answer) error {
	wide := *k
	wide.Limit = large
	for _, p := range candidates(k, page) {
		r, err := wide.newReader(p)
		if err != nil || !r.take(page) {
			continue
		}
		next, err := r.next(ctx, a, k, k.Base)
		if err == nil {
			next.Behind = true
		}
		return err
	}
	return nil
}

// lower asks for ever smaller pages until one is taken.
func (a *asker) lower(ctx context.Context, k *Known, limits []int, rows int) error {
	sizes := smaller
	if usable := slices.DeleteFunc(slices.Clone(limits), func(n int) bool { return n <= 0 || n >= large }); len(usable) > 0 {
		sizes = []int{slices.Min(usable)}
	}
	for _, n := range sizes {
		if n <= rows {
			break // so many came without being asked for
		}
		got, err := a.ask(ctx, k.list(number(strategies.RoleLimit, n)))
		if err != nil || !got.Refused() {
			return err
		}
	}
	return nil
}

// limitOf is how many rows an answer was asked for.
func limitOf(a *Answer) int {
	n, _ := strconv.Atoi(valueOf(a, strategies.RoleLimit)) // it was written by number
	return n
}

// valueOf is what an answer was asked with in a role; "": nothing.
func valueOf(a *Answer, r strategies.Role) string {
	for _, p := range a.Params {
		if p.Role == r {
			return p.Value
		}
	}
	return ""
}

func judgeSize(k *Known, own []*Answer) Verdict {
	usual := len(k.First.Rows) // by itself
	seen, most, refused := usual, 0, 0
	var honoured, shows, wide *Answer
	for i, a := range own {
		asked, n := limitOf(a), len(a.Rows)
		switch {
		case a.Behind && a.Refused():
			continue
		case a.Refused():
			refused, shows = asked, a
			continue
		case a.Behind:
			if leadsOn(own[i-1], a) {
				most = len(own[i-1].Rows)
			}
			continue
		case n > asked:
			k.Size = strategies.No
			return no(strategies.SaysOversize(n, asked, k.name(strategies.RoleLimit)), n).by(a)
		case n == asked:
			honoured = a
		}
		if n > seen {
			wide = a
		}
		seen, shows = max(seen, n), a
	}
	if honoured == nil {
		return unknown(fmt.Sprintf("no answer has as many rows as were asked for, and none has more (%d)", usual), seen).by(shows)
	}
	k.Size = strategies.Yes
	says := "it gives as many rows as are asked for"
	if limitOf(k.First) == 0 && (k.First.goesOn() != "" || seen > usual) {
		says += fmt.Sprintf(", %d by itself", usual)
	}
	v := yes("", seen)
	switch {
	case most > 0:
		k.Most = most
		says += fmt.Sprintf(", and %d at the most", most)
		v = v.sets("page_size", strconv.Itoa(most))
	case seen >= large:
		k.Most = large
		says += fmt.Sprintf(", %d as well", seen)
		v = v.sets("page_size", strconv.Itoa(large))
	case refused > 0 && limitOf(honoured) > usual/2:
		k.Most = limitOf(honoured)
		says += fmt.Sprintf(", %d at the most of those that were tried: it refuses %d", k.Most, refused)
		v = v.sets("page_size", strconv.Itoa(k.Most))
	default:
		says += fmt.Sprintf("; %d at least, and how many at the most was not told", seen)
	}
	k.Longest = seen
	if v.Says = says; k.Most > 0 && k.First.goesOn() != "" && wide != nil && len(wide.Rows) == k.Most {
		k.Wide, k.Limit = wide, k.Most
	}
	return v.by(shows)
}
