// Package readback reads a stream's output topic back: what its records hold, in the schema of now,
// for the window, for full scans, and for whoever moves keys.
//
// A Reader knows the records of one stream. Avro explains their bodies, Other those that are not Avro; the Lexicon says which schema
// each of their ids means, for a registry may have forgotten it.
package readback
