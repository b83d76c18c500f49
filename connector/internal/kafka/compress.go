package kafka

import (
	"bytes"
	"sync"

	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lz4Blocks compresses record batches with lz4 as Kafka's own producer does: in blocks of
// 64 KiB, without a checksum of the content, for a batch has one of its own. kgo's default
// is a block of 4 MiB, which takes half as long again (what it looks back to has left the
// processor's cache) and 8 MiB of memory.
type lz4Blocks struct{}

var lz4Writers = sync.Pool{New: func() any {
	w := lz4.NewWriter(nil)
	if err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false)); err != nil {
		panic(err) // these options are constants that are valid
	}
	return w
}}

// Compress is kgo.Compressor's.
func (lz4Blocks) Compress(dst *bytes.Buffer, src []byte, _ ...kgo.CompressFlag) ([]byte, kgo.CompressionCodecType) {
	w := lz4Writers.Get().(*lz4.Writer)
	defer lz4Writers.Put(w)
	w.Reset(dst)
	if _, err := w.Write(src); err != nil {
		return nil, kgo.CodecError
	}
	if err := w.Close(); err != nil {
		return nil, kgo.CodecError
	}
	return dst.Bytes(), kgo.CodecLz4
}

// compression is the producer's option for the codec that the configuration names.
func compression(name string) (kgo.ProducerOpt, error) {
	if name == "lz4" {
		return kgo.WithCompressor(lz4Blocks{}), nil
	}
	c, err := codec(name)
	return kgo.ProducerBatchCompression(c), err
}
