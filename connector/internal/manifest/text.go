package manifest

import (
	"strings"

	"tidemark/connector/internal/nodes"
)

// phrase translates a text with templates. hole is asked for what only a request knows; nil: nothing of that
// can stand here.
func (t *translator) phrase(n *node, p part, hole func(e *expr, p part) (string, bool)) phrase {
	if n == nil || n.Kind == nodes.Null {
		return nil
	}
	if !n.Scalar() {
		refuse(n.At, "there is a section or a list where a text is read")
	}
	if t.depth++; t.depth > deepestExpr {
		refuse(n.At, "its templates lead round in a circle")
	}
	defer func() { t.depth-- }()
	parts, err := fragments(n.Text)
	if err != nil {
		refuse(n.At, err.Error())
	}
	var out phrase
	for _, f := range parts {
		switch {
		case f.statement:
			refuse(n.At, "a template has a statement: {% "+f.source+" %}")
		case f.expr == nil:
			out = join(out, literal(f.literal))
		default:
			ph, ok := t.express(f.expr, p, hole)
			if !ok {
				ph, ok = t.ofSettings(f, p)
			}
			if !ok {
				refuse(n.At, "a template computes: {{ "+f.source+" }}")
			}
			out = join(out, ph)
		}
	}
	return unquoted(lastLine(out))
}

// lastLine takes off the line break at the end of a text, as templates do.
func lastLine(ph phrase) phrase {
	if n := len(ph); n > 0 && ph[n-1].as == isLiteral {
		if ph[n-1].text = strings.TrimSuffix(ph[n-1].text, "\n"); ph[n-1].text == "" {
			return ph[:n-1]
		}
	}
	return ph
}

// maybe is the phrase of a text, nil where it has none.
func (t *translator) maybe(n *node, p part) (ph phrase) {
	caught(func() { ph = t.phrase(n, p, nil) })
	return ph
}

// unquoted takes off the quotes of a text that is in them as a whole: what the templates make is read once more as
// a literal.
func unquoted(ph phrase) phrase {
	if len(ph) == 0 || len(ph) == 1 && len(ph[0].text) < 2 || ph[0].as != isLiteral || ph[len(ph)-1].as != isLiteral {
		return ph
	}
	first, last := ph[0].text, ph[len(ph)-1].text
	q := first[:1]
	if q != "'" && q != `"` || !strings.HasSuffix(last, q) {
		return ph
	}
	out := append(phrase{}, ph...)
	out[0].text = out[0].text[1:]
	out[len(out)-1].text = strings.TrimSuffix(out[len(out)-1].text, q)
	for _, s := range out {
		if strings.Contains(s.text, q) && s.as == isLiteral {
			return ph
		}
	}
	return out
}

// express is the text that an expression stands for.
func (t *translator) express(e *expr, p part, hole func(e *expr, p part) (string, bool)) (phrase, bool) {
	if v, ok := t.eval(e, p); ok {
		switch {
		case v.Kind == nodes.Null:
			return nil, true
		case v.Scalar():
			return literal(v.Text), true
		}
		return nil, false
	}
	if path, ok := t.configPath(e, p); ok {
		return t.env(e, p, path)
	}
	if hole != nil {
		if h, ok := hole(e, p); ok && h == "" { // it never has a value
			return nil, true
		} else if ok {
			return phrase{{h, isHole}}, true
		}
	}
	if ph, ok := t.ofSetting(e, p); ok {
		return ph, true
	}
	switch e.op {
	case opOr:
		return t.otherwise(e.args[0], e.args[1], p, hole)
	case opIf:
		if root, _, ok := t.path(e.args[0], p); ok && (root == "stream_interval" || root == "stream_slice") {
			return t.express(e.args[1], p, hole) // a request always has its bounds
		}
		if same(e.args[0], e.args[1]) && e.args[2] != nil {
			return t.otherwise(e.args[1], e.args[2], p, hole)
		}
		if what, ok := t.firstOnly(e, p); ok && hole != nil {
			ph, ok := t.express(what, p, hole)
			return join(ph, phrase{{"{first}", isHole}}), ok
		}
	case opFilter:
		switch e.text {
		case "default", "d":
			if len(e.args) > 1 {
				return t.otherwise(e.args[0], e.args[1], p, hole)
			}
			return t.express(e.args[0], p, hole)
		case "string", "trim", "int", "safe", "urlencode":
			return t.express(e.args[0], p, hole)
		}
	case opCall:
		if e.args[0].op == opName && e.args[0].text == "str" && len(e.args) == 2 {
			return t.express(e.args[1], p, hole)
		}
	case opMath:
		if len(e.args) == 2 && (e.text == "~" || e.text == "+" && (textual(e.args[0]) || textual(e.args[1]))) {
			a, aOK := t.express(e.args[0], p, hole)
			b, bOK := t.express(e.args[1], p, hole)
			return join(a, b), aOK && bOK
		}
	}
	return nil, false
}

// env is the reference to a setting that is not known.
func (t *translator) env(e *expr, p part, path []string) (phrase, bool) {
	other := ""
	if len(e.args) > 2 {
		v, ok := t.eval(e.args[2], p)
		if !ok {
			return nil, false
		}
		if v.Scalar() {
			other = v.Text
		}
	}
	return phrase{{t.settings.env(path, other), isEnv}}, true
}

// otherwise is a setting, or a value of a request, with what stands in for it.
func (t *translator) otherwise(e, other *expr, p part, hole func(e *expr, p part) (string, bool)) (phrase, bool) {
	v, known := t.eval(other, p)
	if !known || !v.Scalar() && v.Kind != nodes.Null {
		return nil, false
	}
	if path, ok := t.configPath(e, p); ok {
		return phrase{{t.settings.env(path, v.Text), isEnv}}, true
	}
	ph, ok := t.express(e, p, hole)
	if !ok || len(ph) != 1 || ph[0].as != isHole || strings.ContainsAny(v.Text, "{}|") {
		return nil, false
	}
	if h, cut := strings.CutSuffix(ph[0].text, "}"); cut && v.Text != "" && !strings.Contains(h, "|") {
		return phrase{{h + "|" + v.Text + "}", isHole}}, true
	}
	return ph, true
}

// firstOnly finds in "x if not next_page_token" the x, which goes with the first page alone.
func (t *translator) firstOnly(e *expr, p part) (*expr, bool) {
	if e.args[2] != nil {
		if v, known := t.eval(e.args[2], p); !known || !empty(v) {
			return nil, false
		}
	}
	var all func(cond *expr) bool
	all = func(cond *expr) bool {
		if cond.op == opAnd {
			// What goes with a bound goes with it for as long as there is one.
			return all(cond.args[0]) && all(cond.args[1]) || same(cond.args[0], e.args[1]) && all(cond.args[1])
		}
		if cond.op != opNot {
			return false
		}
		root, _, ok := t.path(cond.args[0], p)
		return ok && root == "next_page_token"
	}
	return e.args[1], all(e.args[0])
}

func textual(e *expr) bool {
	return e.op == opLiteral && e.kind == nodes.Text || e.op == opMath && e.text == "~" || e.op == opMath && len(e.args) == 2 && (textual(e.args[0]) || textual(e.args[1]))
}

// same reports whether two expressions are written alike.
func same(a, b *expr) bool {
	if a == nil || b == nil || a.op != b.op || a.text != b.text || a.kind != b.kind {
		return a == b
	}
	// x.get('k') and x['k'] are the same whatever stands in for a missing one.
	n := len(a.args)
	if a.op == opGet {
		n = 2
	} else if n != len(b.args) {
		return false
	}
	for i := range n {
		if !same(a.args[i], b.args[i]) {
			return false
		}
	}
	return true
}
