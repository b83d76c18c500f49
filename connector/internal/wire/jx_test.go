package wire

import (
	"testing"

	"github.com/go-faster/jx"
)

// BenchmarkJXSkip and BenchmarkSkip pass over the same page without reading it: what the
// library's scanner and our own cost before any encoding.
func BenchmarkJXSkip(b *testing.B) {
	body := users(1000)
	d := jx.DecodeBytes(body)
	for b.Loop() {
		d.ResetBytes(body)
		if err := d.Skip(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkSkip(b *testing.B) {
	body := users(1000)
	for b.Loop() {
		s := scanner{buf: body}
		if !s.skip() {
			b.Fatal("the page is broken")
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
}
