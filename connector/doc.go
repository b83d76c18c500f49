// Package connector turns paged REST APIs into exactly-once Kafka change streams.
//
// A Connector runs the streams of one configuration; each has a runner, which fetches
// pages, folds them through its strategy, drops what the output topic already holds,
// and commits the rest together with its cursor:
//
//	c, err := connector.New(cfg, connector.Options{Once: true})
//	err = c.Run(ctx)
//
// Files: connector.go (all streams of a worker), build.go (from configuration to runner),
// runner.go (one stream's life from open to failure), parts.go and source.go (its API and its
// topic, as it sees them), fetch.go and commit.go (the two halves of its pipeline), ahead.go
// (questions asked before their turn), group.go (one transaction after the other), pieces.go
// (pages too large for one), marks.go and notice.go (what is said of rows), full.go and
// reconcile.go (scans of everything), loss.go and watch.go (a topic that lost records), claim.go
// and foreign.go (one that others write into), readback.go and repartition.go (keys in more than
// one partition), idle.go and files.go (many streams with nothing to do), check.go, check_ties.go,
// unsent.go, state.go and tail.go (looking without touching), local.go (the embedded broker),
// lean.go (memory against time), stages.go (parts of the pipeline, for benchmarks), class.go
// (error classes). What streams of a worker share is in internal/inflight, what a stream shows
// of itself in internal/status, what becomes of its rows in internal/admit. DESIGN.md follows a
// record through all of them.
package connector
