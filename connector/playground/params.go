package playground

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// query is a parsed query string: for each name the first value sent, and the names
// in the order they were sent. net/url's parser differs from Flask's in what it
// refuses (a semicolon, a stray percent sign), so this is done by hand.
type query struct {
	names  []string
	values map[string]string
}

func parseQuery(raw string) query {
	q := query{values: map[string]string{}}
	for _, part := range strings.Split(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name = unquote(name)
		if _, known := q.values[name]; !known {
			q.names = append(q.names, name)
			q.values[name] = unquote(value)
		}
	}
	return q
}

// unquote undoes percent-encoding and plus signs. A percent sign that is not followed
// by two digits stays, and so do the percent codes of bytes that are not UTF-8.
func unquote(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	var out strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&out, "%%%02X", b[0])
		} else {
			out.Write(b[:size])
		}
		b = b[size:]
	}
	return out.String()
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// unexpected refuses names that are not among the allowed ones.
func (q query) unexpected(allowed ...string) error {
	var names []string
	for _, n := range q.names {
		if !slices.Contains(allowed, n) {
			names = append(names, n)
		}
	}
	if len(names) > 0 {
		return badRequest("Unexpected query parameters: " + strings.Join(names, ", "))
	}
	return nil
}

// text returns a parameter's value, or def where it was not sent.
func (q query) text(name, def string) string {
	if v, ok := q.values[name]; ok {
		return v
	}
	return def
}

var integer = regexp.MustCompile(`^[+-]?[0-9]+(_[0-9]+)*$`)

// integer reads a parameter as Python's int() does: spaces around it, a sign, single
// underscores between digits and any length up to 4300 digits are fine. What is not
// an integer counts as not sent: nil.
func (q query) integer(name string) *big.Int {
	s := strings.TrimSpace(q.values[name])
	if !integer.MatchString(s) {
		return nil
	}
	s = strings.ReplaceAll(s, "_", "")
	if len(strings.TrimLeft(s, "+-")) > 4300 {
		return nil
	}
	v, _ := new(big.Int).SetString(s, 10)
	return v
}

// clamp brings a number that can't matter any more into an int64's range.
func clamp(v *big.Int, most int64) int64 {
	if !v.IsInt64() || v.Int64() > most {
		return most
	}
	return v.Int64()
}

const (
	msgNoZ     = "Invalid date format for 'updated_since'. Must end with 'Z' for UTC"
	msgBadDate = "Invalid date format for 'updated_since'. Use 'YYYY-MM-DDTHH:MM:SSZ'"
	msgScroll  = "Invalid scroll_param value"
)

// since reads a time filter; absent and empty are both "no filter".
func (q query) since(name string) (at int64, set bool, err error) {
	v := q.values[name]
	if v == "" {
		return 0, false, nil
	}
	v, ok := strings.CutSuffix(v, "Z")
	if !ok {
		return 0, false, badRequest(msgNoZ)
	}
	if at, ok = parseTime(v); !ok {
		return 0, false, badRequest(msgBadDate)
	}
	return at, true, nil
}

// timeText is what Python's strptime takes for %Y-%m-%dT%H:%M:%S, give or take the
// length of the month: one-digit parts are fine, any case of the T is.
var timeText = regexp.MustCompile(`(?i)^(\d{4})-(1[0-2]|0[1-9]|[1-9])-(3[01]|[12]\d|0[1-9]|[1-9]| [1-9])T(2[0-3]|[01]\d|\d):([0-5]\d|\d):([0-5]\d|\d)$`)

func parseTime(s string) (unix int64, ok bool) {
	m := timeText.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	var part [6]int
	for i := range part {
		for _, c := range strings.TrimSpace(m[i+1]) {
			part[i] = part[i]*10 + int(c-'0')
		}
	}
	t := time.Date(part[0], time.Month(part[1]), part[2], part[3], part[4], part[5], 0, time.UTC)
	// Python's years begin with 1; time.Date carries February 30th into March.
	return t.Unix(), part[0] >= 1 && t.Day() == part[2]
}

// parseToken reads a scroll_param: base64 of a time with its Z.
func parseToken(s string) (unix int64, ok bool) {
	b, ok := looseBase64(s)
	if !ok || len(b) == 0 || b[len(b)-1]|0x20 != 'z' {
		return 0, false
	}
	return parseTime(string(b[:len(b)-1]))
}

// looseBase64 decodes as Python's b64decode does: other characters are passed over,
// text behind a complete padding is ignored, missing padding is an error.
func looseBase64(s string) ([]byte, bool) {
	var kept []byte
	pads := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return nil, false
		case c == '=':
			// Padding counts from a quad's third place on.
			if len(kept)%4 < 2 {
				continue
			}
			if pads++; len(kept)%4+pads >= 4 {
				b, err := base64.RawStdEncoding.DecodeString(string(kept))
				return b, err == nil
			}
		case c == '+' || c == '/' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z':
			kept = append(kept, c)
			pads = 0
		}
	}
	if len(kept)%4 != 0 {
		return nil, false
	}
	b, err := base64.RawStdEncoding.DecodeString(string(kept))
	return b, err == nil
}

// nextToken is the scroll_param that stands for a time.
func nextToken(unix int64) string {
	return base64.StdEncoding.EncodeToString(appendTime(nil, unix))
}
