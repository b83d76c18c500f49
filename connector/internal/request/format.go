package request

import (
	"strconv"
	"strings"
	"time"

	"tidemark/strategies"
)

// Formatter writes times in one format.
type Formatter interface {
	// Render writes the start of the granule that holds a time, given in microseconds since 1970.
	Render(micros int64) string
	// Granule is the longest granule of the format in microseconds.
	Granule() int64
}

const (
	second = int64(time.Second / time.Microsecond)
	day    = 24 * 3600 * second
)

// named are the formats that have a name.
var named = []struct {
	name   string
	format Formatter
}{
	{"rfc3339", layout{"2006-01-02T15:04:05Z", second}},
	{"rfc3339_millis", layout{"2006-01-02T15:04:05.000Z", second / 1000}},
	{"rfc3339_micros", layout{"2006-01-02T15:04:05.000000Z", 1}},
	{"date", layout{time.DateOnly, day}},
	{"epoch_seconds", epoch(second)},
	{"epoch_millis", epoch(second / 1000)},
	{"epoch_micros", epoch(1)},
}

// FormatNames lists the formats that have a name.
func FormatNames() []string {
	names := make([]string, len(named))
	for i, n := range named {
		names[i] = n.name
	}
	return names
}

// ParseFormat is the format that a placeholder's filter names. Where there is none, message says why.
func ParseFormat(s string) (f Formatter, message string) {
	for _, n := range named {
		if n.name == s {
			return n.format, ""
		}
	}
	if strings.Contains(s, "%") {
		return parseStrftime(s)
	}
	return nil, "there is no such format"
}

// layout writes a time in UTC by one of package time's layouts.
type layout struct {
	layout  string
	granule int64
}

func (l layout) Granule() int64             { return l.granule }
func (l layout) Render(micros int64) string { return moment(micros).Format(l.layout) }

// moment is a time in UTC. Years outside 1..9999 are clamped: no API takes them.
func moment(micros int64) time.Time {
	const lo, hi = -62135596800, 253402300799 // 0001-01-01, 9999-12-31T23:59:59
	sec := strategies.FloorDiv(micros, second)
	switch {
	case sec < lo:
		return time.Unix(lo, 0).UTC()
	case sec > hi:
		return time.Unix(hi, 999_999_000).UTC()
	}
	return time.UnixMicro(micros).UTC()
}

// epoch writes a time as a whole number of units since 1970, each so many microseconds long.
type epoch int64

func (e epoch) Granule() int64 { return int64(e) }
func (e epoch) Render(micros int64) string {
	return strconv.FormatInt(strategies.FloorDiv(micros, int64(e)), 10)
}
