package infer

import (
	"regexp"
	"strings"
	"time"
)

// texts are the texts of a place: how many there are, and how many of them look like something.
type texts struct{ n, times, dates, uuids int }

func (t *texts) add(o texts) {
	t.n += o.n
	t.times += o.times
	t.dates += o.dates
	t.uuids += o.uuids
}

// meet takes a text in.
func (t *texts) meet(s string) {
	t.n++
	switch {
	case isTime(s):
		t.times++
	case isDate(s):
		t.dates++
	case uuid.MatchString(s):
		t.uuids++
	}
}

// look is what all of them look like.
func (t *texts) look() Type {
	switch t.n {
	case t.times:
		return Time
	case t.dates:
		return Date
	case t.uuids:
		return UUID
	}
	return Text
}

var (
	uuid   = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	stamp  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$`)
	day    = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	number = regexp.MustCompile(`^\d+$`)
)

// isTime reports whether a text is a time with a zone that microseconds hold, in the years in which
// any zone leaves it in the years 1 to 9998.
func isTime(s string) bool {
	if !stamp.MatchString(s) || strings.HasPrefix(s, "0000") || strings.HasPrefix(s, "9999") {
		return false
	}
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

func isDate(s string) bool {
	if !day.MatchString(s) {
		return false
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// isKey reports whether a name in an object is a value rather than a name.
func isKey(s string) bool {
	return number.MatchString(s) || isDate(s) || uuid.MatchString(s) || isTime(s)
}
