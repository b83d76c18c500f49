package probe

import (
	"slices"
	"strconv"

	"tidemark/connector/config"
	"tidemark/connector/internal/request"
	"tidemark/strategies"
)

// Known is what a probe knows of an API so far. Each question's judge adds to it, and those behind it build on that.
type Known struct {
	Stream config.Stream
	Format strategies.Format
	Usual  []strategies.Param // the first question of a sweep
	Base   []strategies.Param // what every question of the list holds: that, without a page size

	First   *Answer        // the list's first page, as the API gives it by itself
	Wide    *Answer        // the list's first page, as long as the API gives it; nil: not longer than First
	Limit   int            // rows a page that Pages were asked with; 0: the API's own page size
	Pager   string         // by which a second page came; "": none is known
	Pages   []*Answer      // of the list from its first one on
	Whole   string         // what proves that Pages are all of the list; "": nothing does
	Beyond  *Answer        // the answer to what lies behind the last page
	Size    strategies.Tri // whether the API honours the number of rows that are asked for
	Most    int            // the greatest number of rows that it gives; 0: not known
	Longest int            // rows of its longest answer
	Rises   strategies.Tri // the rows of Pages come in rising order of their cursor values

	Falls  strategies.Tri
	Bound  strategies.Tri // whether the lower bound filters
	Filter string         // how it compares, in the words of strategies.Cursor; "": not known
	Single strategies.Tri // one answer holds all
	Skips  strategies.Tri // tokens leave out rows that share the last value of a page

	before  config.Stream // as it is configured; Stream has what was found beside
	limited []error       // requests that the API put off, because there had been too many
}

// Carries reports whether requests have a place for a role.
func (k *Known) Carries(r strategies.Role) bool {
	t, err := k.Stream.Template()
	return err == nil && t.Uses(request.Role(r))
}

// rows are those of the list, page behind page.
func (k *Known) rows() (all []strategies.Row) {
	for _, a := range k.Pages {
		all = append(all, a.Rows...)
	}
	return all
}

// list is a question of the list: what every one holds, with params in place of what has the same role.
func (k *Known) list(params ...strategies.Param) []strategies.Param {
	out := slices.DeleteFunc(slices.Clone(k.Base), func(p strategies.Param) bool {
		return slices.ContainsFunc(params, func(q strategies.Param) bool { return q.Role == p.Role })
	})
	return append(out, params...)
}

// paged is list with the page size that the list's pages are asked with.
func (k *Known) paged(params ...strategies.Param) []strategies.Param {
	if k.Limit > 0 {
		params = append(params, number(strategies.RoleLimit, k.Limit))
	}
	return k.list(params...)
}

func number[T int | int64](r strategies.Role, n T) strategies.Param {
	return strategies.Param{Role: r, Value: strconv.FormatInt(int64(n), 10)}
}

// name is what the configuration calls a role's parameter.
func (k *Known) name(r strategies.Role) string {
	if name := strategies.ParamNames(k.Stream.Params).Of(r); name != "" {
		return name
	}
	return "{" + string(r) + "}"
}

// top is the first page of those by which the list is read: as few as can be had.
func (k *Known) top() *Answer {
	if k.Wide != nil {
		return k.Wide
	}
	return k.First
}

// goesOn is what a first page says of rows behind it; "": nothing.
func (a *Answer) goesOn() string {
	total, where := a.total()
	if !a.More.Flag && total > int64(len(a.Rows)) {
		return where + ": " + strconv.FormatInt(total, 10)
	}
	return a.More.More
}

// ends is what an answer says of there being no more, other than by a count, which may be wrong; "": nothing.
func (a *Answer) ends() string {
	if a.More.More != "" {
		return ""
	}
	return a.More.End
}

// total is the number of rows that an answer tells, and where; -1: it does not.
func (a *Answer) total() (n int64, where string) {
	switch {
	case a.Total >= 0:
		return a.Total, "total_path"
	case a.More.Kind >= strategies.CountRows:
		return a.More.Total, a.More.Count
	}
	return -1, ""
}

// keys are the rows' ids.
func keys(rows []strategies.Row) map[string]bool {
	all := make(map[string]bool, len(rows))
	for i := range rows {
		all[string(rows[i].Key)] = true
	}
	return all
}

// fresh is how many of the rows have an id that the others have not.
func fresh(rows, others []strategies.Row) (n int) {
	known := keys(others)
	for i := range rows {
		if !known[string(rows[i].Key)] {
			n++
		}
	}
	return n
}

// values are the rows' cursor values in rising order, each once.
func (k *Known) values(rows []strategies.Row) (all []strategies.Value) {
	for i := range rows {
		if rows[i].Value.Set {
			all = append(all, rows[i].Value)
		}
	}
	slices.SortFunc(all, k.Format.Compare)
	return slices.CompactFunc(all, func(v, w strategies.Value) bool { return k.Format.Compare(v, w) == 0 })
}

// at are the ids of the rows with a cursor value.
func (k *Known) at(rows []strategies.Row, v strategies.Value) (ids []string) {
	for i := range rows {
		if w := rows[i].Value; w.Set && k.Format.Compare(v, w) == 0 {
			ids = append(ids, string(rows[i].Key))
		}
	}
	return ids
}
