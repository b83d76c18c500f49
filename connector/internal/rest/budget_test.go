package rest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"tidemark/connector/config"
)

// In no span of its length does a budget let more requests through than it has; and what it
// lets wait, it lets through at the very time it said, and not before.
func TestLawBudgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		paths := []string{"/search", "/search/all", "/users"}
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) config.Budget {
			return config.Budget{
				Requests: rapid.IntRange(1, 5).Draw(t, "requests"),
				Per:      time.Duration(rapid.IntRange(1, 1000).Draw(t, "per")),
				Path:     rapid.SampledFrom([]string{"", "/search*", "/users", "*all"}).Draw(t, "path"),
			}
		}), 1, 3).Draw(t, "budgets")
		b := NewBudgets(list)
		type request struct {
			at   time.Time
			path string
		}
		var sent []request
		room := func(now time.Time, path string) bool { // by counting
			for _, x := range list {
				n := 0
				for _, r := range sent {
					if now.Sub(r.at) < x.Per && (x.Path == "" || like(x.Path, r.path)) {
						n++
					}
				}
				if n >= x.Requests && (x.Path == "" || like(x.Path, path)) {
					return false
				}
			}
			return true
		}
		now := b.start
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "later")))
			path := rapid.SampledFrom(paths).Draw(t, "which")
			wait := b.take(now, path)
			if free := room(now, path); free != (wait <= 0) {
				t.Fatalf("at %s for %s: room %v, wait %s", now.Sub(b.start), path, free, wait)
			}
			if wait > 0 {
				if room(now.Add(wait-1), path) || !room(now.Add(wait), path) {
					t.Fatalf("at %s for %s: %s is not how long it takes", now.Sub(b.start), path, wait)
				}
				if !rapid.Bool().Draw(t, "waits") {
					continue
				}
				if now = now.Add(wait); b.take(now, path) > 0 {
					t.Fatalf("after %s for %s there is no room", wait, path)
				}
			}
			sent = append(sent, request{now, path})
		}
	})
}

func TestPatterns(t *testing.T) {
	for _, x := range []struct {
		pattern, path string
		want          bool
	}{
		{"/search", "/search", true},
		{"/search", "/search/1", false},
		{"/search*", "/search", true},
		{"/search*", "/search/1/2", true},
		{"/search*", "/v1/search", false},
		{"*/search", "/v1/search", true},
		{"*/search", "/v1/searches", false},
		{"/v*/search*", "/v12/searches", true},
		{"/v*/search*", "/v12/users", false},
		{"/a*a", "/a", false},
		{"/a*a", "/aa", true},
		{"/*b*b", "/ab", false},
		{"*", "", true},
		{"", "", true},
		{"", "/", false},
	} {
		if got := like(x.pattern, x.path); got != x.want {
			t.Errorf("%q is like %q: %v", x.path, x.pattern, got)
		}
	}
}

// Budgets hold together, for every try and every redirect, of all goroutines; those of another
// path are left alone.
func TestBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{
			text(500, ""), text(200, onePage),
			func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/users/", http.StatusFound) },
			text(200, onePage),
		}}
		// Which of the five is redirected nobody knows, and it may have to wait for its second request.
		c := inMemory(t, a, Options{MaxRetries: 1, Timeout: time.Hour, Backoff: Backoff{Initial: 1, Max: 1}, Budgets: NewBudgets([]config.Budget{
			{Requests: 2, Per: time.Second},
			{Requests: 5, Per: time.Minute, Path: "/users*"},
			{Requests: 1, Per: time.Hour, Path: "/search*"},
		})})
		started := time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if err := get(t, c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		want := []time.Duration{0, 0, time.Second, time.Second, 2 * time.Second, time.Minute, time.Minute}
		wantRequests(t, a, int64(len(want)))
		for i, at := range a.times {
			if d := at.Sub(started).Truncate(time.Millisecond); i < len(want) && d != want[i] {
				t.Errorf("request %d came after %s, want %s", i, d, want[i])
			}
		}
	})
}

// Clients that share budgets keep to them together.
func TestSharedBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{text(200, onePage)}}
		shared := NewBudgets([]config.Budget{{Requests: 1, Per: time.Minute}})
		started := time.Now()
		for range 2 {
			if err := get(t, inMemory(t, a, Options{Budgets: shared})); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(started); d != time.Minute {
			t.Errorf("two requests took %s", d)
		}
	})
}

// A wait for a budget ends with the context, and does not begin where its deadline lies before.
func TestBudgetWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, text(200, onePage), Options{Budgets: NewBudgets([]config.Budget{{Requests: 1, Per: time.Hour}})})
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
		gone := errors.New("gone")
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { stop(gone) })
		if _, err := c.Get(ctx, nil, nil); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		started := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := c.Get(ctx, nil, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != 0 {
			t.Errorf("after %s: %v", time.Since(started), err)
		}
	})
}
