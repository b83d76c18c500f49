package lz4

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"
)

// records is size bytes that look like a batch of users.
func records(size int) []byte {
	random := rand.New(rand.NewPCG(3, 5))
	names := strings.Fields("Ada Grace Edsger Barbara Donald Frances Alan Margaret Niklaus Radia Tony Adele Robin Karen")
	var b []byte
	for i := 0; len(b) < size; i++ {
		id := fmt.Sprintf("%016x-%016x", random.Uint64(), random.Uint64())
		first, last := names[random.IntN(len(names))], names[random.IntN(len(names))]
		b = binary.BigEndian.AppendUint32(append(b, id...), 7)
		b = fmt.Appendf(b, "%s\x1e%s\x1e%s %s\x28%s.%s%d@example.com\x32%d Main Street\x0aNew Town",
			id, first, first, last, first, last, random.IntN(100), random.IntN(1000))
		b = binary.AppendVarint(b, int64(1_700_000_000_000_000+i*1000))
	}
	return b[:size]
}

func noise(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// far repeats itself, but only at the greatest distance that a match may have.
func far(size int) []byte {
	b := bytes.Repeat(noise(blockSize-1), size/(blockSize-1)+1)
	return b[:size]
}

func letters(size int) []byte { return bytes.Repeat([]byte{'a'}, size) }

func runs(size int) []byte {
	var b []byte
	for i := 0; len(b) < size; i++ {
		b = append(append(b, letters(i%700)...), noise(i%300)...)
	}
	return b[:size]
}

// checkFrame fails where a frame is not one of src by the format's rules, which are stricter than
// what most decompressors ask for: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
// has the end-of-block conditions.
func checkFrame(frame, src []byte) error {
	if most := len(header) + len(src) + 4*(len(src)/blockSize+2); len(frame) > most {
		return fmt.Errorf("%d bytes take %d, more than %d", len(src), len(frame), most)
	}
	rest, ok := bytes.CutPrefix(frame, []byte(header))
	if !ok {
		return fmt.Errorf("the header is %x", frame[:len(header)])
	}
	var got []byte
	for n := 0; ; n++ {
		size := int(binary.LittleEndian.Uint32(rest))
		rest = rest[4:]
		if size == 0 {
			break
		}
		if size&stored != 0 {
			size &^= stored
			got = append(got, rest[:size]...)
		} else {
			out, err := checkBlock(rest[:size])
			if err != nil {
				return fmt.Errorf("block %d: %w", n, err)
			}
			got = append(got, out...)
		}
		rest = rest[size:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d bytes behind the end", len(rest))
	}
	if !bytes.Equal(got, src) {
		return fmt.Errorf("%d bytes come back as %d other ones", len(src), len(got))
	}
	back, err := io.ReadAll(lz4.NewReader(bytes.NewReader(frame)))
	if err == nil && !bytes.Equal(back, src) {
		err = fmt.Errorf("%d bytes are %d other ones to the library", len(src), len(back))
	}
	return err
}

func checkBlock(b []byte) (out []byte, err error) {
	long := func(n int) int {
		for ; ; b = b[1:] {
			n += int(b[0])
			if b[0] < 255 {
				b = b[1:]
				return n
			}
		}
	}
	began := 0 // the last match
	for {
		token := b[0]
		b = b[1:]
		n := int(token >> 4)
		if n == 15 {
			n = long(n)
		}
		out, b = append(out, b[:n]...), b[n:]
		if len(b) == 0 {
			if token&15 != 0 {
				return nil, fmt.Errorf("the last token has a match")
			}
			if began > 0 && (n < 5 || len(out)-began < 12) {
				return nil, fmt.Errorf("the last match begins %d bytes before the end, %d literals behind it", len(out)-began, n)
			}
			if len(out) > blockSize {
				return nil, fmt.Errorf("a block of %d bytes", len(out))
			}
			return out, nil
		}
		back := int(binary.LittleEndian.Uint16(b))
		b = b[2:]
		n = int(token&15) + 4
		if n == 19 {
			n = long(n)
		}
		if back == 0 || back > len(out) {
			return nil, fmt.Errorf("a match %d back at %d", back, len(out))
		}
		began = len(out)
		for range n {
			out = append(out, out[len(out)-back])
		}
	}
}

func TestFrames(t *testing.T) {
	kinds := map[string]func(int) []byte{"records": records, "noise": noise, "far": far, "letters": letters, "runs": runs}
	sizes := []int{1 << 20, 3*blockSize + over, 2*blockSize + over - 1}
	for n := range 80 {
		sizes = append(sizes, n, blockSize-40+n)
	}
	for name, kind := range kinds {
		for _, size := range sizes {
			src := kind(size)
			frame := Append([]byte("before"), src)
			if err := checkFrame(frame[len("before"):], src); err != nil {
				t.Fatalf("%d bytes of %s: %v", size, name, err)
			}
			if name == "letters" && size > 1000 && len(frame) > size/100 {
				t.Errorf("%d times the same letter take %d bytes", size, len(frame))
			}
		}
	}
}

// Records take no more bytes than the library makes of them.
func TestFramesAreSmall(t *testing.T) {
	src := records(1 << 20)
	ours, theirs := len(Append(nil, src)), len(library(t)(src))
	if ours > theirs {
		t.Errorf("%d bytes of records take %d, and %d by the library", len(src), ours, theirs)
	}
}

// What was compressed before leaves no trace.
func TestFramesAreTheSame(t *testing.T) {
	for size := range 200 {
		src := records(blockSize + size)[blockSize:]
		var s scratch
		var dst packed
		copy(s.src[:], src)
		n := compress(&dst, &s.src, len(src), &s.seen)
		want := bytes.Clone(dst[:n])
		copy(s.src[:], noise(blockSize))
		copy(s.src[:], src)
		if n := compress(&dst, &s.src, len(src), &s.seen); !bytes.Equal(dst[:n], want) {
			t.Fatalf("%d bytes are %x, then %x", size, want, dst[:n])
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	src := records(300_000)
	dst := Append(nil, src)
	dst = make([]byte, 0, len(dst)+Room)
	if n := testing.AllocsPerRun(20, func() { Append(dst, src) }); n > 0.5 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppend(f *testing.F) {
	f.Add([]byte(""), uint16(1))
	f.Add([]byte("a user and a user and another user"), uint16(3))
	f.Add(records(500), uint16(200))
	f.Add(noise(700), uint16(120))
	f.Add(runs(1000), uint16(7))
	f.Fuzz(func(t *testing.T, part []byte, times uint16) {
		src := bytes.Repeat(part, 1+int(times)%(1+200_000/(1+len(part))))
		if err := checkFrame(Append(nil, src), src); err != nil {
			t.Fatal(err)
		}
	})
}

// library is the yardstick: the encoder that franz-go uses, with blocks of the same size.
func library(tb testing.TB) func(src []byte) []byte {
	var dst bytes.Buffer
	w := lz4.NewWriter(nil)
	if err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false)); err != nil {
		tb.Fatal(err)
	}
	return func(src []byte) []byte {
		dst.Reset()
		w.Reset(&dst)
		if _, err := w.Write(src); err != nil {
			tb.Fatal(err)
		}
		if err := w.Close(); err != nil {
			tb.Fatal(err)
		}
		return dst.Bytes()
	}
}

func BenchmarkAppend(b *testing.B) {
	var dst []byte
	benchmark(b, func(src []byte) int {
		dst = Append(dst[:0], src)
		return len(dst)
	})
}

func BenchmarkLibrary(b *testing.B) {
	pack := library(b)
	benchmark(b, func(src []byte) int { return len(pack(src)) })
}

func benchmark(b *testing.B, pack func(src []byte) int) {
	src := records(8 << 20) // more than a branch predictor remembers
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		size = pack(src)
	}
	b.ReportMetric(float64(size)/float64(len(src)), "ratio")
}
