// Package reading turns a cursor into folded pages: it says which questions to ask an API, takes
// the answers, and folds them through the stream's strategy.
//
// A Session is pure: it hands out questions, some of them before their turn, and is given what
// came of them. Carrier takes questions to a Source, each beside the others; Sweep drives both
// for whoever reads a whole sweep at once.
package reading
