package rest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// The cases that the main job names one by one: what the API sends, and what comes of it.

// badOnceThenAlways checks that an answer is tried again, once with success, once until
// the retries are used up.
func badOnceThenAlways(t *testing.T, bad http.HandlerFunc, parts ...string) {
	t.Helper()
	t.Run("once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := &api{answers: []http.HandlerFunc{bad, text(200, onePage)}}
			c := inMemory(t, a, Options{MaxRetries: 5})
			r, err := c.Get(t.Context(), nil, acceptPage)
			if err != nil {
				t.Fatal(err)
			}
			if r.Tries != 2 || string(r.Body) != onePage {
				t.Errorf("tries %d, body %q", r.Tries, r.Body)
			}
			r.Release()
		})
	})
	t.Run("always", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := &api{answers: []http.HandlerFunc{bad}}
			var seen int
			c := inMemory(t, a, Options{MaxRetries: 5, OnRetry: func(error, ...any) { seen++ }})
			err := get(t, c)
			wantSource(t, err, append(parts, "giving up after 6 tries", "http://api.test/users")...)
			wantTries(t, err, 6)
			wantRequests(t, a, 6)
			if seen != 5 {
				t.Errorf("OnRetry was called %d times, want 5", seen)
			}
		})
	})
}

// P8: a 200 without its data array is an error, never an end.
func TestEmptyObject(t *testing.T) {
	badOnceThenAlways(t, text(200, `{}`), `the array "data" is missing`)
}

func TestErrorObjectInA200(t *testing.T) {
	badOnceThenAlways(t, text(200, `{"error": "shard 7 is down"}`), `the array "data" is missing`, "shard 7 is down")
}

func TestDataNull(t *testing.T) {
	badOnceThenAlways(t, text(200, `{"data": null}`), `the array "data" is missing`)
}

func TestHalfAJSON(t *testing.T) {
	badOnceThenAlways(t, text(200, `{"data": [{"id": "1"}, {"i`), "unexpected end of JSON")
}

func TestHTMLInA200(t *testing.T) {
	badOnceThenAlways(t, text(200, "<!doctype html>\n<html><head><title>Down for\n maintenance</title>"), "invalid character '<'", "Down for maintenance")
}

func TestEmptyBody(t *testing.T) {
	badOnceThenAlways(t, text(200, ""), "unexpected end of JSON")
	badOnceThenAlways(t, text(204, ""), "204 No Content", "the answer has no body")
}

func Test503(t *testing.T) {
	badOnceThenAlways(t, text(503, "over capacity"), "503 Service Unavailable: over capacity")
}

func TestHang(t *testing.T) {
	badOnceThenAlways(t, hang, "no answer within request_timeout 30s")
}

func TestHangIsCutByTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, &api{answers: []http.HandlerFunc{hang}}, Options{Timeout: 7 * time.Second})
		started := time.Now()
		wantTries(t, get(t, c), 1)
		if d := time.Since(started); d != 7*time.Second {
			t.Errorf("took %s, want 7s", d)
		}
	})
}

// A server that keeps sending a little holds no request beyond its timeout.
func TestSlowDripIsCutByTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drip := func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				_ = sleep(r.Context(), time.Second)
			}
		}
		c := inMemory(t, &api{answers: []http.HandlerFunc{drip}}, Options{Timeout: 10500 * time.Millisecond})
		started := time.Now()
		err := get(t, c)
		wantSource(t, err, "not complete within request_timeout 10.5s", "11 bytes had come")
		if d := time.Since(started); d != 10500*time.Millisecond {
			t.Errorf("took %s, want 10.5s", d)
		}
	})
}

// Other 4xx fail at once with the API's own message, and never come again.
func TestRefusals(t *testing.T) {
	for _, x := range []struct {
		status  int
		body    string
		message string
	}{
		{400, "{\n  \"error\": \"Unexpected query parameters: x\"\n}\n", "Unexpected query parameters: x"},
		{401, "<!doctype html>\n<html lang=en>\n<title>401 Unauthorized</title>\n<h1>Unauthorized</h1>", "401 Unauthorized"},
		{403, `{"message": "no access", "status": 403}`, "no access"},
		{404, "not here", "not here"},
		{410, `{"errors": [{"detail": "the cursor has expired"}]}`, "the cursor has expired"},
		{418, ``, ""},
	} {
		t.Run(http.StatusText(x.status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{answers: []http.HandlerFunc{text(x.status, x.body)}}
				c := inMemory(t, a, Options{MaxRetries: 5})
				started := time.Now()
				err := get(t, c)
				wantSource(t, err, x.message, http.StatusText(x.status), "http://api.test/users")
				var e *StatusError
				if !errors.As(err, &e) || e.Status != x.status || e.Message != x.message {
					t.Errorf("got %+v, want status %d and message %q", e, x.status, x.message)
				}
				wantRequests(t, a, 1)
				if d := time.Since(started); d != 0 {
					t.Errorf("waited %s", d)
				}
			})
		})
	}
}

func TestResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{text(200, onePage, "X-Page", "1")}}
		c := inMemory(t, a, Options{URL: "http://api.test/users?kind=a", Query: map[string]string{"api_key": "sesame"}})
		r, err := c.Get(t.Context(), []strategies.Param{{Role: strategies.RoleSince, Value: "2026-11-14T20:02:39Z"}}, acceptPage)
		if err != nil {
			t.Fatal(err)
		}
		if want := "http://api.test/users?kind=a&api_key=***&since=2026-11-14T20%3A02%3A39Z"; r.URL != want {
			t.Errorf("URL is %s, want %s", r.URL, want)
		}
		if want := "kind=a&api_key=sesame&since=2026-11-14T20%3A02%3A39Z"; a.queries[0] != want {
			t.Errorf("asked with %s, want %s", a.queries[0], want)
		}
		if !r.Date.Equal(time.Now()) { // the API's clock is the bubble's
			t.Errorf("Date is %s", r.Date)
		}
		if r.Status != 200 || r.Header.Get("X-Page") != "1" || r.Tries != 1 || string(r.Body) != onePage {
			t.Errorf("got %+v", r)
		}
		r.Release()
		if r.Body != nil {
			t.Error("Body outlives Release")
		}
	})
}

// What accept says for good is passed on as it is, class and all.
func TestAcceptErrorIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{text(200, onePage)}}
		c := inMemory(t, a, Options{MaxRetries: 5})
		mine := class.Errorf(class.Config, "the schema has no such field")
		_, err := c.Get(t.Context(), nil, func(*Response) error { return mine })
		if err != mine { //nolint:errorlint // unchanged, not wrapped, is what is promised
			t.Errorf("got %v", err)
		}
		wantRequests(t, a, 1)
	})
}

func TestContextEndsAtOnce(t *testing.T) {
	stop := errors.New("the worker stops")
	for _, x := range []struct {
		name   string
		answer http.HandlerFunc
		limit  float64
	}{
		{"waiting for an answer", hang, 0},
		{"waiting as Retry-After says", text(429, "", "Retry-After", "3600"), 0},
		{"waiting between tries", text(500, ""), 0},
		{"waiting for the rate limit", text(500, ""), 0.0001},
		{"reading the body", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
			hang(w, r)
		}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := inMemory(t, &api{answers: []http.HandlerFunc{x.answer}},
					Options{MaxRetries: 5, RateLimit: x.limit, Backoff: Backoff{Initial: time.Hour, Max: time.Hour}})
				ctx, cancel := context.WithCancelCause(t.Context())
				started := time.Now()
				time.AfterFunc(time.Second, func() { cancel(stop) })
				_, err := c.Get(ctx, nil, acceptPage)
				if !errors.Is(err, stop) || class.Of(err) != class.Unexpected {
					t.Errorf("got %v", err)
				}
				if d := time.Since(started); d != time.Second {
					t.Errorf("took %s, want 1s", d)
				}
			})
		})
	}
}

// The status of each request's answer is told, 0 where there was none; that of a request which nobody waits for any
// more is not.
func TestAnswersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []int
		c := inMemory(t, &api{answers: []http.HandlerFunc{text(503, ""), hang, text(200, onePage), text(404, "")}},
			Options{MaxRetries: 5, OnAnswer: func(a Answered) { told = append(told, a.Status) }})
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
		if err := get(t, c); err == nil {
			t.Error("404 is a page")
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Get(ended, nil, acceptPage); err == nil {
			t.Error("a request goes on when nobody waits")
		}
		if want := []int{503, 0, 200, 404}; !slices.Equal(told, want) {
			t.Errorf("told were %v, want %v", told, want)
		}
	})
}
