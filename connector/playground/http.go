package playground

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The pages Flask answers with where it has no JSON.
const (
	notFoundPage = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n" +
		"<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n"
	notAllowedPage = "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n<h1>Method Not Allowed</h1>\n" +
		"<p>The method is not allowed for the requested URL.</p>\n"

	typeHTML = "text/html; charset=utf-8"
	typeJSON = "application/json"

	allowGet = "GET, HEAD, OPTIONS"
)

// badRequest is a 400 with its message.
type badRequest string

func (e badRequest) Error() string { return string(e) }

// endpoint answers a GET. An error must be a badRequest.
type endpoint func(p *Playground, q query) (*answer, error)

var endpoints = map[string]endpoint{
	"/pagination/keyset":     (*Playground).keyset,
	"/pagination/offset":     (*Playground).offset,
	"/incremental/timestamp": (*Playground).timestamp,
	"/incremental/step":      (*Playground).step,
}

// ServeHTTP answers one request of the API. It may be called from any number of
// goroutines, also while users change.
func (p *Playground) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

func (p *Playground) serve(w http.ResponseWriter, r *http.Request) {
	// The Date must come from the clock the users' timestamps come from: clients
	// compare the two.
	w.Header().Set("Date", p.now().UTC().Format(http.TimeFormat))
	w.Header().Set("Server", "tidemark-playground")
	if p.bucket != nil && !p.bucket.take(p.now(), w.Header()) {
		write(w, http.StatusTooManyRequests, typeJSON, errorBody("Rate limit exceeded"))
		return
	}
	if !p.pause(r) {
		return
	}

	// One slash is as good as many, at the front only.
	path := "/" + strings.TrimLeft(r.URL.Path, "/")
	get, ok := endpoints[path]
	guarded, proves := guards[path]
	allow := allowGet
	switch {
	case proves:
		allow = guarded.allow
	case !ok:
		write(w, http.StatusNotFound, typeHTML, []byte(notFoundPage))
		return
	}
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", allow)
		write(w, http.StatusOK, typeHTML, nil)
		return
	case !slices.Contains(strings.Split(allow, ", "), r.Method):
		w.Header().Set("Allow", allow)
		write(w, http.StatusMethodNotAllowed, typeHTML, []byte(notAllowedPage))
		return
	}
	if proves {
		a := guarded.serve(p, r)
		write(w, a.status, a.contentType, a.body)
		return
	}

	a, err := get(p, parseQuery(r.URL.RawQuery))
	var bad badRequest
	switch {
	case errors.As(err, &bad):
		write(w, http.StatusBadRequest, typeJSON, errorBody(string(bad)))
	case err != nil:
		write(w, http.StatusInternalServerError, typeJSON, errorBody(err.Error()))
	default:
		p.send(w, r, a)
	}
}

// write sends a whole answer. For HEAD net/http keeps the length and drops the body.
func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone: nobody is left to tell
}

// pause waits for Options.Delay. It reports false where the client left meanwhile.
func (p *Playground) pause(r *http.Request) bool {
	if p.opts.Delay <= 0 {
		return true
	}
	t := time.NewTimer(p.opts.Delay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// refill is how many tokens a second come back to the bucket, as in the contract.
const refill = 10

// bucket is the rate limit: one token bucket for all clients together.
type bucket struct {
	mu       sync.Mutex // a decision and the numbers reported with it belong together
	limiter  *rate.Limiter
	capacity int
}

func newBucket(capacity int) *bucket {
	return &bucket{limiter: rate.NewLimiter(refill, capacity), capacity: capacity}
}

// take spends one token and sets the headers that say what is left. It reports false
// where there was none.
func (b *bucket) take(now time.Time, h http.Header) bool {
	b.mu.Lock()
	ok := b.limiter.AllowN(now, 1)
	left := b.limiter.TokensAt(now)
	b.mu.Unlock()

	seconds := func(tokens float64) string { return strconv.Itoa(int(math.Ceil(tokens / refill))) }
	if !ok {
		h.Set("Retry-After", seconds(1-left))
	}
	// The canonical spelling would be X-Ratelimit-*; clients don't care, people do.
	h["X-RateLimit-Limit"] = []string{strconv.Itoa(b.capacity)}
	h["X-RateLimit-Remaining"] = []string{strconv.Itoa(max(0, int(left)))}
	h["X-RateLimit-Reset"] = []string{seconds(float64(b.capacity) - left)}
	return ok
}
