package connector

import (
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/config"
	"tidemark/connector/internal/kit"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// traffic counts what a worker asks a broker for.
type traffic struct {
	mu       sync.Mutex
	requests map[string]int // by the request's name
	read     int            // bytes of answers to Fetch
	dialed   int
}

func (c *traffic) OnBrokerConnect(kgo.BrokerMetadata, time.Duration, net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dialed++
}

func (c *traffic) OnBrokerWrite(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[kmsg.NameForKey(key)]++
}

func (c *traffic) OnBrokerRead(_ kgo.BrokerMetadata, key int16, bytes int, _, _ time.Duration, _ error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key == kmsg.Fetch.Int16() {
		c.read += bytes
	}
}

func (c *traffic) all() (n int) {
	for _, m := range c.requests {
		n += m
	}
	return n
}

func (c *traffic) String() string {
	names := slices.SortedFunc(maps.Keys(c.requests), func(a, b string) int { return c.requests[b] - c.requests[a] })
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, "%s %d, ", n, c.requests[n])
	}
	fmt.Fprintf(&b, "connections %d, fetched %d bytes", c.dialed, c.read)
	return b.String()
}

func TestScratchMany(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("MANY"))
	if n == 0 {
		t.Skip()
	}
	api, err := playground.New(playground.Options{Users: 3})
	if err != nil {
		t.Fatal(err)
	}
	_ = api
	h := newHouse(t, playground.Options{Users: 3})
	for range n {
		h.cfg.Streams = append(h.cfg.Streams, config.NewStream(kit.Name("s"), strategies.Timestamp, h.url+paths[strategies.Timestamp]))
	}
	if os.Getenv("MANY_LOCAL") != "" {
		l, err := StartLocal(t.Context(), LocalOptions{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		h.cfg.Kafka.Brokers, h.cfg.SchemaRegistry.URL = l.Brokers(), l.RegistryURL()
	}
	for range 2 {
		count := &traffic{requests: map[string]int{}}
		began := time.Now()
		c, err := New(h.cfg, Options{Once: true, deps: deps{client: []kgo.Opt{kgo.WithHooks(count)}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d streams in %v: %d requests: %v", n, time.Since(began), count.all(), count)
	}
}
