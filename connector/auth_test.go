package connector

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/playground"
)

// proving configures a stream as a file would: the strategy, a path of the API, and more keys.
func (h *house) proving(strategy, path, more string) *config.Stream {
	h.t.Helper()
	name := kit.Name("proving")
	text := fmt.Sprintf("name: %s\nstrategy: %s\nurl: %s%s\n%s\n", name, strategy, h.url, path, strings.ReplaceAll(more, "URL", h.url))
	c, err := config.Parse(filepath.Join(h.t.TempDir(), "c.yaml"), []byte(text), nil, config.Overrides{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.cfg.Streams = append(h.cfg.Streams, c.Streams...)
	return &h.cfg.Streams[len(h.cfg.Streams)-1]
}

// example configures the streams of a file that shows how.
func (h *house) example(name string, env map[string]string) *config.Stream {
	h.t.Helper()
	data, err := os.ReadFile(filepath.Join("config", "testdata", "examples", name))
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := config.Parse(name, data, func(key string) (string, bool) { v, ok := env[key]; return v, ok }, config.Overrides{})
	if err != nil {
		h.t.Fatal(err)
	}
	s := &c.Streams[0]
	s.Name = kit.Name(s.Name)
	s.Topic = s.Name
	h.cfg.Streams = append(h.cfg.Streams, *s)
	return &h.cfg.Streams[len(h.cfg.Streams)-1]
}

// The playground's endpoints that want to know who asks are read as the examples say, and once more to
// no effect. Whoever proves it wrongly gets nothing.
func TestExamplesOfAuth(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"auth-basic.yaml", "auth-bearer.yaml", "auth-api-key.yaml", "auth-session.yaml"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, playground.Options{})
			s := h.example(name, map[string]string{"API": h.url})
			for range 2 {
				h.mustOnce()
				if n := len(h.events(s.Topic)); n != 20 {
					t.Errorf("%d events, want 20", n)
				}
			}
			h.cfg.Streams = nil
			h.example(name, map[string]string{"API": h.url, "API_PASSWORD": "sesame-wrong", "API_TOKEN": "sesame-wrong", "API_KEY": "sesame-wrong"})
			if err := h.once(); class.Of(err) != class.Source || strings.Contains(err.Error(), "sesame") || !strings.Contains(err.Error(), "401 Unauthorized") {
				t.Errorf("with a wrong one: %v", err)
			}
		})
	}
}

// The examples of OAuth run against a server that wants what they send.
func TestExamplesOfOAuth(t *testing.T) {
	t.Parallel()
	for name, wants := range map[string]string{
		"auth-oauth2-client.yaml":  "tidemark:client-secret grant_type=client_credentials&scope=users.read",
		"auth-oauth2-refresh.yaml": ": client_id=tidemark&client_secret=client-secret&grant_type=refresh_token&refresh_token=refresh-token-0",
	} {
		t.Run(name, func(t *testing.T) {
			api, err := playground.New(playground.Options{})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					body, _ := io.ReadAll(r.Body)
					id, secret, _ := r.BasicAuth()
					if got := fmt.Sprintf("%s:%s %s", id, secret, body); got != wants {
						t.Errorf("asked for a token with %q, want %q", got, wants)
					}
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, `{"access_token": "access-token", "expires_in": 3600}`)
					return
				}
				if r.Header.Get("Authorization") != "Bearer access-token" || r.URL.Path != "/users" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				inner := r.Clone(r.Context())
				inner.URL.Path = paths["keyset"]
				api.ServeHTTP(w, inner)
			}))
			t.Cleanup(server.Close)
			h := emptyHouse(t, server.URL)
			s := h.example(name, map[string]string{"API": server.URL, "LOGIN": server.URL})
			for range 2 {
				h.mustOnce()
				if n := len(h.events(s.Topic)); n != 200 {
					t.Errorf("%d events, want 200", n)
				}
			}
		})
	}
}

// doorman lets to an API who has the token that counts, which counts for a few requests only.
type doorman struct {
	mu     sync.Mutex
	tokens int
	uses   int
	good   string
	refuse bool
}

func (d *doorman) wrap(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		switch {
		case r.URL.Path == "/token":
			d.tokens++
			d.uses, d.good = 0, fmt.Sprintf("sesame-token-%d", d.tokens)
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"access_token": %q, "refresh_token": "sesame-refresh-%d"}`, d.good, d.tokens)
		case d.refuse || r.Header.Get("Authorization") != "Bearer "+d.good || d.uses >= 8: // more than are under way at once
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "not "+r.Header.Get("Authorization"))
		default:
			d.uses++
			api.ServeHTTP(w, r)
		}
	})
}

// A collection is read whole although tokens run out in the middle of it; what is written, said and logged
// has no secret in it (P2, P3, P11).
func TestTokensRunOutWhileReading(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"keyset", "offset"} {
		for name, auth := range map[string]string{
			"client":  "kind: oauth2, token_url: URL/token, client_id: me, client_secret: sesame-secret",
			"refresh": "kind: oauth2, token_url: URL/token, client_id: me, refresh_token: sesame-refresh-0",
			"session": "kind: session, login_url: URL/token, username: me, password: sesame-password, token_name: access_token",
		} {
			t.Run(strategy+" "+name, func(t *testing.T) {
				api, err := playground.New(playground.Options{Users: 400, KeysetPage: 10})
				if err != nil {
					t.Fatal(err)
				}
				door := &doorman{}
				server := httptest.NewServer(door.wrap(api))
				t.Cleanup(server.Close)
				open := httptest.NewServer(api)
				t.Cleanup(open.Close)
				h := emptyHouse(t, server.URL)
				h.proving(strategy, paths[strategy], "concurrency: 4\npage_size: 10\nauth: {"+auth+"}")
				s := &h.cfg.Streams[0]
				h.mustOnce()
				h.url = open.URL
				if n := h.same(*s); n != 400 {
					t.Errorf("%d events of 400 users", n)
				}
				if door.tokens < 5 {
					t.Errorf("only %d tokens were needed", door.tokens)
				}
				h.mustOnce()
				if n := h.same(*s); n != 400 {
					t.Errorf("%d events after another run", n)
				}
				door.refuse = true
				err = h.once()
				if class.Of(err) != class.Source || !strings.Contains(err.Error(), "401 Unauthorized") {
					t.Errorf("class %v: %v", class.Of(err), err)
				}
				for what, text := range map[string]string{"logs": h.logs.String(), "error": fmt.Sprintf("%+v", err), "status": fmt.Sprintf("%+v", h.status())} {
					if strings.Contains(text, "sesame") {
						t.Errorf("%s show a secret: %s", what, text)
					}
				}
			})
		}
	}
}
