package connector

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// absent is a house whose broker and registry come up when they are told to.
type absent struct {
	*house
	broker, registry atomic.Bool
}

func newAbsent(t *testing.T, s *script) *absent {
	t.Helper()
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval = time.Millisecond
	a := &absent{house: h}
	behind, err := url.Parse(h.cfg.SchemaRegistry.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.registry.Load() {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h.cfg.SchemaRegistry.URL = server.URL
	return a
}

// client dials the broker, once it is there.
func (a *absent) client() []kgo.Opt {
	var d net.Dialer
	return []kgo.Opt{kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
		if !a.broker.Load() {
			return nil, syscall.ECONNREFUSED
		}
		return d.DialContext(ctx, network, host)
	})}
}

// A worker that is started before its broker and its registry waits for both, and says once
// for which.
func TestBrokerWaitsAtTheStart(t *testing.T) {
	t.Parallel()
	for name, once := range map[string]bool{"continuous": false, "once": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 3)}
			a := newAbsent(t, s)
			looks, c := 0, (*Connector)(nil)
			sleep := func(time.Duration, error) time.Duration {
				looks++
				if now := c.Status()[0]; looks == 3 && (now.State != Retrying || now.Since.IsZero() || now.Cause == nil) {
					t.Errorf("it waits, and its status is %+v", now)
				}
				a.broker.Store(looks >= 10)
				a.registry.Store(looks >= 20)
				return 0
			}
			c, err := New(a.cfg, Options{Once: once, Wait: true, Logger: a.logger(), deps: deps{client: a.client(), backoff: sleep}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- c.Run(ctx) }()
			kit.Eventually(t, "its rows", func() bool { return c.Status()[0].Written == 3 || c.Status()[0].State == Failed })
			if !once {
				cancel()
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			for text, times := range map[string]int{"waiting for Kafka": 1, "waiting for the schema registry": 1, "answer: starting": 1, "level=WARN": 2} {
				if n := a.logs.count(text); n != times {
					t.Errorf("%q was said %d times, want %d: %s", text, n, times, a.logs.String())
				}
			}
		})
	}
}

// A worker that waits at its start can be stopped.
func TestStoppedWhileWaiting(t *testing.T) {
	t.Parallel()
	a := newAbsent(t, &script{})
	pause := newWaits(true)
	_, stop := a.start(Options{Wait: true, deps: deps{client: a.client(), backoff: pause.wait}})
	<-pause.drawn
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Without --wait a broker that is not there ends a start.
func TestNotWaitingAtTheStart(t *testing.T) {
	t.Parallel()
	a := newAbsent(t, &script{})
	a.registry.Store(true)
	c, err := New(a.cfg, Options{Logger: a.logger(), deps: deps{client: a.client()}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context()); ExitCode(err) != 4 {
		t.Errorf("it ends with %v, want exit code 4", err)
	}
}
