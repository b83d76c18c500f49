package connector

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

const secret = "s3cr3t"

// answering is a house whose stream asks a handler, with secrets in header and query.
func answering(t *testing.T, strategy string, api http.HandlerFunc) (*house, *config.Stream) {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	h := emptyHouse(t, server.URL)
	stream := h.add(strategy)
	stream.MaxRetries, stream.RequestTimeout = 0, 300*time.Millisecond
	stream.Headers = map[string]config.Secret{"Authorization": "Bearer " + secret}
	stream.Query = map[string]string{"api_key": secret}
	h.cfg.Kafka.Compression = "none"
	h.topics(stream.Topic)
	return h, stream
}

// refused runs the stream and fails unless it ends with an error of the API's class that
// says so, with the cursor unharmed and no secret anywhere (P11).
func (h *house) refused(stream *config.Stream, says string) {
	h.t.Helper()
	err := h.once()
	if class.Of(err) != class.Source || ExitCode(err) != 3 || !strings.Contains(err.Error(), says) {
		h.t.Fatalf("got %v, want an error that says %q", err, says)
	}
	if c := h.cursor(stream.Name); c.Mark != "" || c.Sweep != nil {
		h.t.Errorf("the cursor moved: %+v", c)
	}
	if n := len(h.events(stream.Topic)); n != 0 {
		h.t.Errorf("%d events", n)
	}
	h.noSecret(stream, secret, err)
}

// A body that is small when it comes and large when it is unpacked is bounded by max_body.
func TestBrokerCompressedBomb(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(bytes.Repeat([]byte(" "), 16<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	h, stream := answering(t, strategies.Timestamp, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	})
	stream.MaxBody, stream.RequestTimeout = 1<<20, 10*time.Second
	h.refused(stream, "max_body")
}

// request_timeout bounds a request as a whole: one that is never answered, and one whose
// answer comes byte by byte.
func TestBrokerHangAndDrip(t *testing.T) {
	t.Parallel()
	for name, drip := range map[string]bool{"hang": false, "drip": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, stream := answering(t, strategies.Keyset, func(w http.ResponseWriter, r *http.Request) {
				for r.Context().Err() == nil {
					if drip {
						fmt.Fprint(w, " ")
						if err := http.NewResponseController(w).Flush(); err != nil {
							return
						}
					}
					select {
					case <-time.After(20 * time.Millisecond):
					case <-r.Context().Done():
					}
				}
			})
			h.refused(stream, "request_timeout")
		})
	}
}

// A redirect loop ends, and says so.
func TestBrokerRedirectLoop(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	h, stream := answering(t, strategies.Offset, func(w http.ResponseWriter, r *http.Request) {
		next := "/a?api_key=" + secret
		if asked.Add(1)%2 == 0 {
			next = "/b?api_key=" + secret
		}
		http.Redirect(w, r, next, http.StatusFound)
	})
	stream.PageSize = 50
	h.refused(stream, "redirects in a loop")
	if n := asked.Load(); n > 12 {
		t.Errorf("%d requests", n)
	}
}

// No request, and so no credential, follows a redirect to another origin (P11).
func TestBrokerRedirectToAnotherOrigin(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			var got atomic.Int32
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got.Add(1) }))
			t.Cleanup(other.Close)
			h, stream := answering(t, strategies.Timestamp, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+"/?api_key="+secret, status)
			})
			h.refused(stream, "another origin")
			if n := got.Load(); n != 0 {
				t.Errorf("the other server received %d requests", n)
			}
		})
	}
}

// An API that repeats the credentials in what it says does not bring them into logs, errors,
// records or state (P11).
func TestBrokerEchoedSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		says   string
	}{
		"a refusal":     {401, `{"error": "the key s3cr3t is not known, nor is Bearer s3cr3t"}`, "401"},
		"a failure":     {500, `s3cr3t`, "500"},
		"no page":       {200, `{"error": "the key s3cr3t has no access"}`, "data"},
		"half a page":   {200, `{"data": [{"id": "s3cr3t`, "JSON"},
		"a bad token":   {200, `{"data": [], "scroll_param": {"a": "s3cr3t"}}`, "scroll_param"},
		"HTML":          {200, `<html><title>Bearer s3cr3t</title></html>`, "JSON"},
		"gone for good": {410, `s3cr3t`, "410"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, stream := answering(t, strategies.Keyset, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			stream.RequestTimeout, stream.MaxRetries = 10*time.Second, 0
			h.refused(stream, c.says)
		})
	}
}

// A failure that passes is retried, and the sweep goes on; the log shows no secret.
func TestBrokerRetries(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 6)}
	s.instead = func(w http.ResponseWriter, n int) bool {
		switch n {
		case 1:
			w.Header().Set("Retry-After", "0.01")
			return fails(0, 429, secret)(w, n)
		case 3:
			fmt.Fprint(w, `{"data": [{"id": "`)
			return true
		}
		return false
	}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.MaxRetries, stream.Query = 1, map[string]string{"api_key": secret}
	h.mustOnce()
	if n := h.holds(stream.Topic, s); n != 6 {
		t.Errorf("%d events, want 6", n)
	}
	if n := h.logs.count("asking again"); n != 2 {
		t.Errorf("%d retries were logged, want 2", n)
	}
	h.noSecret(stream, secret, nil)
}
