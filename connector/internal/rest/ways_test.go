package rest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
)

// Clients that go the same way use the same connections. The end of one takes none from the others.
func TestWaysAreShared(t *testing.T) {
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(text(200, onePage))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	proxy := Network{Proxy: config.Secret(strings.Replace(s.URL, "http://", "http://me:sesame-password@", 1))}
	for name, n := range map[string]Network{"of all": {}, "of its own": proxy} {
		t.Run(name, func(t *testing.T) {
			opened.Store(0)
			ways := NewWays(nil)
			defer ways.CloseIdle()
			a := quick(t, Options{URL: s.URL, Network: n, Ways: ways})
			b := quick(t, Options{URL: s.URL, Network: n, Ways: ways})
			for _, c := range []*Client{a, b} {
				if err := get(t, c); err != nil {
					t.Fatal(err)
				}
			}
			a.Close()
			if err := get(t, b); err != nil || opened.Load() != 1 {
				t.Errorf("%d connections for three requests, %v", opened.Load(), err)
			}
			ways.CloseIdle()
			if err := get(t, b); err != nil || opened.Load() != 2 {
				t.Errorf("%d connections after the end, %v", opened.Load(), err)
			}
			if n != (Network{}) && (strings.Contains(a.secrets.Hide("sesame-password"), "sesame") || strings.Contains(b.secrets.Hide("sesame-password"), "sesame")) {
				t.Error("a client does not know the proxy's password")
			}
		})
	}
}

// A way that cannot be gone is an error of each client, as long as it cannot.
func TestWayWithoutItsFile(t *testing.T) {
	ways := NewWays(nil)
	for range 2 {
		_, err := New(Options{URL: "https://api.test/", Ways: ways, Network: Network{TLS: config.TLS{CAFile: config.File{Path: "no-such-file", Shown: "${CA}"}}}})
		if class.Of(err) != class.Config || !strings.Contains(err.Error(), "reading tls.ca_file ${CA}") {
			t.Errorf("got %v", err)
		}
	}
}

// Clients with one limiter take turns in it.
func TestLimiterIsShared(t *testing.T) {
	l := NewLimiter(3)
	a, b := quick(t, Options{URL: "http://api.test/", Limiter: l}), quick(t, Options{URL: "http://api.test/", Limiter: l, RateLimit: 100})
	if a.limiter != b.limiter || NewLimiter(0) != nil || quick(t, Options{URL: "http://api.test/", RateLimit: 3}).limiter == nil {
		t.Error("limiters")
	}
}
