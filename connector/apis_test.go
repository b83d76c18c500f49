package connector

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit"
	"tidemark/connector/playground"
)

// crm is an API with two collections. It takes each refresh token once, as those do that find stolen ones, and
// the access token that it gave last.
type crm struct {
	api http.Handler

	mu      sync.Mutex
	good    string // the refresh token that counts
	given   int
	access  string
	tenants map[string]string // by path
	refused []string
	used    func(access string) // called when an access token is used first; may be nil
}

func newCRM(t *testing.T, access string) (*crm, string) {
	t.Helper()
	api, err := playground.New(playground.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &crm{api: api, good: "sesame-refresh-0", access: access, tenants: map[string]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL
}

func (c *crm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	refuse := func(status int, why string) {
		c.refused = append(c.refused, r.URL.Path+": "+why)
		w.WriteHeader(status)
	}
	switch r.URL.Path {
	case "/token":
		if got := r.PostFormValue("refresh_token"); got != c.good {
			refuse(http.StatusBadRequest, "used up: "+got)
			return
		}
		c.given++
		c.good, c.access = fmt.Sprintf("sesame-refresh-%d", c.given), fmt.Sprintf("sesame-access-%d", c.given)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token": %q, "refresh_token": %q}`, c.access, c.good)
	case "/v2/users", "/v2/orders":
		if r.Header.Get("Authorization") != "Bearer "+c.access {
			refuse(http.StatusUnauthorized, "not the last token")
			return
		}
		if c.used != nil {
			c.used(c.access)
			c.used = nil
		}
		c.tenants[r.URL.Path] = r.Header.Get("X-Tenant")
		inner := r.Clone(r.Context())
		inner.URL.Path = paths["keyset"]
		c.api.ServeHTTP(w, inner)
	default:
		refuse(http.StatusNotFound, "no such path")
	}
}

// examples configures all streams of a file that shows how, under names of their own.
func (h *house) examples(name string, env map[string]string) {
	h.t.Helper()
	data, err := os.ReadFile(filepath.Join("config", "testdata", "examples", name))
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := config.Parse(name, data, func(key string) (string, bool) { v, ok := env[key]; return v, ok }, config.Overrides{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.cfg.Streams = nil
	for _, s := range c.Streams {
		s.Name = kit.Name(s.Name)
		s.Topic = s.Name
		h.cfg.Streams = append(h.cfg.Streams, s)
	}
}

// full fails where a stream's topic has not got each user once.
func (h *house) full() {
	h.t.Helper()
	for _, s := range h.cfg.Streams {
		if n := len(h.events(s.Topic)); n != 200 {
			h.t.Errorf("%s: %d events, want 200", s.Name, n)
		}
	}
}

// The streams of an api read their collections behind its address, with what it gives, and twice to no effect.
func TestExampleOfSharedAPI(t *testing.T) {
	t.Parallel()
	api, url := newCRM(t, "api-token")
	h := emptyHouse(t, url)
	h.examples("apis-shared.yaml", map[string]string{"API": url})
	for range 2 {
		h.mustOnce()
		h.full()
	}
	if api.tenants["/v2/users"] != "acme" || api.tenants["/v2/orders"] != "acme-orders" || len(api.refused) > 0 {
		t.Errorf("tenants %v, refused %v", api.tenants, api.refused)
	}
}

// Streams of an api ask for one access token together, and the next process goes on with the refresh token that
// the API gave last: it takes no other. What is kept of it, logged or shown has no secret in it, and is no stream (P11).
func TestExampleOfRefreshToken(t *testing.T) {
	t.Parallel()
	api, url := newCRM(t, "")
	h := emptyHouse(t, url)
	h.examples("apis-refresh-token.yaml", map[string]string{"API": url, "LOGIN": url})
	secrets := sinkOptions(h.cfg, config.Stream{}, h.logger(), deps{}).Secrets()
	var last []byte
	for process := range 3 {
		api.used = func(access string) {
			sealed, err := secrets.Load(t.Context(), "api:crm")
			if err != nil || sealed == nil || bytes.Equal(sealed, last) {
				t.Errorf("%s is used before the refresh token beside it is kept: %v", access, err)
			}
			last = sealed
		}
		h.mustOnce()
		h.full()
		if api.given != process+1 || len(api.refused) > 0 {
			t.Fatalf("%d tokens for %d processes, refused %v", api.given, process+1, api.refused)
		}
	}
	var out bytes.Buffer
	if err := Check(t.Context(), h.cfg, &out); err != nil || api.given != 4 || len(api.refused) > 0 {
		t.Errorf("%v, %d tokens, refused %v\n%s", err, api.given, api.refused, out.String())
	}
	h.mustOnce() // check has kept what it was given
	states, err := States(t.Context(), h.cfg, LocalOptions{})
	if err != nil || len(states) != 2 || states[0].Err != nil || !states[1].Found {
		t.Errorf("%+v, %v", states, err)
	}
	kept := 0
	h.read(h.cfg.Kafka.StateTopic, func(r *kgo.Record) {
		if !strings.HasPrefix(string(r.Key), "secret:") {
			return
		}
		kept++
		var k kafka.KeptSecret
		if err := json.Unmarshal(r.Value, &k); err != nil || string(r.Key) != "secret:api:crm" || k.Seq != int64(kept) {
			t.Errorf("%s: %s (%v)", r.Key, r.Value, err)
		}
		for _, clear := range []string{"sesame", "refresh"} {
			if bytes.Contains(k.Sealed, []byte(clear)) || bytes.Contains(r.Value, []byte(clear)) ||
				bytes.Contains(r.Value, []byte(base64.StdEncoding.EncodeToString([]byte("sesame-refresh"))[:12])) {
				t.Errorf("%q is kept as it is: %s", clear, r.Value)
			}
		}
	})
	if kept != 5 {
		t.Errorf("%d refresh tokens were kept, want 5", kept)
	}
	if text := h.logs.String() + out.String(); strings.Contains(text, "sesame") {
		t.Errorf("a secret is shown: %s", text)
	}
}

// A stream's own auth is kept under its own name, although an api has the same.
func TestOwnRefreshToken(t *testing.T) {
	t.Parallel()
	api, url := newCRM(t, "")
	h := emptyHouse(t, url)
	s := h.proving("keyset", "/v2/users", "auth: {kind: oauth2, token_url: URL/token, client_id: me, client_auth: body, refresh_token: sesame-refresh-0, "+
		"store_key: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=}")
	for range 2 {
		h.mustOnce()
		h.full()
	}
	found := false
	h.read(h.cfg.Kafka.StateTopic, func(r *kgo.Record) { found = found || string(r.Key) == kafka.SecretKey(s.Name) })
	if !found || api.given != 2 || len(api.refused) > 0 {
		t.Errorf("kept %v, %d tokens, refused %v", found, api.given, api.refused)
	}
}

// Where the broker is away, the refresh token that the configuration has is not spent: what replaces it could not
// be kept.
func TestRefreshTokenIsNotSpentWithoutABroker(t *testing.T) {
	t.Parallel()
	api, url := newCRM(t, "")
	cfg := config.Default()
	cfg.Kafka.Brokers = []string{"127.0.0.1:1"}
	h := &house{t: t, url: url, cfg: cfg}
	h.examples("apis-refresh-token.yaml", map[string]string{"API": url, "LOGIN": url})
	cfg.Streams = cfg.Streams[:1]
	if err := Check(t.Context(), cfg, io.Discard); err == nil || strings.Contains(err.Error(), "sesame") || api.given != 0 {
		t.Errorf("%v, %d tokens", err, api.given)
	}
}
