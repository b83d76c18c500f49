package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/text"
	"tidemark/strategies"
)

// reader follows a list by one kind of pager, as a stream does whose strategy goes by it: the same code decides what
// leads to the next page and what is an end.
type reader struct {
	strategy strategies.Strategy
	cursor   strategies.Cursor // its Sweep is nil behind the end
	last     error             // why the list cannot be read on
}

// whole are the strategies that read all of a list, of which each pager has one.
var whole = strategies.Those(func(r strategies.Recipe) bool { return r.Walks && r.All })

// newReader stands before the list's first page.
func (k *Known) newReader(pager string) (*reader, error) {
	spec, err := k.Stream.Spec()
	if err != nil {
		return nil, err
	}
	spec.Strategy, spec.Pager, spec.PageSize = whole[0], pager, k.Limit
	if k.Limit == 0 {
		spec.Params.Limit = ""
	}
	if spec.LastRow == "" {
		spec.LastRow = strategies.LastKey
	}
	r := new(reader)
	if r.strategy, err = strategies.New(spec); err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	r.cursor, err = r.strategy.Begin(strategies.Cursor{Version: strategies.CursorVersion, Stream: k.Stream.Name, Strategy: spec.Strategy}, k.First.At)
	return r, err
}

// take reads a page, and reports whether another one follows.
func (r *reader) take(a *Answer) bool {
	if a.Refused() {
		r.cursor.Sweep = nil
		return false
	}
	v, err := r.strategy.Fold(r.cursor, a.Page)
	if err != nil || v.Restarted {
		r.last = err
		r.cursor.Sweep = nil
		return false
	}
	r.cursor = v.Next
	return r.cursor.Sweep != nil
}

// next asks for the page that the reader stands before. base is what every question of the list holds.
func (r *reader) next(ctx context.Context, a *asker, k *Known, base []strategies.Param) (*Answer, error) {
	q := r.strategy.Query(r.cursor).Params
	has := func(role strategies.Role) bool {
		return slices.ContainsFunc(q, func(p strategies.Param) bool { return p.Role == role })
	}
	byToken := has(strategies.RoleToken) && !k.Stream.RepeatParams
	for _, p := range base {
		first := p.Role == strategies.RolePage || p.Role == strategies.RoleOffset // what they are on a first page
		if !first && !has(p.Role) && !has(strategies.RoleLink) && (!byToken || p.Role != strategies.RoleSince) {
			q = append(q, p)
		}
	}
	return a.ask(ctx, q)
}

// mostPages are how many pages of a list are read.
const mostPages = 7

// told reports whether the answer has what a pager goes by, as far as that can be seen.
func told(k *Known, pager string, first *Answer) bool {
	token := first.Token
	leads := token.Present && !token.Null && !token.Blank
	address := leads && (strings.Contains(token.Text, "://") || strings.HasPrefix(token.Text, "/") || strings.HasPrefix(token.Text, "?"))
	for _, r := range strategies.PagerNeeds(pager) {
		if !k.Carries(r) {
			return false
		}
	}
	switch {
	case pager == strategies.Unpaged:
		return false
	case strategies.ByTokens(pager):
		return leads && !address
	case strategies.PagerReads(pager):
		return address
	case strategies.PagerLinks(pager):
		return first.Link != ""
	case strategies.PagerBounds(pager):
		return !leads // its parameter is that of a token, where there are tokens
	}
	return true
}

// candidates are the pagers that a second page may come by: first that which is configured, then those that the answer
// itself speaks of.
func candidates(k *Known, first *Answer) (all []string) {
	rank := func(p string) int {
		switch {
		case k.configured(p):
			return 0
		case strategies.PagerReads(p) || strategies.PagerLinks(p):
			return 1
		}
		return 2
	}
	for _, p := range strategies.Pagers() {
		if told(k, p, first) {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(p, q string) int { return rank(p) - rank(q) })
	return all
}

// configured reports whether the stream goes by a pager: by its pages, or as its strategy has it.
func (k *Known) configured(pager string) bool {
	if k.Stream.Traits().Walks {
		return k.Stream.Pages == pager
	}
	recipe, _ := strategies.Of(k.Stream.Strategy)
	needs := strategies.PagerNeeds(pager)
	return len(needs) > 0 && !slices.ContainsFunc(needs, func(r strategies.Role) bool { return !slices.Contains(recipe.Needs, r) })
}

// askPages asks for a second page in each way that requests have a place for, until one brings other rows. Where the
// first page holds all, it asks for the list in smaller pages first; where the API's own pages are very short, in longer ones.
func askPages(ctx context.Context, a *asker, k *Known) error {
	first := k.top()
	if n := len(first.Rows); k.Longest > mostPages*n { // one answer was longer than so many pages
		cut, err := a.cut(ctx, k, (k.Longest+3)/4)
		if err != nil {
			return err
		}
		if cut != nil {
			first = cut
		}
	}
	for {
		for _, p := range candidates(k, first) {
			r, err := k.newReader(p)
			if err != nil {
				continue // the configuration has not what it takes
			}
			if !r.take(first) {
				continue
			}
			second, err := r.next(ctx, a, k, k.Base)
			if err != nil {
				return err
			}
			if leadsOn(first, second) {
				return nil
			}
		}
		n := (len(first.Rows) + 2) / 3
		if k.Limit > 0 || k.Size != strategies.Yes || len(first.Rows) < 2 || first.goesOn() != "" {
			return nil
		}
		cut, err := a.cut(ctx, k, n)
		if err != nil || cut == nil {
			return err
		}
		first = cut
	}
}

// cut asks for the list's first page once more, with n rows; nil where it has another number of them.
func (a *asker) cut(ctx context.Context, k *Known, n int) (*Answer, error) {
	page, err := a.ask(ctx, k.list(number(strategies.RoleLimit, n)))
	if err != nil || page.Refused() || len(page.Rows) != n {
		return nil, err
	}
	k.Limit = n
	return page, nil
}

// leadsOn reports whether a second page shows what the first one does not.
func leadsOn(first, second *Answer) bool {
	n := len(second.Rows)
	return n > 0 && fresh(second.Rows, first.Rows) > n/2
}

// pagerOf is the pager that an answer was asked by.
func pagerOf(k *Known, first, a *Answer) string {
	for _, p := range candidates(k, first) {
		needs := strategies.PagerNeeds(p)
		if strategies.PagerLinks(p) {
			needs = []strategies.Role{strategies.RoleLink}
		}
		if !slices.ContainsFunc(needs, func(r strategies.Role) bool { return valueOf(a, r) == valueOf(first, r) }) {
			return p
		}
	}
	return ""
}

func judgePages(k *Known, own []*Answer) Verdict {
	first := k.top()
	var tried []string
	behind := false // the page behind the first one has no rows
	for _, a := range own {
		p := pagerOf(k, first, a)
		switch {
		case p == "": // the first page of smaller ones
			first, behind = a, false
			continue
		case leadsOn(first, a):
			k.Pager, k.Pages = p, []*Answer{first, a}
			if k.First.goesOn() != "" || k.Limit == 0 { // else its own page may be larger than the list
				k.Single = strategies.No
			}
			return yes(fmt.Sprintf("%s: %s; a second page brings %s", p, strategies.PagerDoc(p), counted(fresh(a.Rows, first.Rows), "other row")),
				len(first.Rows)+len(a.Rows)).by(a)
		case a.Refused():
			tried = append(tried, p+": "+refusal(a))
		case len(a.Rows) == 0:
			tried = append(tried, p+": no rows")
			behind = behind || k.configured(p)
		default:
			tried = append(tried, p+": the rows of the first page once more")
		}
	}
	first = k.top()
	if k.Wide == nil {
		k.Limit = 0
	}
	k.Pages = []*Answer{first}
	n := len(first.Rows)
	more, end := first.goesOn(), first.ends()
	total, _ := first.total()
	if end != "" || behind {
		k.Whole = "one answer"
	}
	switch {
	case more != "" && len(tried) > 0:
		k.Single = strategies.No
		return unknown("there is more ("+more+"), and nothing led to it ("+text.Clip(strings.Join(tried, "; "), 300)+")", n).by(first)
	case more != "":
		k.Single = strategies.No
		return unknown("there is more ("+more+"), and requests have no place for what would lead to it: give params.token with token_path, params.offset or params.page", n).by(first)
	case n >= large/2 && (end != "" || behind || total == int64(n)):
		k.Single, k.Pager = strategies.Yes, strategies.Unpaged
		return yes(fmt.Sprintf("%s: one answer has all %d rows", strategies.Unpaged, n), n).by(first)
	}
	return unknown(fmt.Sprintf("%s may be all there are, and no smaller pages could be asked for", counted(n, "row")), n).by(first)
}
