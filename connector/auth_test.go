package connector

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

// The playground's endpoints that want to know who asks are read with each kind, and once more to no effect.
func TestAuthKindsOfThePlayground(t *testing.T) {
	t.Parallel()
	c := playground.DefaultCredentials
	for path, auth := range map[string]string{
		"/auth/http_basic":  "kind: basic, username: " + c.BasicUser + ", password: " + c.BasicPassword,
		"/auth/http_bearer": "kind: bearer, token: " + c.BearerToken,
		"/auth/api_key":     "kind: api_key, key: " + c.APIKey + ", name: Authorization, scheme: apiKey",
		"/auth/session_token/data": "kind: session, login_url: URL/auth/session_token/login, username: " + c.SessionUser +
			", password: " + c.SessionPassword + ", scheme: Token",
	} {
		t.Run(path, func(t *testing.T) {
			h := newHouse(t, playground.Options{})
			s := h.proving("timestamp", path, "page_size: none\nsorted: false\nauth: {"+auth+"}")
			for range 2 {
				h.mustOnce()
				if n := len(h.events(s.Topic)); n != 20 {
					t.Errorf("%d events, want 20", n)
				}
			}
			wrong := h.proving("timestamp", path, "page_size: none\nauth: {kind: bearer, token: sesame-wrong}")
			if err := h.once(); class.Of(err) != class.Source || strings.Contains(err.Error(), "sesame") || !strings.Contains(err.Error(), wrong.Name) && !strings.Contains(err.Error(), path) {
				t.Errorf("with the wrong token: %v", err)
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
