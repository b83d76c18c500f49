package manifest

import (
	"errors"
	"fmt"
	"strings"

	"tidemark/connector/internal/nodes"
)

// expr is an expression of a template. Its operator says what its arguments are.
type expr struct {
	op   operator
	text string     // a literal, a name, a filter, a function's argument name, an operator's sign
	kind nodes.Kind // of a literal
	args []*expr
}

type operator uint8

const (
	opLiteral operator = iota // text, kind
	opName                    // text
	opGet                     // args: of what, which key, and what there is without it
	opCall                    // args: the function, then its arguments
	opNamed                   // an argument by name: text, args[0]
	opFilter                  // text; args: of what, then the filter's arguments
	opTest                    // x is text; args[0]
	opNot                     // args[0]
	opAnd
	opOr
	opCompare // text; args: the two sides
	opIf      // args: condition, then, else (or nil)
	opList
	opDict  // keys and values by turns
	opMath  // text; args: one side or two
	opSlice // text: which bounds there are; args: of what, then the bounds
)

const deepestExpr = 40

type exprParser struct {
	words []word
	depth int
}

var errExpr = errors.New("a template is not written as one")

// parseExpr reads an expression.
func parseExpr(s string) (*expr, error) {
	words, err := words(s)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return &expr{kind: nodes.Text}, nil
	}
	p := &exprParser{words: words}
	e, err := p.whole()
	if err == nil && len(p.words) > 0 {
		err = fmt.Errorf("a template has %q where it should end", p.words[0].text)
	}
	return e, err
}

func (p *exprParser) peek(text string) bool {
	return len(p.words) > 0 && p.words[0].kind != 's' && p.words[0].text == text
}

func (p *exprParser) take(text string) bool {
	if p.peek(text) {
		p.words = p.words[1:]
		return true
	}
	return false
}

func (p *exprParser) must(text string) error {
	if !p.take(text) {
		return fmt.Errorf("a template lacks %q", text)
	}
	return nil
}

// whole reads a value, or one of two by a condition.
func (p *exprParser) whole() (*expr, error) {
	if p.depth++; p.depth > deepestExpr {
		return nil, errors.New("a template nests too deep")
	}
	defer func() { p.depth-- }()
	e, err := p.binary(0)
	if err != nil || !p.take("if") {
		return e, err
	}
	cond, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	var other *expr
	if p.take("else") {
		if other, err = p.whole(); err != nil {
			return nil, err
		}
	}
	return &expr{op: opIf, args: []*expr{cond, e, other}}, nil
}

// levels are the operators between two sides, those that bind loosest first.
var levels = []struct {
	op    operator
	signs []string
}{
	{opOr, []string{"or"}},
	{opAnd, []string{"and"}},
	{opNot, nil},
	{opCompare, []string{"==", "!=", "<", "<=", ">", ">="}},
	{opMath, []string{"~"}},
	{opMath, []string{"+", "-"}},
	{opMath, []string{"*", "//", "/", "%", "**"}},
}

func (p *exprParser) binary(level int) (*expr, error) {
	if level == len(levels) {
		return p.unary()
	}
	l := levels[level]
	if l.op == opNot {
		n := 0
		for p.take("not") {
			n++
		}
		e, err := p.binary(level + 1)
		for ; err == nil && n > 0; n-- {
			e = &expr{op: opNot, args: []*expr{e}}
		}
		return e, err
	}
	e, err := p.binary(level + 1)
next:
	for err == nil {
		if l.op == opCompare {
			if e, err = p.tests(e, level); err != nil {
				return nil, err
			}
		}
		for _, sign := range l.signs {
			if p.take(sign) {
				right, err := p.binary(level + 1)
				if err != nil {
					return nil, err
				}
				e = &expr{op: l.op, text: sign, args: []*expr{e, right}}
				continue next
			}
		}
		return e, nil
	}
	return nil, err
}

// tests reads "is", "in" and their negations behind a value.
func (p *exprParser) tests(e *expr, level int) (*expr, error) {
	for {
		var negated bool
		switch {
		case p.take("is"):
			negated = p.take("not")
			if len(p.words) == 0 || p.words[0].kind != 'n' {
				return nil, errExpr
			}
			e = &expr{op: opTest, text: p.words[0].text, args: []*expr{e}}
			p.words = p.words[1:]
		case p.peek("in"), p.peek("not") && len(p.words) > 1 && p.words[1].kind == 'n' && p.words[1].text == "in":
			negated = p.take("not")
			p.take("in")
			right, err := p.binary(level + 1)
			if err != nil {
				return nil, err
			}
			e = &expr{op: opCompare, text: "in", args: []*expr{e, right}}
		default:
			return e, nil
		}
		if negated {
			e = &expr{op: opNot, args: []*expr{e}}
		}
	}
}

func (p *exprParser) unary() (*expr, error) {
	if p.take("-") {
		if p.depth++; p.depth > deepestExpr {
			return nil, errors.New("a template nests too deep")
		}
		defer func() { p.depth-- }()
		e, err := p.unary()
		if err == nil && e.op == opLiteral && e.kind == nodes.Number {
			return &expr{kind: nodes.Number, text: "-" + e.text}, nil
		}
		return &expr{op: opMath, text: "-", args: []*expr{e}}, err
	}
	e, err := p.primary()
	for err == nil {
		switch {
		case p.take("."):
			if len(p.words) == 0 || p.words[0].kind != 'n' && p.words[0].kind != '0' {
				return nil, errExpr
			}
			e = &expr{op: opGet, args: []*expr{e, {kind: nodes.Text, text: p.words[0].text}}}
			p.words = p.words[1:]
		case p.take("["):
			e, err = p.index(e)
		case p.take("("):
			var args []*expr
			args, err = p.args(")")
			e = called(e, args)
		case p.take("|"):
			if len(p.words) == 0 || p.words[0].kind != 'n' {
				return nil, errExpr
			}
			f := &expr{op: opFilter, text: p.words[0].text, args: []*expr{e}}
			if p.words = p.words[1:]; p.take("(") {
				var args []*expr
				args, err = p.args(")")
				f.args = append(f.args, args...)
			}
			e = f
		default:
			return e, nil
		}
	}
	return nil, err
}

// index reads a key or a range in brackets.
func (p *exprParser) index(of *expr) (*expr, error) {
	bounds := []*expr{of}
	marks := "" // where the values stand: "x:", ":x" or "x:x"
	for !p.take("]") {
		if p.take(":") {
			marks += ":"
			continue
		}
		e, err := p.whole()
		if err != nil {
			return nil, err
		}
		marks += "x"
		bounds = append(bounds, e)
	}
	if strings.Contains(marks, ":") && !strings.Contains(marks, "xx") {
		return &expr{op: opSlice, text: marks, args: bounds}, nil
	}
	if len(bounds) != 2 {
		return nil, errExpr
	}
	return &expr{op: opGet, args: bounds}, nil
}

// called is a call; x.get(key, otherwise) is the same as x[key].
func called(fn *expr, args []*expr) *expr {
	if fn.op == opGet && fn.args[1].op == opLiteral && fn.args[1].text == "get" && (len(args) == 1 || len(args) == 2) && args[0].op != opNamed {
		return &expr{op: opGet, args: append([]*expr{fn.args[0]}, args...)}
	}
	return &expr{op: opCall, args: append([]*expr{fn}, args...)}
}

// args reads values with commas up to what closes them.
func (p *exprParser) args(closing string) (out []*expr, err error) {
	for !p.take(closing) {
		if len(p.words) > 1 && p.words[0].kind == 'n' && p.words[1].kind == 'o' && p.words[1].text == "=" {
			name := p.words[0].text
			p.words = p.words[2:]
			e, err := p.whole()
			if err != nil {
				return nil, err
			}
			out = append(out, &expr{op: opNamed, text: name, args: []*expr{e}})
		} else {
			e, err := p.whole()
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
		if !p.take(",") && !p.peek(closing) {
			return nil, errExpr
		}
	}
	return out, nil
}

func (p *exprParser) primary() (*expr, error) {
	if len(p.words) == 0 {
		return nil, errExpr
	}
	w := p.words[0]
	p.words = p.words[1:]
	switch {
	case w.kind == 's':
		e := &expr{kind: nodes.Text, text: w.text}
		for len(p.words) > 0 && p.words[0].kind == 's' { // texts side by side are one
			e.text += p.words[0].text
			p.words = p.words[1:]
		}
		return e, nil
	case w.kind == '0':
		return &expr{kind: nodes.Number, text: w.text}, nil
	case w.kind == 'n':
		switch w.text {
		case "true", "True", "false", "False":
			return &expr{kind: nodes.Bool, text: w.text}, nil
		case "none", "None", "null":
			return &expr{kind: nodes.Null}, nil
		}
		return &expr{op: opName, text: w.text}, nil
	case w.text == "(":
		args, err := p.args(")")
		if err == nil && len(args) == 1 {
			return args[0], nil
		}
		return &expr{op: opList, args: args}, err
	case w.text == "[":
		args, err := p.args("]")
		return &expr{op: opList, args: args}, err
	case w.text == "{":
		d := &expr{op: opDict}
		for !p.take("}") {
			k, err := p.whole()
			if err == nil {
				err = p.must(":")
			}
			if err != nil {
				return nil, err
			}
			v, err := p.whole()
			if err != nil {
				return nil, err
			}
			if d.args = append(d.args, k, v); !p.take(",") && !p.peek("}") {
				return nil, errExpr
			}
		}
		return d, nil
	}
	return nil, fmt.Errorf("a template has %q where a value should be", w.text)
}
