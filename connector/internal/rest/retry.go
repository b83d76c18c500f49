package rest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// RetriesError says that every try failed.
type RetriesError struct {
	Tries   int           // requests sent
	Elapsed time.Duration // from the first to the last answer, waits included
	Err     error         // why the last one failed
}

func (e *RetriesError) Error() string {
	if e.Tries == 1 {
		return fmt.Sprintf("giving up after 1 try (max_retries is 0): %v", e.Err)
	}
	return fmt.Sprintf("giving up after %d tries in %s (max_retries is %d): %v",
		e.Tries, e.Elapsed.Round(time.Millisecond), e.Tries-1, e.Err)
}

func (e *RetriesError) Unwrap() error { return e.Err }

// again marks why a try failed as something that the next one may not meet.
type again struct {
	err    error
	after  time.Duration // what the API asked to wait; 0: it did not say
	header string        // which header says so, with its value
}

func (a *again) Error() string { return a.err.Error() }
func (a *again) Unwrap() error { return a.err }

func (c *Client) newBackOff() *backoff.ExponentialBackOff {
	b := &backoff.ExponentialBackOff{
		InitialInterval:     c.backoff.Initial,
		MaxInterval:         c.backoff.Max,
		Multiplier:          2,
		RandomizationFactor: 0.5,
	}
	b.Reset()
	return b
}

// hold is the time before which the API asked not to be asked again. It is the
// client's, so that requests fetched ahead by other goroutines keep to it as well, and the
// next Get where this one has no try left.
type hold struct {
	mu   sync.Mutex
	t    time.Time
	said bool // the log says so
}

// until raises the time. said: the caller logs it.
func (h *hold) until(t time.Time, said bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case t.After(h.t):
		h.t, h.said = t, said
	case t.Equal(h.t):
		h.said = h.said || said
	}
}

// left is how long the wait lasts yet. say is true once where the log does not tell of it.
func (h *hold) left() (d time.Duration, say bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.t.IsZero() {
		return 0, false
	}
	if d = time.Until(h.t); d <= 0 {
		return d, false
	}
	say, h.said = !h.said, true
	return d, say
}

// pace waits until a request may be sent: past the API's Retry-After and within the
// rate limit. This waiting is not part of a try's timeout.
func (c *Client) pace(ctx context.Context) error {
	for d, say := c.hold.left(); d > 0; d, say = c.hold.left() {
		if say {
			c.logger.Info("the API asked to wait; nothing is asked before", "wait", d.Round(time.Millisecond), "until", moment(d))
		}
		if err := sleep(ctx, d); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if c.limiter == nil {
		return nil
	}
	if err := c.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		// The limiter does not begin a wait that ctx's deadline would cut.
		return fmt.Errorf("%w: the next request allowed by rate_limit lies behind the deadline", context.DeadlineExceeded)
	}
	return nil
}

// moment is when a wait that begins now ends, as the log writes it.
func moment(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

// sleep waits for d or until ctx ends, and then returns its cause.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// interrupted is what Get returns when its context ends. It has no class: stopping is
// not the API's failure.
func interrupted(shown string, cause error) error {
	return fmt.Errorf("requesting %s: %w", shown, cause)
}
