package connector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// waits stands in for the time that a stream waits before it tries again: each wait is noted
// and over at once, unless the test holds it.
type waits struct {
	drawn chan wait
	hold  bool
}

type wait struct {
	d     time.Duration
	cause error
}

func newWaits(hold bool) *waits { return &waits{make(chan wait, 1000), hold} }

func (w *waits) wait(d time.Duration, cause error) time.Duration {
	w.drawn <- wait{d, cause}
	if w.hold {
		return time.Hour
	}
	return 0
}

// after counts down: it is true from the nth call on.
func after(n int) func() bool {
	return func() bool { n--; return n < 0 }
}

// A source that fails for longer than all retries, in whatever way, does not end a stream in
// continuous mode (rule 25): it waits, says so once for each cause, and goes on where it was.
func TestBrokerSourceOutage(t *testing.T) {
	t.Parallel()
	const tries = 30
	for name, fail := range map[string]func(w http.ResponseWriter){
		"503": func(w http.ResponseWriter) { http.Error(w, "down", http.StatusServiceUnavailable) },
		"401": func(w http.ResponseWriter) { http.Error(w, "who are you", http.StatusUnauthorized) },
		"403": func(w http.ResponseWriter) { http.Error(w, "not you", http.StatusForbidden) },
		"404": func(w http.ResponseWriter) { http.Error(w, "not here", 404) },
		"cut": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"not a page": func(w http.ResponseWriter) {
			fmt.Fprint(w, `{"error": "maintenance"}`)
		},
		"no more than a wait of days": func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "172800")
			http.Error(w, "later", http.StatusServiceUnavailable)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 9)}
			up := after(tries)
			s.instead = func(w http.ResponseWriter, n int) bool {
				if n == 1 || up() {
					return false
				}
				fail(w)
				return true
			}
			h, users := scripted(t, strategies.Keyset, s)
			users.PollInterval, users.MaxBackoff = time.Millisecond, time.Minute
			pause := newWaits(false)
			c, stop := h.start(Options{deps: deps{backoff: pause.wait}})
			kit.Eventually(t, "all rows", func() bool { return c.Status()[0].Written == 9 || c.Status()[0].State == Failed })
			if now := c.Status()[0]; !now.Since.IsZero() || now.Cause != nil || now.Err != nil {
				t.Errorf("it goes on, and its status is %+v", now)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if n := h.holds(users.Topic, s); n != 9 {
				t.Errorf("%d events, want 9", n)
			}
			// A request whose connection breaks may be sent again by the HTTP client itself.
			if n := len(pause.drawn); n != tries && (name != "cut" || n < tries/2) {
				t.Errorf("%d waits, want %d", n, tries)
			}
			if n := h.logs.warned(); n != 1 {
				t.Errorf("%d warnings, want 1: %s", n, h.logs.String())
			}
			if n := h.logs.count("the stream goes on"); n != 1 {
				t.Errorf("it was said %d times that the stream goes on", n)
			}
		})
	}
}

// What a strategy refuses for want of proof is asked for again as well: an API can be mended.
func TestBrokerEvidenceIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 9), page: 3} // cut, and nothing says so
	good := after(5)
	s.instead = func(w http.ResponseWriter, _ int) bool {
		if good() {
			s.page = 0
			return false
		}
		fmt.Fprintf(w, `{"data": [%s, %s], "total": 9}`, s.docs[8].text, s.docs[7].text)
		return true
	}
	h, users := scripted(t, strategies.Timestamp, s)
	users.PollInterval = time.Millisecond
	pause := newWaits(false)
	c, stop := h.start(Options{deps: deps{backoff: pause.wait}})
	kit.Eventually(t, "all rows", func() bool { return c.Status()[0].Written == 9 || c.Status()[0].State == Failed })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := h.holds(users.Topic, s); n != 9 {
		t.Errorf("%d events, want 9", n)
	}
	if len(pause.drawn) == 0 || class.Of((<-pause.drawn).cause) != class.Source {
		t.Error("nothing was refused")
	}
}

// A stream that fails, and is stopped, says so at once and does not take its failure for the
// process's end.
func TestBrokerStoppedWhileFailing(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 3), instead: fails(1, 503, "down")}
	h, users := scripted(t, strategies.Keyset, s)
	users.PollInterval = time.Millisecond
	pause := newWaits(true)
	c, stop := h.start(Options{deps: deps{backoff: pause.wait}})
	<-pause.drawn
	now := c.Status()[0]
	if now.State != Retrying || now.Since.IsZero() || class.Of(now.Cause) != class.Source {
		t.Errorf("it waits, and its status is %+v", now)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped, it ends with %v", err)
	}
	if h.logs.count("stopped while the stream could not go on") != 1 {
		t.Errorf("the end does not say how the stream failed: %s", h.logs.String())
	}
	if now := c.Status()[0]; now.State != Failed || !strings.Contains(now.Err.Error(), "503") {
		t.Errorf("its last status is %+v", now)
	}
}

// failingSink is a sink whose next opens or commits fail.
type failingSink struct {
	stream.Sink
	opens, commits func() error // nil: none fails
}

func (f *failingSink) Open(ctx context.Context) (strategies.Cursor, error) {
	if f.opens != nil {
		if err := f.opens(); err != nil {
			return strategies.Cursor{}, err
		}
	}
	return f.Sink.Open(ctx)
}

func (f *failingSink) Commit(ctx context.Context, records []kafka.Record, next strategies.Cursor) (strategies.Cursor, error) {
	if f.commits != nil && len(records) > 0 {
		if err := f.commits(); err != nil {
			f.Close()
			return next, &kafka.CommitError{Outcome: kafka.NotWritten, Permanent: errors.Is(err, kerr.PolicyViolation), Err: err}
		}
	}
	return f.Sink.Commit(ctx, records, next)
}

// times fails n times with an error.
func times(n int, err error) func() error {
	return func() error {
		if n--; n < 0 {
			return nil
		}
		return class.Errorf(class.Broker, "the script wants it so: %w", err)
	}
}

// A broker's error at a stream's first open is no more final than one later, however long it
// lasts; with --once it is one that passes.
func TestBrokerFirstOpen(t *testing.T) {
	t.Parallel()
	unreachable := errors.New("connection refused")
	for name, c := range map[string]struct {
		o      Options
		opens  func() error
		code   int // of the end; 0: it goes on
		tries  int
		commit func() error
	}{
		"a leader moves":                      {Options{Wait: true}, times(20, kerr.NotLeaderForPartition), 0, 20, nil},
		"a coordinator moves, no --wait":      {Options{}, times(20, kerr.CoordinatorNotAvailable), 0, 20, nil},
		"the broker is away":                  {Options{Wait: true}, times(20, unreachable), 0, 20, nil},
		"the broker is away, no --wait":       {Options{}, times(1, unreachable), 4, 0, nil},
		"refused":                             {Options{Wait: true}, times(1, class.Refuse(unreachable)), 4, 0, nil},
		"once, a leader moves":                {Options{Once: true}, times(3, kerr.NotLeaderForPartition), 0, 3, nil},
		"once, the broker is away":            {Options{Once: true}, times(1, unreachable), 4, 0, nil},
		"the transactions fail":               {Options{}, nil, 0, 20, times(20, kerr.PolicyViolation)},
		"once, what would fail again":         {Options{Once: true}, nil, 4, 0, times(1, kerr.PolicyViolation)},
		"once, a transaction that only fails": {Options{Once: true}, nil, 0, 3, times(3, kerr.NotLeaderForPartition)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 3)}
			h, users := scripted(t, strategies.Keyset, s)
			users.PollInterval = time.Millisecond
			pause := newWaits(false)
			c.o.Logger, c.o.deps.backoff = h.logger(), pause.wait
			worker, err := New(h.cfg, c.o)
			if err != nil {
				t.Fatal(err)
			}
			u := worker.crew.Members()[0]
			u.through(&failingSink{u.driver.Opener.Sink, c.opens, c.commit})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- worker.Run(ctx) }()
			kit.Eventually(t, "its rows or its end", func() bool {
				now := worker.Status()[0]
				return now.Written == 3 || now.State == Failed
			})
			cancel()
			if err := <-ended; err != nil && ExitCode(err) != c.code || err == nil && c.code != 0 {
				t.Errorf("it ends with %v, want exit code %d", err, c.code)
			}
			if n := len(pause.drawn); n != c.tries {
				t.Errorf("%d waits, want %d", n, c.tries)
			}
			if n := h.logs.warned(); c.tries > 0 && !c.o.Once && n != 1 {
				t.Errorf("%d warnings, want 1: %s", n, h.logs.String())
			}
		})
	}
}
