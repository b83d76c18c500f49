package manifest

import (
	"strings"
)

// eval is the value of an expression that hangs on nothing but parameters and the user settings that are known; known
// is false of any other. What is not there is null.
func (t *translator) eval(e *expr, p part) (v *node, known bool) {
	null := &node{}
	switch e.op {
	case opLiteral:
		return &node{kind: e.kind, text: e.text}, true
	case opName:
		switch e.text {
		case "parameters", "options":
			return &node{kind: isObject, entries: p.params}, true
		case "config":
			return t.settings.given, t.settings.given != nil
		}
	case opGet:
		return t.evalGet(e, p)
	case opNot:
		if v, known = t.eval(e.args[0], p); known {
			return boolean(v.empty()), true
		}
	case opAnd, opOr:
		if v, known = t.eval(e.args[0], p); !known {
			return nil, false
		}
		if v.empty() == (e.op == opAnd) {
			return v, true
		}
		return t.eval(e.args[1], p)
	case opIf:
		cond, ok := t.eval(e.args[0], p)
		switch {
		case !ok:
			return nil, false
		case !cond.empty():
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
				return boolean(v.kind == isNull), true
			case "defined":
				return boolean(v.kind != isNull), true
			case "true", "True":
				return boolean(v.yes()), true
			case "false", "False":
				return boolean(v.kind == isBool && !v.yes()), true
			}
		}
	case opList:
		list := &node{kind: isList}
		for _, a := range e.args {
			item, ok := t.eval(a, p)
			if !ok {
				return nil, false
			}
			list.items = append(list.items, item)
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
		return &node{kind: isBool, text: "true"}
	}
	return &node{kind: isBool, text: "false"}
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
	v := p.doc.follow(of.find(key.text))
	if v == nil && e.args[0].op == opName && e.args[0].text == "config" {
		v = t.settings.fallback(key.text)
	}
	switch {
	case v != nil && v.kind != isNull:
		// A value may be a template itself.
		if v.kind == isText && next(v.text) >= 0 {
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
		return boolean(a.kind == b.kind && a.text == b.text), a.kind != isList && a.kind != isObject
	case "!=":
		return boolean(a.kind != b.kind || a.text != b.text), a.kind != isList && a.kind != isObject
	case "in":
		for _, item := range b.items {
			if item.kind == a.kind && item.text == a.text {
				return boolean(true), true
			}
		}
		return boolean(b.find(a.text) != nil || b.kind == isText && strings.Contains(b.text, a.text)), true
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
	if !aOK || !bOK || !a.scalar() || !b.scalar() || e.text == "+" && (a.kind != isText || b.kind != isText) {
		return nil, false
	}
	return textNode(a.text + b.text), true
}

func (t *translator) evalFilter(e *expr, p part) (*node, bool) {
	v, ok := t.eval(e.args[0], p)
	if !ok {
		return nil, false
	}
	switch e.text {
	case "string", "trim", "safe":
		return textNode(strings.TrimSpace(v.text)), v.scalar()
	case "lower":
		return textNode(strings.ToLower(v.text)), v.scalar()
	case "upper":
		return textNode(strings.ToUpper(v.text)), v.scalar()
	case "int":
		return v, v.kind == isNumber
	case "default", "d":
		if v.kind == isNull || v.empty() && len(e.args) > 2 {
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
			sep = s.text
		}
		var all []string
		for _, item := range v.items {
			if !item.scalar() {
				return nil, false
			}
			all = append(all, item.text)
		}
		return textNode(strings.Join(all, sep)), v.kind == isList
	}
	return nil, false
}

// static is the value of a text whose templates can all be evaluated.
func (t *translator) static(n *node, p part) (*node, bool) {
	if n.kind != isText || next(n.text) < 0 {
		return n, true
	}
	if t.depth++; t.depth > deepestExpr {
		refuse(n.at, "its templates lead round in a circle")
	}
	defer func() { t.depth-- }()
	parts, err := fragments(n.text)
	if err != nil {
		refuse(n.at, err.Error())
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
			if !ok || len(parts) > 1 && !v.scalar() && v.kind != isNull {
				return nil, false
			}
			if len(parts) == 1 {
				return v, true
			}
			all.WriteString(v.text)
		}
	}
	return &node{kind: isText, text: all.String(), at: n.at}, true
}

// word is the text of a field that has to be known: a name, a path.
func (t *translator) word(n *node, p part, what string) string {
	if n == nil {
		return ""
	}
	v, ok := t.static(n, p)
	switch {
	case !ok:
		refuse(n.at, what+" is computed by a template: "+n.text)
	case v.kind == isNull:
		return ""
	case !v.scalar():
		refuse(n.at, what+" is no text")
	}
	return v.text
}

// path is what an expression such as response.get('meta', {})['next'] goes through: a name and keys.
func (t *translator) path(e *expr, p part) (root string, keys []string, ok bool) {
	switch e.op {
	case opName:
		return e.text, nil, true
	case opGet:
		root, keys, ok = t.path(e.args[0], p)
		key, known := t.eval(e.args[1], p)
		if !ok || !known || !key.scalar() {
			return "", nil, false
		}
		return root, append(keys, key.text), true
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
