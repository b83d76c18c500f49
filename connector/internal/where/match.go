package where

import "bytes"

// Kind is what a value is.
type Kind uint8

// The kinds of values.
const (
	Null    Kind = iota // or missing
	Boolean             // Text is true or false
	Number              // Text is the number as JSON writes it
	Text                // Text is the text without escapes
	Nested              // an object or an array
)

// Value is the value of a field.
type Value struct {
	Kind Kind
	Text []byte
}

// Expr is an expression. It is safe for concurrent use.
type Expr struct {
	Fields  []string // the fields that it compares, each once, dotted
	Offsets []int    // where in the text each is named first
	root    node
}

type op uint8

const (
	opOr op = iota
	opAnd
	opNot
	opNull
	opEqual // to any of the constants
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
)

type node struct {
	op        op
	kids      []node
	field     int
	constants []Value
}

// Match reports whether a row is wanted. values are those of Fields. It allocates nothing.
func (e *Expr) Match(values []Value) bool { return e.root.match(values) }

func (n *node) match(values []Value) bool {
	switch n.op {
	case opOr:
		for i := range n.kids {
			if n.kids[i].match(values) {
				return true
			}
		}
		return false
	case opAnd:
		for i := range n.kids {
			if !n.kids[i].match(values) {
				return false
			}
		}
		return true
	case opNot:
		return !n.kids[0].match(values)
	case opNull:
		return values[n.field].Kind == Null
	case opEqual:
		for i := range n.constants {
			if c, ok := order(&values[n.field], &n.constants[i]); ok && c == 0 {
				return true
			}
		}
		return false
	}
	c, ok := order(&values[n.field], &n.constants[0])
	if ok && n.constants[0].Kind == Text && values[n.field].Kind != Text {
		ok = false // equal, perhaps, and neither smaller nor greater
	}
	switch n.op {
	case opLess:
		return ok && c < 0
	case opLessEqual:
		return ok && c <= 0
	case opGreater:
		return ok && c > 0
	default:
		return ok && c >= 0
	}
}

// order compares a value with a constant, as the constant is compared. It is false where they
// cannot be.
func order(v, c *Value) (int, bool) {
	switch {
	case v.Kind == Null || v.Kind == Nested:
		return 0, false
	case c.Kind == Number:
		if v.Kind == Boolean || v.Kind == Text && numberLen(v.Text) != len(v.Text) || len(v.Text) == 0 {
			return 0, false
		}
		return compareNumbers(v.Text, c.Text), true
	}
	return bytes.Compare(v.Text, c.Text), true
}
