package connector

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"tidemark/connector/internal/kit/sim"
)

var errCut = errors.New("the network is cut")

// simNet is one simulated process's network: it can be cut for good (the process was
// killed), held up (it was stopped), and made to fail a transaction at a chosen place.
type simNet struct {
	virtual *kfake.VirtualNetwork
	mu      sync.Mutex
	conns   map[*simConn]struct{}
	gate    chan struct{} // not nil while the process is stopped
	dead    bool
	fault   int // of the next transaction; -1: none
	kill    func()
}

func newSimNet(v *kfake.VirtualNetwork) *simNet {
	return &simNet{virtual: v, conns: map[*simConn]struct{}{}, fault: -1}
}

func (n *simNet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.open(ctx, network, address, false)
}

func (n *simNet) dialKafka(ctx context.Context, network, address string) (net.Conn, error) {
	return n.open(ctx, network, address, true)
}

func (n *simNet) open(ctx context.Context, network, address string, kafka bool) (net.Conn, error) {
	time.Sleep(time.Millisecond)
	n.wait()
	if n.isDead() {
		return nil, errCut
	}
	c, err := n.virtual.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s := &simConn{Conn: c, net: n, kafka: kafka}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dead {
		c.Close() //nolint:errcheck // it was never used
		return nil, errCut
	}
	n.conns[s] = struct{}{}
	return s, nil
}

func (n *simNet) isDead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dead
}

// wait holds a stopped process up.
func (n *simNet) wait() {
	n.mu.Lock()
	gate := n.gate
	n.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

func (n *simNet) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.gate == nil && !n.dead {
		n.gate = make(chan struct{})
	}
}

func (n *simNet) resume() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.release()
}

func (n *simNet) release() {
	if n.gate != nil {
		close(n.gate)
		n.gate = nil
	}
}

// cut ends the process's connections, and lets it have no more.
func (n *simNet) cut() {
	n.mu.Lock()
	n.release() // under the lock: what stopped the process in between would outlive the simulation
	n.dead = true
	conns := n.conns
	n.conns = map[*simConn]struct{}{}
	n.mu.Unlock()
	for c := range conns {
		c.Conn.Close() //nolint:errcheck // that is the point
	}
}

// simConn is a connection of a simulated process.
type simConn struct {
	net.Conn
	net   *simNet
	kafka bool
}

func (c *simConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.net.wait()
	return n, err
}

// The requests that faults wait for.
const (
	requestProduce = 0
	requestEndTxn  = 26
)

func (c *simConn) Write(b []byte) (int, error) {
	c.net.wait()
	if !c.kafka || len(b) < 8 {
		return c.Conn.Write(b)
	}
	switch fault := c.net.take(int(binary.BigEndian.Uint16(b[4:]))); fault {
	case sim.CrashBefore:
		c.net.kill()
		return 0, errCut
	case sim.CrashInside, sim.CrashCommitted:
		n, err := c.Conn.Write(b)
		c.net.kill()
		return n, err
	case sim.LostApplied:
		n, err := c.Conn.Write(b)
		c.Conn.Close() //nolint:errcheck // the answer is to be lost
		return n, err
	case sim.NotWritten, sim.LostDropped:
		c.Conn.Close() //nolint:errcheck // the request is to be lost
		return 0, errCut
	case sim.LostLate:
		time.Sleep(300 * time.Millisecond)
	case sim.TimedOut:
		time.Sleep(2 * simTxnTimeout)
	}
	return c.Conn.Write(b)
}

// take returns the armed fault if this is the request it waits for, else -1.
func (n *simNet) take(request int) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	want := requestEndTxn
	switch n.fault {
	case -1, sim.RecordFails:
		return -1
	case sim.CrashBefore, sim.CrashInside, sim.NotWritten:
		want = requestProduce
	}
	if request != want {
		return -1
	}
	fault := n.fault
	n.fault = -1
	return fault
}

func (c *simConn) Close() error {
	c.net.mu.Lock()
	delete(c.net.conns, c)
	c.net.mu.Unlock()
	return c.Conn.Close()
}
