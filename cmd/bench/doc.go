// Command bench measures tidemark against the raw limits of the machine it runs on, all
// in one run:
//
//	go run ./cmd/bench
//
// Every measured part runs in a process of its own, which is this program started again,
// so that processor time, memory and allocations are the part's alone. Rows are counted
// at the broker, by a read_committed consumer, and never by the part that wrote them.
//
// Files:
//
//   - main.go: the command line
//   - part.go, child.go, usage.go, profile.go: the two ends of a measured process, and what it uses
//   - api.go, children.go, collection.go, shelf.go, identity.go: the API that is read, its rows and their ids
//   - servers.go: brokers, registry, topics
//   - watch.go, count.go, rowset.go: what a read_committed consumer sees
//   - tidemark.go, worker.go: the connector as a part, for one sweep and for good
//   - readings.go: how each strategy reads the API
//   - limits.go, produce.go: scan, fetch and produce by themselves
//   - run.go: one run that writes to a topic
//   - suite.go, latency.go, idle.go, window.go, unchanged.go, slow.go, growth.go, peers.go: the experiments
//   - stats.go, table.go, report.go: how results are shown
package main
