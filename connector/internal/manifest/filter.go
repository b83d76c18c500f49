package manifest

import (
	"strings"

	"tidemark/connector/internal/nodes"
)

// readFilter reads which rows are wanted. A comparison with a bound of the request is what the mark is for here.
func (s *stream) readFilter(p part) {
	n := p.get("condition")
	if empty(n) {
		return
	}
	if !p.is("RecordFilter") {
		refuse(p.at("type"), "its rows are picked by code ("+p.kind()+")")
	}
	parts, err := fragments(n.Text)
	if err != nil {
		refuse(n.At, err.Error())
	}
	if strings.Contains(n.Text, "stream_interval") || strings.Contains(n.Text, "stream_state") || strings.Contains(n.Text, "stream_slice") && s.inc != nil {
		s.assume("the definition picks rows by what was read before (" + n.Text + "); here each is written that differs from what the topic has")
		return
	}
	if len(parts) != 1 || parts[0].expr == nil {
		refuse(n.At, "its rows are picked by a statement: "+n.Text)
	}
	if path, free := s.chosenRows(parts[0].expr, p); free {
		s.assume("the user may pick rows (" + strings.Join(path, ".") + "); here each row is written")
		return
	}
	text, ok := s.condition(parts[0].expr, p)
	if !ok {
		refuse(n.At, "its rows are picked by a computed condition: "+n.Text)
	}
	s.set.Set("where", text, "")
}

// chosenRows reports whether a condition picks rows only where the user has set something, and what.
func (s *stream) chosenRows(e *expr, p part) (path []string, free bool) {
	switch {
	case e.op == opOr:
		for _, side := range e.args {
			if side.op == opNot {
				if path, ok := s.configPath(side.args[0], p); ok {
					return path, true
				}
			}
		}
	case e.op == opAnd:
		path, a := s.chosenRows(e.args[0], p)
		_, b := s.chosenRows(e.args[1], p)
		return path, a && b
	case e.op == opIf && e.args[2] != nil:
		if v, known := s.eval(e.args[2], p); known && v.True() {
			return s.configPath(e.args[0], p)
		}
	}
	return nil, false
}

// condition writes one as where does.
func (s *stream) condition(e *expr, p part) (string, bool) {
	switch e.op {
	case opAnd, opOr:
		a, aOK := s.condition(e.args[0], p)
		b, bOK := s.condition(e.args[1], p)
		word := " and "
		if e.op == opOr {
			word = " or "
		}
		return "(" + a + word + b + ")", aOK && bOK
	case opNot:
		a, ok := s.condition(e.args[0], p)
		return "not (" + a + ")", ok
	case opTest:
		name, ok := s.rowField(e.args[0], p)
		switch e.text {
		case "none", "None", "undefined":
			return name + " is null", ok
		case "defined":
			return name + " is not null", ok
		}
	case opCompare:
		if key, known := s.eval(e.args[0], p); known && e.text == "in" && key.Kind == nodes.Text { // 'name' in record
			name, ok := s.rowField(&expr{op: opGet, args: []*expr{e.args[1], {kind: nodes.Text, text: key.Text}}}, p)
			return name + " is not null", ok
		}
		name, ok := s.rowField(e.args[0], p)
		v, known := s.eval(e.args[1], p)
		if !ok || !known {
			return "", false
		}
		switch {
		case v.Kind == nodes.Null && e.text == "==":
			return name + " is null", true
		case v.Kind == nodes.Null && e.text == "!=":
			return name + " is not null", true
		case e.text == "in" && v.Kind == nodes.List && len(v.Items) > 0:
			var all []string
			for _, item := range v.Items {
				c, ok := constant(item)
				if !ok {
					return name + " is null", item.Kind == nodes.Null && len(v.Items) == 1
				}
				all = append(all, c)
			}
			return name + " in (" + strings.Join(all, ", ") + ")", true
		case e.text == "in":
			return "", false
		}
		c, ok := constant(v)
		return name + " " + strings.Replace(e.text, "==", "=", 1) + " " + c, ok
	}
	return "", false
}

// constant writes a value as where does.
func constant(v *node) (string, bool) {
	switch v.Kind {
	case nodes.Text:
		return "'" + strings.ReplaceAll(v.Text, "'", "''") + "'", true
	case nodes.Number:
		return v.Text, true
	case nodes.Bool:
		return strings.ToLower(v.Text), true
	}
	return "", false
}

// rowField is the name of a row's field, as where has it.
func (s *stream) rowField(e *expr, p part) (string, bool) {
	root, keys, ok := s.path(e, p)
	if !ok || root != "record" || len(keys) == 0 {
		return "", false
	}
	name := strings.Join(keys, ".")
	if strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-$@.", r))
	}) {
		if strings.Contains(name, "`") {
			return "", false
		}
		name = "`" + name + "`"
	}
	return name, true
}
