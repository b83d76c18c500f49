package probe

import (
	"slices"
	"strconv"
	"strings"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// recommend adds to a report the strategy that goes with what is known, and the settings that differ from the configuration's.
func (k *Known) recommend(r *Report) {
	if k.First == nil || len(k.First.Rows) == 0 {
		return
	}
	offer := strategies.Offer{Filter: k.Bound, Rises: k.Rises, Falls: k.Falls, Whole: k.Single, Pages: k.Pager, Skips: k.Skips, Carries: k.Carries}
	if k.Stream.Unpaged {
		offer.Whole = strategies.Yes
	}
	recipe, sure, ok := strategies.Recommend(k.Stream.Strategy, offer)
	if !ok {
		return
	}
	r.Strategy, r.Sure, r.Blind = recipe.Name, sure, recipe.Blind
	r.Deletes = k.deletes(recipe)
	for _, s := range k.settings(recipe, r.Verdicts) {
		if s.Now = k.now(s.Key); s.Now != s.Value || recipe.Name != k.Stream.Strategy {
			r.Settings = append(r.Settings, s)
		}
	}
}

// settings are those that a strategy goes by: of the verdicts', and where it is another than the configured one, all
// whose defaults hang on the strategy.
func (k *Known) settings(recipe strategies.Recipe, verdicts []Verdict) (all []Setting) {
	found := map[string]string{}
	for _, v := range verdicts {
		for _, s := range v.Settings {
			found[s.Key] = s.Value
		}
	}
	set := func(key, value string) { all = append(all, Setting{Key: key, Value: value}) }
	set("strategy", recipe.Name)
	if recipe.Walks && k.Pager != "" {
		set("pages", k.Pager)
	}
	if recipe.Name != k.Stream.Strategy {
		for _, role := range strategies.Roles() {
			if name := strategies.ParamNames(k.before.Params).Of(role); name != "" {
				set("params."+string(role), config.Quote(name))
			}
		}
		usual := strategies.ParamNames(config.NewStream(k.before.Name, recipe.Name, k.before.URL).Params)
		for _, role := range recipe.Optional {
			if usual.Of(role) != "" && !k.Carries(role) {
				set("params."+string(role), `""`) // else it would be sent by that name
			}
		}
		if k.Stream.TokenPath != "" {
			set("token_path", config.Quote(k.Stream.TokenPath))
		}
		if k.Stream.TotalPath != "" && found["total_path"] == "" {
			set("total_path", config.Quote(k.Stream.TotalPath))
		}
	}
	for _, key := range []string{"cursor_field", "cursor_format", "params.since", "filter", "sorted", "page_size", "end", "total_path"} {
		value, ok := found[key]
		if ok && k.takes(recipe, key) {
			set(key, value)
		}
	}
	return all
}

// takes reports whether a key that a verdict leads to says something to a strategy.
func (k *Known) takes(recipe strategies.Recipe, key string) bool {
	since := slices.Contains(recipe.Needs, strategies.RoleSince)
	switch key {
	case "cursor_field", "cursor_format":
		return true
	case "params.since":
		return since && k.Bound == strategies.Yes
	case "filter":
		return since && (recipe.ByValue || recipe.Counts || recipe.Whole || recipe.Walks)
	case "sorted":
		return recipe.ByValue || recipe.Whole
	case "page_size":
		return k.Carries(strategies.RoleLimit) && !recipe.Whole && !recipe.ByID
	case "end":
		return recipe.Walks || recipe.ByValue
	case "total_path":
		return k.Stream.TotalPath != ""
	}
	return false
}

// now is what the configuration says of a key; "": nothing.
func (k *Known) now(key string) string {
	s := k.before
	switch key {
	case "cursor_field":
		return config.Quote(s.CursorField)
	case "cursor_format":
		return s.CursorFormat
	case "strategy":
		return s.Strategy
	case "pages":
		return s.Pages
	case "filter":
		if s.Strict {
			return "strict"
		}
		return "inclusive"
	case "sorted":
		return strconv.FormatBool(s.Sorted)
	case "page_size":
		if s.PageSize > 0 {
			return strconv.Itoa(s.PageSize)
		}
	case "end":
		if len(s.End) > 0 {
			return "[" + strings.Join(s.End, ", ") + "]"
		}
	case "token_path":
		return config.Quote(s.TokenPath)
	case "total_path":
		return config.Quote(s.TotalPath)
	default:
		if role, ok := strings.CutPrefix(key, "params."); ok {
			return config.Quote(strategies.ParamNames(s.Params).Of(strategies.Role(role)))
		}
	}
	return ""
}

// deletes says how rows that are gone are told.
func (k *Known) deletes(recipe strategies.Recipe) string {
	s := k.Stream
	switch {
	case s.Deleted.Field != "":
		return "rows that deleted.field (" + s.Deleted.Field + ") marks"
	case recipe.All && s.Exclusive:
		return "rows that are gone, by each sweep (reconcile_interval: 0)"
	case s.ReconcileInterval >= 0:
		return "rows that are gone, by full scans (reconcile_interval)"
	}
	return "none: rows that are gone are told by full scans (reconcile_interval), those that the API marks by deleted.field"
}
