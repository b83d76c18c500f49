package kafka

import (
	"context"
	"sync"
)

// said is what the broker says of one topic.
type said[V any] struct {
	value V
	err   error
}

// gather puts questions about topics that are asked at the same time into one request: while
// a request is on its way, those that come wait for the next one. So an answer is never older
// than its question.
type gather[V any] struct {
	mu     sync.Mutex
	asking bool
	next   *round[V]
}

// round is one request.
type round[V any] struct {
	topics  map[string]bool
	waiting int
	ctx     context.Context
	cancel  context.CancelFunc // called when nobody waits any more
	done    chan struct{}
	said    map[string]said[V]
}

// ask has do called with the topic, and with the others that are asked about by then. What
// do says nothing of has the zero value. do must mean the same in every call.
func (g *gather[V]) ask(ctx context.Context, topic string, do func(ctx context.Context, topics []string) map[string]said[V]) (V, error) {
	g.mu.Lock()
	r := g.next
	if r == nil {
		r = &round[V]{topics: make(map[string]bool), done: make(chan struct{})}
		r.ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
		g.next = r
	}
	r.topics[topic] = true
	r.waiting++
	if !g.asking {
		g.asking = true
		go g.run(do)
	}
	g.mu.Unlock()
	select {
	case <-r.done:
		s := r.said[topic]
		return s.value, s.err
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		if r.waiting--; r.waiting == 0 {
			r.cancel()
		}
		var none V
		return none, ctx.Err()
	}
}

// run sends one request after the other as long as somebody asks.
func (g *gather[V]) run(do func(context.Context, []string) map[string]said[V]) {
	for {
		g.mu.Lock()
		r := g.next
		g.next = nil
		if r == nil {
			g.asking = false
			g.mu.Unlock()
			return
		}
		topics := make([]string, 0, len(r.topics))
		for topic := range r.topics {
			topics = append(topics, topic)
		}
		g.mu.Unlock()
		r.said = do(r.ctx, topics)
		r.cancel()
		close(r.done)
	}
}

// of says the same error of all topics.
func of[V any](topics []string, err error) map[string]said[V] {
	all := make(map[string]said[V], len(topics))
	for _, topic := range topics {
		all[topic] = said[V]{err: err}
	}
	return all
}
