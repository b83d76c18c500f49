package connector

import (
	"net/http/httptest"
	"slices"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// A run of snapshot asks for each page once: no mark hangs on two passes that agree. With the scan for deleted rows, which is its
// default, it asks two times more, for numbered pages shift and only two passes that agree show what is there (P9); and where a row
// seems gone again two times.
func TestBrokerSnapshotReadsOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scans      bool
		whole, few int // times that page 1 is asked for: with all rows, and with one less
	}{"without a scan": {false, 1, 1}, "with a scan": {true, 3, 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newShelf(30)
			server := httptest.NewServer(api)
			t.Cleanup(server.Close)
			h := emptyHouse(t, server.URL)
			stream := h.add(strategies.Snapshot)
			stream.URL, stream.Schema, stream.MaxRetries = server.URL+"/page", personSchema, 0
			stream.Pages, stream.Params.Page = strategies.ByNumber, "page"
			if stream.ReconcileInterval = 0; !c.scans {
				stream.ReconcileInterval = config.Never
			}
			h.topics(stream.Topic)
			asks := func(want, events int) {
				t.Helper()
				api.do(func() { api.asked = nil })
				h.mustOnce()
				var asked []string
				api.do(func() { asked = slices.Clone(api.asked) })
				pages := map[string]int{}
				for _, page := range asked {
					pages[page]++
				}
				if n := pages["GET /page?page=1"]; n != want || len(pages) < 6 {
					t.Errorf("the first of %d pages was asked for %d times, want %d: %v", len(pages), n, want, asked)
				}
				for page, times := range pages {
					if times > want {
						t.Errorf("asked for %d times: %s", times, page)
					}
				}
				if n := len(h.events(stream.Topic)); n != events {
					t.Errorf("%d events, want %d", n, events)
				}
			}
			asks(c.whole, 30)
			asks(c.whole, 30)
			api.do(func() { api.rows = api.rows[1:] })
			events := 30
			if c.scans {
				events++ // a tombstone
			}
			asks(c.few, events)
		})
	}
}
