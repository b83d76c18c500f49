package strategies

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkFold folds full pages of 50 and of 1,000 rows in the middle of a sweep.
func BenchmarkFold(b *testing.B) {
	for _, name := range Own() {
		for _, size := range []int{50, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				fold := folding(b, name, size)
				b.ReportAllocs()
				for b.Loop() {
					fold()
				}
			})
		}
	}
}

// folding returns what folds a full page of so many rows of a strategy and asks for the next one.
func folding(tb testing.TB, name string, size int) func() {
	spec := playgroundSpec(name)
	spec.PageSize, spec.MaxID = size, 1<<40
	s := mustNew(tb, spec)
	first := time.Date(2026, 11, 14, 12, 0, 0, 0, time.UTC)
	var rows []Row
	for i := range size {
		key := fmt.Sprint(i + 1)
		format, text := spec.Format, first.Add(time.Duration(i)*time.Second).Format(time.RFC3339)
		if name == StepSize {
			format, text = Integer, key
		}
		rows = append(rows, Row{Key: []byte(key), Value: mustParse(tb, format, text)})
	}
	page := Page{Rows: rows, Token: Token{Present: true, Text: "next"}, Total: int64(100 * size)}
	c := begin(tb, s, Cursor{})
	return func() {
		v, err := s.Fold(c, page)
		if err != nil {
			tb.Fatal(err)
		}
		_ = s.Query(v.Next)
	}
}

// A page allocates for the texts that go into the next cursor, and none for those that are
// read from the last one.
func TestFoldAllocatesLittle(t *testing.T) {
	for _, name := range Own() {
		if n := testing.AllocsPerRun(100, folding(t, name, 1000)); n > 11 {
			t.Errorf("%s: %v allocations a page", name, n)
		}
	}
}
