package connector

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

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

// A worker of many streams asks the broker for so much a stream, and no more where there are
// more of them: none reads the state topic from its start, with the records of the others.
// At the second start everything is known, and nothing is written twice.
func TestBrokerManyStreams(t *testing.T) {
	t.Parallel()
	// What a stream asks for by itself, and its share in what they ask for together. Of those
	// with a number, one in a stream's open each, none can be had for several at once.
	alone := map[string]int{"InitProducerID": 1, "FindCoordinator": 1, "DescribeProducers": 1}
	const (
		most      = 55     // requests of all kinds
		mostBytes = 12_000 // of what is read, the streams' own rows with it
	)
	start := func(h *house) *traffic {
		t.Helper()
		count := &traffic{requests: map[string]int{}}
		c, err := New(h.cfg, Options{Once: true, Logger: h.logger(), deps: deps{client: []kgo.Opt{kgo.WithHooks(count)}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return count
	}
	h := newHouse(t, playground.Options{Users: 3})
	h.cfg.Kafka.StatePartitions = 4
	for _, streams := range []int{20, 80} {
		for len(h.cfg.Streams) < streams {
			h.add(strategies.Timestamp)
		}
		// The first 20 of 80 have run before.
		for _, start := range []func(*house) *traffic{start, start} {
			count := start(h)
			if kit.Real() {
				continue // it asks to try again as often as it likes
			}
			if n := count.all(); n > streams*most {
				t.Errorf("%d streams: %d requests, more than %d a stream: %v", streams, n, most, count)
			}
			if count.read > streams*mostBytes {
				t.Errorf("%d streams: %d bytes were read, more than %d a stream: %v", streams, count.read, mostBytes, count)
			}
			for name, n := range alone {
				if got := count.requests[name]; got > streams*n {
					t.Errorf("%d streams: %d of %s, want %d a stream: %v", streams, got, name, n, count)
				}
			}
		}
	}
	for _, s := range h.cfg.Streams {
		if n := h.same(s); n != 3 {
			t.Errorf("%s: %d events of 3 rows", s.Name, n)
		}
	}
}
