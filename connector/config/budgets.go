package config

import (
	"fmt"
	"strings"
	"time"
)

// Budget is how many requests may be sent within any span of a length.
type Budget struct {
	Requests int
	Per      time.Duration
	Path     string // of the requests that it is about, with * for any characters; "": all
}

// rate is what rate_limit fills: the number, or the list.
type rate struct {
	second  *float64
	budgets *[]Budget
}

func budgetFields(b *Budget) []field {
	return []field{
		{name: "requests", kind: integer, into: &b.Requests, min: 1, max: 1e5, must: true, doc: "how many, retries included"},
		{name: "per", kind: duration, into: &b.Per, min: 0.001, max: century, must: true, doc: "within which span, wherever it begins"},
		{name: "path", kind: text, into: &b.Path, def: computed("all"), doc: "of which requests, by the path of their URL; * stands for any characters"},
	}
}

// entries reads a list of sections.
func (d *decoder) entries(key string, n *node, f field, read func(path string, n *node)) {
	for i, item := range n.items {
		path := fmt.Sprintf("%s[%d]", key, i)
		if item.kind != isObject {
			d.report(item.pos, path, "must be a section, not "+item.shown(), "its keys are "+list(f.item))
			continue
		}
		read(path, item)
	}
}

// entry reads one of them, and says which keys it lacks.
func (d *decoder) entry(path string, n *node, fields []field) given {
	g := d.object(path+".", n, fields, nil)
	d.lacks(path+".", n, fields, g, "")
	return g
}

func (d *decoder) lacks(path string, n *node, fields []field, g given, under string) {
	for _, f := range fields {
		if f.must && !g.has(under+f.name) {
			d.report(n.pos, path+f.name, "is missing", f.hint())
		}
	}
}

// budgets reads rate_limit where it is a list.
func (d *decoder) budgets(key string, n *node, f field) {
	out := []Budget{}
	d.entries(key, n, f, func(path string, n *node) {
		var b Budget
		g := d.entry(path, n, budgetFields(&b))
		if at := g["path"]; at != nil && b.Path != "" && !strings.HasPrefix(b.Path, "/") && !strings.HasPrefix(b.Path, "*") {
			d.report(at.pos, path+".path", "is no path: it begins neither with / nor with *", `for instance "/search*"`)
		}
		out = append(out, b)
	})
	*f.into.(rate).budgets = out
}
