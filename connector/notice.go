package connector

import (
	"strconv"
	"strings"

	"tidemark/connector/internal/text"
	"tidemark/connector/internal/wire"
)

// notices are the things about an API's rows that a stream says once.
type notices struct {
	rounded, halves, retyped bool

	looked   int  // times that a first sweep without rows was looked behind
	searched int  // answers searched for rows that share an id
	oversize bool // a page had more rows than page_size

	unknown int             // of the keys that the schema does not have, those said
	absent  map[string]bool // fields said to be in no row
}

// notice says what the scanner had to do to a page's rows so that the schema takes them.
func (f *fetcher) notice(a *answer) {
	once := func(said *bool, what string, n wire.Adjustment) {
		if n.Count > 0 && !*said {
			*said = true
			f.report.Warn(what, "first", n.First, "values", n.Count)
		}
	}
	once(&f.said.rounded, "times have more digits of a second than the schema's type holds: they are rounded down", a.Adjusted.Rounded)
	once(&f.said.halves, "texts have half of a surrogate pair, as of an emoji that was cut: it becomes U+FFFD", a.Adjusted.Halves)
	once(&f.said.retyped, "ids or cursor values are texts where the schema has numbers, or numbers where it has texts: "+
		"they are taken as the schema has them, so that 7 and \"7\" are one", a.Adjusted.Retyped)
	drift := f.source.Drift()
	if drift.Met() == f.said.unknown {
		return
	}
	unknown, more := drift.Unknown()
	fresh := unknown[f.said.unknown:]
	f.said.unknown = len(unknown)
	f.report.Warn("rows have fields that the schema does not have: they are left out", "fields", listed(fresh, drift.Absent(), more))
}

// noticeAbsent says, at the end of a sweep, which fields of the schema no row has had. A
// misspelt one would be null for ever.
func (f *fetcher) noticeAbsent() {
	drift := f.source.Drift()
	var fresh []string
	absent := drift.Absent()
	for _, field := range absent {
		if field == f.stream.IDField {
			return // no row at all, or none that can be read
		}
		if !f.said.absent[field] {
			fresh = append(fresh, field)
		}
	}
	if len(fresh) == 0 {
		return
	}
	if f.said.absent == nil {
		f.said.absent = make(map[string]bool)
	}
	for _, field := range fresh {
		f.said.absent[field] = true
	}
	unknown, _ := drift.Unknown()
	f.report.Warn("no row has these fields of the schema: they hold null or their default", "fields", listed(fresh, unknown, false))
}

// fieldNotes is what check says of the rows' fields; of few rows not what none of them has.
func fieldNotes(drift *wire.Drift, few bool) (notes []string) {
	unknown, more := drift.Unknown()
	absent := drift.Absent()
	if len(absent) == len(drift.Fields()) {
		return nil // no row
	}
	if len(unknown) > 0 {
		notes = append(notes, "not in the schema, and left out: "+listed(unknown, absent, more))
	}
	if len(absent) > 0 && !few {
		notes = append(notes, "in the schema, and in none of the rows: "+listed(absent, unknown, false))
	}
	return notes
}

// listed is a list of names for people, each with the one that it may be a misspelling of.
func listed(names, candidates []string, more bool) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name)
		if near := text.Nearest(name, candidates); near != "" {
			b.WriteString(" (is it " + strconv.Quote(near) + "?)")
		}
	}
	if more {
		b.WriteString(" and more")
	}
	return b.String()
}
