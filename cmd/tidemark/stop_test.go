package main

import (
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// gate is an API's middleware that holds back one answer, so that something can be done
// to whoever waits for it.
type gate struct {
	mu      sync.Mutex
	after   int           // requests that pass before it closes; below 0: it stays open
	reached chan struct{} // closed when a request waits
	opened  chan struct{} // closed by open
}

func newGate() *gate { return &gate{after: -1} }

// close lets n more requests pass and holds the next ones.
func (g *gate) close(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.after, g.reached, g.opened = n, make(chan struct{}), make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.after = -1
	close(g.opened)
}

func (g *gate) wrap(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		var wait chan struct{}
		switch {
		case g.after > 0:
			g.after--
		case g.after == 0:
			wait = g.opened
			select {
			case <-g.reached:
			default:
				close(g.reached)
			}
		}
		g.mu.Unlock()
		if wait != nil {
			select {
			case <-wait:
			case <-r.Context().Done(): // nobody waits any more
				return
			}
		}
		api.ServeHTTP(w, r)
	})
}

// await waits until a request is held back.
func (g *gate) await(t *testing.T, p *process) {
	t.Helper()
	select {
	case <-g.reached:
	case <-p.done:
		t.Fatalf("the worker ended before it asked for the page: %s", p.err.String())
	case <-time.After(hung):
		t.Fatal("the page was not asked for")
	}
}

// A stop in the middle of a sweep is a clean end, for every strategy; the next start
// goes on from there and repeats nothing (P1, P3).
func TestStoppedInTheMiddleOfASweep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		strategy string
		passing  int
		signal   os.Signal
	}{
		{strategies.Keyset, 2, syscall.SIGTERM},
		{strategies.Offset, 3, os.Interrupt},
		{strategies.Timestamp, 1, syscall.SIGTERM},
		{strategies.StepSize, 7, syscall.SIGTERM},
		{strategies.Replay, 0, os.Interrupt},
	} {
		t.Run(c.strategy, func(t *testing.T) {
			t.Parallel()
			g := newGate()
			w := newWorld(t, playground.Options{Middleware: g.wrap})
			config := w.seed(c.strategy)
			g.close(c.passing)
			p := start(t, args("run", "-c", config, w.servers())...)
			g.await(t, p)
			p.signal(c.signal)
			p.exits(0)
			g.open()
			w.once(config)
			if c.strategy != strategies.StepSize {
				w.eachOnce("user")
			} else if k := keys(read(t, w.brokers, "user")); len(k) != 200 || len(read(t, w.brokers, "user")) != 200 {
				t.Errorf("the topic has %d keys, not each once", len(k))
			}
		})
	}
}

// With --once a stop is as clean, but it is not the end that was asked for: exit code 0
// would make a scheduler take the sweep for done.
func TestOnceInterruptedIsNotDone(t *testing.T) {
	t.Parallel()
	g := newGate()
	w := newWorld(t, playground.Options{Middleware: g.wrap})
	config := w.seed(strategies.Keyset)
	g.close(2)
	p := start(t, args("run", "--once", "-c", config, w.servers())...)
	g.await(t, p)
	p.signal(syscall.SIGTERM)
	p.exits(1)
	has(t, "the error", p.err.String(), "interrupted")
	g.open()
	w.once(config)
	w.eachOnce("user")
}

// A second signal ends a process that can't stop: here its broker does not answer the
// end of a transaction.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	release, asked := make(chan struct{}), make(chan struct{}, 100)
	w.kafka.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		asked <- struct{}{}
		w.kafka.SleepControl(func() { <-release })
		return nil, nil, false
	})
	config := w.seed(strategies.Keyset)
	p := start(t, args("run", "-c", config, w.servers())...)
	select {
	case <-asked:
	case <-time.After(hung):
		t.Fatal("no transaction was ended")
	}
	for ended := false; !ended; {
		p.signal(os.Interrupt)
		select {
		case <-p.done:
			ended = true
		case <-time.After(20 * time.Millisecond): // the first ones count as one
		}
	}
	p.exits(1)
	has(t, "what it says", p.err.String(), "stopped at once")
	close(release)
	w.once(config)
	w.eachOnce("user")
}

// Proves P1, P2 and P3 over kill -9: workers are killed again and again in the middle of
// a sweep, at last the broker too; a read_committed consumer sees each user once.
func TestKilledInTheMiddleOfASweep(t *testing.T) {
	t.Parallel()
	g := newGate()
	play, api := serve(t, playground.Options{Users: 3000, KeysetPage: 50, Middleware: g.wrap})
	w := &world{t: t, play: play, api: api}
	dir := t.TempDir()
	local := w.startLocal(dir)
	config := w.seed(strategies.Keyset)
	for _, passing := range []int{7, 0, 12, 20} {
		g.close(passing)
		p := start(t, args("run", "-c", config, "--once", w.servers())...)
		g.await(t, p)
		if passing == 7 { // the others are killed whatever they have written by then
			eventually(t, "a first transaction", func() bool { return len(read(t, w.brokers, "user")) > 0 })
		}
		p.killed()
		g.open()
	}
	committed := len(read(t, w.brokers, "user"))
	if committed == 0 || committed >= 3000 {
		t.Fatalf("%d records are committed: the kills were not in the middle", committed)
	}

	g.close(5)
	p := start(t, args("run", "-c", config, "--once", w.servers())...)
	g.await(t, p)
	local.killed()
	p.killed()
	g.open()

	w.startLocal(dir)
	if n := len(read(t, w.brokers, "user")); n < committed {
		t.Errorf("%d records were committed, after the broker's death there are %d", committed, n)
	}
	w.once(config)
	w.eachOnce("user")
	p = w.once(config)
	has(t, "the log of one more run", p.err.String(), "written=0")
}

// startLocal starts `tidemark local` and makes it this world's broker and registry.
func (w *world) startLocal(dir string) *process {
	w.t.Helper()
	p := start(w.t, args("local", free(dir))...)
	m := p.prints(`--brokers (\S+) --registry-url (\S+)\n`)
	w.brokers, w.registry = m[1], m[2]
	return p
}

// The same with everything in the process that is killed.
func TestKilledWithTheEmbeddedBroker(t *testing.T) {
	t.Parallel()
	g := newGate()
	play, api := serve(t, playground.Options{Users: 2000, KeysetPage: 50, Middleware: g.wrap})
	w := &world{t: t, play: play, api: api}
	dir := t.TempDir()
	config := w.seed(strategies.Keyset)
	for _, passing := range []int{9, 15, 3} {
		g.close(passing)
		p := start(t, args("run", "-c", config, "--once", free(dir))...)
		g.await(t, p)
		p.killed()
		g.open()
	}
	p := start(t, args("run", "-c", config, "--once", free(dir))...).exits(0)
	if !strings.Contains(p.err.String(), "sweep done") {
		t.Errorf("the log does not tell of the sweep: %s", p.err.String())
	}
	w.startLocal(dir)
	w.eachOnce("user")
}
