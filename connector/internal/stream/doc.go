// Package stream is one stream's life: it opens the stream, reads its API, writes what is new with
// the cursor behind it in one transaction (P1), and begins anew from the stored cursor where
// something fails (rule 3).
//
// A Machine decides and is pure: Step tells it what has happened, Ready says what it wants to be done. A Driver
// carries that out and has all goroutines, timers and connections. The simulation drives the machine
// itself, in any order of events.
//
// Files: machine.go (Step, Ready and the phases), event.go (what goes in and out), read.go (the
// reading half), write.go (batches and transactions), life.go (from one opening to the next), told.go (what an operator
// wants of a stream that runs), driver.go (carries it out), open.go (fence, cursor, claim, window), change.go (the cursor
// as an operator wants it), import.go (that of an export), trial.go (the page that is read before), loss.go (a topic
// that lost records), speak.go (the schema ids of the topic), judge.go (what errors mean), sink.go (the topic as a
// stream sees it), measured.go (how long transactions take, and how many fail).
package stream
