package openapi

import (
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
	"tidemark/connector/internal/usual"
)

// changes is how rows that changed are asked for, in the words of the settings.
type changes struct{ settings, params, query draft.Section }

// readChanges takes a parameter for the lower bound of what was changed, and a field for the one it compares, where both have names
// that say so and the description says how times are written. Otherwise all rows are read each time.
func (o *operation) readChanges() (c changes) {
	var fields []nodes.Entry
	for _, e := range members(o.find(o.records.items, "properties")) {
		if usual.Changes(e.Key) && o.kind(e.Value) == "string" && o.bare(e.Value) != "" && usable(e.Key) {
			fields = append(fields, e)
		}
	}
	param, says := o.bound()
	field := matching(fields, param)
	if param == nil || field == nil || says == "" {
		o.all(&c, fields, param)
		return c
	}
	format := o.bare(field.Value)
	param.sent = true
	set := c.settings.Set
	set("strategy", "sweep", "rows that changed since the last time")
	set("cursor_field", field.Key, "")
	if format == "date" {
		set("cursor_format", "date", "")
	}
	set("filter", "strict", "right for a filter > and for >=, but for rows of the first mark's own instant, which > leaves out; with inclusive those of each mark are asked for once less")
	if says == format {
		c.params.Set("since", param.name, "")
	} else {
		c.query.Set(param.name, "{since:"+map[string]string{"date": "date", "date-time": "rfc3339"}[says]+"}", "")
	}
	o.assume(param.name + " leaves out rows whose " + field.Key + " is before it, by its name, and " + field.Key + " changes with each change of a row")
	o.unknown("whether the filter is > or >=: it is taken for >, which asks one step further back and is right for both")
	o.unknown("whether rows that are deleted can be told")
	return c
}

// all reads all rows each time, and says what may be found out.
func (o *operation) all(c *changes, fields []nodes.Entry, param *parameter) {
	set := c.settings.Set
	set("strategy", "snapshot", "all rows each time: it needs no filter and no order. reconcile_interval: 0 makes tombstones of rows that are gone")
	set("poll_interval", "10m", "each sweep reads the whole collection")
	var names []string
	for _, e := range fields {
		names = append(names, e.Key)
	}
	switch {
	case param != nil && len(names) == 0:
		o.unknown("whether the API can be asked for changes alone: " + param.name + " may do so, by its name, and no field of the rows has the name of what it compares")
	case param != nil:
		o.unknown("whether the API can be asked for changes alone: " + param.name + " may do so, by its name; whether it compares " + strings.Join(names, " or ") + ", and how times are written, the description does not say")
	case len(names) > 0:
		o.unknown("whether the API can be asked for changes alone: " + strings.Join(names, " or ") + " may be the cursor field, by the name; no parameter has the name of a filter of it")
	}
}

// bare is the format of a field's times: date-time or date; "": it is none.
func (o *operation) bare(n *nodes.Node) string {
	switch f := o.word(o.whole(n), "format"); f {
	case "date-time", "date":
		return f
	}
	return ""
}

// usable reports whether a field's name stands in a schema as it is.
func usable(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r >= '0' && r <= '9')
	}) && (name[0] < '0' || name[0] > '9')
}

// bound is the parameter that may ask for what was changed since, and the format of its times; "": the description does
// not say it. nil: there is none, or there are several.
func (o *operation) bound() (found *parameter, format string) {
	for i := range o.params {
		p := &o.params[i]
		since := strings.Trim(strings.ToLower(p.name), "_")
		says := strings.ToLower(p.about)
		plain := (since == "since" || since == "if_modified_since") && (strings.Contains(says, "updat") || strings.Contains(says, "modif") || strings.Contains(says, "chang"))
		if p.in != "query" || !usual.AsksSince(p.name) && !plain {
			continue
		}
		if found != nil {
			return nil, ""
		}
		found, format = p, o.word(p.node, "format")
		if format != "date" && format != "date-time" {
			format = ""
		}
	}
	return found, format
}

// matching is the field that a parameter compares: the only one, or the only one whose name the parameter's has in it; nil: none.
func matching(fields []nodes.Entry, p *parameter) *nodes.Entry {
	if p == nil {
		return nil
	}
	if len(fields) == 1 {
		return &fields[0]
	}
	plain := func(s string) string {
		return strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(strings.NewReplacer("_", "", "-", "", "[", "", "]", "").Replace(s)), "at"), "on")
	}
	var found *nodes.Entry
	for i := range fields {
		if strings.Contains(plain(p.name), plain(fields[i].Key)) {
			if found != nil {
				return nil
			}
			found = &fields[i]
		}
	}
	return found
}
