package wire

import (
	"fmt"
	"maps"
	"slices"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/infer"
	"tidemark/strategies"
)

// Growth is a schema that has learnt of rows what it did not have.
type Growth struct {
	Text    string   // the schema it has become
	Changes []string // what is new, in words
	Plan    *Plan    // with it; its schema id is to come
}

// mostFields bounds the fields of a record that grows: objects whose keys are data have no end of them.
const mostFields = 1000

// Grow makes the schema learn what rows have and it has not: a field becomes a nullable one, null by default, at the end of
// its record, and a number that its type does not hold gets a wider type, int → long → double or float → double. So the new
// schema reads whatever the old one has written (Avro's rules of resolution). All else of the schema's text
// stays as it is. Rows that are deleted or not wanted teach nothing. nil: there is nothing to learn. left are fields that the schema
// cannot get, each told once, with the reason.
func (p *Plan) Grow(rows []strategies.Row) (grown *Growth, left []string, err error) {
	var samples infer.Samples
	for i := range rows {
		if r := &rows[i]; !r.Deleted && !r.Filtered {
			if err := samples.Add(r.JSON); err != nil {
				return nil, nil, fmt.Errorf("learning from a row: %w", err)
			}
		}
	}
	g := &grower{p: p, edits: edits{text: p.opts.Schema}, added: map[*node][]string{}, widened: map[*node]bool{}, names: map[string]bool{}}
	for name := range maps.Keys(p.schema.named) {
		g.names[shortName(name)] = true
	}
	g.record(p.root, samples.Seen(), "")
	if len(g.all) == 0 {
		return nil, g.left, nil
	}
	o := p.opts
	o.Schema, o.SchemaID = g.apply(), 0
	plan, err := Compile(o)
	if err != nil {
		return nil, g.left, fmt.Errorf("giving the schema what rows have and it does not (%v): %w", g.changes, err)
	}
	for n, names := range g.added {
		for _, name := range names {
			if _, has := plan.schema.named[n.name].index[name]; !has {
				return nil, g.left, class.Wrap(class.Config, errTwice)
			}
		}
	}
	plan.drift.inherit(p.drift)
	return &Growth{Text: o.Schema, Changes: g.changes, Plan: plan}, g.left, nil
}

// grower collects what a schema learns.
type grower struct {
	p *Plan
	edits
	changes, left []string
	added         map[*node][]string // fields by record, which may stand in several places
	widened       map[*node]bool
	names         map[string]bool // of types
}

func (g *grower) record(n *node, v infer.Seen, path string) {
	for _, name := range v.Names() {
		seen := v.Field(name)
		if i, known := n.index[name]; known {
			g.value(n.fields[i].typ, seen, path+name, n == g.p.root && (i == g.p.id || i == g.p.cursor || i == g.p.mark || g.p.isPart(i)))
			continue
		}
		if n == g.p.root && (name == g.p.opts.DeletedField || g.p.picks.index[name] != 0) || seen.Nothing() ||
			slices.Contains(g.added[n], name) || g.p.drift.isLeft(n, name) {
			continue
		}
		if why := g.unfit(n, name, seen); why != "" {
			if g.p.drift.leave(n, name) {
				g.left = append(g.left, fmt.Sprintf("%s%s (%s)", path, name, why))
			}
			continue
		}
		g.extend(append(slices.Clone(n.at), "fields"), seen.Declared(name, shortName(n.name), g.names))
		g.added[n] = append(g.added[n], name)
		g.changes = append(g.changes, path+name+" is new")
	}
}

// unfit says why a record cannot get a field; "": it can.
func (g *grower) unfit(n *node, name string, v infer.Seen) string {
	switch {
	case !nameForm.MatchString(name):
		return "Avro does not allow its name: rename gives it another one"
	case len(n.fields)+len(g.added[n]) >= mostFields:
		return fmt.Sprintf("the record has %d fields, more are not added", mostFields)
	}
	for i := range n.fields {
		if slices.Contains(n.fields[i].aliases, name) {
			return "it is an alias of field " + n.fields[i].name
		}
	}
	return v.Unholdable()
}

// value looks at a field that the schema has; of a bound one the configuration needs the type.
func (g *grower) value(n *node, v infer.Seen, path string, bound bool) {
	switch n.kind {
	case kOptional:
		g.value(n.elem, v, path, bound)
	case kRecord:
		g.record(n, v, path+".")
	case kMap:
		g.value(n.elem, v.Elements(), path, false)
	case kArray:
		if items, ok := v.Items(); ok {
			g.value(n.elem, items, path, false)
		}
	case kInt, kLong, kFloat:
		to := kLong
		switch whole := n.kind != kFloat; {
		case whole && v.Fraction() && !v.Inexact() && !bound, !whole && v.Double() && !v.Inexact():
			to = kDouble
		case n.kind != kInt || !v.Wide() || v.Fraction():
			return
		}
		if to == kDouble && g.p.opts.SameForm {
			if g.p.drift.leave(n, path) {
				g.left = append(g.left, fmt.Sprintf("%s (as %s; the format of values cannot read the one as the other: give the number another name by rename, "+
					"or give it the type %s in the schema and write to another topic)", path, primitiveNames[to], primitiveNames[to]))
			}
			return
		}
		if g.widened[n] {
			return
		}
		g.widened[n] = true
		g.replace(n.at, quoted(primitiveNames[to]))
		g.changes = append(g.changes, fmt.Sprintf("%s is %s and was %s", path, primitiveNames[to], n.label))
	}
}
