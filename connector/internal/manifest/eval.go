package manifest

import (
	"strings"

	"tidemark/connector/internal/nodes"
)

// eval is the value of an expression that hangs on nothing but parameters and the user settings that are known; known
// is false of any other. What is not there is null.
func (t *translator) eval(e *expr, p part) (v *node, known bool) {
	null := &node{}
	switch e.op {
	case opLiteral:
		return &node{Kind: e.kind, Text: e.text}, true
	case opName:
		switch e.text {
		case "parameters", "options":
			return &node{Kind: nodes.Object, Entries: p.params}, true
		case "config":
			return t.settings.given, t.settings.given != nil
		}
	case opGet:
		return t.evalGet(e, p)
	case opNot:
		if v, known = t.eval(e.args[0], p); known {
			return boolean(empty(v)), true
		}
	case opAnd, opOr:
		if v, known = t.eval(e.args[0], p); !known {
			return nil, false
		}
		if empty(v) == (e.op == opAnd) {
			return v, true
		}
		return t.eval(e.args[1], p)
	case opIf:
		cond, ok := t.eval(e.args[0], p)
		switch {
		case !ok:
			return nil, false
		case !empty(cond):
			return t.eval(e.args[1], p)
		case e.args[2] == nil:
			return textNode(""), true
		}
		return t.eval(e.args[2], p)
	case opCompare:
		return t.evalCompare(e, p)
	case opTest:
		if v, known = t.eval(e.args[0], p); known {
			switch e.text {
			case "none", "None", "undefined":
				return boolean(v.Kind == nodes.Null), true
			case "defined":
				return boolean(v.Kind != nodes.Null), true
			case "true", "True":
				return boolean(v.True()), true
			case "false", "False":
				return boolean(v.Kind == nodes.Bool && !v.True()), true
			}
		}
	case opList:
		list := &node{Kind: nodes.List}
		for _, a := range e.args {
			item, ok := t.eval(a, p)
			if !ok {
				return nil, false
			}
			list.Items = append(list.Items, item)
		}
		return list, true
	case opMath:
		if e.text == "+" || e.text == "~" {
			return t.evalJoin(e, p)
		}
	case opFilter:
		return t.evalFilter(e, p)
	}
	return null, false
}

func boolean(yes bool) *node {
	if yes {
		return &node{Kind: nodes.Bool, Text: "true"}
	}
	return &node{Kind: nodes.Bool, Text: "false"}
}

func (t *translator) evalGet(e *expr, p part) (*node, bool) {
	if path, ok := t.configPath(e, p); ok && t.settings.hidden(path) {
		return nil, false // a secret stays a reference
	}
	of, ok := t.eval(e.args[0], p)
	key, keyOK := t.eval(e.args[1], p)
	if !ok || !keyOK {
		return nil, false
	}
	v := p.doc.follow(of.Find(key.Text))
	if v == nil && e.args[0].op == opName && e.args[0].text == "config" {
		v = t.settings.fallback(key.Text)
	}
	switch {
	case v != nil && v.Kind != nodes.Null:
		// A value may be a template itself.
		if v.Kind == nodes.Text && next(v.Text) >= 0 {
			inner, known := t.static(v, p)
			return inner, known
		}
		return v, true
	case len(e.args) > 2:
		return t.eval(e.args[2], p)
	}
	return &node{}, true
}

func (t *translator) evalCompare(e *expr, p part) (*node, bool) {
	a, aOK := t.eval(e.args[0], p)
	b, bOK := t.eval(e.args[1], p)
	if !aOK || !bOK {
		return nil, false
	}
	switch e.text {
	case "==":
		return boolean(a.Kind == b.Kind && a.Text == b.Text), a.Kind != nodes.List && a.Kind != nodes.Object
	case "!=":
		return boolean(a.Kind != b.Kind || a.Text != b.Text), a.Kind != nodes.List && a.Kind != nodes.Object
	case "in":
		for _, item := range b.Items {
			if item.Kind == a.Kind && item.Text == a.Text {
				return boolean(true), true
			}
		}
		return boolean(b.Find(a.Text) != nil || b.Kind == nodes.Text && strings.Contains(b.Text, a.Text)), true
	}
	return nil, false
}

// evalJoin puts texts together. Numbers are not added: a definition that computes is not read.
func (t *translator) evalJoin(e *expr, p part) (*node, bool) {
	if len(e.args) != 2 {
		return nil, false
	}
	a, aOK := t.eval(e.args[0], p)
	b, bOK := t.eval(e.args[1], p)
	if !aOK || !bOK || !a.Scalar() || !b.Scalar() || e.text == "+" && (a.Kind != nodes.Text || b.Kind != nodes.Text) {
		return nil, false
	}
	return textNode(a.Text + b.Text), true
}

func (t *translator) evalFilter(e *expr, p part) (*node, bool) {
	v, ok := t.eval(e.args[0], p)
	if !ok {
		return nil, false
	}
	switch e.text {
	case "string", "trim", "safe":
		return textNode(strings.TrimSpace(v.Text)), v.Scalar()
	case "lower":
		return textNode(strings.ToLower(v.Text)), v.Scalar()
	case "upper":
		return textNode(strings.ToUpper(v.Text)), v.Scalar()
	case "int":
		return v, v.Kind == nodes.Number
	case "default", "d":
		if v.Kind == nodes.Null || empty(v) && len(e.args) > 2 {
			if len(e.args) < 2 {
				return textNode(""), true
			}
			return t.eval(e.args[1], p)
		}
		return v, true
	case "join":
		sep := ""
		if len(e.args) > 1 {
			s, ok := t.eval(e.args[1], p)
			if !ok {
				return nil, false
			}
			sep = s.Text
		}
		var all []string
		for _, item := range v.Items {
			if !item.Scalar() {
				return nil, false
			}
			all = append(all, item.Text)
		}
		return textNode(strings.Join(all, sep)), v.Kind == nodes.List
	}
	return nil, false
}

// static is the value of a text whose templates can all be evaluated.
func (t *translator) static(n *node, p part) (*node, bool) {
	if n.Kind != nodes.Text || next(n.Text) < 0 {
		return n, true
	}
	if t.depth++; t.depth > deepestExpr {
		refuse(n.At, "its templates lead round in a circle")
	}
	defer func() { t.depth-- }()
	parts, err := fragments(n.Text)
	if err != nil {
		refuse(n.At, err.Error())
	}
	var all strings.Builder
	for _, f := range parts {
		switch {
		case f.statement:
			return nil, false
		case f.expr == nil:
			all.WriteString(f.literal)
		default:
			v, ok := t.eval(f.expr, p)
			if !ok || len(parts) > 1 && !v.Scalar() && v.Kind != nodes.Null {
				return nil, false
			}
			if len(parts) == 1 {
				return v, true
			}
			all.WriteString(v.Text)
		}
	}
	return &node{Kind: nodes.Text, Text: all.String(), At: n.At}, true
}

// word is the text of a field that has to be known: a name, a path.
func (t *translator) word(n *node, p part, what string) string {
	if n == nil {
		return ""
	}
	v, ok := t.static(n, p)
	switch {
	case !ok:
		refuse(n.At, what+" is computed by a template: "+n.Text)
	case v.Kind == nodes.Null:
		return ""
	case !v.Scalar():
		refuse(n.At, what+" is no text")
	}
	return v.Text
}

// path is what an expression such as response.get('meta', {})['next'] goes through: a name and keys.
func (t *translator) path(e *expr, p part) (root string, keys []string, ok bool) {
	switch e.op {
	case opName:
		return e.text, nil, true
	case opGet:
		root, keys, ok = t.path(e.args[0], p)
		key, known := t.eval(e.args[1], p)
		if !ok || !known || !key.Scalar() {
			return "", nil, false
		}
		return root, append(keys, key.Text), true
	}
	return "", nil, false
}

func (t *translator) configPath(e *expr, p part) (keys []string, ok bool) {
	if e.op != opGet {
		return nil, false
	}
	root, keys, ok := t.path(e, p)
	return keys, ok && root == "config" && len(keys) > 0
}
