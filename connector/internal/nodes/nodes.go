// Package nodes reads YAML, and JSON with comments, into values that know where they stand, so that whoever makes
// something of them can say of each what is wrong with it and where. It knows nothing of what the values mean.
//
// It reads what users hand in: a text that is broken, nests too deep or grows by its own merges is an error with its
// place, never a panic.
//
// Files: nodes.go (values, errors, limits), yaml.go and json.go (how a text becomes values).
package nodes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Place is where something stands in a text, line and column counted from 1, columns in characters.
type Place struct{ Line, Column int }

func (p Place) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Kind is the type of a value.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Object
)

// Node is a value.
type Node struct {
	Kind    Kind
	Text    string // of a scalar: the text, or the number or boolean as it is written
	At      Place
	Items   []*Node // of a list
	Entries []Entry // of an object, in the text's order; a key that is given twice is there twice
}

// Entry is a member of an object.
type Entry struct {
	Key   string
	At    Place // of the key
	Value *Node
}

// Find returns a member of an object, the first of its name; nil: there is none.
func (n *Node) Find(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Entries {
		if n.Entries[i].Key == key {
			return n.Entries[i].Value
		}
	}
	return nil
}

// True reports whether a value is a plain true.
func (n *Node) True() bool { return n != nil && n.Kind == Bool && strings.EqualFold(n.Text, "true") }

// Scalar reports whether a value is a text, a number, true or false.
func (n *Node) Scalar() bool {
	return n != nil && n.Kind != List && n.Kind != Object && n.Kind != Null
}

// Word is what a scalar says; "" for anything else.
func (n *Node) Word() string {
	if !n.Scalar() {
		return ""
	}
	return n.Text
}

// Limits bound what is read, since a hostile text may be small and what it means large.
type Limits struct {
	Depth  int // sections within each other
	Tokens int // between two entries of a list: the YAML parser's time grows with the square of a section's keys; 0: any number
	Merged int // keys that merges copy
	// Lenient takes the first document of several, and values with tags as they are.
	Lenient bool
}

// Fault says what is wrong with a text, for those who have more to say of it.
type Fault uint8

// The faults.
const (
	Syntax  Fault = iota
	Deep          // it nests deeper than the limit
	Large         // it has more tokens, or its merges add up to more, than the limit
	Empty         // there is no value in it
	Second        // it has a second document
	Strange       // it has something that is read nowhere: a tag, an anchor that is not there, a merge of no section
)

// Error is why a text was not read.
type Error struct {
	At    Place
	Fault Fault
	What  string
	Hint  string // what to do about it; "": nothing that is known
}

func (e *Error) Error() string {
	out := e.At.String() + ": " + e.What
	if e.Hint != "" {
		out += ": " + e.Hint
	}
	return out
}

// Any reads JSON where the text is that, else YAML.
func Any(data []byte, l Limits) (*Node, *Error) {
	if text := bytes.TrimLeft(data, " \t\r\n"); len(text) > 0 && (text[0] == '{' || text[0] == '[') && json.Valid(text) {
		return JSON(data, l)
	}
	return YAML(data, l)
}
