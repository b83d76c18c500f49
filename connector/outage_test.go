package connector

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// outage is a worker in virtual time whose API, broker and registry can be away.
type outage struct {
	t                     *testing.T
	s                     script
	api, broker, registry atomic.Bool // whether it is there
	network               kfake.VirtualNetwork
	mu                    sync.Mutex
	conns                 []net.Conn // to the broker
	handler               http.Handler
}

// RoundTrip is the API, without a network.
func (o *outage) RoundTrip(req *http.Request) (*http.Response, error) {
	if !o.api.Load() {
		return nil, syscall.ECONNREFUSED
	}
	out := httptest.NewRecorder()
	o.s.ServeHTTP(out, req)
	resp := out.Result()
	resp.Request = req
	return resp, nil
}

// dial is a connection to the broker.
func (o *outage) dial(ctx context.Context, network, host string) (net.Conn, error) {
	if !o.broker.Load() {
		return nil, syscall.ECONNREFUSED
	}
	c, err := o.network.DialContext(ctx, network, host)
	if err == nil {
		o.mu.Lock()
		o.conns = append(o.conns, c)
		o.mu.Unlock()
	}
	return c, err
}

// cut takes the broker away.
func (o *outage) cut() {
	o.broker.Store(false)
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.conns {
		c.Close() //nolint:errcheck // that is the point
	}
	o.conns = nil
}

// ready asks /readyz, and wants this answer.
func (o *outage) ready(when string, want int, says string) {
	o.t.Helper()
	out := httptest.NewRecorder()
	o.handler.ServeHTTP(out, httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, "http://127.0.0.1/readyz?verbose", http.NoBody))
	if out.Code != want || !strings.Contains(out.Body.String(), says) {
		o.t.Errorf("%s: /readyz says %d %s", when, out.Code, out.Body)
	}
}

// metric is one of the stream's: what alerts look at.
func (o *outage) metric(name string) float64 {
	o.t.Helper()
	out := httptest.NewRecorder()
	o.handler.ServeHTTP(out, httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, "http://127.0.0.1/metrics", http.NoBody))
	for line := range strings.Lines(out.Body.String()) {
		if value, is := strings.CutPrefix(line, name+"{stream=\"users\"} "); is {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				o.t.Fatal(err)
			}
			return n
		}
	}
	o.t.Fatal("there is no " + name)
	return 0
}

// ids are those of the topic's committed records, in their order.
func (o *outage) ids() (ids []string) {
	o.t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers("localhost:9092"), kgo.Dialer(o.dial), kgo.ConsumeTopics("users"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		o.t.Fatal(err)
	}
	defer cl.Close()
	for {
		ctx, cancel := context.WithTimeout(o.t.Context(), 10*time.Second) // of virtual time
		fetches := cl.PollFetches(ctx)
		cancel()
		if fetches.NumRecords() == 0 {
			return ids
		}
		fetches.EachRecord(func(r *kgo.Record) { ids = append(ids, string(r.Key)) })
	}
}

// The API, the broker or the registry is away for ten minutes, with the default settings, and a row comes each minute. The
// worker is ready for ready_after, then it is not, and the alert of a failing stream has reason to fire; behind the
// outage it is ready again, and each row is in the topic once.
func TestOutageOfTenMinutes(t *testing.T) {
	t.Parallel()
	for _, which := range []string{"API", "broker", "registry"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			o := &outage{s: script{docs: people(1, 60), page: 20}}
			o.api.Store(true)
			o.broker.Store(true)
			schemas := srfake.New().Handler()
			// It is outside of the bubble, where a connection that stays open would keep time from going on.
			registry := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !o.registry.Load() {
					http.Error(w, "starting", http.StatusServiceUnavailable)
					return
				}
				schemas.ServeHTTP(w, r)
			}))
			registry.Config.SetKeepAlivesEnabled(false)
			registry.Start()
			t.Cleanup(registry.Close)
			o.registry.Store(which != "registry") // it is asked at a start only
			synctest.Test(t, func(t *testing.T) { o.t = t; o.acts(which, registry.URL) })
		})
	}
}

// acts acts an outage out.
func (o *outage) acts(which, registry string) {
	t := o.t
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(o.network.Listen))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	cfg := config.Default()
	cfg.Kafka.Brokers, cfg.Kafka.Compression, cfg.SchemaRegistry.URL = []string{"localhost:9092"}, "none", registry
	stream := config.NewStream("users", strategies.Keyset, "http://api.example.com"+paths[strategies.Keyset])
	stream.Schema = personSchema
	cfg.Streams = []config.Stream{stream}
	c, err := New(cfg, Options{Wait: true, Measure: true, deps: deps{transport: o, client: []kgo.Opt{kgo.Dialer(o.dial)}}})
	if err != nil {
		t.Fatal(err)
	}
	o.handler = c.Handler(HandlerOptions{HTTP: cfg.HTTP})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()

	away := which == "registry" // at the start
	if !away {
		time.Sleep(time.Minute)
		o.ready("before", 200, "[+] users")
	}
	switch which {
	case "API":
		o.api.Store(false)
	case "broker":
		o.cut()
	}
	for minute := range 10 {
		o.s.set(people(61+minute, 1)...)
		time.Sleep(time.Minute)
		switch {
		case away: // it was never ready
			o.ready("before the first opening", 503, "[-] users: it is not open yet")
		case minute == 3:
			o.ready("within ready_after", 200, "[+] users: retrying")
		}
	}
	if !away {
		o.ready("behind ready_after", 503, "[-] users: it cannot go on")
	}
	if n := o.metric("tidemark_failing_seconds"); n <= 300 { // TidemarkStreamFailing
		t.Errorf("the stream fails for %v seconds: no reason for an alert", n)
	}
	if n := o.metric("tidemark_broker_failing_seconds"); (n > 120) != (which != "API") { // TidemarkBrokerFailing
		t.Errorf("the broker's part in it is %v seconds", n)
	}
	o.api.Store(true)
	o.broker.Store(true)
	o.registry.Store(true)
	time.Sleep(cfg.Streams[0].MaxBackoff + time.Minute)
	o.ready("behind the outage", 200, "[+] users")
	if n := o.metric("tidemark_failing_seconds") + o.metric("tidemark_broker_failing_seconds"); n != 0 {
		t.Errorf("the stream fails for %v seconds, and the outage is over", n)
	}
	o.s.set(people(71, 1)...)
	time.Sleep(2 * cfg.Streams[0].PollInterval)
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the worker ends with %v", err)
	}
	seen := map[string]int{}
	for _, id := range o.ids() {
		seen[id]++
	}
	for n := range 71 {
		if id := fmt.Sprintf("p%d", n+1); seen[id] != 1 {
			t.Errorf("%s is in the topic %d times", id, seen[id])
		}
	}
	if len(seen) != 71 {
		t.Errorf("the topic has %d keys", len(seen))
	}
	time.Sleep(time.Second) // connections end
}
