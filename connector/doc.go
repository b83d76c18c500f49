// Package connector turns paged REST APIs into exactly-once Kafka change streams.
//
// A Connector runs the streams of one configuration; each has a runner, which fetches
// pages, folds them through its strategy, drops what the output topic already holds,
// and commits the rest together with its cursor:
//
//	c, err := connector.New(cfg, connector.Options{Once: true})
//	err = c.Run(ctx)
//
// What streams of a worker share is in internal/inflight, what a stream shows of itself in
// internal/status, what becomes of its rows in internal/admit. DESIGN.md follows a record through
// all of them.
package connector
