package rest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/request"
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
	mu     sync.Mutex
	t      time.Time
	header string // which header says so, with its value
	said   bool   // the log says so
}

// until raises the time. said: the caller logs it.
func (h *hold) until(t time.Time, header string, said bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case t.After(h.t):
		h.t, h.header, h.said = t, header, said
	case t.Equal(h.t):
		h.said = h.said || said
	}
}

// left is how long the wait lasts yet, and which header asks for it. say is true once where the
// log does not tell of it. A wait beyond most is for nobody to begin, or to tell of.
func (h *hold) left(most time.Duration) (d time.Duration, header string, say bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.t.IsZero() {
		return 0, "", false
	}
	if d = time.Until(h.t); d <= 0 || d > most {
		return d, h.header, false
	}
	say, h.said = !h.said, true
	return d, h.header, say
}

// heed keeps the next requests back where an answer that is no refusal says that nothing is
// left of a rate limit, so that it need not be refused first.
func (c *Client) heed(h http.Header, date time.Time) {
	const untold = 10 * time.Second // a limit of so short a time would fill the log
	if p := usedUp(h, date); p.wait > 0 {
		c.hold.until(time.Now().Add(p.wait), c.secrets.Hide(oneLine(p.header)), p.wait < untold)
	}
}

// pace waits until a request may be sent: past the time that the API asked to wait and within
// the rate limit. This waiting is not part of a try's timeout.
func (c *Client) pace(ctx context.Context, q *request.Request) error {
	for {
		d, header, say := c.hold.left(c.maxWait)
		switch {
		case d > c.maxWait:
			return class.Wrap(class.Source, &WaitError{Wait: d, Most: c.maxWait, Header: header,
				Err: fmt.Errorf("%s: not asked, because nothing is left of the API's rate limit", q)})
		case say:
			c.logger.Info("the API asked to wait; nothing is asked before", "wait", d.Round(time.Millisecond), "until", moment(d))
		}
		if d <= 0 {
			if ctx.Err() != nil {
				return interrupted(q, context.Cause(ctx))
			}
			if d = c.budgets.take(time.Now(), q.URL.Path); d <= 0 {
				break
			}
			if end, ok := ctx.Deadline(); ok && end.Before(time.Now().Add(d)) {
				return interrupted(q, errDeadline)
			}
		}
		if err := sleep(ctx, d); err != nil {
			return interrupted(q, err)
		}
	}
	if c.limiter == nil {
		return nil
	}
	if err := c.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return interrupted(q, context.Cause(ctx))
		}
		return interrupted(q, errDeadline) // the limiter does not begin a wait that ctx's deadline would cut
	}
	return nil
}

// NewLimiter makes a limiter of so many requests a second, retries included; nil where that is 0. A burst of
// one spaces requests evenly, which no API's bucket can mind.
func NewLimiter(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), 1)
}

var errDeadline = fmt.Errorf("%w: the next request allowed by rate_limit lies behind the deadline", context.DeadlineExceeded)

// follow is the rule about redirects, and takes each that is followed from the budgets: it is
// a request too.
func (c *Client) follow(next *http.Request, via []*http.Request) error {
	if err := c.checkRedirect(next, via); err != nil {
		return err
	}
	for {
		d := c.budgets.take(time.Now(), next.URL.Path)
		if d <= 0 {
			return nil
		}
		if err := sleep(next.Context(), d); err != nil {
			return err
		}
	}
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
func interrupted(q *request.Request, cause error) error {
	return fmt.Errorf("requesting %s: %w", q.Shown, cause)
}
