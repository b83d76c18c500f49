package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// malformed is to these tests what wire's error for a broken page is to the runner.
type malformed struct{ why string }

func (e *malformed) Error() string   { return "reading the page: " + e.why }
func (e *malformed) Retryable() bool { return true }

// acceptPage takes a body that is a JSON object with a data array, as wire does.
func acceptPage(r *Response) error {
	var v struct{ Data *[]json.RawMessage }
	if err := json.Unmarshal(r.Body, &v); err != nil {
		return &malformed{err.Error()}
	}
	if v.Data == nil {
		return &malformed{`the array "data" is missing`}
	}
	return nil
}

const onePage = `{"data": [{"id": "1"}]}`

// api answers request i with the i-th handler, and the last one from then on.
type api struct {
	answers  []http.HandlerFunc
	requests atomic.Int64
	mu       sync.Mutex
	times    []time.Time // when the requests came
	queries  []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.times = append(a.times, time.Now())
	a.queries = append(a.queries, r.URL.RawQuery)
	a.mu.Unlock()
	i := min(int(a.requests.Add(1)), len(a.answers))
	a.answers[i-1](w, r)
}

func text(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// inMemory serves a over net.Pipe with net/http's own server, so that a test inside a
// synctest bubble runs on virtual time, and returns a client of it.
func inMemory(t *testing.T, a http.Handler, o Options) *Client {
	t.Helper()
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: a, ReadHeaderTimeout: 24 * time.Hour}
	go func() { _ = server.Serve(l) }()
	transport := NewTransport()
	transport.Proxy = nil
	transport.DialContext = l.dial
	if o.URL == "" {
		o.URL = "http://api.test/users"
	}
	o.Transport, o.Params = transport, names
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return c
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// onLoopback serves h on a real socket of 127.0.0.1 and returns a client of it whose
// waits are short.
func onLoopback(t *testing.T, h http.Handler, o Options) (*Client, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	if o.URL == "" {
		o.URL = s.URL + "/users"
	}
	return quick(t, o), s
}

func quick(t testing.TB, o Options) *Client {
	t.Helper()
	if o.Backoff == (Backoff{}) {
		o.Backoff = Backoff{Initial: time.Millisecond, Max: time.Millisecond}
	}
	o.Params = names
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// names are what the tests' API calls its parameters.
var names = strategies.ParamNames{Since: "since", Limit: "limit", Offset: "offset", OrderBy: "a b", Token: "scroll_token", Page: "page"}

// get asks for one page with acceptPage, and releases it.
func get(t *testing.T, c *Client, params ...strategies.Param) error {
	t.Helper()
	r, err := c.Get(t.Context(), params, acceptPage)
	if err == nil {
		r.Release()
	}
	return err
}

// wantSource checks that err is of class Source and says all of the parts.
func wantSource(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if class.Of(err) != class.Source {
		t.Errorf("class is %v, want source: %v", class.Of(err), err)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error does not say %q: %v", p, err)
		}
	}
}

func wantTries(t *testing.T, err error, n int) {
	t.Helper()
	var e *RetriesError
	if !errors.As(err, &e) || e.Tries != n {
		t.Errorf("want %d tries, got: %v", n, err)
	}
}

func wantRequests(t *testing.T, a *api, n int64) {
	t.Helper()
	if got := a.requests.Load(); got != n {
		t.Errorf("the API got %d requests, want %d", got, n)
	}
}

// page is a page of n rows of some 350 bytes.
func pageOf(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"data": [`)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `{"id": "%036d", "name": "%s", "updatedAt": "2026-11-14T20:02:39Z"}`, i, strings.Repeat("n", 255))
	}
	b.WriteString(`]}`)
	return b.Bytes()
}
