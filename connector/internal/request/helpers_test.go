package request

import (
	"errors"
	"testing"

	"tidemark/connector/internal/class"
)

const api = "https://api.test/v1"

func lit(s string) Text   { return Text{Text: s} }
func ptr(s string) *Text  { return &Text{Text: s} }
func str(s string) Node   { return Node{Kind: String, Text: lit(s)} }
func raw(s string) Node   { return Node{Kind: Literal, Text: lit(s)} }
func list(n ...Node) Node { return Node{Kind: List, Items: n} }

// obj is an object of names and values in turn.
func obj(all ...any) Node {
	n := Node{Kind: Object}
	for i := 0; i < len(all); i += 2 {
		n.Names, n.Items = append(n.Names, all[i].(string)), append(n.Items, all[i+1].(Node))
	}
	return n
}

func tree(n Node) *Node { return &n }

func query(all ...string) (fields []Field) {
	for i := 0; i < len(all); i += 2 {
		fields = append(fields, Field{all[i], lit(all[i+1])})
	}
	return fields
}

func compile(t *testing.T, s Spec) *Template {
	t.Helper()
	if s.URL == "" {
		s.URL = api
	}
	out, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func build(t *testing.T, s Spec, q Question) Request {
	t.Helper()
	r, err := compile(t, s).Build(q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// text is a question of roles and texts in turn.
func ask(all ...string) (q Question) {
	for i := 0; i < len(all); i += 2 {
		q = append(q, Value{Role: Role(all[i]), Text: all[i+1]})
	}
	return q
}

// at is a time as strategies give it.
func at(r Role, micros int64) Value {
	return Value{Role: r, Text: "verbatim", Micros: micros, Temporal: true}
}

func problems(t *testing.T, s Spec) Problems {
	t.Helper()
	if s.URL == "" {
		s.URL = api
	}
	_, err := Compile(s)
	var ps Problems
	if !errors.As(err, &ps) || len(ps) == 0 || class.Of(err) != class.Config {
		t.Fatalf("got %v of class %v, want problems of class config", err, class.Of(err))
	}
	return ps
}
