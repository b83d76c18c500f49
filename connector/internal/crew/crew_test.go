package crew

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// hand is a member that runs until it is told to end.
type hand struct {
	name string
	log  *log
	fail chan error
}

func (h *hand) Name() string { return h.name }
func (h *hand) Run(ctx context.Context) error {
	h.log.add(h.name+" begins", h.name)
	defer h.log.add(h.name+" ends", "-"+h.name)
	select {
	case err := <-h.fail:
		return err
	case <-ctx.Done():
		return nil
	}
}

// log keeps what happened, and who runs at the same time.
type log struct {
	mu    sync.Mutex
	lines []string
	runs  map[string]int
	twice bool
}

func (l *log) add(line, who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	if l.runs == nil {
		l.runs = map[string]int{}
	}
	if who[0] == '-' {
		l.runs[who[1:]]--
		return
	}
	if l.runs[who]++; l.runs[who] > 1 {
		l.twice = true
	}
}

func (l *log) running() (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, n := range l.runs {
		if n > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (l *log) hand(name string) *hand { return &hand{name, l, make(chan error, 1)} }

// Who did not change is not touched; who is gone is stopped; who is new begins behind the one of its name.
func TestReplace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(log)
		a, b, c := l.hand("a"), l.hand("b"), l.hand("c")
		crew := New([]*hand{a, b})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- crew.Run(ctx) }()
		synctest.Wait()
		l.lines = nil
		if err := crew.Replace([]*hand{a, l.hand("b"), c}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if i, j := slices.Index(l.lines, "b ends"), slices.Index(l.lines, "b begins"); i < 0 || j < i || slices.Contains(l.lines, "a ends") || len(l.lines) != 3 {
			t.Errorf("%q", l.lines)
		}
		if err := crew.Replace([]*hand{c}); err != nil || fmt.Sprint(l.running()) != "[c]" {
			t.Errorf("%v run: %v", l.running(), err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := crew.Replace([]*hand{a}); !errors.Is(err, ErrEnded) {
			t.Errorf("replaced behind the end: %v", err)
		}
	})
}

// The errors of those that were replaced are not the crew's, and it does not end while its last member is replaced.
func TestErrorsOfWhoIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(log)
		a, b := l.hand("a"), l.hand("b")
		crew := New([]*hand{a, b})
		var lost []string
		crew.Lost = func(m *hand, err error) { lost = append(lost, m.name+" "+err.Error()) }
		ended := make(chan error, 1)
		go func() { ended <- crew.Run(t.Context()) }()
		synctest.Wait()
		a.fail <- errors.New("wrong")
		synctest.Wait()
		if fmt.Sprint(lost) != "[a wrong]" {
			t.Errorf("told of %q", lost)
		}
		again := l.hand("a")
		if err := crew.Replace([]*hand{again}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if fmt.Sprint(l.running()) != "[a]" {
			t.Errorf("%v run", l.running())
		}
		last := errors.New("last")
		again.fail <- last
		if err := <-ended; !errors.Is(err, last) || err.Error() != "last" || len(lost) != 1 {
			t.Errorf("%v, told of %q", err, lost)
		}
	})
}

// A crew that is replaced before it runs runs as it is then.
func TestReplaceBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := new(log)
		crew := New([]*hand{l.hand("a")})
		if err := crew.Replace([]*hand{l.hand("b")}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- crew.Run(ctx) }()
		synctest.Wait()
		if fmt.Sprint(l.running()) != "[b]" {
			t.Errorf("%v run", l.running())
		}
		cancel()
		<-ended
	})
}

// Law: behind any number of replacements exactly the last members run, and no two of a name ever ran together.
func TestLawReplace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			l := new(log)
			known := map[string]*hand{}
			draw := func() (members []*hand) {
				for _, name := range []string{"a", "b", "c", "d"} {
					switch rapid.SampledFrom([]string{"keep", "new", "none"}).Draw(rt, name) {
					case "new":
						known[name] = l.hand(name)
					case "none":
						delete(known, name)
					}
					if m := known[name]; m != nil {
						members = append(members, m)
					}
				}
				return members
			}
			crew := New(append(draw(), l.hand("stays")))
			stays := crew.Members()[len(crew.Members())-1]
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- crew.Run(ctx) }()
			synctest.Wait()
			for range rapid.IntRange(1, 4).Draw(rt, "times") {
				if err := crew.Replace(append(draw(), stays)); err != nil {
					rt.Fatal(err)
				}
				synctest.Wait()
				want := []string{"stays"}
				for name := range known {
					want = append(want, name)
				}
				if slices.Sort(want); !slices.Equal(l.running(), want) || l.twice {
					rt.Fatalf("%v run, want %v; twice: %v", l.running(), want, l.twice)
				}
			}
			cancel()
			if err := <-ended; err != nil || len(l.running()) > 0 {
				rt.Fatalf("%v; %v still run", err, l.running())
			}
		})
	})
}
