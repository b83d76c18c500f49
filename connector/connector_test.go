package connector

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

func TestBrokerFiveStrategies(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 200, Seed: 7, IDGap: 3})
	for _, s := range strategies.Own() {
		h.add(s).PageSize = 100 // as the seed's configuration has it; offset learns that 50 is the most
	}
	h.mustOnce()
	for _, s := range h.cfg.Streams {
		if n := h.same(s); n != 200 {
			t.Errorf("%s: %d events for 200 users", s.Strategy, n)
		}
		if c := h.cursor(s.Name); c.Sweep != nil || c.Mark == "" || c.Strategy != s.Strategy {
			t.Errorf("%s: the stored cursor is %+v, want a mark and no open sweep", s.Strategy, c)
		}
	}
	// P3: nothing comes twice, and the mark stays (P6).
	marks := map[string]string{}
	for _, s := range h.cfg.Streams {
		marks[s.Name] = h.cursor(s.Name).Mark
	}
	h.mustOnce()
	for _, s := range h.cfg.Streams {
		if n := h.same(s); n != 200 {
			t.Errorf("%s: %d events after a second run", s.Strategy, n)
		}
		if m := h.cursor(s.Name).Mark; m != marks[s.Name] {
			t.Errorf("%s: the mark went from %s to %s", s.Strategy, marks[s.Name], m)
		}
	}
}

// Changes between two runs arrive once each; what did not change is not written again.
func TestBrokerChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 120, Seed: 3})
	for _, s := range strategies.Own() {
		h.add(s)
	}
	h.mustOnce()
	users := h.api.Users()
	for _, i := range []int{5, 50, 119} {
		if _, err := h.api.Update(users[i].ID, func(u *playground.User) { u.Name += " the Second" }); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		if _, err := h.api.Insert(); err != nil {
			t.Fatal(err)
		}
	}
	h.mustOnce()
	for _, s := range h.cfg.Streams {
		want := 120 + 3 + 4
		if s.Strategy == strategies.StepSize {
			want = 120 + 4 // it sees new ids only
			if n := len(h.events(s.Topic)); n != want {
				t.Errorf("%s: %d events, want %d", s.Strategy, n, want)
			}
			continue
		}
		if n := h.same(s); n != want {
			t.Errorf("%s: %d events, want %d", s.Strategy, n, want)
		}
	}
}

// A late row within replay's buffer is found; timestamp, which does not look back, misses
// it.
func TestBrokerReplayFindsLateRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 50, Seed: 3})
	replay, plain := *h.add(strategies.Replay), *h.add(strategies.Timestamp)
	h.mustOnce()
	if _, err := h.api.Insert(); err != nil {
		t.Fatal(err)
	}
	h.mustOnce()
	if _, err := h.api.Late(time.Hour); err != nil {
		t.Fatal(err)
	}
	h.mustOnce()
	if n := h.same(replay); n != 52 {
		t.Errorf("replay: %d events, want 52", n)
	}
	if n := len(h.events(plain.Topic)); n != 51 {
		t.Errorf("timestamp: %d events, want 51 (it cannot see the late row)", n)
	}
}

// A sweep that the API breaks off goes on where it stood, and nothing comes twice.
func TestBrokerGoesOnAfterFailure(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Keyset, strategies.Offset, strategies.StepSize} {
		t.Run(strategy, func(t *testing.T) {
			var asked atomic.Int32
			var broken atomic.Bool
			var first, second atomic.Value // what was asked first, before the failure and after it
			h := newHouse(t, playground.Options{Users: 500, Seed: 1, Middleware: func(api http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !broken.Load() {
						second.CompareAndSwap(nil, r.URL.RawQuery)
					}
					first.CompareAndSwap(nil, r.URL.RawQuery)
					if n := asked.Add(1); broken.Load() && n > 4 {
						http.Error(w, `{"error": "gone fishing"}`, http.StatusForbidden)
						return
					}
					api.ServeHTTP(w, r)
				})
			}})
			s := h.add(strategy)
			s.StepSize, s.MaxID = 50, 600
			broken.Store(true)
			err := h.once()
			if class.Of(err) != class.Source || !strings.Contains(err.Error(), "gone fishing") {
				t.Fatalf("got %v, want the API's refusal", err)
			}
			before := len(h.events(s.Topic))
			if before == 0 || before >= 500 {
				t.Fatalf("%d events after the failure, want some", before)
			}
			broken.Store(false)
			h.mustOnce()
			if n := h.same(*s); n != 500 {
				t.Errorf("%d events, want 500", n)
			}
			if first.Load() == second.Load() {
				t.Errorf("the second run asks %v first: it began anew", second.Load())
			}
		})
	}
}

// serving serves the same body to every request.
func serving(t *testing.T, status int, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body) //nolint:errcheck // the client may be gone
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// P8: an answer without its data array is an error, never an end; the cursor is unharmed.
func TestBrokerBrokenAnswers(t *testing.T) {
	t.Parallel()
	const user = `{"id": "u1", "name": "A", "updatedAt": "2026-01-01T00:00:00Z"}`
	for name, c := range map[string]struct {
		status   int
		body     string
		strategy string
		want     []string // in the error
	}{
		"an empty object":   {200, `{}`, strategies.Timestamp, []string{"data"}},
		"an error in a 200": {200, `{"error": "shard 7 is down"}`, strategies.Timestamp, []string{"shard 7 is down"}},
		"null data":         {200, `{"data": null}`, strategies.Timestamp, []string{"data"}},
		"half a JSON":       {200, `{"data": [` + user, strategies.Timestamp, []string{"JSON"}},
		"HTML":              {200, `<html><title>Maintenance</title></html>`, strategies.Timestamp, []string{"Maintenance"}},
		"no token": {200, `{"data": [{"id": "u0", "updatedAt": "2026-01-02T00:00:00Z"}, ` + user + `]}`, strategies.Keyset,
			[]string{"scroll_param", "does not sort", "end: token"}},
		"unauthorized": {401, `{"error": "who are you?"}`, strategies.Timestamp, []string{"401", "who are you?"}},
		"a bad timestamp": {200, `{"data": [{"id": "u1", "updatedAt": "yesterday"}]}`, strategies.Timestamp,
			[]string{"page 1", "u1", "updatedAt", "yesterday"}},
		"a wrong type": {200, `{"data": [{"id": "u1", "name": 7, "updatedAt": "2026-01-01T00:00:00Z"}]}`, strategies.Timestamp,
			[]string{"page 1", "u1", "name"}},
		"no id": {200, `{"data": [{"name": "A", "updatedAt": "2026-01-01T00:00:00Z"}]}`, strategies.Timestamp, []string{"page 1", "id"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, playground.Options{Users: 1})
			h.cfg.Streams = []config.Stream{config.NewStream(kit.Name("user"), c.strategy, serving(t, c.status, c.body))}
			s := &h.cfg.Streams[0]
			s.MaxRetries, s.OnBadRow = 0, admit.OnBadFail
			err := h.once()
			if class.Of(err) != class.Source || ExitCode(err) != 3 {
				t.Fatalf("got %v of class %v, want one of class source", err, class.Of(err))
			}
			for _, part := range append(c.want, s.Name) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}
			if cur := h.cursor(s.Name); cur.Mark != "" || cur.Sweep != nil {
				t.Errorf("the cursor moved: %+v", cur)
			}
		})
	}
}

// Rule 19: the mark is kept among the strategies that share its meaning.
func TestBrokerStrategyChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 100, Seed: 2})
	s := h.add(strategies.Keyset)
	name := s.Name
	h.mustOnce()
	mark := h.cursor(name).Mark
	for _, next := range []string{strategies.Timestamp, strategies.Offset, strategies.Replay, strategies.Keyset} {
		h.cfg.Streams[0] = config.NewStream(name, next, h.url+paths[next])
		h.mustOnce()
		c := h.cursor(name)
		if n := h.same(h.cfg.Streams[0]); n != 100 || c.Mark != mark || c.Strategy != next {
			t.Errorf("%s: %d events and cursor %+v, want 100 and mark %s", next, n, c, mark)
		}
	}
	h.cfg.Streams[0] = config.NewStream(name, strategies.StepSize, h.url+paths[strategies.StepSize])
	err := h.once()
	if class.Of(err) != class.Config || !strings.Contains(err.Error(), "new name") {
		t.Errorf("to step_size: %v, want a refusal with the remedy", err)
	}
}

// P5: of two workers on one stream, one stops and says that it was fenced.
func TestBrokerTwoWorkers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 100, Seed: 2})
	s := h.add(strategies.Keyset)
	s.PollInterval = 5 * time.Millisecond
	_, stopFirst := h.start(Options{})
	kit.Eventually(t, "the first worker's rows", func() bool { return h.cursor(s.Name).Mark != "" })
	owner := h.cursor(s.Name).Owner // before the second one starts: its claim is fast
	_, stopSecond := h.start(Options{})
	kit.Eventually(t, "the second worker's claim", func() bool { return h.cursor(s.Name).Owner != owner })
	// The first learns of it when it has something to write.
	if _, err := h.api.Insert(); err != nil {
		t.Fatal(err)
	}
	kit.Eventually(t, "the new row", func() bool { return len(h.events(s.Topic)) == 101 })
	errFirst, errSecond := stopFirst(), stopSecond()
	if fenced := class.Of(errFirst) == class.Fenced; errSecond != nil || (errFirst != nil && !fenced) {
		t.Errorf("the first ended with %v, the second with %v", errFirst, errSecond)
	}
	if n := h.same(*s); n != 101 {
		t.Errorf("%d events, want 101", n)
	}
}

// Idle polls write nothing.
func TestBrokerIdle(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 60, Seed: 2})
	for _, strategy := range strategies.Own() {
		s := h.add(strategy)
		s.PollInterval, s.MaxID = time.Millisecond, 200
	}
	c, stop := h.start(Options{})
	polls := func(n int64) func() bool {
		return func() bool {
			for _, s := range c.Status() {
				if s.Sweeps < n {
					return false
				}
			}
			return true
		}
	}
	kit.Eventually(t, "a few sweeps of each", polls(3))
	var before []int64
	for _, s := range c.Status() {
		before = append(before, s.Transactions)
	}
	kit.Eventually(t, "many sweeps of each", polls(30))
	for i, s := range c.Status() {
		if s.Transactions != before[i] {
			t.Errorf("%s: %d transactions, %d before the idle polls", s.Strategy, s.Transactions, before[i])
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestExitCodes(t *testing.T) {
	for code, err := range map[int]error{
		0: nil, 1: errors.New("a bug"), 2: class.Errorf(class.Config, "c"), 3: class.Errorf(class.Source, "s"),
		4: class.Errorf(class.Broker, "b"), 5: class.Errorf(class.Fenced, "f"),
	} {
		if got := ExitCode(err); got != code {
			t.Errorf("%v: exit code %d, want %d", err, got, code)
		}
		if joined := errors.Join(err, errors.New("another")); err != nil && ExitCode(joined) != code {
			t.Errorf("%v: joined with another, exit code %d, want %d", err, ExitCode(joined), code)
		}
	}
}
