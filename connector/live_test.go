package connector

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// A stream that runs is let read again through the worker's HTTP server: its worker goes on, nothing that the topic has
// is written once more, and with replay just the rows from there on are, each once. What is refused disturbs nobody.
func TestBrokerRewindWhileRunning(t *testing.T) {
	t.Parallel()
	for _, idleAfter := range []time.Duration{time.Hour, time.Millisecond} {
		t.Run(idleAfter.String(), func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 60), page: 20}
			h, stream := scripted(t, strategies.Keyset, s)
			stream.PollInterval, stream.IdleAfter = time.Millisecond, idleAfter
			c, stop := h.start(Options{Measure: true})
			kit.Eventually(t, "the rows", func() bool { return c.Status()[0].Written == 60 && c.Status()[0].Sweeps > 0 })
			if idleAfter < time.Second {
				kit.Eventually(t, "the producer to be closed", h.idles)
			}
			handler := c.Handler(HandlerOptions{})
			asks := func(path string, want int, says string) {
				t.Helper()
				out := httptest.NewRecorder()
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/streams/"+url.PathEscape(stream.Name)+"/"+path, http.NoBody)
				handler.ServeHTTP(out, req)
				if text := strings.Join(strings.Fields(out.Body.String()), " "); out.Code != want || !strings.Contains(text, says) {
					t.Fatalf("%s: %d %s", path, out.Code, text)
				}
			}
			owner := h.cursor(stream.Name).Owner
			asks("rewind?to="+at(500), 422, "lies behind the mark")
			if h.cursor(stream.Name).Owner != owner {
				t.Error("a change that is refused has opened the stream anew")
			}
			s.requests()
			asks("rewind?to="+at(41), 200, `"from": "`+at(41)+`", "keys": 20, "replay": false`)
			swept(t, c)
			if n := len(h.events(stream.Topic)); n != 60 || s.requests() == 0 {
				t.Errorf("%d events behind a rewind", n)
			}
			asks("reset", 200, `"keys": 60`)
			swept(t, c)
			if n := len(h.events(stream.Topic)); n != 60 {
				t.Errorf("%d events behind a reset", n)
			}
			asks("rewind?to="+at(41)+"&replay", 200, `"replay": true`)
			swept(t, c)
			seen := map[string]int{}
			for _, e := range h.events(stream.Topic)[60:] {
				seen[e.key]++
			}
			if len(seen) != 20 || seen["p41"] != 1 || seen["p60"] != 1 || len(h.events(stream.Topic)) != 80 {
				t.Errorf("written once more: %v", seen)
			}
			s.set(people(61, 1)...)
			kit.Eventually(t, "the next row", func() bool { return len(h.events(stream.Topic)) == 81 })
			if err := stop(); err != nil {
				t.Error(err)
			}
			asks("reset", 409, "ended")
		})
	}
}

// swept waits until the stream is at rest again behind what it was told last: two more sweeps have ended.
func swept(t *testing.T, c *Connector) {
	t.Helper()
	from := c.Status()[0].Sweeps
	kit.Eventually(t, "two sweeps", func() bool { return c.Status()[0].Sweeps > from+1 })
}
