package kafka

import (
	"bytes"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/lz4"
)

// lz4Blocks compresses record batches in blocks of 64 KiB, as Kafka's own producer does.
// kgo's default is a block of 4 MiB, which takes three times as long (what it looks back to
// has left the processor's cache) and 8 MiB of memory.
type lz4Blocks struct{}

// Compress is kgo.Compressor's.
func (lz4Blocks) Compress(dst *bytes.Buffer, src []byte, _ ...kgo.CompressFlag) ([]byte, kgo.CompressionCodecType) {
	dst.Grow(len(src)*3/4 + lz4.Room) // rows take 0.6
	return lz4.Append(dst.AvailableBuffer(), src), kgo.CodecLz4
}

// Compression is the producer's option for the codec that the configuration names.
func Compression(name string) (kgo.ProducerOpt, error) {
	c, err := codec(name)
	if c == kgo.Lz4Compression() {
		return kgo.WithCompressor(lz4Blocks{}), nil
	}
	return kgo.ProducerBatchCompression(c), err
}
