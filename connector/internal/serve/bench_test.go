package serve

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/status"
)

// BenchmarkScrape is what a scrape of a worker of a thousand streams costs, with and without compression.
func BenchmarkScrape(b *testing.B) {
	all := make([]status.Status, 1000)
	for i := range all {
		all[i] = status.Status{Stream: fmt.Sprintf("stream-%d", i), State: status.Idle, Opened: true, Started: time.Now(), Swept: time.Now()}
	}
	w, _ := at(all...)
	for i := range all {
		w.Measures.Answered(all[i].Stream, 200)
	}
	h := handlerOf(w, config.HTTP{})
	for name, headers := range map[string][]string{"plain": nil, "gzip": {"Accept-Encoding: gzip"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if got := ask(h, http.MethodGet, "/metrics", headers...); got.Code != http.StatusOK {
					b.Fatal(got.Code)
				} else {
					b.ReportMetric(float64(got.Body.Len()), "B/scrape")
				}
			}
		})
	}
}
