package lawtest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// T is one check of a law: what is drawn for it, and how it fails.
type T struct {
	*rapid.T
	// mistake puts a deliberate mistake into the strategy; nil: there is none.
	mistake func(strategies.Strategy, *Case) strategies.Strategy
}

// Fatalf says that the law does not hold. Where a mistake was made that is as it should be.
func (t *T) Fatalf(format string, args ...any) {
	if t.mistake != nil {
		panic(caught(fmt.Sprintf(format, args...)))
	}
	t.T.Helper()
	t.T.Fatalf(format, args...)
}

// caught is how the check of a law ends that finds a deliberate mistake.
type caught string

// Case is a strategy with its settings, and a source that suits it or does not.
type Case struct {
	Spec     strategies.Spec
	Strategy strategies.Strategy
	Source   *Source
	Back     int64 // how far it looks back, in places
	traits   strategies.Traits
}

// draw draws a case of the strategy by the pager, or by its own way of paging. orders are those of the source that
// the law is about; nil: all that the strategy may meet.
func draw(t *T, strategy, pager string, orders ...Order) *Case {
	c := &Case{Spec: strategies.Spec{Strategy: strategy}, Source: &Source{}, traits: strategies.TraitsOf(strategy)}
	var traits Traits
	if c.traits.Walks {
		traits = c.drawWalk(t, pager)
	} else {
		traits = c.drawOwn(t, strategy, orders)
	}
	traits.Format = c.Spec.Format
	c.Source.Begin(traits)
	s, err := strategies.New(c.Spec)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	if c.Strategy = s; t.mistake != nil {
		c.Strategy = t.mistake(s, c)
	}
	c.fill(t)
	return c
}

// fill draws the rows that there are at first.
func (c *Case) fill(t *T) {
	at := int64(1)
	for range rapid.IntRange(0, 25).Draw(t.T, "rows") {
		if c.traits.ByID {
			at += rapid.Int64Range(1, 12).Draw(t.T, "gap")
		} else {
			at += rapid.SampledFrom([]int64{0, 0, 1, 1, 2, 9}).Draw(t.T, "gap")
		}
		c.Source.Insert(at, rapid.IntRange(0, 50).Draw(t.T, "rank"))
	}
}

// drawFilter draws whether the API's filter leaves out the value that it is asked with, and whether the configuration
// says so.
func (c *Case) drawFilter(t *T) bool {
	strict := rapid.Bool().Draw(t.T, "strict")
	c.Spec.Strict = strict && c.Spec.Format != strategies.Opaque && rapid.Bool().Draw(t.T, "strict as configured")
	return strict
}

// params names the parameters of the roles.
func params(roles ...strategies.Role) (n strategies.ParamNames) {
	for _, r := range roles {
		n.Name(r, string(r))
	}
	return n
}

// most is more requests than any sweep over the collection as it is may take.
func (c *Case) most() int {
	rows := len(c.Source.Rows)
	switch {
	case c.traits.ByID:
		return 2 * (int((c.Spec.MaxID-c.Spec.InitialID)/c.Spec.StepSize) + 1 + rows)
	case c.traits.Walks:
		return 4000 // spans and slices, five passes each
	}
	return 8*rows + 20
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
