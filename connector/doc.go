// Package connector turns paged REST APIs into exactly-once Kafka change streams.
//
// A Connector runs the streams of one configuration. Each reads its API's pages, folds them through
// its strategy, drops what the output topic already holds, and commits the rest together with
// its cursor:
//
//	c, err := connector.New(cfg, connector.Options{Once: true})
//	err = c.Run(ctx)
//
// The package is the façade: it makes a worker's parts of a configuration and runs them, and offers
// what an operator does beside a run: Check, Lint, Preview, States, Claim, Repartition, Tail. How a running worker
// is says Handler. What the parts are is
// in internal: stream has one stream's life, reading, admit and readback what a life consists of.
// DESIGN.md follows a record and a cursor through all of them.
package connector
