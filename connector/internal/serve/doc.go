// Package serve answers over HTTP how a worker is: whether it lives (/livez) and is ready (/readyz), what it counts
// (/metrics), where its streams stand (/status), and takes what an operator wants of a stream (POST
// /streams/{name}/pause, resume, poll, rewind, reset, delete, import). Nothing that is asked here keeps a stream waiting: what is shown is copied
// from its board, and what is wanted is left where its driver finds it.
//
// Files: worker.go (what is shown), server.go (the paths), change.go (a stream's cursor is changed), rewind.go (it
// reads again), guard.go (who may ask), listen.go (where, and over TLS
// or not), ready.go, view.go (/status), collect.go (/metrics), client.go (the metrics of the Kafka clients).
package serve
