package strategies

import (
	"regexp"
	"strconv"
)

var limitTexts = []*regexp.Regexp{
	regexp.MustCompile(`(?i)between\s+\d+\s+and\s+(\d+)`),
	regexp.MustCompile(`(?i)(?:at most|up to|maximum(?:\s+\w+){0,3}?|max\w*(?:\s+\w+){0,2}?|exceeds?|no more than|less than or equal to|<=)\s*(?:of|is|:|=)?\s*(\d+)`),
}

// limited is a strategy whose requests say how many rows they want; 0: this one's do not.
type limited interface{ limit(c Cursor) int }

// limit is how many rows a request of keyset asks for: page_size where the API has a
// parameter for it, and no more than the API allows.
func (s keyset) limit(c Cursor) int {
	switch {
	case s.spec.Params.Limit == "":
		return 0
	case c.PageLimit > 1:
		return min(s.spec.PageSize, c.PageLimit)
	}
	return s.spec.PageSize
}

// LearnLimit reads the page size that an API allows out of the message with which it
// refused a larger one. It reports false where the message does not tell, or where the
// limit it names would not have been exceeded; but a request for more rows than page_size,
// because of a wide group, may have been refused for that whatever the message says.
func LearnLimit(s Strategy, c Cursor, message string) (Cursor, bool) {
	for {
		in, wrapped := s.(interface{ Unwrap() Strategy })
		if !wrapped {
			break
		}
		s = in.Unwrap()
	}
	l, ok := s.(limited)
	if !ok {
		return c, false
	}
	asked := l.limit(c)
	for _, re := range limitTexts {
		m := re.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		if n, err := strconv.Atoi(m[1]); err == nil && n >= 2 && n < asked {
			c.PageLimit = n
			return c, true
		}
	}
	o, ok := s.(offset)
	if s := c.Sweep; ok && s != nil && !s.Probe && s.Limit > o.spec.PageSize && s.Limit == asked && s.Largest <= s.Limit/2 {
		c.PageLimit = c.Sweep.Limit / 2
		return c, true
	}
	return c, false
}
