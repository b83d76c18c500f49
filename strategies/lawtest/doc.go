// Package lawtest holds what is true of every strategy, and the API that it is tried on. It is for tests only.
//
// Run holds a strategy to all laws that concern it, by each of its pagers, over orders, filters and ends that are
// drawn: a new strategy's test is one call. A law asks for a strategy's traits, never for its name.
//
// API answers questions by role: whatever a strategy asks with, a lower bound, a token, an offset, a range, the
// answer follows from the question, the rows and the Traits. It neither changes its rows nor knows who asks, so
// that the simulation answers by it too (connector/internal/kit/sim), with rows, troubles and a history of its own.
// Source is one whose rows change, and Reader drives a strategy between a source and a topic, as the connector does,
// and checks each step.
//
// Files: traits.go (what an API is like), api.go (its rows and their order), question.go (what is asked), answer.go (a
// page of it), end.go (how pages tell their end), says.go (what else they say), value.go (cursor values as text),
// source.go and parents.go (rows that change), draw.go, draw_own.go and draw_walk.go (a strategy, its settings and an
// API for it), reader.go and reader_step.go (what holds at each step), run.go, and the laws: law_lost.go,
// law_still.go, law_token.go, law_ceiling.go and law_all.go. mistakes_test.go has a mistake for each pager and strategy,
// all of which the laws have to catch.
package lawtest
