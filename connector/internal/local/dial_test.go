package local

import (
	"context"
	"net"
	"sync"
)

// redirect dials one address in the place of all: the broker's port is another one
// after its restart.
type redirect struct {
	mu sync.Mutex
	to string
}

func (r *redirect) set(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
}

func (r *redirect) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	r.mu.Lock()
	to := r.to
	r.mu.Unlock()
	var d net.Dialer
	return d.DialContext(ctx, network, to)
}
