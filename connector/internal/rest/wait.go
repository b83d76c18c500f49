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

// limitHeaders are those that tell when a rate limit begins anew, in the order in which
// they are believed: names of the RateLimit header drafts, and those they were made from.
var limitHeaders = []string{"RateLimit-Reset", "X-RateLimit-Reset-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset", "X-RateLimit-Retry-After"}

// asked reads how long an answer asks to wait: Retry-After, or else when its rate limit
// begins anew, if it is the limit that the answer is about: many APIs name that time in every
// answer. date is the answer's own clock, so that a wrong one on either side does no harm;
// zero where it has none.
//
// limited says that the answer means a rate limit, which its status need not say: some APIs
// answer 403 to who asks too often.
func asked(status int, h http.Header, date time.Time) (p pause, limited bool) {
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		if d := waitOf(v, date); d > 0 {
			return pause{d, "Retry-After: " + v}, true
		}
	}
	left, told := remaining(h)
	switch {
	case status == http.StatusTooManyRequests, told && left <= 0:
		limited = true
	case status == http.StatusServiceUnavailable && !told: // it may be about its limit
	default:
		return pause{}, false
	}
	for _, name := range limitHeaders {
		if v := strings.TrimSpace(h.Get(name)); v != "" {
			if d := waitOf(v, date); d > 0 {
				return pause{d, name + ": " + v}, limited
			}
		}
	}
	// RateLimit: limit=100, remaining=0, reset=50, or "default";r=0;t=50 in later drafts.
	if v := h.Get("RateLimit"); v != "" {
		for _, name := range []string{"reset", "t"} {
			if d := waitOf(parameter(v, name), date); d > 0 {
				return pause{d, "RateLimit: " + v}, limited
			}
		}
	}
	return pause{}, limited
}

// remaining is how many requests the answer says are left of a rate limit, if it does.
func remaining(h http.Header) (n float64, told bool) {
	limit := h.Get("RateLimit")
	for _, v := range []string{h.Get("RateLimit-Remaining"), h.Get("X-RateLimit-Remaining"), h.Get("X-Rate-Limit-Remaining"),
		parameter(limit, "remaining"), parameter(limit, "r")} {
		if m, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil && (!told || m < n) {
			n, told = m, true
		}
	}
	return n, told
}

// parameter is the value of name=value in a header of such pairs; "" where it has none.
func parameter(header, name string) string {
	for part := range strings.FieldsFuncSeq(header, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		if key, value, ok := strings.Cut(part, "="); ok && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
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
