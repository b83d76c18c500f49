package connector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/rest"
)

// errStopped is an operator's, who stops a stream that cannot go on, and starts it again.
var errStopped = errors.New("stopped by the script")

// waits is what a worker does in the model tier while its stream cannot go on: others act. It
// is entitled to wait where the API left it no other way. Where there are outages, operators
// have patience with them; with what an API does wrong for good, they have little.
func (x *world) waits(w *simWorker) func(context.Context, time.Duration, error) error {
	return func(_ context.Context, _ time.Duration, cause error) error {
		x.trace(func() string { return fmt.Sprintf("worker %d waits: %v", w.id, cause) })
		outage := errors.Is(cause, errInjected)
		if !outage && !excused(x.api, cause, w.tied) {
			x.fail("P7", "the stream waits without a reason: %v", cause)
		}
		w.stuck++
		if x.wrong != nil || w.stuck > 20 || outage && !x.script.HasOutages() || !outage && (w.stuck > 2 || x.scanning || x.at >= len(x.script.Events)) {
			w.stopped = true
			return errStopped
		}
		if x.scanning { // between acts there
			return nil
		}
		w.busy = true
		for n := 1 + w.stuck%3; n > 0 && x.at < len(x.script.Events); n-- {
			x.act()
		}
		w.busy = false
		if w.killed {
			panic(crashed{})
		}
		return nil
	}
}

// nextOpen is the error of the next opens of a worker whose broker is not there, or not ready; nil:
// it is.
func (w *simWorker) nextOpen() error {
	if w.away == 0 {
		return nil
	}
	w.away--
	if w.away%2 == 0 {
		return class.Wrap(class.Broker, errInjected) // nobody answers
	}
	return class.Wrap(class.Broker, fmt.Errorf("%w: %w", errInjected, kerr.NotLeaderForPartition))
}

// waits is the same in the full tier, where time passes by itself.
func (p *simProcess) waits(ctx context.Context, d time.Duration, cause error) error {
	if !p.net.isDead() {
		p.held(cause)
	}
	return pauses(ctx, min(d, time.Second))
}

// held decides whether a process was entitled to wait.
func (c *city) held(cause error) {
	c.trace("waits: %v", cause)
	var status *rest.StatusError
	switch {
	case class.Of(cause) != class.Source:
		return // that it is over once the broker is at rest, settle looks at
	case errors.As(cause, new(*rest.RetriesError)):
		if c.calm {
			c.fail("P7", "the API is at rest, and yet: %v", cause)
		}
		return
	case errors.As(cause, &status) && status.Status/100 == 4 && !isExpired(cause) && (c.script.Deep == 0 || !strings.Contains(cause.Error(), "no value beyond")):
		c.fail("P7", "the API refuses a request: %v", cause)
		return
	}
	c.api.Mu.Lock()
	defer c.api.Mu.Unlock()
	if !excused(c.api.API, cause, c.api.API.H.Tied()) {
		c.fail("P7", "the stream waits without a reason: %v", cause)
	}
	c.mu.Lock()
	c.stops++
	c.mu.Unlock()
}

// openFaults are what the broker's next answers to a worker that opens its stream can be.
func (c *city) openFaults(e sim.Event) {
	f := openFaults[int(e.A)%len(openFaults)]
	for range e.Times() {
		c.broker.Fault(f)
	}
}
