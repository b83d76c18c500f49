package connector

import (
	"fmt"
	"slices"
	"testing"

	"tidemark/strategies"
)

// A key that comes twice in a page with one cursor value and two contents is written once,
// however far the two stand apart, and no poll after that writes it again (P3).
func TestBrokerDuplicateIDsFarApart(t *testing.T) {
	t.Parallel()
	s := &script{page: 1000, docs: []doc{{"first", at(1), person("x", at(1), "one").text}}}
	for i := range 200 {
		s.docs = append(s.docs, person(fmt.Sprintf("q%d", i), at(1), "A"))
	}
	s.docs = append(s.docs, doc{"last", at(1), person("x", at(1), "two").text})
	h, stream := scripted(t, strategies.Timestamp, s)
	for range 3 {
		h.mustOnce()
		events := h.events(stream.Topic)
		if n := len(events); n != 201 {
			t.Fatalf("%d events for 201 keys", n)
		}
		if got := brief(events[200:]); got != "x=two" {
			t.Errorf("the last event is %s", got)
		}
	}
}

// The map and the comparison find the same rows.
func TestOutdone(t *testing.T) {
	t.Parallel()
	row := func(key string, n int64, hash uint64) strategies.Row {
		r := strategies.Row{Key: []byte(key), Hash: hash}
		if n > 0 {
			r.Value = strategies.Value{N: n, Set: true, Raw: fmt.Append(nil, n)}
		}
		return r
	}
	bad := row("a", 1, 9)
	bad.Err = errBad
	rows := []strategies.Row{
		row("a", 0, 1), row("a", 0, 2), // no value: a tie as well
		row("a", 1, 1), row("b", 1, 1), row("a", 1, 2), bad, row("b", 1, 1), row("", 1, 3), row("", 1, 4),
		row("a", 2, 1),
	}
	want := []int{0, 2}
	if got := indexes(outdone(strategies.Integer, rows)); !slices.Equal(got, want) {
		t.Errorf("outdone are %v, want %v", got, want)
	}
	var many []int
	manyTies(rows[2:9], func(i int) { many = append(many, i+2) })
	if !slices.Equal(many, []int{2}) {
		t.Errorf("by map, outdone are %v, want [2]", many)
	}
	if got := outdone(strategies.Integer, rows[6:]); got != nil {
		t.Errorf("%v where none is outdone", got)
	}
}

func indexes(of []bool) (out []int) {
	for i, yes := range of {
		if yes {
			out = append(out, i)
		}
	}
	return out
}
