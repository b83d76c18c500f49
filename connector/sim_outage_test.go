package connector

import (
	"errors"
	"strings"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/rest"
	"tidemark/schemas"
	"tidemark/strategies"
)

// waits judges a wait of a stream that cannot go on, and keeps it short.
func (p *simProcess) waits(d time.Duration, cause error) time.Duration {
	if !p.net.isDead() {
		p.held(cause)
	}
	return min(d, time.Second)
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
	case errors.As(cause, &status) && status.Status/100 == 4 && !isExpired(cause) && !errors.Is(cause, strategies.ErrAllGone) && (c.script.Deep == 0 || !strings.Contains(cause.Error(), "no value beyond")):
		c.fail("P7", "the API refuses a request: %v", cause)
		return
	}
	c.api.Mu.Lock()
	defer c.api.Mu.Unlock()
	if !sim.Excused(c.api.API, cause, c.api.API.H.Tied()) {
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

// renumber gives the processes that start from now on another schema id, and by Evolve another
// schema.
func (c *city) renumber(e sim.Event) {
	c.schemaID++
	if e.Kind != sim.Evolve {
		return
	}
	const end, more = "]\n}\n", `, {"name": "extra", "type": ["null", "string"], "default": null}`
	if c.schema = schemas.User; e.A%2 == 0 {
		c.schema = strings.TrimSuffix(schemas.User, end) + more + end
	}
}
