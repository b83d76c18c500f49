// Package kafka is the only way records and cursors get out of tidemark, and the only one by
// which it reads topics.
//
// A Sink belongs to one stream. Its Commit writes records and the cursor that counts
// them as delivered in one transaction (P1); it has no method that produces outside of
// one. Open fences every earlier worker of the stream before it reads the stored cursor
// (P5), and Scan reads the output topic back for the window. Tail and States read topics for
// people: they join no group, commit nothing, never initialise a producer id, and end at the
// last stable offset taken at the start, so that looking at a stream disturbs no worker
// (rule 7).
//
// Files: sink.go (open, commit, close), acks.go (what the broker said of each record),
// compress.go (batches), ending.go, outcome.go and late.go (how a transaction
// ends, and what became of it), words.go, rights.go and passing.go
// (what a broker's refusal means, which right is missing, and whether it lasts), letters.go (the dead-letter topic), heal.go (transactions
// that a broker forgot), exclusive.go, trespass.go and judge.go (noticing another writer),
// owners.go (whose an output topic is), schemas.go (the schemas it was written under), secrets.go (credentials that APIs replaced),
// cursorlog.go and notes.go (reading the state topic), together.go, gather.go and ask.go (many
// sinks that open at the same time), scan.go and proof.go
// (reading topics up to an offset, and knowing that it is reached), read.go, tail.go, missing.go and states.go
// (reading topics for people), topics.go and memory.go
// (creating and checking topics), topic.go and look.go (whether the output topic is what it
// was), partition.go and move.go (where keys go), forget.go (removing a stream), client.go, access.go and tokens.go (connection settings, how brokers let a client in, and the tokens that they are shown), identity.go (transactional ids).
package kafka
