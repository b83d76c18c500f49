// Package lawtest holds what is true of every strategy, and the API that it is tried on. It is for tests only.
//
// API answers questions by role: whatever a strategy asks with, a lower bound, a token, an offset, a range, the
// answer follows from the question, the rows and the Traits. It neither changes its rows nor knows who asks, so
// that the simulation answers by it too (connector/internal/kit/sim), with rows, troubles and a history of its own.
//
// Files: traits.go (what an API is like), api.go (its rows and their order), question.go (what is asked), answer.go (a
// page of it), end.go (how pages tell their end), says.go (what else they say).
package lawtest
