package where

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	longest = 16 << 10 // bytes of an expression
	deepest = 100      // brackets and nots within one another
)

// Parse reads an expression. The error is an *Error.
func Parse(s string) (*Expr, error) {
	p := &parser{text: s, expr: &Expr{}}
	if err := p.parse(); err != nil {
		return nil, err
	}
	return p.expr, nil
}

type parser struct {
	text  string
	now   token
	at    int // behind it
	depth int
	expr  *Expr
}

func (p *parser) parse() error {
	switch {
	case len(p.text) > longest:
		return &Error{0, fmt.Sprintf("the expression has %d bytes", len(p.text)), fmt.Sprintf("at most %d", longest)}
	case !utf8.ValidString(p.text):
		return &Error{0, "the expression is not UTF-8 text", ""}
	}
	if err := p.step(); err != nil {
		return err
	}
	if p.now.kind == end {
		return &Error{0, "the expression is empty", "for instance status = 'active'; without where all rows are wanted"}
	}
	n, err := p.either()
	if err != nil {
		return err
	}
	if p.now.kind != end {
		return p.wrong("and, or, or the end")
	}
	p.expr.root = n
	return nil
}

func (p *parser) step() (err error) {
	p.now, p.at, err = next(p.text, p.at)
	return err
}

// is reports whether a word stands here.
func (p *parser) is(w string) bool { return p.now.kind == word && p.now.text == w }

func (p *parser) wrong(want string) error {
	return &Error{p.now.at, fmt.Sprintf("%s stands where %s is wanted", p.now, want), ""}
}

// either is terms with or between them.
func (p *parser) either() (node, error) { return p.chain("or", opOr, p.both) }

// both is terms with and between them.
func (p *parser) both() (node, error) { return p.chain("and", opAnd, p.term) }

func (p *parser) chain(between string, op op, one func() (node, error)) (node, error) {
	first, err := one()
	if err != nil || !p.is(between) {
		return first, err
	}
	all := node{op: op, kids: []node{first}}
	for p.is(between) {
		if err := p.step(); err != nil {
			return node{}, err
		}
		n, err := one()
		if err != nil {
			return node{}, err
		}
		all.kids = append(all.kids, n)
	}
	return all, nil
}

func (p *parser) term() (node, error) {
	if p.depth++; p.depth > deepest {
		return node{}, &Error{p.now.at, fmt.Sprintf("more than %d brackets and nots stand in one another", deepest), ""}
	}
	defer func() { p.depth-- }()
	switch {
	case p.is("not"):
		if err := p.step(); err != nil {
			return node{}, err
		}
		n, err := p.term()
		return node{op: opNot, kids: []node{n}}, err
	case p.now.kind == open:
		at := p.now.at
		if err := p.step(); err != nil {
			return node{}, err
		}
		n, err := p.either()
		if err != nil {
			return node{}, err
		}
		if p.now.kind == end {
			return node{}, &Error{at, "the bracket is not closed", "its ) is missing"}
		}
		if p.now.kind != shut {
			return node{}, p.wrong("and, or, or )")
		}
		return n, p.step()
	}
	return p.test()
}

// test is one comparison of a field.
func (p *parser) test() (node, error) {
	if p.now.kind == text || p.now.kind == number {
		return node{}, &Error{p.now.at, fmt.Sprintf("%s stands where a field is wanted", p.now), "the field comes first: status = 'active'"}
	}
	if p.now.kind != name {
		return node{}, p.wrong("a field")
	}
	field, err := p.field()
	if err != nil {
		return node{}, err
	}
	switch {
	case p.now.kind == compare:
		return p.comparison(field)
	case p.is("is"):
		if err := p.step(); err != nil {
			return node{}, err
		}
		not, err := p.not()
		if err != nil {
			return node{}, err
		}
		if !p.is("null") {
			return node{}, p.wrong("null")
		}
		return negated(node{op: opNull, field: field}, not), p.step()
	}
	not, err := p.not()
	if err != nil {
		return node{}, err
	}
	if !p.is("in") {
		return node{}, p.wrong("a comparison (=, !=, <, <=, >, >=, in, is null)")
	}
	in, err := p.list(field)
	return negated(in, not), err
}

func negated(n node, not bool) node {
	if not {
		return node{op: opNot, kids: []node{n}}
	}
	return n
}

// field is the index of the field that is named now.
func (p *parser) field() (int, error) {
	path := p.now.text
	if slices.Contains(strings.Split(path, "."), "") {
		return 0, &Error{p.now.at, fmt.Sprintf("%s is not the name of a field", p.now), "names with dots between them, for instance owner.id"}
	}
	if i := slices.Index(p.expr.Fields, path); i >= 0 {
		return i, p.step()
	}
	p.expr.Fields = append(p.expr.Fields, path)
	p.expr.Offsets = append(p.expr.Offsets, p.now.at)
	return len(p.expr.Fields) - 1, p.step()
}

// not walks over a not, if one stands here.
func (p *parser) not() (bool, error) {
	if !p.is("not") {
		return false, nil
	}
	return true, p.step()
}

func (p *parser) comparison(field int) (node, error) {
	sign := p.now
	if err := p.step(); err != nil {
		return node{}, err
	}
	at := p.now.at
	c, err := p.constant()
	if err != nil {
		return node{}, err
	}
	ordered := sign.text != "=" && sign.text != "!="
	switch {
	case c.Kind == Null && !ordered:
		return negated(node{op: opNull, field: field}, sign.text == "!="), nil
	case ordered && c.Kind != Number && c.Kind != Text:
		return node{}, &Error{at, fmt.Sprintf("%s compares numbers and texts", sign.text), "null and booleans have no order"}
	}
	n := node{op: opEqual, field: field, constants: []Value{c}}
	switch sign.text {
	case "!=":
		return negated(n, true), nil
	case "<":
		n.op = opLess
	case "<=":
		n.op = opLessEqual
	case ">":
		n.op = opGreater
	case ">=":
		n.op = opGreaterEqual
	}
	return n, nil
}

// constant reads a constant.
func (p *parser) constant() (Value, error) {
	v := Value{Text: []byte(p.now.text)}
	switch {
	case p.now.kind == text:
		v.Kind = Text
	case p.now.kind == number:
		v.Kind = Number
	case p.is("true"), p.is("false"):
		v.Kind = Boolean
	case p.is("null"):
		v.Kind = Null
	case p.now.kind == name:
		return v, &Error{p.now.at, fmt.Sprintf("%s stands where a constant is wanted", p.now), "a text stands in single quotes; two fields cannot be compared"}
	default:
		return v, p.wrong("a constant")
	}
	return v, p.step()
}

// list reads the constants of in.
func (p *parser) list(field int) (node, error) {
	n := node{op: opEqual, field: field}
	if err := p.step(); err != nil {
		return n, err
	}
	if p.now.kind != open {
		return n, p.wrong("( and a list of constants")
	}
	for {
		if err := p.step(); err != nil {
			return n, err
		}
		at := p.now.at
		c, err := p.constant()
		switch {
		case err != nil:
			return n, err
		case c.Kind == Null:
			return n, &Error{at, "null is in no list", "write is null"}
		}
		n.constants = append(n.constants, c)
		if p.now.kind == comma {
			continue
		}
		if p.now.kind != shut {
			return n, p.wrong(", or )")
		}
		return n, p.step()
	}
}
