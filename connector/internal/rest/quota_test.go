package rest

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
)

// sets answers with the headers, one a line, before the handler does.
func sets(headers string, then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w, headers)
		then(w, r)
	}
}

// A page that says that nothing is left of a rate limit holds the next request back until the
// limit begins anew; one that says nothing of the kind, or what cannot be, does not.
func TestUsedUp(t *testing.T) {
	const epoch = "\nDate: Tue, 14 Nov 2023 22:13:20 GMT"
	for _, x := range []struct {
		name, headers string
		want          time.Duration
	}{
		{"a difference", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 7", 7 * time.Second},
		{"seconds since 1970", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000009" + epoch, 9 * time.Second},
		{"milliseconds since 1970", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000009500" + epoch, 9500 * time.Millisecond},
		{"after", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset-After: 0.75", 750 * time.Millisecond},
		{"less than a request left", "RateLimit-Remaining: 0.5\nRateLimit-Reset: 3", 3 * time.Second},
		{"older draft", "RateLimit: limit=100, remaining=0, reset=50", 50 * time.Second},
		{"later draft", `RateLimit: "default";r=0;t=30`, 30 * time.Second},
		{"one of two", `RateLimit: "day";r=10;t=7200, "burst";r=0;t=2`, 2 * time.Second},
		{"its policy's window", "RateLimit: default;r=0\nRateLimit-Policy: default;q=10;w=60", time.Minute},
		{"something left", "X-RateLimit-Remaining: 1\nX-RateLimit-Reset: 7", 0},
		{"something left, later draft", `RateLimit: "default";r=50;t=30`, 0},
		{"a reset alone", "X-RateLimit-Reset: 7", 0},
		{"nothing left and no reset", "X-RateLimit-Remaining: 0", 0},
		{"no limit", "X-RateLimit-Remaining: -1\nX-RateLimit-Reset: 7", 0},
		{"a limit of none", "X-RateLimit-Limit: 0\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 7", 0},
		{"past", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1600000000" + epoch, 0},
		{"absurd", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 946684860", 0},
		{"absurd, a time", "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 9999999999" + epoch, 0},
		{"no number", "X-RateLimit-Remaining: none\nX-RateLimit-Reset: soon", 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{answers: []http.HandlerFunc{sets(x.headers, text(200, onePage)), text(200, onePage)}}
				c := inMemory(t, a, Options{})
				started := time.Now()
				for range 2 {
					if err := get(t, c); err != nil {
						t.Fatal(err)
					}
				}
				if d := time.Since(started); d != x.want {
					t.Errorf("the second request was sent after %s, want %s", d, x.want)
				}
			})
		})
	}
}

// Looking for a limit costs a page nothing.
func TestUsedUpAllocatesNothing(t *testing.T) {
	if kit.Race {
		t.Skip("the race detector allocates")
	}
	for _, headers := range []http.Header{
		{}, {"X-Ratelimit-Limit": {"100"}, "X-Ratelimit-Remaining": {"5"}, "X-Ratelimit-Reset": {"3"}},
		{"Ratelimit": {`"day";r=10;t=7200, "burst";r=5;t=2`}, "Ratelimit-Policy": {`"day";q=100;w=86400, "burst";q=9;w=2`}},
	} {
		if n := testing.AllocsPerRun(100, func() { usedUp(headers, time.Time{}) }); n > 0 {
			t.Errorf("%v: %v allocations", headers, n)
		}
	}
}

// The log tells of a wait that lasts, and of no other.
func TestUsedUpIsSaid(t *testing.T) {
	for wait, want := range map[string]int{"9": 0, "60": 1} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			a := &api{answers: []http.HandlerFunc{sets("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: "+wait, text(200, onePage)), text(200, onePage)}}
			c := inMemory(t, a, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			for range 3 {
				if err := get(t, c); err != nil {
					t.Fatal(err)
				}
			}
			if n := strings.Count(log.String(), "the API asked to wait"); n != want {
				t.Errorf("%s s: said %d times:\n%s", wait, n, &log)
			}
		})
	}
}

// Where the limit begins anew later than max_wait allows, nothing is asked, and said why; what
// is asked after that is asked in time.
func TestUsedUpForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{sets("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 7200", text(200, onePage)), text(200, onePage)}}
		c := inMemory(t, a, Options{MaxWait: time.Hour, MaxRetries: 3})
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		err := get(t, c)
		wantSource(t, err, "http://api.test/users", "nothing is left of the API's rate limit", "2h0m0s", "X-RateLimit-Reset: 7200", "max_wait 1h0m0s")
		var long *WaitError
		if !errors.As(err, &long) || long.Wait != 2*time.Hour || time.Since(started) != 0 {
			t.Errorf("after %s: %+v", time.Since(started), long)
		}
		wantRequests(t, a, 1)
		time.Sleep(time.Hour)
		if err := get(t, c); err != nil || time.Since(started) != 2*time.Hour {
			t.Errorf("after %s: %v", time.Since(started), err)
		}
	})
}

// A refusal that is not asked again tells of the limit as a page does.
func TestRefusalTellsOfTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{sets("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 60", text(404, "")), text(200, onePage)}}
		c := inMemory(t, a, Options{})
		started := time.Now()
		if err := get(t, c); class.Of(err) != class.Source {
			t.Fatal(err)
		}
		if err := get(t, c); err != nil || time.Since(started) != time.Minute {
			t.Errorf("after %s: %v", time.Since(started), err)
		}
	})
}
