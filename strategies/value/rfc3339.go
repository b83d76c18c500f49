package value

import (
	"fmt"
	"time"
)

// rfc3339 is date and time with the zone Z, ±hh:mm, ±hhmm, ±hh or none, or a date alone.
type rfc3339 struct{}

func (rfc3339) is() string { return "is not a timestamp like 2006-01-02T15:04:05Z: " }

func (rfc3339) read(text []byte, zone *time.Location) (Instant, string) {
	s, why := parseStamp(text)
	if why == "" && zone != nil && !s.zoned {
		s.Instant = local(s.Instant, zone)
	}
	return s.Instant, why
}

// stamp is a parsed timestamp with what is needed to write another one like it.
type stamp struct {
	Instant
	fraction int  // digits behind the decimal point
	sep      byte // between date and time
	zone     int  // seconds east of UTC
	zoned    bool // the text names its zone
	zoneText []byte
	day      bool // a date alone
}

// maxDigits is how many digits a fraction of a second may have.
const maxDigits = 30

// parseStamp reads YYYY-MM-DD, 'T' or ' ', HH:MM:SS, a fraction, of which nine digits count,
// and a zone, before which there may be a blank. A date alone is its midnight, 24:00:00 the
// next day's, and a leap second the second behind it, as databases have it. Written by hand
// because it runs for every row, and because time.Parse takes neither a missing zone nor
// a blank in one layout. why is empty where it was read.
func parseStamp(b []byte) (s stamp, why string) {
	if len(b) == 10 {
		days, ok := parseDate(b)
		if !ok {
			return s, "no such date"
		}
		return stamp{Instant: Instant{N: days * 86400e6}, day: true}, ""
	}
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[13] != ':' || b[16] != ':' {
		return s, "wrong shape"
	}
	sep := b[10]
	if sep != 'T' && sep != 't' && sep != ' ' {
		return s, "no T between date and time"
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	hour, ok4 := digits(b[11:13])
	minute, ok5 := digits(b[14:16])
	second, ok6 := digits(b[17:19])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) {
		return s, "not all digits"
	}
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 24 || minute > 59 || second > 60 {
		return s, noDate
	}
	s.sep = sep
	rest := b[19:]
	var nanos int
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		if nanos, s.fraction, why = parseFraction(rest[1:]); why != "" {
			return s, why
		}
		rest = rest[1+s.fraction:]
	}
	if hour == 24 && (minute > 0 || second > 0 || nanos > 0) {
		return s, noDate
	}
	s.zoneText = rest
	if len(rest) > 1 && rest[0] == ' ' {
		if rest = rest[1:]; string(rest) == "UTC" {
			rest = zulu
		}
	}
	if len(rest) > 0 {
		var ok bool
		if s.zone, ok = parseZone(rest); !ok {
			return s, "wrong zone"
		}
		s.zoned = true
	}
	if second == 60 && (minute-s.zone/60)%60 != 59 && (minute-s.zone/60)%60 != -1 { // an hour's end in UTC
		return s, noDate
	}
	seconds := daysFromCivil(year, month, day)*86400 + int64(hour*3600+minute*60+second-s.zone)
	s.N = seconds*1e6 + int64(nanos/1000)
	s.Sub = uint16(nanos % 1000)
	return s, ""
}

const noDate = "no such date or time"

var zulu = []byte("Z")

// parseDate reads YYYY-MM-DD as days since 1970.
func parseDate(b []byte) (days int64, ok bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	year, ok1 := digits(b[0:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return daysFromCivil(year, month, day), true
}

// parseFraction reads the digits that b begins with as nanoseconds, and says how many they are.
func parseFraction(b []byte) (nanos, n int, why string) {
	for ; n < len(b) && b[n] >= '0' && b[n] <= '9'; n++ {
		if n < 9 {
			nanos = nanos*10 + int(b[n]-'0')
		}
	}
	switch {
	case n > maxDigits:
		return 0, 0, "more than thirty digits of a second"
	case n == 0:
		return 0, 0, "no digits behind the point"
	}
	for i := n; i < 9; i++ {
		nanos *= 10
	}
	return nanos, n, ""
}

// parseZone reads Z, ±hh:mm, ±hhmm or ±hh as seconds east of UTC.
func parseZone(b []byte) (seconds int, ok bool) {
	switch {
	case len(b) == 1 && (b[0] == 'Z' || b[0] == 'z'):
		return 0, true
	case (len(b) == 6 && b[3] == ':') || len(b) == 5 || len(b) == 3:
		hours, ok1 := digits(b[1:3])
		minutes, ok2 := 0, true
		if len(b) > 3 {
			minutes, ok2 = digits(b[len(b)-2:])
		}
		if !ok1 || !ok2 || (b[0] != '+' && b[0] != '-') || hours > 23 || minutes > 59 {
			return 0, false
		}
		seconds = hours*3600 + minutes*60
		if b[0] == '-' {
			seconds = -seconds
		}
		return seconds, true
	}
	return 0, false
}

// step goes by the digits alone: the text was parsed before.
func (rfc3339) step(b []byte) int64 {
	switch {
	case len(b) == 10:
		return 86400e9
	case len(b) < 19:
		return 0
	}
	step := int64(1e9)
	if rest := b[19:]; len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		for _, c := range rest[1:] {
			if c < '0' || c > '9' {
				break
			}
			step /= 10
		}
	}
	return step
}

// write clamps years outside 1..9999, which no API takes.
func (rfc3339) write(like []byte, at Instant, zone *time.Location) string {
	if like == nil {
		t, nanos := wall(at, nil, firstSecond, lastSecond)
		return t.Add(time.Duration(nanos)).Format(time.RFC3339Nano)
	}
	s, why := parseStamp(like)
	if why != "" {
		return string(like)
	}
	if s.zoned {
		zone = time.FixedZone("", s.zone)
	}
	t, nanos := wall(at, zone, firstSecond, lastSecond)
	out := t.AppendFormat(make([]byte, 0, 40), "2006-01-02")
	if s.day {
		return string(out)
	}
	out = append(out, s.sep)
	out = t.AppendFormat(out, "15:04:05")
	if s.fraction > 0 {
		out = appendFraction(append(out, '.'), nanos, s.fraction)
	}
	return string(append(out, s.zoneText...))
}

// appendFraction writes so many digits of nanoseconds, and zeros behind the ninth.
func appendFraction(out []byte, nanos, n int) []byte {
	return append(out, fmt.Sprintf("%09d%0*d", nanos, maxDigits-9, 0)[:n]...)
}

// Micros parses an RFC 3339 timestamp into microseconds since 1970 and the
// nanoseconds beyond, for encoders of timestamp types. It allocates only on error.
func Micros(text []byte) (micros int64, nanos uint16, err error) {
	s, why := parseStamp(text)
	if why != "" {
		return 0, 0, refusal(text, rfc3339{}, why)
	}
	return s.N, s.Sub, nil
}
