package strategies

import (
	"regexp"
	"strconv"
	"strings"
)

// limitText is a way in which APIs say how many rows a page may have.
type limitText struct {
	re    *regexp.Regexp
	below bool // the number is the first one that is too great
}

var limitTexts = func() (out []limitText) {
	const number = `["'\[(]*(\d{1,3}(?:[,_]\d{3})+|\d+)`
	const words = `(?:\s+[a-z_.]+){0,4}?`
	const greater = `(?:greater|higher|larger|bigger|more|longer)`
	for _, s := range []string{
		// A range: between 1 and 50, [1, 50], 1..50, 1-50, from 1 to 50.
		`between\s+\d+\s*(?:and|&|to|-)\s*` + number,
		`(?:range|from|allowed|values?|in|within|is|be)\s*:?\s*[\[(]?\s*\d+\s*(?:-|–|\.\.+|,|to|and)\s*` + number,
		// At most.
		`(?:at most|up to|no more than|no ` + greater + ` than|(?:less|lower|smaller|fewer) than or equal(?: to)?|<=|≤)\s*` + number,
		// Not greater than.
		`(?:not|n't)\b(?:\s+be)?\s+` + greater + `\s+than` + words + `\s+` + number,
		// Exceeds, must not exceed.
		`exceed(?:s|ed|ing)?` + words + `\s*[:=]?\s*` + number,
		// A maximum of, max. 50, max_limit=50.
		`max(?:imum)?[\w.]*(?:\s+[a-z_.]+){0,9}?\s*[:=]?\s*` + number,
		`limit(?:ed)?\s+(?:is|of|to|for` + words + `\s+is)\s*` + number,
		`\bonly\s+` + number,
		number + `["'\])]*` + words + `\s+(?:is|are)\s+(?:the\s+)?(?:max|limit|most|upper)`,
	} {
		out = append(out, limitText{regexp.MustCompile(`(?i)` + s), false})
	}
	for _, s := range []string{`(?:less|lower|smaller|fewer) than\s+` + number, `(?:\bbelow|\bunder|<)\s*` + number} {
		out = append(out, limitText{regexp.MustCompile(`(?i)` + s), true})
	}
	return out
}()

// ofOffset is in messages about something else than the number of rows.
var ofOffset = regexp.MustCompile(`(?i)\b(?:offset|skip|result window|page number|page index)\b|from \+ size`)

// limitIn reads a page size below most out of a message; 0: there is none.
func limitIn(message string, most int) int {
	for _, l := range limitTexts {
		for _, m := range l.re.FindAllStringSubmatch(message, -1) {
			n, err := strconv.Atoi(strings.NewReplacer(",", "", "_", "").Replace(m[1]))
			if l.below {
				n--
			}
			if err == nil && n >= 2 && n < most {
				return n
			}
		}
	}
	return 0
}

// limited is a strategy whose requests say how many rows they want; 0: this one's do not.
type limited interface{ limit(c Cursor) int }

// limit is how many rows a request of keyset asks for: page_size where the API has a
// parameter for it, and no more than the API allows.
func (s *keyset) limit(c Cursor) int {
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
// because of a wide group, may have been refused for that whatever the message says. fields are
// the numbers that a message in JSON gives as a maximum, which count where its words say nothing.
func LearnLimit(s Strategy, c Cursor, message string, fields ...int) (Cursor, bool) {
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
	o, counts := s.(*offset)
	far := counts && c.Sweep != nil && o.place(o.at(&c)) > 0 && ofOffset.MatchString(message)
	n := 0
	if !far {
		n = limitIn(message, asked)
	}
	for _, f := range fields {
		if n == 0 && !far && f >= 2 && f < asked {
			n = f
		}
	}
	if n > 0 {
		c.PageLimit = n
		if w, ok := s.(interface{ relimit(c Cursor) Cursor }); ok {
			c = w.relimit(c)
		}
		return c, true
	}
	if counts && c.Sweep != nil {
		if at := o.at(&c); !at.Probe && at.Limit > o.spec.PageSize && at.Limit == asked && at.Largest <= at.Limit/2 {
			c.PageLimit = at.Limit / 2
			return c, true
		}
	}
	return c, false
}
