package connector

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr/srfake"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// A token that is a link to another origin is a parameter like any other: it is sent to
// the stream's own origin, and nothing, so no credential, goes where it points (P11).
func TestBrokerTokenThatIsALink(t *testing.T) {
	t.Parallel()
	var got atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
	t.Cleanup(other.Close)
	s := &script{unsorted: true, docs: backwards(9)}
	links := map[string]string{} // by the token they stand for
	s.token = func(next string) string {
		link := other.URL + "/users?page=" + next
		links[link] = next
		return link
	}
	s.before = func(n int) { // the API knows its links
		if q := s.asked[n-1]; links[q.Get("scroll_param")] != "" {
			q.Set("scroll_param", links[q.Get("scroll_param")])
		}
	}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.Headers = map[string]config.Secret{"Authorization": "Bearer " + secret}
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 9 || len(links) != 2 {
		t.Errorf("%d events by %d links, want 9 by 2", n, len(links))
	}
	if n := got.Load(); n != 0 {
		t.Errorf("the other server received %d requests", n)
	}
	h.noSecret(stream, secret, nil)
}

// The registry is needed at the start and for schemas not seen yet. One that goes away later
// holds nothing up; one that is away at the start ends the run with the broker's class.
func TestBrokerRegistryGone(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	registry := srfake.New().Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, `{"error_code": 50001, "message": "the registry is away"}`, http.StatusInternalServerError)
			return
		}
		registry.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s := &script{docs: people(1, 3)}
	h, stream := scripted(t, strategies.Replay, s)
	h.cfg.SchemaRegistry.URL = server.URL
	stream.PollInterval = time.Millisecond
	c, stop := h.start(Options{})
	polled(t, c, 1)
	down.Store(true)
	s.set(people(4, 2)...)
	kit.Eventually(t, "the new rows", func() bool { return c.Status()[0].Written == 5 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := h.once(); class.Of(err) != class.Broker || ExitCode(err) != 4 {
		t.Errorf("without a registry at the start: %v", err)
	}
	down.Store(false)
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 5 {
		t.Errorf("%d events, want 5", n)
	}
}
