package manifest

import (
	"strings"
	"time"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
	"tidemark/strategies"
)

// incremental is what a definition says of how rows that changed are asked for.
type incremental struct {
	part
	field        string
	formats      []string
	zone         string
	layout       string // of the bounds in requests
	start, end   string // what templates call the bounds
	since, until bool   // whether a request has them
	feed, client bool
}

// incremental reads the definition's cursor; nil: it has none.
func (s *stream) readIncremental() {
	p, ok := s.p.sub("incremental_sync")
	if !ok {
		return
	}
	if !p.is("DatetimeBasedCursor") {
		refuse(p.at("type"), "its cursor is of type "+p.kind()+", which is code or counts rows")
	}
	c := &incremental{part: p, start: "start_time", end: "end_time"}
	c.field = s.word(p.get("cursor_field"), p, "the cursor field")
	if c.field == "" {
		refuse(p.at("cursor_field"), "its cursor names no field")
	}
	c.field = strings.ReplaceAll(c.field, "/", ".")
	c.layout = s.word(p.get("datetime_format"), p, "the cursor's format")
	var own []string
	if list := p.get("cursor_datetime_formats"); list != nil {
		for _, item := range list.Items {
			own = append(own, s.word(item, p, "a format of the cursor"))
		}
	}
	if len(own) == 0 {
		own = []string{c.layout}
	}
	if c.formats, c.zone, ok = cursorFormats(own); !ok {
		refuse(p.at("datetime_format"), "its cursor values are written as "+strings.Join(own, ", ")+", which no cursor_format is")
	}
	if v := s.word(p.get("partition_field_start"), p, "the name of the lower bound"); v != "" {
		c.start = v
	}
	if v := s.word(p.get("partition_field_end"), p, "the name of the upper bound"); v != "" {
		c.end = v
	}
	c.feed, c.client = p.get("is_data_feed").True(), p.get("is_client_side_incremental").True()
	s.inc = c
}

// bound is the placeholder of a bound, by its name in the definition's templates; layout: how it is written, "": as the
// cursor says.
func (s *stream) bound(key, layout string) (hole string, number, ok bool) {
	c := s.inc
	if c == nil || key != c.start && key != c.end {
		return "", false, false
	}
	role := "since"
	if key == c.end {
		role = "until"
	}
	if layout == "" {
		layout = c.layout
	}
	if hole, number, ok = asked(role, layout); !ok {
		refuse(c.at("datetime_format"), "its requests have times written as "+layout+", which no placeholder writes")
	}
	c.since, c.until = c.since || role == "since", c.until || role == "until"
	return hole, number, true
}

// strategy says how the stream is read, now that its requests are known.
func (s *stream) strategy() {
	c := s.inc
	set := &s.set
	switch {
	case c == nil:
		set.Set("strategy", "snapshot", "")
		s.assume("the definition has no cursor: each sweep reads all rows, and writes those that differ")
		return
	case !c.since && c.until:
		refuse(c.at("type"), "its requests have an upper bound and no lower one")
	case !c.since && c.feed && s.pages.kind != "last_row":
		set.Set("strategy", "feed", "the definition says that the newest rows come first (is_data_feed)")
	case !c.since:
		set.Set("strategy", "snapshot", "")
		why := "the definition puts no bound into its requests"
		if c.client {
			why = "the definition picks rows by their cursor itself"
		}
		s.assume(why + ": each sweep reads all rows, and writes those that differ")
		s.inc = nil
		return
	case c.until:
		set.Set("strategy", "window", "")
	default:
		set.Set("strategy", "sweep", "")
	}
	set.Set("cursor_field", c.field, "")
	switch {
	case len(c.formats) > 1:
		set.Set("cursor_format", texts(c.formats), "")
	case c.formats[0] != "rfc3339":
		set.Set("cursor_format", c.formats[0], "")
	}
	if c.zone != "" {
		set.Set("zone", c.zone, "a time without a zone is UTC in a definition")
	}
	if c.since {
		set.Set("filter", "strict", "right for a filter > and for >=, but for rows of the first mark's own instant, which > leaves out; with inclusive those of each mark are asked for once less")
		s.unknown("whether the filter is > or >=: it is taken for >, which asks one step further back and is right for both")
	} else {
		s.unknown("whether the newest rows come first in every answer")
	}
	s.from()
	s.spans()
}

// from is where the first sweep begins.
func (s *stream) from() {
	c := s.inc
	value, layout := c.get("start_datetime"), ""
	p := c.part
	if m, ok := c.sub("start_datetime"); ok {
		p, value, layout = m, m.get("datetime"), s.word(m.get("datetime_format"), m, "the format of the start")
	}
	if layout == "" {
		layout = c.layout
	}
	path, otherwise := []string{"initial_mark"}, ""
	switch {
	case value == nil || value.Kind == nodes.Null:
		if !c.until {
			return // all rows, from the beginning
		}
		s.assume("the definition does not say where the first sweep begins, and spans of time have to begin somewhere: the environment gives it")
	default:
		if v, ok := s.static(value, p); ok && v.Scalar() && v.Text != "" {
			mark, ok := rewrite(v.Text, layout, c.formats, c.zone)
			if !ok {
				refuse(value.At, "it begins at "+v.Text+", which is no time")
			}
			s.set.Set("initial_mark", mark, "")
			return
		}
		found, other, plain := s.settingIn(value, p)
		if found != nil {
			path = found
		}
		if other != "" {
			otherwise, _ = rewrite(other, layout, c.formats, c.zone)
		}
		if !plain {
			s.assume("the definition computes where the first sweep begins (" + value.Text + "): here it is a fixed time, which the environment gives")
		}
	}
	suffix := ""
	if f := c.formats[0]; f != "rfc3339" { // the same setting in another form
		suffix = "_" + envName([]string{f})
	}
	v := s.settings.named(path, suffix)
	if to, err := parseFormats(c.formats, c.zone); err == nil {
		v.sample = to.Write(strategies.Value{N: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), Set: true})
	}
	v.about = "where the first sweep begins (" + strings.Join(path, ".") + "), written like " + v.sample
	s.set.Set("initial_mark", draft.Env(v.ref(otherwise)), "")
}

// settingIn is the setting that a time comes from, and what stands in for it; plain is false where the time is
// computed of it.
func (s *stream) settingIn(n *node, p part) (path []string, otherwise string, plain bool) {
	parts, err := fragments(n.Text)
	if err != nil || len(parts) != 1 || parts[0].expr == nil {
		return nil, "", false
	}
	var find func(e *expr, depth int) bool
	find = func(e *expr, depth int) bool {
		if e == nil || depth > deepestExpr {
			return false
		}
		if found, ok := s.configPath(e, p); ok {
			if path == nil {
				path = found
			}
			if len(e.args) > 2 && otherwise == "" {
				v, known := s.eval(e.args[2], p)
				if known && v.Scalar() {
					otherwise = v.Text
				}
				return known
			}
			return true
		}
		switch e.op {
		case opCall: // format_datetime(config['start_date'], '%s')
			ok := e.args[0].op == opName && len(e.args) > 1 && (e.args[0].text == "format_datetime" || e.args[0].text == "timestamp")
			for _, a := range e.args[1:] {
				if _, known := s.eval(a, p); !known {
					ok = find(a, depth+1) && ok
				}
			}
			return ok
		case opFilter:
			return find(e.args[0], depth+1)
		}
		for _, a := range e.args {
			find(a, depth+1)
		}
		return false
	}
	plain = find(parts[0].expr, 0)
	return path, otherwise, plain
}

// spans are the lengths of time: step and look-back.
func (s *stream) spans() {
	c := s.inc
	if c.until {
		step, comment := any("36500d"), "the definition asks for everything up to now at once"
		if n := c.get("step"); n.Scalar() {
			var ok bool
			if step, ok = s.span(n, shortest); ok {
				comment = ""
			} else {
				step, comment = "1d", "the definition computes its step: a shorter one is right for any API"
			}
		}
		s.set.Set("step", step, comment)
		s.ending(c.get("end_datetime"))
	}
	if n := c.get("lookback_window"); n.Scalar() {
		back, ok := s.span(n, longest)
		if !ok {
			refuse(n.At, "its look-back is computed by a template: "+n.Text)
		}
		s.set.Set("lookback", back, "")
	}
}

// ending is where the last span ends: so far behind now as the definition says.
func (s *stream) ending(e *node) {
	if e == nil || isNow(e) {
		return
	}
	lag, alone := s.behindNow(e)
	if lag > 0 {
		s.set.Set("lag", days(lag+time.Second), "the definition ends "+days(lag)+" before now; a second more, for requests may round their times up")
	}
	if !alone {
		at := "now"
		if lag > 0 {
			at = "where lag says"
		}
		s.assume("the definition ends at a time of its own; here the last span ends at " + at)
	}
}

// behindNow is how far before now a template ends: now_utc() - duration('PT10S'), wherever that stands in it. alone is false
// where a setting or something else has a say in it, too.
func (s *stream) behindNow(n *node) (lag time.Duration, alone bool) {
	if n.Kind == nodes.Object {
		n = n.Find("datetime")
	}
	if n == nil || n.Kind != nodes.Text {
		return 0, false
	}
	parts, err := fragments(n.Text)
	if err != nil || len(parts) != 1 || parts[0].expr == nil {
		return 0, false
	}
	alone = true
	var find func(e *expr, depth int)
	find = func(e *expr, depth int) {
		if e == nil || depth > deepestExpr {
			return
		}
		if e.op == opMath && e.text == "-" && len(e.args) == 2 && calls(e.args[0], "now_utc", 0) && calls(e.args[1], "duration", 1) {
			if d, ok := duration(e.args[1].args[1].text, shortest); ok && lag == 0 {
				lag = d
			}
			return
		}
		alone = alone && (e.op != opName || e.text != "config")
		for _, a := range e.args {
			find(a, depth+1)
		}
	}
	find(parts[0].expr, 0)
	return lag, alone && lag > 0
}

// calls reports whether an expression calls a function with so many arguments.
func calls(e *expr, name string, args int) bool {
	return e.op == opCall && len(e.args) == 1+args && e.args[0].op == opName && e.args[0].text == name
}

// span is a length of time, in which a setting may stand for the number.
func (s *stream) span(n *node, units []time.Duration) (value any, ok bool) {
	if v, known := s.static(n, s.inc.part); known {
		d, ok := duration(v.Text, units)
		return days(d), ok
	}
	ph := s.maybe(n, s.inc.part)
	if len(ph) != 3 || ph[1].as != isEnv {
		return nil, false
	}
	unit := map[string]string{"P D": "d", "PT H": "h", "PT M": "m", "PT S": "s"}[ph[0].text+" "+ph[2].text]
	return draft.Env(ph[1].text + unit), unit != ""
}

// isNow reports whether an end is the present, in whatever form.
func isNow(n *node) bool {
	if n.Kind == nodes.Object {
		n = n.Find("datetime")
	}
	if n == nil || n.Kind != nodes.Text {
		return n == nil
	}
	t := strings.TrimLeft(n.Text, "{ ")
	return (strings.HasPrefix(t, "now_utc()") || strings.HasPrefix(t, "today_utc()")) && !strings.Contains(t, "duration")
}
