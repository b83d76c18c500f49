package strategies

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkFold folds full pages of 1,000 rows in the middle of a sweep.
func BenchmarkFold(b *testing.B) {
	const size = 1000
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			spec := playgroundSpec(name)
			spec.PageSize, spec.MaxID = size, 1<<40
			s := mustNew(b, spec)
			first := time.Date(2026, 11, 14, 12, 0, 0, 0, time.UTC)
			var rows []Row
			for i := range size {
				key := fmt.Sprint(i + 1)
				format, text := spec.Format, first.Add(time.Duration(i)*time.Second).Format(time.RFC3339)
				if name == StepSize {
					format, text = Integer, key
				}
				rows = append(rows, Row{Key: []byte(key), Value: mustParse(b, format, text)})
			}
			page := Page{Rows: rows, Token: Token{Present: true, Text: "next"}, Total: 100 * size}
			c := begin(b, s, Cursor{})
			b.ReportAllocs()
			for b.Loop() {
				v, err := s.Fold(c, page)
				if err != nil {
					b.Fatal(err)
				}
				_ = s.Query(v.Next)
			}
		})
	}
}
