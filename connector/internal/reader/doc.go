// Package reader reads topics for people: tail and state show. It joins no group,
// commits nothing and never initialises a producer id, so that looking at a stream
// cannot fence its worker (rule 7). What it reads is committed, and ends at the last
// stable offset taken at the start.
//
// Files: connect.go (a client that gives up in time), read.go (records up to the end),
// topic.go (a topic, or names like it), states.go (the live cursors).
package reader
