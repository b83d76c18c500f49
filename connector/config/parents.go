package config

import (
	"strings"

	txt "tidemark/connector/internal/text"
	"tidemark/strategies"
)

// ForEach says that a collection is read in slices: one for each of some values, which requests hold as
// {parent.value}, or one for each row of another stream, whose fields they hold as {parent.FIELD}.
type ForEach struct {
	Values []string // nil: there is no list
	Stream string   // the name of the other stream; "": there is none
	Parent *Stream  // that stream; nil where there is none
	When   string   // WhenAlways, WhenChanged: which of its rows' slices a sweep reads
	Gone   string   // GoneSkip, GoneFail: what to make of a row that the API does not know any more
	Most   int      // rows of that stream
	Key    bool     // the value, or the row's key, is a part of the key, before the row's own
}

// The words of ForEach.When.
const (
	WhenAlways  = "always"
	WhenChanged = "parent_changed" // those whose row has changed since they were read
)

// The words of ForEach.Gone.
const (
	GoneSkip = "skip" // the slice is left out
	GoneFail = "fail" // it is an error, as with any request
)

// Sliced reports whether the collection is read in slices.
func (e ForEach) Sliced() bool { return len(e.Values) > 0 || e.Stream != "" }

// fingerprint is what a stored mark depends on: the values, or that by which the rows of the other stream are known. Which rows
// there are the cursor keeps account of.
func (e ForEach) fingerprint() any {
	type list struct {
		Values []string
		Key    bool
	}
	if e.Parent == nil {
		return list{e.Values, e.Key}
	}
	parts := []any{e.Parent.identity(), e.Key}
	if e.Parent.ForEach.Sliced() {
		parts = append(parts, e.Parent.ForEach.fingerprint())
	}
	return parts
}

func forEachFields(e *ForEach) []field {
	return []field{
		{name: "values", kind: words, into: &e.Values, doc: "a list of values, or one string with commas; a request has the one in turn as {parent.value}"},
		{name: "stream", kind: text, empty: true, into: &e.Stream, doc: "the name of another stream of the file, for each row of which a slice is read; a request has the row's fields as {parent.FIELD}, and those of a row that this one is read for as {parent.parent.FIELD}"},
		{name: "when", kind: text, enum: []string{WhenAlways, WhenChanged}, into: &e.When, def: always(WhenAlways), doc: "which slices a sweep reads; parent_changed: only those whose row has changed since (its cursor field, or where it has none anything of it), all of each; for snapshot"},
		{name: "gone", kind: text, enum: []string{GoneSkip, GoneFail}, into: &e.Gone, def: always(GoneSkip), doc: "what to make of 404 or 410 to a request for a row's slice; skip: the row is not there any more, and the slice is left out"},
		{name: "max_parents", kind: integer, into: &e.Most, min: 1, max: 1e8, def: always("100000"), doc: "rows that the other stream may have; they are held in memory while a sweep reads, with the fields that requests have"},
		{name: "key", kind: boolean, into: &e.Key, def: always("true"), doc: "whether the value, or the row's key, is a part of the record's key, before the row's own"},
	}
}

// forEach holds the keys of for_each against each other and the strategy.
func (d *decoder) forEach(s *Stream, from source) {
	e := &s.ForEach
	report := func(key, message, hint string, also ...string) {
		d.report(from.at(append([]string{key}, also...)...), from.path+key, message, hint)
	}
	if e.When != WhenAlways && e.Stream == "" {
		report("for_each.when", "says nothing without for_each.stream", "name the stream whose rows are the parents, or remove it")
	}
	if !e.Sliced() {
		return
	}
	if len(e.Values) > 0 && e.Stream != "" {
		report("for_each.stream", "is given beside for_each.values", "keep one of the two")
	}
	if !s.Traits().Walks {
		report("for_each", s.Strategy+" reads no slices", "use one of "+strings.Join(walking, ", "))
	}
	if e.When == WhenChanged && !s.Traits().All {
		report("for_each.when", "reads whole slices, which "+s.Strategy+" does not: rows of those that it leaves out would come to lie behind the mark",
			"use "+strings.Join(strategies.Those(func(r strategies.Recipe) bool { return r.All }), ", ")+", or remove it", "strategy")
	}
	if !from.given.has("request") {
		report("for_each", "each request would be the same", "put "+e.placeholder()+" into request.path or request.query")
	}
}

// placeholder is one that the requests of slices have.
func (e ForEach) placeholder() string {
	if e.Stream != "" {
		return "a field of the parent, as {parent.id},"
	}
	return "{parent.value}"
}

// parents finds the streams whose rows others read a slice for each of.
func (d *decoder) parents(c *Config, sources []source) {
	at := map[string]int{}
	var names []string
	for i := range sources {
		at[c.Streams[i].Name] = i
		names = append(names, c.Streams[i].Name)
	}
	for i, from := range sources {
		e := &c.Streams[i].ForEach
		if e.Stream == "" {
			continue
		}
		report := func(message, hint string) {
			d.report(from.at("for_each.stream", "for_each"), from.path+"for_each.stream", message, hint)
		}
		if _, ok := at[e.Stream]; !ok {
			hint := "it is one of the streams of this file"
			if near := txt.Nearest(e.Stream, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			report("there is no stream "+from.given["for_each.stream"].shown(), hint)
			continue
		}
		for next, steps := e.Stream, 0; next != "" && steps <= len(sources); steps++ {
			if next == c.Streams[i].Name {
				report("leads back to the stream itself", "the rows that it is read for have to be those of another one")
				break
			}
			up, ok := at[next]
			if !ok {
				break
			}
			next = c.Streams[up].ForEach.Stream
		}
	}
	if len(d.problems) > 0 {
		return
	}
	var link func(i int)
	link = func(i int) {
		e := &c.Streams[i].ForEach
		if e.Stream == "" || e.Parent != nil {
			return
		}
		up := at[e.Stream]
		link(up)
		parent := c.Streams[up]
		e.Parent = &parent
	}
	for i := range sources {
		link(i)
	}
}
