// Command tidemark reads paged REST APIs into Kafka, exactly once and in order.
//
// One file holds one command; each is a thin layer of flags over package connector. What they
// share is in servers.go (the flags that say which broker and registry), backlog.go (a log that
// keeps nobody waiting), progress.go (the demo's table) and self.go (how the program was called).
// main.go alone ends the process and knows what exit code an error's class has.
package main
