package rest

import (
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longestQuota is the longest time for which an API counts requests, a month. A page that
// says that nothing is asked for longer is not believed: it came, after all.
const longestQuota = 31 * 24 * time.Hour

var (
	remainingKeys = canonical("RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining")
	limitKeys     = canonical("RateLimit-Limit", "X-RateLimit-Limit", "X-Rate-Limit-Limit")
	quotaKey      = http.CanonicalHeaderKey("RateLimit")
	policyKey     = http.CanonicalHeaderKey("RateLimit-Policy")
)

// SpeaksOfLimits reports whether a header, by its canonical name, tells of a rate limit.
func SpeaksOfLimits(name string) bool {
	told := func(h waitHeader) bool { return h.key == name }
	return name == quotaKey || name == policyKey || slices.Contains(remainingKeys, name) || slices.Contains(limitKeys, name) ||
		slices.ContainsFunc(limitHeaders, told) || slices.ContainsFunc(retryHeaders, told)
}

func canonical(names ...string) (out []string) {
	for _, name := range names {
		out = append(out, http.CanonicalHeaderKey(name))
	}
	return out
}

// usedUp is how long nothing may be asked after an answer that is no refusal: where it says that
// none of its rate limit is left, until the limit begins anew. Less than none is how some APIs
// write that there is no limit, and so is a limit of none.
func usedUp(h http.Header, date time.Time) pause {
	left, told := remaining(h)
	if !told || left < 0 || left >= 1 {
		return pause{}
	}
	for _, key := range limitKeys {
		if n, err := strconv.ParseFloat(strings.TrimSpace(first(h, key)), 64); err == nil && n <= 0 {
			return pause{}
		}
	}
	if p := reset(h, date, false); p.wait <= longestQuota {
		return p
	}
	return pause{}
}

// remaining is how many requests the answer says are left of a rate limit, if it does; the
// fewest where it has several.
func remaining(h http.Header) (n float64, told bool) {
	note := func(v string) {
		if v == "" {
			return
		}
		if m, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil && (!told || m < n) {
			n, told = m, true
		}
	}
	for _, key := range remainingKeys {
		note(first(h, key))
	}
	for _, field := range h[quotaKey] {
		note(parameter(field, "remaining"))
		for item := range items(field) {
			note(parameter(item, "r"))
		}
	}
	return n, told
}

// reset is when a rate limit begins anew. Of several in one RateLimit field it is the one that is
// used up, and of several of these the last to begin; refused says that the answer is a
// refusal, which may be about any of them.
func reset(h http.Header, date time.Time, refused bool) pause {
	if p := said(limitHeaders, h, date); p.wait > 0 {
		return p
	}
	var out, other pause
	for _, field := range h[quotaKey] {
		// RateLimit: limit=100, remaining=0, reset=50, or "burst";r=0;t=50, "daily";r=900;t=7000
		// in later drafts.
		note := func(v string, into *pause) {
			if d := waitOf(v, date); d > into.wait {
				*into = pause{d, "RateLimit: " + field}
			}
		}
		note(parameter(field, "reset"), &out)
		for item := range items(field) {
			t := parameter(item, "t")
			if t == "" {
				t = window(h, item)
			}
			left, err := strconv.ParseFloat(parameter(item, "r"), 64)
			switch {
			case err == nil && left <= 0:
				note(t, &out)
			case refused && other.wait == 0:
				note(t, &other)
			}
		}
	}
	if out.wait == 0 {
		return other
	}
	return out
}

// window is the length of the time for which the item's limit counts, by the policy of its name:
// RateLimit-Policy: "burst";q=100;w=60. The limit begins anew within it.
func window(h http.Header, item string) string {
	name, _, _ := strings.Cut(item, ";")
	for _, field := range h[policyKey] {
		for policy := range items(field) {
			if of, _, _ := strings.Cut(policy, ";"); of == name {
				return parameter(policy, "w")
			}
		}
	}
	return ""
}

// items are the members of a list in a header. A comma within quotes is none between members.
func items(field string) iter.Seq[string] {
	return func(yield func(string) bool) {
		from, quoted := 0, false
		for i := 0; i < len(field); i++ {
			switch {
			case field[i] == '"':
				quoted = !quoted
			case field[i] == ',' && !quoted:
				if !yield(strings.TrimSpace(field[from:i])) {
					return
				}
				from = i + 1
			}
		}
		yield(strings.TrimSpace(field[from:]))
	}
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
