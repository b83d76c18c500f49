package kafka

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What lz4Blocks writes is read by kgo's decompressor, whatever the batch's size; text gets
// smaller by it.
func TestLZ4Blocks(t *testing.T) {
	var dst bytes.Buffer
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 61, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		for name, fill := range map[string]func(i int) byte{
			"text":  func(i int) byte { return "a user of some kind, "[i%21] },
			"noise": func(int) byte { return byte(random.Uint32()) },
		} {
			src := make([]byte, size)
			for i := range src {
				src[i] = fill(i)
			}
			dst.Reset()
			packed, kind := lz4Blocks{}.Compress(&dst, src)
			if kind != kgo.CodecLz4 {
				t.Fatalf("%d bytes of %s: codec %v", size, name, kind)
			}
			got, err := kgo.DefaultDecompressor().Decompress(packed, kind)
			if err != nil || !bytes.Equal(got, src) {
				t.Errorf("%d bytes of %s come back as %d, %v", size, name, len(got), err)
			}
			if name == "text" && size > 1000 && len(packed) > size/10 {
				t.Errorf("%d bytes of text take %d", size, len(packed))
			}
		}
	}
}

func BenchmarkCompress(b *testing.B) {
	src := bytes.Repeat([]byte("one user after another, each with a name, an address and a company; "), 15_000)
	var dst bytes.Buffer
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		dst.Reset()
		lz4Blocks{}.Compress(&dst, src)
	}
}
