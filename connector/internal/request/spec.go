package request

import (
	"fmt"
	"strings"

	"tidemark/connector/internal/secret"
)

// Text is a text of the configuration.
type Text struct {
	Text   string
	Secret bool     // may not be shown (P11)
	Env    [][2]int // the bytes, from and up to, that came from the environment: secret, and no template
	Ref    int      // the caller's own number for the place it comes from; problems have it
}

// String shows the text unless something of it is secret.
func (t Text) String() string {
	if t.Secret || len(t.Env) > 0 {
		return secret.Hidden
	}
	return t.Text
}

// GoString does the same for %#v.
func (t Text) GoString() string { return fmt.Sprintf("%q", t.String()) }

// MarshalText does the same for encoders.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Field is a name and its value. The name is no template.
type Field struct {
	Name  string
	Value Text
}

// Kind says what a Node is.
type Kind int

// The kinds of nodes.
const (
	Literal Kind = iota // null, true, false or a number: Text is its JSON
	String              // Text is a template
	List
	Object
)

// Node is a JSON value with templates for its strings. Objects keep their order.
type Node struct {
	Kind  Kind
	Text  Text
	Names []string // Object: of the Items
	Items []Node   // List, Object
}

// GraphQL is a query, which is sent as it stands, and its variables, an Object or nil.
type GraphQL struct {
	Query     Text
	Variables *Node
}

// Ask says that questions have values of a role. Parent stands for all fields of a parent's row.
type Ask struct {
	Role   Role
	Always bool // every question has one
}

// Spec is what Compile makes a Template of. Of JSON, Form, GraphQL and Text at most one is given.
type Spec struct {
	URL    string            // of the stream, http or https, with or without a query; no template
	Fixed  map[string]string // parameters of every request; no templates
	Names  map[Role]string   // parameters by role, behind all others, in the question's order
	Method string            // GET or POST; "": POST with a body, else GET
	Path   *Text             // put behind the URL's own path
	Query  []Field           // a name may stand several times
	Header []Field

	JSON        *Node
	Form        []Field // nil: no form
	GraphQL     *GraphQL
	Text        *Text
	ContentType string // "": as the body is

	// TokenAlone says that a request with a token or a link repeats nothing of the first page's question
	// but the limit and the parent (repeat_params: false).
	TokenAlone bool
	Asks       []Ask // what the questions will have; nil: nobody knows
}

// Problem is one thing that is wrong with a Spec.
type Problem struct {
	Ref     int    // of the Text at fault; 0: it is no Text's
	Key     string // "query.filter", "json.where.updated"
	Offset  int    // in bytes, into the Text
	Message string // never holds a secret
	Hint    string
}

// Problems is all that is wrong with a Spec.
type Problems []Problem

// Error gives one line a problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		if lines[i] = p.Message; p.Key != "" {
			lines[i] = p.Key + ": " + p.Message
		}
		if p.Hint != "" {
			lines[i] += " (" + p.Hint + ")"
		}
	}
	return strings.Join(lines, "\n")
}
