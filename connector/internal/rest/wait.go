package rest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tidemark/strategies"
)

// WaitError says that the API asks for a longer wait than max_wait allows.
type WaitError struct {
	Wait, Most time.Duration
	Header     string // which header says so, with its value
	Err        error  // the answer
}

func (e *WaitError) Error() string {
	return fmt.Sprintf("%v; the API asks to wait %s (%s), longer than max_wait %s allows: raise max_wait, or ask less often (rate_limit, poll_interval)",
		e.Err, e.Wait.Round(time.Second), e.Header, e.Most)
}

func (e *WaitError) Unwrap() error { return e.Err }

// pause is what an answer says of the time before the next request.
type pause struct {
	wait   time.Duration // 0: it does not say
	header string        // "Retry-After: 60"
}

// waitHeader is a header that tells when to ask again. unit is that of its numbers.
type waitHeader struct {
	name, key string // as APIs write it, and as http.Header keeps it
	unit      time.Duration
}

func waitHeaders(unit time.Duration, names ...string) (out []waitHeader) {
	for _, name := range names {
		out = append(out, waitHeader{name, http.CanonicalHeaderKey(name), unit})
	}
	return out
}

var (
	// retryHeaders say how long to wait, whatever the reason. The finer unit is believed first.
	retryHeaders = append(waitHeaders(time.Millisecond, "Retry-After-Ms", "X-Ms-Retry-After-Ms"), waitHeaders(time.Second, "Retry-After")...)
	// limitHeaders are those that tell when a rate limit begins anew, in the order in which
	// they are believed: names of the RateLimit header drafts, and those they were made from.
	limitHeaders = waitHeaders(time.Second, "RateLimit-Reset", "X-RateLimit-Reset-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset", "X-RateLimit-Retry-After")
)

// said is the wait that the first of the headers tells which tells one.
func said(headers []waitHeader, h http.Header, date time.Time) pause {
	for _, w := range headers {
		if v := strings.TrimSpace(first(h, w.key)); v != "" {
			if d := waitIn(w.unit, v, date); d > 0 {
				return pause{d, w.name + ": " + v}
			}
		}
	}
	return pause{}
}

// first is Header.Get of a key that is canonical already, which allocates nothing.
func first(h http.Header, key string) string {
	if v := h[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// asked reads how long an answer asks to wait: Retry-After, or else when its rate limit
// begins anew, if it is the limit that the answer is about: many APIs name that time in every
// answer. date is the answer's own clock, so that a wrong one on either side does no harm;
// zero where it has none.
//
// limited says that the answer means a rate limit, which its status need not say: some APIs
// answer 403 to who asks too often.
func asked(status int, h http.Header, date time.Time) (p pause, limited bool) {
	if p = said(retryHeaders, h, date); p.wait > 0 {
		return p, true
	}
	left, told := remaining(h)
	switch {
	case status == http.StatusTooManyRequests, told && left <= 0:
		limited = true
	case status == http.StatusServiceUnavailable && !told: // it may be about its limit
	default:
		return pause{}, false
	}
	return reset(h, date, true), limited
}

// waitIn is waitOf for numbers of the unit.
func waitIn(unit time.Duration, v string, date time.Time) time.Duration {
	if unit != time.Second {
		if n, err := strconv.ParseFloat(v, 64); err == nil && n > 0 && n < epochMilliFrom {
			return time.Duration(n * float64(unit))
		}
	}
	return waitOf(v, date)
}

const (
	// A number beyond is no wait but a point in time: as a number of seconds it would be
	// some thirty years, as seconds since 1970 it lies in 2001 or later, and so on for the
	// smaller units.
	epochFrom      = 1e9
	epochMilliFrom = 1e12
	epochMicroFrom = 1e15
	epochNanoFrom  = 1e18
)

// waitOf reads a wait: a number of seconds, fractions allowed, or a point in time as a date or
// as seconds since 1970, or thousandths, millionths or billionths of them, or a length of time
// with units (1m7.5s, 20s). 0 where it is none of these, or past.
func waitOf(v string, date time.Time) time.Duration {
	if date.IsZero() {
		date = time.Now()
	}
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		unit := time.Second
		switch {
		case math.IsNaN(n) || n <= 0 || n >= math.MaxInt64:
			return 0
		case n < epochFrom:
			return time.Duration(n * float64(time.Second))
		case n >= epochNanoFrom:
			unit = time.Nanosecond
		case n >= epochMicroFrom:
			unit = time.Microsecond
		case n >= epochMilliFrom:
			unit = time.Millisecond
		}
		whole, part := math.Modf(n)
		per := int64(time.Second / unit)
		at := time.Unix(int64(whole)/per, int64(whole)%per*int64(unit)+int64(part*float64(unit)))
		return max(at.Sub(date), 0)
	}
	if n, _, err := strategies.Micros([]byte(v)); err == nil {
		return max(time.UnixMicro(n).Sub(date), 0)
	}
	for _, layout := range []string{http.TimeFormat, time.RFC850, time.ANSIC, time.RFC1123Z} {
		if t, err := time.Parse(layout, v); err == nil {
			return max(t.Sub(date), 0)
		}
	}
	if d, err := time.ParseDuration(v); err == nil {
		return max(d, 0)
	}
	return 0
}
