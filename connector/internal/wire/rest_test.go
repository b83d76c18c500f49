package wire

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
)

// TestMalformedIsRetried: the HTTP client asks again where Scan finds no page, whatever
// the error is wrapped in, and gives up with that error (P8).
func TestMalformedIsRetried(t *testing.T) {
	const good = `{"data":[{"id":"a"}],"scroll_param":null}`
	for _, c := range []struct {
		name, first, then string
		requests          int64
		fails             bool
	}{
		{"mended at the second try", `{}`, good, 2, false},
		{"never mended", `{"error":"busy"}`, `{"data":null}`, 3, true},
		{"cut off", good[:20], good[:21], 3, true},
		{"a bad row is no bad page", `{"data":[{"id":null}]}`, good, 1, false},
	} {
		var requests atomic.Int64
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if requests.Add(1) == 1 {
				_, _ = io.WriteString(w, c.first)
				return
			}
			_, _ = io.WriteString(w, c.then)
		}))
		client, err := rest.New(rest.Options{
			URL: api.URL, MaxRetries: 2, Backoff: rest.Backoff{Initial: time.Millisecond, Max: time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		p := mustCompile(t, userOptions())
		rows := 0
		resp, err := client.Get(t.Context(), nil, func(r *rest.Response) error {
			pg, err := p.Scan(r.Body)
			if err != nil {
				return err
			}
			rows = len(pg.Rows)
			pg.Release()
			return nil
		})
		switch {
		case !c.fails && (err != nil || rows != 1):
			t.Errorf("%s: %d rows, %v", c.name, rows, err)
		case c.fails:
			var m *Malformed
			if !errors.As(err, &m) || class.Of(err) != class.Source {
				t.Errorf("%s: %v (class %v)", c.name, err, class.Of(err))
			}
		}
		if n := requests.Load(); n != c.requests {
			t.Errorf("%s: %d requests, want %d", c.name, n, c.requests)
		}
		if err == nil {
			resp.Release()
		}
		client.Close()
		api.Close()
	}
}
