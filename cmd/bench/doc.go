// Command bench measures tidemark against the raw limits of the machine it runs on, all
// in one run:
//
//	go run ./cmd/bench
//
// Every measured part runs in a process of its own, which is this program started again,
// so that processor time, memory and allocations are the part's alone. Rows are counted
// at the broker, by a read_committed consumer, and never by the part that wrote them.
//
// Files: main.go (the command line), suite.go (which runs make the table), run.go (one run
// that writes to a topic), child.go and part.go (the two ends of a measured process),
// usage.go (what a process has used), api.go, collection.go and identity.go (the API that is
// read, its rows and their ids),
// servers.go (brokers, registry, topics), watch.go and count.go (what a read_committed
// consumer sees), tidemark.go (the connector as a part), limits.go and produce.go (scan, fetch
// and produce by themselves), worker.go (the connector running for good), latency.go, idle.go,
// window.go and growth.go (the other experiments), stats.go, table.go and report.go (how results are shown).
package main
