// Package format says what a stream's records look like in its topic: in which format values are written
// (value_format), in which envelope (envelope), and how keys are (key_format).
//
// Rows are encoded as Avro whatever the format is, by the scanner, in the same pass: that body is what the window
// compares and what bad rows are told by. A Codec makes the record's value of it when its transaction is written,
// and the body of a value when the topic is read back. A stream of the default, Avro without an envelope and keys that are
// texts, has no codec: its values are the scanner's.
//
// A Format is a file and a line in the table of formats. An envelope is another Avro schema around the rows' own, so
// that every format has it.
//
// Files: format.go (the table), avro.go, json.go, jsonschema.go (what is registered for it), protobuf.go, protobuf_write.go and protobuf_read.go, envelope.go
// (Debezium's), key.go (keys that are records), codec.go (all of it for one stream), subject.go (what of it is registered, and
// under which names), jsonschema_under.go and protobuf_under.go (whether a schema of the registry holds what is written), room.go (how large records get), decoder.go (values of any format as JSON, for people).
package format
