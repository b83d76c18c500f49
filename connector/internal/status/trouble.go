package status

import (
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

// Trouble is what keeps a stream from going on, from its first sign to its end. It has no clock of its
// own: the times are the caller's.
type Trouble struct {
	mu     sync.Mutex
	since  time.Time // zero: there is none
	source bool      // of the API's, which a page ends; else a transaction does
	waits  int       // so far
	told   map[string]bool
	err    error // the last one
}

// Met takes note of an error. It reports since when there is trouble, and whether the error is the
// first of its cause.
func (t *Trouble) Met(now time.Time, err error) (since time.Time, fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() {
		t.since, t.waits, t.told = now, 0, make(map[string]bool)
	}
	t.err, t.source = err, class.Of(err) == class.Source
	cause := causeOf(err)
	fresh = !t.told[cause]
	t.told[cause] = true
	return t.since, fresh
}

// Wait draws the next wait: any up to a limit that doubles up to most (full jitter), so that
// streams which failed together do not come back together.
func (t *Trouble) Wait(most time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit := most
	if t.waits < 30 {
		limit = min(firstWait<<t.waits, most)
	}
	t.waits++
	return rand.N(max(limit, 1)) + 1
}

// Over ends what a page (source) or else a transaction ends, and reports whether there was such trouble,
// how long it lasted, and how many waits it took.
func (t *Trouble) Over(now time.Time, source bool) (lasted time.Duration, waits int, was bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() || t.source != source {
		return 0, 0, false
	}
	lasted, waits = now.Sub(t.since), t.waits
	t.since, t.told, t.err = time.Time{}, nil, nil
	return lasted, waits, true
}

// Left is what has not ended, and since when; nil: nothing.
func (t *Trouble) Left() (since time.Time, cause error) {
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
	cause := []byte(text)
	for word := range strings.FieldsSeq(rootOf(err).Error()) {
		if !strings.ContainsAny(word, ":/=") && !strings.ContainsFunc(word, unicode.IsDigit) {
			cause = append(append(cause, ' '), word...)
		}
	}
	return string(cause)
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
