package config

import (
	"slices"
	"strings"

	txt "tidemark/connector/internal/text"
)

// words reads a list of words out of a few, or one string of them with commas. Words that are
// numbers need no quotes.
func (d *decoder) words(key string, n *node, f field, wrong func()) {
	var out []string
	add := func(at *node, s string) {
		s = strings.TrimSpace(s)
		switch {
		case s == "":
			d.report(at.pos, key, "has an empty word", f.hint())
		case f.enum != nil && !slices.Contains(f.enum, s):
			hint := f.hint()
			if near := txt.Nearest(s, f.enum); near != "" {
				hint = "is it " + near + "? " + hint
			}
			d.report(at.pos, key, at.shown()+" has a word that it does not know", hint)
		case slices.Contains(out, s):
			d.report(at.pos, key, "has "+s+" twice", "keep one of the two")
		default:
			out = append(out, s)
		}
	}
	switch n.kind {
	case isText, isNumber:
		if s, ok := d.expand(key, n); ok && strings.TrimSpace(s) != "" {
			for part := range strings.SplitSeq(s, ",") {
				add(n, part)
			}
		}
	case isList:
		for _, item := range n.items {
			if item.kind != isText && item.kind != isNumber {
				d.report(item.pos, key, "must be a list of words, not of "+item.shown(), f.hint())
				continue
			}
			if s, ok := d.expand(key, item); ok {
				add(item, s)
			}
		}
	default:
		wrong()
		return
	}
	*f.into.(*[]string) = out
}
