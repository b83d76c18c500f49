package rest

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A 429 counts as a try, so that an API which always says so fails the sweep.
func Test429ForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{text(429, `{"error": "Rate limit exceeded"}`, "Retry-After", "10")}}
		c := inMemory(t, a, Options{MaxRetries: 5})
		started := time.Now()
		err := get(t, c)
		wantSource(t, err, "6 tries in 50s", "429 Too Many Requests: Rate limit exceeded")
		wantTries(t, err, 6)
		if d := time.Since(started); d != 50*time.Second {
			t.Errorf("waited %s, want 50s", d)
		}
		var e *StatusError
		if !errors.As(err, &e) || e.RetryAfter != 10*time.Second {
			t.Errorf("got %+v", e)
		}
	})
}

// A Retry-After that says nothing usable leaves the wait to the backoff.
func TestUselessRetryAfter(t *testing.T) {
	for _, v := range []string{"", "0", "-5", "soon", "NaN", "Inf", "Sun, 06 Nov 1994 08:00:00 GMT"} {
		synctest.Test(t, func(t *testing.T) {
			a := &api{answers: []http.HandlerFunc{text(429, "", "Retry-After", v), text(200, onePage)}}
			c := inMemory(t, a, Options{MaxRetries: 1, Backoff: Backoff{Initial: 10 * time.Second, Max: time.Minute}})
			started := time.Now()
			if err := get(t, c); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(started); d < 5*time.Second || d > 15*time.Second {
				t.Errorf("%q: waited %s, want 5s to 15s", v, d)
			}
		})
	}
}

// Waits double from Initial to Max and are spread by half to either side.
func TestBackoffGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{text(500, "")}}
		c := inMemory(t, a, Options{MaxRetries: 6, Backoff: Backoff{Initial: time.Second, Max: 8 * time.Second}})
		_ = get(t, c)
		even := true
		for i, interval := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second} {
			d := a.times[i+1].Sub(a.times[i])
			if d < interval/2 || d > interval*3/2+time.Nanosecond {
				t.Errorf("wait %d was %s, want half to one and a half of %s", i, d, interval)
			}
			even = even && d == interval
		}
		if even {
			t.Error("the waits have no jitter")
		}
	})
}

// While the API asks for peace, requests of other goroutines wait too.
func TestRetryAfterHoldsAllRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{text(429, "", "Retry-After", "60"), text(200, onePage)}}
		c := inMemory(t, a, Options{MaxRetries: 1})
		var wg sync.WaitGroup
		started := time.Now()
		for i := range 3 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if err := get(t, c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i, at := range a.times[1:] {
			if d := at.Sub(started); d < time.Minute {
				t.Errorf("request %d came %s after the 429", i+1, d)
			}
		}
		wantRequests(t, a, 4)
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{
			text(200, onePage),
			func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
			text(200, onePage),
		}}
		c := inMemory(t, a, Options{RateLimit: 4})
		for range 8 {
			if err := get(t, c); err != nil {
				t.Fatal(err)
			}
		}
		for i := range len(a.times) - 1 {
			if d := a.times[i+1].Sub(a.times[i]); d < 250*time.Millisecond {
				t.Errorf("requests %d and %d, redirects included, lie %s apart, want 250ms", i, i+1, d)
			}
		}
		wantRequests(t, a, 9)
	})
}
