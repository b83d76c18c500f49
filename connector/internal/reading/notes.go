package reading

import (
	"fmt"
	"strconv"
	"strings"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/text"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Notes are what was said of an API's answers. Each thing is said once in a stream's life, so they
// outlive the sessions. Used by one goroutine at a time.
type Notes struct {
	rounded, halves, retyped bool

	looked   int  // times that a first sweep without rows was looked behind
	searched int  // answers searched for rows that share an id
	oversize bool // a page had more rows than page_size

	unknown int             // of the keys that the schema does not have, those said
	absent  map[string]bool // fields said to be in no row, and settings said to name such a one

	marks   wire.Marks // what deleted.field has held so far, until it was doubted or has marked a row
	doubted bool       // that was said
}

// answer says what an answer's rows show for the first time.
func (n *Notes) answer(p *Parts, c *strategies.Cursor, a *Answer) {
	n.adjusted(p, c, a)
	n.assumed(p, c, a)
	n.marked(p, a)
}

// Forget drops what was counted of rows that will be read again, by the page that is read before a stream is
// opened.
func (n *Notes) Forget() { n.marks = wire.Marks{} }

// adjusted says what the scanner had to do to a page's rows so that the schema takes them.
func (n *Notes) adjusted(p *Parts, c *strategies.Cursor, a *Answer) {
	once := func(said *bool, what string, of wire.Adjustment) {
		if of.Count > 0 && !*said {
			*said = true
			p.Report.Warn(what, "first", of.First, "values", of.Count)
		}
	}
	once(&n.rounded, "times have more digits of a second than the schema's type holds: they are rounded down", a.Adjusted.Rounded)
	once(&n.halves, "texts have half of a surrogate pair, as of an emoji that was cut: it becomes U+FFFD", a.Adjusted.Halves)
	once(&n.retyped, "ids or cursor values are texts where the schema has numbers, or numbers where it has texts: "+
		"they are taken as the schema has them, so that 7 and \"7\" are one", a.Adjusted.Retyped)
	drift := p.Drift()
	if p.Stream.OnNewField == admit.OnNewEvolve || drift.Met() == n.unknown { // of what is not learnt the session says why
		return
	}
	unknown, more := drift.Unknown()
	fresh := unknown[n.unknown:]
	n.unknown = len(unknown)
	p.Report.Board.Set(func(s *status.Status) { s.Unknown += int64(len(fresh)) })
	if p.Stream.OnNewField == admit.OnBadFail || p.Stream.OnNewField == admit.OnDriftLetter {
		return // that is said of the rows
	}
	p.Report.Warn("rows have fields that the schema does not have: they are left out", "fields", listed(fresh, drift.Absent(), more),
		"to_add", toAdd(p, c))
}

// toAdd is the command that gives a stream's schema what rows have, reading where the stream stands.
func toAdd(p *Parts, c *strategies.Cursor) string {
	switch t := p.Stream.Traits(); {
	case p.Stream.SchemaPath == "":
		return "on_new_field: evolve, or a schema file (schema), which tidemark schema learn -c FILE " + p.Stream.Name + " gives the fields"
	case c.Mark == "" || t.ByID || t.All:
		return "tidemark schema learn -c FILE " + p.Stream.Name
	}
	return fmt.Sprintf("tidemark schema learn -c FILE --since %q %s", c.Mark, p.Stream.Name)
}

// Absent says, at the end of a sweep, which fields of the schema no row has had. A misspelt one
// would be null for ever.
func (n *Notes) Absent(p *Parts) {
	drift := p.Drift()
	absent := drift.Absent()
	for _, field := range absent {
		if p.Stream.Identifies(field) || len(absent) == len(drift.Fields()) {
			return // no row at all, or none that can be read
		}
	}
	unknown, _ := drift.Unknown()
	if fresh := n.fresh(absent); len(fresh) > 0 {
		p.Report.Warn("no row has these fields of the schema: they hold null or their default", "fields", listed(fresh, unknown, false))
	}
	if fresh := n.fresh(drift.Unmet()); len(fresh) > 0 {
		p.Report.Warn("no row has the fields that these settings name: if they have them by other names, nothing is done to them", "settings", listed(fresh, nil, false))
	}
}

// fresh are those of some names that were not among the names of an earlier call.
func (n *Notes) fresh(names []string) (fresh []string) {
	if n.absent == nil {
		n.absent = make(map[string]bool)
	}
	for _, name := range names {
		if !n.absent[name] {
			n.absent[name] = true
			fresh = append(fresh, name)
		}
	}
	return fresh
}

// FieldNotes are what check says of the rows' fields; of few rows not what none of them has. learnt says that a schema gets
// what it does not have.
func FieldNotes(drift *wire.Drift, few, learnt bool) (notes []string) {
	unknown, more := drift.Unknown()
	absent := drift.Absent()
	if len(absent) == len(drift.Fields()) {
		return nil // no row
	}
	if len(unknown) > 0 {
		becomes := "not in the schema, and left out: "
		if learnt {
			becomes = "not in the schema, which gets them (on_new_field: evolve): "
		}
		notes = append(notes, becomes+listed(unknown, absent, more))
	}
	if len(absent) > 0 && !few {
		notes = append(notes, "in the schema, and in none of the rows: "+listed(absent, unknown, false))
	}
	if unmet := drift.Unmet(); len(unmet) > 0 && !few {
		notes = append(notes, "none of the rows has the field of these settings: "+listed(unmet, nil, false))
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
