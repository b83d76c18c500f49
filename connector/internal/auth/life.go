package auth

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// unsaid is the life of a token of which nobody knows how long it is good: a 401 tells.
const unsaid time.Duration = 0

// mostEarly is how long before its end a token is renewed, at most: by then a request that carries it may
// be on its way for a while.
const mostEarly = 30 * time.Second

// expiry is when a token with that life has to be renewed.
func expiry(now time.Time, life time.Duration) time.Time {
	if life <= 0 {
		return time.Time{}
	}
	return now.Add(life - min(life/10, mostEarly))
}

// lived returns the first life that is said.
func lived(lives ...time.Duration) time.Duration {
	for _, l := range lives {
		if l > 0 {
			return l
		}
	}
	return unsaid
}

// tokenLife is what a JSON Web Token says of its own life, seen from now by the clock of the server
// that made it. Other tokens say nothing.
func tokenLife(token string, now time.Time) time.Duration {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return unsaid
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return unsaid
	}
	var c struct {
		Exp *float64 `json:"exp"`
	}
	if json.Unmarshal(claims, &c) != nil || c.Exp == nil {
		return unsaid
	}
	return until(*c.Exp, now)
}

// until is the time from now to a time in seconds since 1970.
func until(seconds float64, now time.Time) time.Duration {
	if !(seconds > 0 && seconds < 1e11) {
		return unsaid
	}
	whole, part := math.Modf(seconds)
	return max(time.Unix(int64(whole), int64(part*1e9)).Sub(now), unsaid)
}

// readLife reads what an answer says of a token's life: seconds, or its end as RFC 3339 or as seconds or
// milliseconds since 1970. now is the server's time. It reports false where it is none of these.
func readLife(v any, now time.Time) (time.Duration, bool) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
	default:
		return unsaid, false
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return max(t.Sub(now), unsaid), true
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(n) || n < 0:
		return unsaid, false
	case n >= 1e11:
		return until(n/1000, now), true
	case n >= 1e9: // no life is 30 years long
		return until(n, now), true
	}
	return time.Duration(n * float64(time.Second)), true
}
