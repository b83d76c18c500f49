package kafka

import (
	"fmt"
	"testing"
)

// BenchmarkCommit commits transactions of 8,000 records of 188 bytes. The broker is in the
// process, so what it does counts too.
func BenchmarkCommit(b *testing.B) {
	o := options(b)
	o.Partitions, o.Compression = 1, "lz4"
	s := newSink(b, o)
	c := open(b, s)
	all := make([]Record, 8000)
	for i := range all {
		value := fmt.Appendf(nil, "%0188d", i*i)
		all[i] = Record{Key: fmt.Appendf(nil, "user-%d", i), Value: value}
	}
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if c, err = s.Commit(b.Context(), all, c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*8000/b.Elapsed().Seconds(), "rows/s")
}
