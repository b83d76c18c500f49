package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// names are those that APIs have for the parameter of a lower bound; % stands for the cursor field.
var names = []string{"since", "updated_since", "modified_since", "updated_after", "modified_after", "%_gte", "%__gte", "%[gte]", "filter[%][_gte]", "%_since",
	"%_after", "_since"}

// parameters are the names that the lower bound may have, by the stream's cursor field.
func (k *Known) parameters() (all []string) {
	for _, name := range names {
		all = append(all, strings.ReplaceAll(name, "%", k.Stream.CursorField))
	}
	return all
}

// unnamed is why no parameter of a lower bound is looked for.
func unnamed(k *Known) string {
	switch why := cursors(k); {
	case why != "":
		return why
	case len(k.values(k.rows())) == 0 || k.Format == strategies.Opaque:
		return "no cursor value can be asked from"
	}
	return ""
}

// askParam asks by each usual name from the newest value, which has to leave out old rows, and from before all that were
// read, which must not leave out all: what an API does not know it may take for a field's value. Once it does, the second
// question is asked first. Whether a lower bound filters, the question behind this one tells.
func askParam(ctx context.Context, a *asker, k *Known) error {
	if k.Carries(strategies.RoleSince) {
		return nil
	}
	ends := []string{k.newest(), k.past()}
	for _, name := range k.parameters() {
		s := k.Stream
		s.Params.Since = name
		if err := a.as(s); err != nil {
			return err
		}
		for i, from := range ends {
			got, err := a.ask(ctx, k.list(strategies.Param{Role: strategies.RoleSince, Value: from}))
			if err != nil {
				return err
			}
			got.Param = name
			if k.bounds(got, from) {
				if i == 1 {
					return nil
				}
				continue
			}
			if i == 1 && from == k.past() {
				slices.Reverse(ends)
			}
			break
		}
	}
	return a.as(k.Stream)
}

// bounds reports whether an answer is one that a lower bound gives from there.
func (k *Known) bounds(a *Answer, from string) bool {
	if a.Refused() || from == k.past() {
		return !a.Refused() && len(a.Rows) > 0
	}
	if n := len(a.Rows); n > 1 && n == len(k.First.Rows) && fresh(a.Rows, k.First.Rows) == 0 {
		return false // what comes without it, too
	}
	all := k.values(k.rows())
	newest, unit := all[len(all)-1], k.longest()
	if newest.N-all[0].N <= unit {
		unit = 0 // all within what a filter may compare in
	}
	return !slices.ContainsFunc(a.Rows, func(r strategies.Row) bool { return r.Value.Set && r.Value.N < newest.N-unit })
}

// newest is the greatest value that was read.
func (k *Known) newest() string {
	all := k.values(k.rows())
	return string(all[len(all)-1].Raw)
}

// past is a value before all that were read, by as much.
func (k *Known) past() string { return k.Format.Back(k.values(k.rows())[0], k.longest()) }

func judgeParam(k *Known, own []*Answer) Verdict {
	all, n := k.parameters(), len(k.rows())
	if k.Carries(strategies.RoleSince) {
		return yes(k.name(strategies.RoleSince)+", as configured", n)
	}
	tried := map[string]int{}
	for _, a := range own {
		if !k.bounds(a, valueOf(a, strategies.RoleSince)) {
			continue
		}
		if tried[a.Param]++; tried[a.Param] == 2 {
			k.Stream.Params.Since = a.Param
			return yes(fmt.Sprintf("asked from the newest value by %s there are no old rows, and from before the oldest there are some", a.Param), n).
				by(a).sets("params.since", config.Quote(a.Param))
		}
	}
	if len(own) == 0 || own[len(own)-1].Param != all[len(all)-1] {
		return unknown("not all of the usual names were tried", n)
	}
	return no("none of the usual names is one: "+strings.Join(all, ", "), n)
}
