// Package window knows what the output topic already holds of the rows that the API can
// return again, so that no version is written twice (P3) and none after a newer one
// (P4).
//
// The window holds the last event of every key whose cursor value lies at its start or
// beyond, and of every key whose last event has no cursor value (rule 9). It is
// rebuilt from the topic when a stream opens, by offsets that the cursor carries (rule
// 10), and never from wall-clock time. Its memory is bounded (P10): past the bound it
// forgets, so rows may be written again, and it says so.
//
// Files: window.go (verdicts), table.go (the entries in memory), offsets.go (where in the
// topic the window begins), start.go (where a cursor says that it does), strays.go
// (keys that lie in two partitions), unknown.go (keys whose last event is not a row), ledger.go
// (all keys of a topic, held against all rows of an API).
package window
