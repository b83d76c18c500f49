package rest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What the API asks to wait is waited for, in whatever form it says so. A bubble's clock
// begins at 2000-01-01T00:00:00Z.
func TestWaits(t *testing.T) {
	const now = "Sat, 01 Jan 2000 00:00:00 GMT"
	for _, x := range []struct {
		name    string
		status  int
		headers string // "Name: value", one a line
		want    time.Duration
	}{
		{"seconds", 429, "Retry-After: 1", time.Second},
		{"an hour", 429, "Retry-After: 3600", time.Hour},
		{"fraction", 503, "Retry-After: 0.25", 250 * time.Millisecond},
		{"date against the API's wrong clock", 429, "Retry-After: Sun, 06 Nov 1994 09:00:00 GMT\nDate: Sun, 06 Nov 1994 08:49:37 GMT", 10*time.Minute + 23*time.Second},
		{"date without a Date header", 429, "Retry-After: Sat, 01 Jan 2000 00:00:42 GMT\nDate: ", 42 * time.Second},
		{"RFC 3339", 503, "Retry-After: 2000-01-01T00:01:00Z\nDate: " + now, time.Minute},
		{"RFC 3339 as databases write it", 503, "Retry-After: 2000-01-01 00:01:00+00\nDate: " + now, time.Minute},
		{"seconds since 1970", 429, "Retry-After: 1700000060\nDate: Tue, 14 Nov 2023 22:13:20 GMT", time.Minute},
		{"milliseconds since 1970", 429, "Retry-After: 1700000005500\nDate: Tue, 14 Nov 2023 22:13:20 GMT", 5500 * time.Millisecond},
		{"403 that means too many", 403, "Retry-After: 7", 7 * time.Second},
		{"403 with nothing left", 403, "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000009\nDate: Tue, 14 Nov 2023 22:13:20 GMT", 9 * time.Second},
		{"429 with a reset alone, a difference", 429, "RateLimit-Reset: 11", 11 * time.Second},
		{"429 with a reset alone, a time", 429, "X-RateLimit-Reset: 1700000012\nDate: Tue, 14 Nov 2023 22:13:20 GMT", 12 * time.Second},
		{"one field, older draft", 429, "RateLimit: limit=100, remaining=0, reset=13", 13 * time.Second},
		{"one field, later draft", 429, "RateLimit: \"default\";r=0;t=14", 14 * time.Second},
		{"503 with nothing left", 503, "X-Rate-Limit-Remaining: 0\nX-Rate-Limit-Reset: 15", 15 * time.Second},
		{"503 with a reset alone", 503, "RateLimit-Reset: 16", 16 * time.Second},
		{"microseconds since 1970", 429, "X-RateLimit-Reset: 1700000003250000\nDate: Tue, 14 Nov 2023 22:13:20 GMT", 3250 * time.Millisecond},
		{"nanoseconds since 1970", 429, "X-RateLimit-Reset: 1700000004000000000\nDate: Tue, 14 Nov 2023 22:13:20 GMT", 4 * time.Second},
		{"a fraction of seconds since 1970", 429, "Retry-After: 1700000000.5\nDate: Tue, 14 Nov 2023 22:13:20 GMT", 500 * time.Millisecond},
		{"a duration with units", 429, "X-RateLimit-Reset: 1m7.5s", 67500 * time.Millisecond},
		{"a unit behind the seconds", 503, "Retry-After: 20s", 20 * time.Second},
		{"less than nothing left", 403, "X-RateLimit-Remaining: -1\nX-RateLimit-Reset: 18", 18 * time.Second},
		{"a Retry-After that is past", 429, "Retry-After: 0\nX-RateLimit-Reset: 19", 19 * time.Second},
		{"RFC 850", 429, "Retry-After: Saturday, 01-Jan-00 00:00:43 GMT\nDate: " + now, 43 * time.Second},
		{"asctime", 429, "Retry-After: Sat Jan  1 00:00:44 2000\nDate: " + now, 44 * time.Second},
		{"milliseconds", 429, "retry-after-ms: 1250\nRetry-After: 2", 1250 * time.Millisecond},
		{"milliseconds, a fraction", 503, "x-ms-retry-after-ms: 0.5", 500 * time.Microsecond},
		{"milliseconds, a time", 429, "retry-after-ms: 1700000005500\nDate: Tue, 14 Nov 2023 22:13:20 GMT", 5500 * time.Millisecond},
		{"milliseconds that say nothing", 429, "retry-after-ms: -1\nRetry-After: 2", 2 * time.Second},
		{"seconds after which it begins anew", 429, "x-ratelimit-reset-after: 1.5\nx-ratelimit-reset: 1700000000", 1500 * time.Millisecond},
		{"the one that is used up", 429, "RateLimit: \"day\";r=900;t=7200, \"burst\";r=0;t=21", 21 * time.Second},
		{"the last to begin of those used up", 403, "RateLimit: \"a\";r=0;t=20, \"b\";r=0;t=22", 22 * time.Second},
		{"used up, by its policy", 429, "RateLimit: \"a, b\";r=0\nRateLimit-Policy: \"day\";q=1000;w=86400, \"a, b\";q=5;w=23", 23 * time.Second},
		{"429 with something left", 429, "RateLimit: \"a\";r=1;t=24, \"b\";r=2;t=3600", 24 * time.Second},
		{"Retry-After before the reset", 429, "Retry-After: 2\nX-RateLimit-Reset: 60", 2 * time.Second},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{answers: []http.HandlerFunc{says(x.status, x.headers), text(200, onePage)}}
				c := inMemory(t, a, Options{MaxRetries: 1})
				started := time.Now()
				if err := get(t, c); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(started); d != x.want {
					t.Errorf("waited %s, want %s", d, x.want)
				}
			})
		})
	}
}

// While a long wait lasts, the log says until when, once, and the end of the context ends it.
func TestLongWaitIsSaidAndEnds(t *testing.T) {
	for _, retries := range []int{0, 3} { // without retries it is the next request that waits
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			a := &api{answers: []http.HandlerFunc{says(429, "Retry-After: 3000"), text(200, onePage)}}
			c := inMemory(t, a, Options{MaxRetries: retries, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if retries == 0 {
				wantTries(t, get(t, c), 1)
			}
			ctx, stop := context.WithCancelCause(t.Context())
			gone := errors.New("gone")
			time.AfterFunc(time.Minute, func() { stop(gone) })
			started := time.Now()
			if _, err := c.Get(ctx, nil, acceptPage); !errors.Is(err, gone) || time.Since(started) != time.Minute {
				t.Errorf("after %s: %v", time.Since(started), err)
			}
			if err := get(t, c); err != nil || time.Since(started) != 3000*time.Second {
				t.Errorf("after %s: %v", time.Since(started), err)
			}
			if n := strings.Count(log.String(), "until=2000-01-01T00:50:00"); n != 1 {
				t.Errorf("%d retries: said %d times:\n%s", retries, n, &log)
			}
			wantRequests(t, a, 2)
		})
	}
}

func says(status int, headers string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w, headers)
		text(status, `{"error": "slow down"}`)(w, r)
	}
}

func setHeaders(w http.ResponseWriter, headers string) {
	for line := range strings.SplitSeq(headers, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		if w.Header().Set(name, value); value == "" {
			w.Header()[name] = nil
		}
	}
}

// A wait beyond max_wait is an error that says so, at once.
func TestWaitTooLong(t *testing.T) {
	for name, x := range map[string]struct {
		most    time.Duration
		status  int
		headers string
		want    []string
	}{
		"no form of a wait":  {0, 429, "Retry-After: 498781 hours", nil},
		"a number of them":   {0, 429, "Retry-After: 946684860", []string{"Retry-After: 946684860", "max_wait 1h0m0s"}},
		"two days":           {0, 503, "Retry-After: 172800", []string{"48h0m0s", "Retry-After: 172800", "max_wait 1h0m0s", "503"}},
		"a configured limit": {time.Minute, 429, "X-RateLimit-Reset: 61", []string{"1m1s", "X-RateLimit-Reset: 61", "max_wait 1m0s"}},
		"403":                {0, 403, "Retry-After: 3601", []string{"1h0m1s", "403"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{answers: []http.HandlerFunc{says(x.status, x.headers), text(200, onePage)}}
				c := inMemory(t, a, Options{MaxRetries: 3, MaxWait: x.most})
				started := time.Now()
				err := get(t, c)
				if x.want == nil { // no wait at all: the backoff decides
					if err != nil || time.Since(started) > time.Minute {
						t.Errorf("after %s: %v", time.Since(started), err)
					}
					return
				}
				wantSource(t, err, x.want...)
				var long *WaitError
				var status *StatusError
				if !errors.As(err, &long) || !errors.As(err, &status) || status.Status != x.status {
					t.Errorf("got %v", err)
				}
				if d := time.Since(started); d != 0 {
					t.Errorf("waited %s all the same", d)
				}
				wantRequests(t, a, 1)
			})
		})
	}
}

// The time at which a limit begins anew means nothing while there is something left of it,
// and a 403 is what it says.
func TestResetIsNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{says(500, "X-RateLimit-Remaining: 5\nX-RateLimit-Reset: 3000"), text(200, onePage)}}
		started := time.Now()
		if err := get(t, inMemory(t, a, Options{MaxRetries: 1})); err != nil || time.Since(started) > time.Minute {
			t.Errorf("after %s: %v", time.Since(started), err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{says(503, "X-RateLimit-Remaining: 5\nX-RateLimit-Reset: 3000"), text(200, onePage)}}
		started := time.Now()
		if err := get(t, inMemory(t, a, Options{MaxRetries: 1})); err != nil || time.Since(started) > time.Minute {
			t.Errorf("after %s: %v", time.Since(started), err)
		}
	})
	for _, headers := range []string{"X-RateLimit-Reset: 3000", "X-RateLimit-Remaining: 5\nRateLimit-Reset: 3000", "Retry-After: 0", "Retry-After: soon"} {
		synctest.Test(t, func(t *testing.T) {
			a := &api{answers: []http.HandlerFunc{says(403, headers), text(200, onePage)}}
			wantSource(t, get(t, inMemory(t, a, Options{MaxRetries: 1})), "403", "the credentials do not reach this collection")
			wantRequests(t, a, 1)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{says(403, "X-RateLimit-Remaining: 5\nX-RateLimit-Reset: 3000"), text(200, onePage)}}
		wantSource(t, get(t, inMemory(t, a, Options{MaxRetries: 1})), "403", "the credentials do not reach this collection")
		wantRequests(t, a, 1)
	})
}
