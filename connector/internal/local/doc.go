// Package local is the broker and the schema registry that tidemark carries with it:
// kfake and srfake, listening on loopback and kept in one data directory, so that a
// machine with nothing but Go runs the whole of it.
//
// The directory holds
//
//	lock           who has the directory open, and where he listens (JSON)
//	kafka/         kfake's own files
//	registry.json  the subjects of the schema registry; while it is open, the changes behind
//	               them lie in registry-N.jsonl, which it names
//	journal        whether the last broker closed, and the commit it had in hand
//
// What was acknowledged survives the death of the process. It does not survive the
// loss of the machine's memory: nothing waits for the disk, as in Kafka by default.
// Nothing is compacted either: kfake's compaction deletes the old files before it
// writes the new ones, and counts records of open transactions. The directory grows
// until it is deleted.
package local
