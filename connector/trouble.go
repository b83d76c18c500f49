package connector

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
)

// Where a stream in continuous mode cannot go on, it waits and tries again, for ever, with
// waits that grow up to max_backoff (rule 25). That is said once when it begins, once more for
// each other cause, and once when it is over.

// firstWait is the longest that the first wait of a stream which cannot go on may be. The
// request itself was tried max_retries times before, with waits of its own.
const firstWait = time.Second

// trouble is what keeps a stream from going on, from its first sign to its end.
type trouble struct {
	mu     sync.Mutex
	since  time.Time // zero: there is none
	source bool      // of the API's, which a page ends; else a transaction does
	waits  int       // so far
	told   map[string]bool
	err    error // the last one
}

// met takes note of an error. It reports whether it is the first of its cause.
func (t *trouble) met(err error) (since time.Time, fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() {
		t.since, t.waits, t.told = time.Now(), 0, make(map[string]bool)
	}
	t.err, t.source = err, class.Of(err) == class.Source
	cause := causeOf(err)
	fresh = !t.told[cause]
	t.told[cause] = true
	return t.since, fresh
}

// wait draws the next wait: any up to a limit that doubles up to most (full jitter), so that
// streams which failed together do not come back together.
func (t *trouble) wait(most time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit := most
	if t.waits < 30 {
		limit = min(firstWait<<t.waits, most)
	}
	t.waits++
	return rand.N(max(limit, 1)) + 1
}

// over ends what a page (source) or else a transaction ends, and says how long it was and what
// it came from last.
func (t *trouble) over(source bool) (lasted time.Duration, waits int, was bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() || t.source != source {
		return 0, 0, false
	}
	lasted, waits = time.Since(t.since), t.waits
	t.since, t.told, t.err = time.Time{}, nil, nil
	return lasted, waits, true
}

// left is what has not ended; nil: nothing.
func (t *trouble) left() (time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.since, t.err
}

// causeOf is what two errors of one cause have in common: their class, and what first failed
// without numbers and addresses, which name another page, port or time with each try.
func causeOf(err error) string {
	text := class.Of(err).String()
	var status *rest.StatusError
	if errors.As(err, &status) {
		return text + " status " + strconv.Itoa(status.Status)
	}
	for word := range strings.FieldsSeq(rootOf(err).Error()) {
		if !strings.ContainsAny(word, ":/=") && !strings.ContainsFunc(word, unicode.IsDigit) {
			text += " " + word
		}
	}
	return text
}

// rootOf is what an error comes from in the end.
func rootOf(err error) error {
	for {
		switch e := err.(type) { //nolint:errorlint // it unwraps by hand
		case interface{ Unwrap() error }:
			if inner := e.Unwrap(); inner != nil {
				err = inner
				continue
			}
		case interface{ Unwrap() []error }:
			if all := e.Unwrap(); len(all) > 0 {
				err = all[len(all)-1]
				continue
			}
		}
		return err
	}
}

// fails says that the stream cannot go on, once for each cause, and shows it. Not with --once,
// which has an end and says there what it came to.
func (r *runner) fails(err error, what string, args ...any) {
	since, fresh := r.trouble.met(err)
	r.board.set(func(s *Status) { s.State, s.Since, s.Cause = Retrying, since, err })
	if fresh || r.once {
		r.warn(what, append([]any{"error", err}, args...)...)
	}
}

// goesOn says that the trouble is over which a page of the API (source), or else a transaction,
// ends.
func (r *runner) goesOn(source bool) {
	lasted, waits, was := r.trouble.over(source)
	if !was {
		return
	}
	r.board.set(func(s *Status) {
		s.Since, s.Cause = time.Time{}, nil
		if s.State == Retrying {
			s.State = Reading
		}
	})
	if !r.once {
		r.log.Info("the stream goes on", "after", lasted.Round(time.Millisecond), "waits", waits)
	}
}

// hold waits before the next try. The stream may be stopped meanwhile.
func (r *runner) hold(ctx context.Context, err error) error {
	wait := r.trouble.wait(r.stream.MaxBackoff)
	var long *rest.WaitError
	if errors.As(err, &long) {
		wait = max(wait, long.Most) // the API has asked for more
	}
	if r.sleep != nil {
		return r.sleep(ctx, wait, err)
	}
	return pauses(ctx, wait)
}

// pauses waits for d, or until ctx ends.
func pauses(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// asksAgain takes note of a request that did not bring a page, and is sent once more.
func (r *runner) asksAgain(err error, args ...any) {
	r.fails(class.Wrap(class.Source, err), "the API did not answer with a page; asking again", args...)
}
