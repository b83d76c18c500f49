package request

import (
	"slices"
	"strings"
)

// Role says what a value of a question is for.
type Role string

// The roles. Those of a parent's row begin with Parent and go on with the field's path.
const (
	Since     Role = "since"
	Until     Role = "until"
	Token     Role = "token"
	Link      Role = "link"
	Page      Role = "page"
	Offset    Role = "offset"
	Limit     Role = "limit"
	StartID   Role = "start_id"
	EndID     Role = "end_id"
	OrderBy   Role = "order_by"
	OrderType Role = "order_type"
	Parent    Role = "parent."

	first Role = "first" // in templates only
)

var roles = []Role{Since, Until, Token, Link, Page, Offset, Limit, StartID, EndID, OrderBy, OrderType, first}

func known(r Role) bool { return slices.Contains(roles, r) || r.parent() && r != Parent }

func (r Role) parent() bool { return strings.HasPrefix(string(r), string(Parent)) }

// Value is one part of a question. An empty Text is a value; what has none is left out of the
// question.
type Value struct {
	Role Role
	Text string // as the API or the strategy wrote it
	// Micros is the same time in microseconds since 1970, where Temporal says that it is one. What lies
	// beyond a microsecond is dropped of a since, and rounded up of an until.
	Micros   int64
	Temporal bool
}

// Question is what is asked for, each role at most once. The order counts only for parameters that
// go by name (Spec.Names).
type Question []Value

// Equal reports whether two questions make the same request of any template.
func (q Question) Equal(p Question) bool { return slices.Equal(q, p) }

func (q Question) get(r Role) *Value {
	for i := range q {
		if q[i].Role == r {
			return &q[i]
		}
	}
	return nil
}

// asked is a question as one template reads it.
type asked struct {
	q     Question
	later bool // a page behind a first one
	alone bool // later, and the token says it all
	show  bool // the text is for people: secrets are replaced
}

var nothing = Value{Role: first}

// get is a role's value in the question; nil where it has none.
func (a *asked) get(r Role) *Value {
	switch {
	case r == first:
		if a.later {
			return nil
		}
		return &nothing
	case a.alone && r != Token && r != Link && r != Limit && !r.parent():
		return nil
	}
	return a.q.get(r)
}
