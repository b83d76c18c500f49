package auth

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
)

// roundTrip is a transport in a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// handled is a transport to a handler.
func handled(h http.HandlerFunc) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h(w, r)
		resp := w.Result()
		resp.Request = r
		return resp, nil
	}
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// sectionOf reads an auth section as a configuration file writes it.
func sectionOf(t testing.TB, section string) config.Auth {
	t.Helper()
	text := "strategy: keyset\nurl: http://api.test/\nauth: {" + section + "}\n"
	c, err := config.Parse(filepath.Join(t.TempDir(), "c.yaml"), []byte(text), nil, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Streams[0].Auth
}

func made(t testing.TB, section string, o Options) *Authorizer {
	t.Helper()
	a, err := New(sectionOf(t, section), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func request(t testing.TB) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://api.test/users?x=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "tidemark/test")
	return r
}

// sent is the Authorization header that the Authorizer adds, or its error.
func sent(t testing.TB, a *Authorizer, send http.RoundTripper) (string, uint64, error) {
	t.Helper()
	r, generation, err := a.Authorize(request(t), send)
	if err != nil {
		return "", 0, err
	}
	return r.Header.Get("Authorization"), generation, nil
}

func wantError(t testing.TB, err error, c class.Class, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if class.Of(err) != c {
		t.Errorf("class %v, want %v: %v", class.Of(err), c, err)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error does not say %q: %v", p, err)
		}
	}
	if strings.Contains(err.Error(), "sesame") {
		t.Errorf("shows a secret: %v", err)
	}
}

// memory is a Store that may fail.
type memory struct {
	mu    sync.Mutex
	kept  map[string][]byte
	saves int
	err   error
}

func (m *memory) Load(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[name], m.err
}

func (m *memory) Save(_ context.Context, name string, sealed []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if m.kept == nil {
		m.kept = map[string][]byte{}
	}
	m.saves++
	m.kept[name] = bytes.Clone(sealed)
	return nil
}

func (m *memory) fail(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err = nil; text != "" {
		m.err = class.Wrap(class.Broker, errors.New(text))
	}
}

func logTo(b *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
