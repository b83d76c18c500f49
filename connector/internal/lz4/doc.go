// Package lz4 compresses record batches: LZ4 frames as Kafka's own producers write them, in
// blocks of 64 KiB that stand by themselves, without checksums of blocks or content (a batch
// has one of its own).
//
// It is our own because compressing was half of what a row costs (DESIGN.md, "Where the time
// goes"), and takes little more than half of the time here that it takes the library which
// the tests compare with, for no more bytes. There is no unsafe in it and no assembly:
// indices into a block are masked to the size of an array.
//
// The formats: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md and lz4_Frame_format.md.
package lz4
